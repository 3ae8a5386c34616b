//! One column compared with values.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

use super::Column;
use crate::value::{Class, Value};

/// Longest list of values that is kept exactly; a longer one becomes the range that spans it.
///
/// Every value is a stamp of its own, so the cap bounds what one condition can cost.
pub const MAX_VALUES: usize = 256;

/// A column and the test that its value has to pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    pub(crate) column: Column,
    pub(crate) test: Test,
}

impl Condition {
    /// The column that is tested.
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// The test.
    pub fn test(&self) -> &Test {
        &self.test
    }
}

/// What a condition asks of a column's value.
///
/// No test but [`Test::IsNull`] holds for NULL. Values of another class than the test's may pass it:
/// databases convert, and which way is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Test {
    /// Equal to one of these values: sorted, without repetition, without NULL, never empty.
    In(Vec<Value>),
    /// Between two bounds of one class; at least one of them is a bound.
    Range {
        /// The lower bound.
        lower: Bound<Value>,
        /// The upper bound.
        upper: Bound<Value>,
    },
    /// Text or bytes that start with this value, compared byte by byte.
    Prefix(Value),
    /// NULL.
    IsNull,
    /// Anything but NULL.
    IsNotNull,
}

/// What two tests of one column come to when both have to hold.
#[derive(Debug, PartialEq)]
pub(crate) enum Both {
    Never,
    Test(Test),
}

impl Test {
    /// Whether `value` may pass; `None` stands for a value that is not known.
    pub fn may_pass(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return true };
        if matches!(value, Value::Null) {
            return matches!(self, Test::IsNull);
        }
        match self {
            Test::In(values) => values.iter().any(|wanted| comparable(wanted, value).is_none_or(|order| order.is_eq())),
            Test::Range { lower, upper } => above(lower, value) && below(upper, value),
            Test::Prefix(prefix) => match (prefix, value) {
                (Value::Text(prefix), Value::Text(text)) => text.starts_with(&**prefix),
                (Value::Folded(prefix), Value::Folded(text)) => text.starts_with(&**prefix),
                (Value::Bytes(prefix), Value::Bytes(bytes)) => bytes.starts_with(prefix),
                _ => true,
            },
            Test::IsNull => false,
            Test::IsNotNull => true,
        }
    }

    /// Whether NULL fails this test.
    pub fn rejects_null(&self) -> bool {
        !matches!(self, Test::IsNull)
    }

    /// The class of the values compared with, when there is exactly one.
    pub(crate) fn class(&self) -> Option<Class> {
        match self {
            Test::In(values) => class_of(values),
            Test::Range { lower, upper } => bound_value(lower).or(bound_value(upper)).map(Value::class),
            Test::Prefix(prefix) => Some(prefix.class()),
            Test::IsNull | Test::IsNotNull => None,
        }
    }

    /// A list of values as a test: sorted, without repetition; `None` when no value is left after NULLs.
    pub(crate) fn any_of(mut values: Vec<Value>) -> Option<Test> {
        values.retain(|value| !matches!(value, Value::Null));
        values.sort_unstable();
        values.dedup();
        if values.is_empty() {
            return None;
        }
        if values.len() > MAX_VALUES {
            return Some(Test::In(values).span());
        }
        Some(Test::In(values))
    }

    /// The smallest range that holds a list of one class, else every value.
    pub(crate) fn span(self) -> Test {
        match (self.class(), self) {
            (Some(_), Test::In(mut values)) => {
                let upper = values.pop();
                let lower = values.drain(..).next().or_else(|| upper.clone());
                match (lower, upper) {
                    (Some(lower), Some(upper)) => {
                        Test::Range { lower: Bound::Included(lower), upper: Bound::Included(upper) }
                    }
                    _ => Test::IsNotNull,
                }
            }
            (_, Test::In(_)) => Test::IsNotNull,
            (_, test) => test,
        }
    }

    /// Both tests on one value; where that cannot be told exactly, the one that says more.
    ///
    /// Only NULL makes a contradiction. `c = 10 AND c < 9` is one for numbers, and is not for a column of text,
    /// where the database compares `'10'` with `'9'`.
    pub(crate) fn and(self, other: Test) -> Both {
        use Test::*;
        Both::Test(match (self, other) {
            (IsNull, IsNull) => IsNull,
            (IsNull, _) | (_, IsNull) => return Both::Never,
            (IsNotNull, test) | (test, IsNotNull) => test,
            (In(values), test) | (test, In(values)) => {
                if class_of(&values).is_none_or(|class| test.class() != Some(class)) {
                    return Both::Test(In(values));
                }
                let both: Vec<Value> = values.iter().filter(|value| test.may_pass(Some(value))).cloned().collect();
                In(if both.is_empty() { values } else { both })
            }
            (Prefix(a), Prefix(b)) => {
                let is_longer = match (&a, &b) {
                    (Value::Text(a), Value::Text(b)) => b.starts_with(&**a),
                    (Value::Folded(a), Value::Folded(b)) => b.starts_with(&**a),
                    (Value::Bytes(a), Value::Bytes(b)) => b.starts_with(a),
                    _ => false,
                };
                Prefix(if is_longer { b } else { a })
            }
            (Prefix(prefix), Range { .. }) | (Range { .. }, Prefix(prefix)) => Prefix(prefix),
            (a @ Range { .. }, b @ Range { .. }) if a.class() != b.class() => a,
            (Range { lower: l1, upper: u1 }, Range { lower: l2, upper: u2 }) => {
                let lower = tighter(l1.clone(), l2, Ordering::Greater);
                let upper = tighter(u1.clone(), u2, Ordering::Less);
                match is_empty(&lower, &upper) {
                    true => Range { lower: l1, upper: u1 },
                    false => Range { lower, upper },
                }
            }
        })
    }
}

