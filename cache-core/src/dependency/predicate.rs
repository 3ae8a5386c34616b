//! Conditions on the rows of one table, joined by AND, OR and NOT.

use std::ops::{self, Bound};

use super::{Column, Condition, Test};
use crate::value::Value;

/// A test on the rows of one table.
///
/// Logic is three-valued as in SQL: a row is selected when the predicate is *true*, and a comparison
/// with NULL is neither true nor false. [`Predicate::Any`] stands for whatever cannot be expressed: it
/// may hold for any row, and so may its negation.
///
/// ```
/// use cache_core::{column, Dependencies};
/// let cheap = column("category_id").eq(3) & (column("price").lt(100) | column("price").is_null());
/// assert_eq!(
///     Dependencies::on("article", cheap).to_string(),
///     "article: category_id = 3 AND price < 100; article: category_id = 3 AND price IS NULL",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// May hold for any row.
    Any,
    /// Holds for no row.
    Never,
    /// One column compared with values.
    Test(Condition),
    /// All of these hold.
    All(Vec<Predicate>),
    /// At least one of these holds.
    Either(Vec<Predicate>),
    /// This is false (not merely unknown).
    Not(Box<Predicate>),
}

impl Predicate {
    fn test(column: &Column, test: Test) -> Self {
        Predicate::Test(Condition { column: column.clone(), test })
    }

    /// Whether no row can pass, after normalisation.
    pub fn is_never(&self) -> bool {
        self.clauses().is_empty()
    }

    /// The negation with NOT pushed down to the tests.
    pub(crate) fn negated(self) -> Predicate {
        match self {
            Predicate::Any => Predicate::Any,
            Predicate::Never => Predicate::Any,
            Predicate::Not(inner) => *inner,
            Predicate::All(parts) => Predicate::Either(parts.into_iter().map(Predicate::negated).collect()),
            Predicate::Either(parts) => Predicate::All(parts.into_iter().map(Predicate::negated).collect()),
            Predicate::Test(Condition { column, test }) => match test {
                Test::IsNull => Predicate::test(&column, Test::IsNotNull),
                Test::IsNotNull => Predicate::test(&column, Test::IsNull),
                Test::In(_) | Test::Prefix(_) => Predicate::test(&column, Test::IsNotNull),
                Test::Range { lower, upper } => {
                    let mut parts = Vec::new();
                    match lower {
                        Bound::Included(value) => parts.push(range(&column, Bound::Unbounded, Bound::Excluded(value))),
                        Bound::Excluded(value) => parts.push(range(&column, Bound::Unbounded, Bound::Included(value))),
                        Bound::Unbounded => {}
                    }
                    match upper {
                        Bound::Included(value) => parts.push(range(&column, Bound::Excluded(value), Bound::Unbounded)),
                        Bound::Excluded(value) => parts.push(range(&column, Bound::Included(value), Bound::Unbounded)),
                        Bound::Unbounded => {}
                    }
                    Predicate::Either(parts)
                }
            },
        }
    }
}

fn range(column: &Column, lower: Bound<Value>, upper: Bound<Value>) -> Predicate {
    Predicate::test(column, Test::Range { lower, upper })
}

/// Starts a condition on a column.
///
/// ```
/// use cache_core::column;
/// let open = column("status").is_in(["new", "open"]);
/// let mine = column("owner").eq(7) & open;
/// assert!(!mine.is_never());
/// ```
pub fn column(name: impl Into<Column>) -> ColumnRef {
    ColumnRef { column: name.into() }
}

/// A column about to be compared; made by [`column()`].
#[derive(Clone, Debug)]
pub struct ColumnRef {
    column: Column,
}

impl ColumnRef {
    /// `column = value`; never true for NULL.
    pub fn eq(&self, value: impl Into<Value>) -> Predicate {
        self.is_in([value.into()])
    }

    /// `column <> value`: any other value but NULL.
    pub fn ne(&self, value: impl Into<Value>) -> Predicate {
        !self.eq(value)
    }