fn class_of(values: &[Value]) -> Option<Class> {
    let first = values.first()?.class();
    values.iter().all(|value| value.class() == first).then_some(first)
}

/// The order of two values of one class; `None` when the classes differ.
fn comparable(a: &Value, b: &Value) -> Option<Ordering> {
    (a.class() == b.class()).then(|| a.cmp(b))
}

fn above(lower: &Bound<Value>, value: &Value) -> bool {
    match lower {
        Bound::Unbounded => true,
        Bound::Included(bound) => comparable(value, bound).is_none_or(Ordering::is_ge),
        Bound::Excluded(bound) => comparable(value, bound).is_none_or(Ordering::is_gt),
    }
}

fn below(upper: &Bound<Value>, value: &Value) -> bool {
    match upper {
        Bound::Unbounded => true,
        Bound::Included(bound) => comparable(value, bound).is_none_or(Ordering::is_le),
        Bound::Excluded(bound) => comparable(value, bound).is_none_or(Ordering::is_lt),
    }
}

pub(crate) fn bound_value(bound: &Bound<Value>) -> Option<&Value> {
    match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    }
}

fn tighter(a: Bound<Value>, b: Bound<Value>, wanted: Ordering) -> Bound<Value> {
    match (bound_value(&a), bound_value(&b)) {
        (None, _) => b,
        (_, None) => a,
        (Some(x), Some(y)) => match x.cmp(y) {
            Ordering::Equal if matches!(a, Bound::Excluded(_)) => a,
            Ordering::Equal => b,
            order if order == wanted => a,
            _ => b,
        },
    }
}

fn is_empty(lower: &Bound<Value>, upper: &Bound<Value>) -> bool {
    match (bound_value(lower), bound_value(upper)) {
        (Some(low), Some(high)) => match low.cmp(high) {
            Ordering::Greater => true,
            Ordering::Equal => !matches!((lower, upper), (Bound::Included(_), Bound::Included(_))),
            Ordering::Less => false,
        },
        _ => false,
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = &self.column;
        match &self.test {
            Test::In(values) => match &values[..] {
                [value] => write!(f, "{column} = {value}"),
                values => {
                    write!(f, "{column} IN (")?;
                    for (at, value) in values.iter().enumerate() {
                        let comma = if at == 0 { "" } else { ", " };
                        write!(f, "{comma}{value}")?;
                    }
                    f.write_str(")")
                }
            },
            Test::Range { lower, upper } => {
                match lower {
                    Bound::Included(value) => write!(f, "{column} >= {value}")?,
                    Bound::Excluded(value) => write!(f, "{column} > {value}")?,
                    Bound::Unbounded => {}
                }
                if !matches!(lower, Bound::Unbounded) && !matches!(upper, Bound::Unbounded) {
                    f.write_str(" AND ")?;
                }
                match upper {
                    Bound::Included(value) => write!(f, "{column} <= {value}"),
                    Bound::Excluded(value) => write!(f, "{column} < {value}"),
                    Bound::Unbounded => Ok(()),
                }
            }
            Test::Prefix(prefix) => write!(f, "{column} STARTS WITH {prefix}"),
            Test::IsNull => write!(f, "{column} IS NULL"),
            Test::IsNotNull => write!(f, "{column} IS NOT NULL"),
        }
    }
}