    /// `column IN (values)`; NULLs among the values match nothing.
    pub fn is_in<V: Into<Value>>(&self, values: impl IntoIterator<Item = V>) -> Predicate {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.iter().any(is_unordered) {
            return Predicate::Any;
        }
        match Test::any_of(values) {
            Some(test) => Predicate::test(&self.column, test),
            None => Predicate::Never,
        }
    }

    /// `column NOT IN (values)`; never true when a value is NULL.
    pub fn not_in<V: Into<Value>>(&self, values: impl IntoIterator<Item = V>) -> Predicate {
        let mut count = 0;
        for value in values {
            count += 1;
            if matches!(value.into(), Value::Null) {
                return Predicate::Never;
            }
        }
        if count == 0 { Predicate::Any } else { self.is_not_null() }
    }

    /// `column < value`.
    pub fn lt(&self, value: impl Into<Value>) -> Predicate {
        self.range(Bound::Unbounded, Bound::Excluded(value.into()))
    }

    /// `column <= value`.
    pub fn le(&self, value: impl Into<Value>) -> Predicate {
        self.range(Bound::Unbounded, Bound::Included(value.into()))
    }

    /// `column > value`.
    pub fn gt(&self, value: impl Into<Value>) -> Predicate {
        self.range(Bound::Excluded(value.into()), Bound::Unbounded)
    }

    /// `column >= value`.
    pub fn ge(&self, value: impl Into<Value>) -> Predicate {
        self.range(Bound::Included(value.into()), Bound::Unbounded)
    }

    /// `column BETWEEN low AND high`, both ends included.
    pub fn between(&self, low: impl Into<Value>, high: impl Into<Value>) -> Predicate {
        self.ge(low) & self.le(high)
    }

    /// Text or bytes that start with `prefix`, compared byte by byte (not the case-folding `LIKE` of some databases).
    pub fn starts_with(&self, prefix: impl Into<Value>) -> Predicate {
        match prefix.into() {
            Value::Null => Predicate::Never,
            prefix @ (Value::Text(_) | Value::Folded(_) | Value::Bytes(_)) => {
                Predicate::test(&self.column, Test::Prefix(prefix))
            }
            _ => self.is_not_null(),
        }
    }

    /// `column IS NULL`.
    pub fn is_null(&self) -> Predicate {
        Predicate::test(&self.column, Test::IsNull)
    }

    /// `column IS NOT NULL`.
    pub fn is_not_null(&self) -> Predicate {
        Predicate::test(&self.column, Test::IsNotNull)
    }

    fn range(&self, lower: Bound<Value>, upper: Bound<Value>) -> Predicate {
        let bounds = [super::condition::bound_value(&lower), super::condition::bound_value(&upper)];
        for value in bounds.into_iter().flatten() {
            if matches!(value, Value::Null) {
                return Predicate::Never;
            }
            if is_unordered(value) {
                return Predicate::Any;
            }
        }
        range(&self.column, lower, upper)
    }
}

/// NaN compares differently from database to database.
pub(crate) fn is_unordered(value: &Value) -> bool {
    matches!(value, Value::Float(number) if number.is_nan())
}

impl ops::BitAnd for Predicate {
    type Output = Predicate;

    fn bitand(self, other: Predicate) -> Predicate {
        join(self, other, Predicate::All, |predicate| match predicate {
            Predicate::All(parts) => Ok(parts),
            other => Err(other),
        })
    }
}

impl ops::BitOr for Predicate {
    type Output = Predicate;

    fn bitor(self, other: Predicate) -> Predicate {
        join(self, other, Predicate::Either, |predicate| match predicate {
            Predicate::Either(parts) => Ok(parts),
            other => Err(other),
        })
    }
}

fn join(
    left: Predicate,
    right: Predicate,
    make: fn(Vec<Predicate>) -> Predicate,
    parts: fn(Predicate) -> Result<Vec<Predicate>, Predicate>,
) -> Predicate {
    let mut all = parts(left).unwrap_or_else(|one| vec![one]);
    match parts(right) {
        Ok(more) => all.extend(more),
        Err(one) => all.push(one),
    }
    make(all)
}

impl ops::Not for Predicate {
    type Output = Predicate;

    fn not(self) -> Predicate {
        Predicate::Not(Box::new(self))
    }
}
