//! The SQL dialects and what their databases do to values.

use cache_core::{Date, Value};
use sqlparser::dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect};

/// The dialect of a text of SQL, and the database that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// Digits up to which MySQL compares exact numbers as they are.
const MYSQL_DIGITS: usize = 30;

impl Dialect {
    pub(crate) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Dialect::Sqlite => &SQLiteDialect {},
            Dialect::Postgres => &PostgreSqlDialect {},
            Dialect::MySql => &MySqlDialect {},
        }
    }

    /// The value as the database compares it; `None` where that is not known well enough.
    ///
    /// Conditions and row images both go through here. Two values of one class that come out different are different
    /// for the database in every column of which an image may be taken, and in no column are they equal
    /// there while an image tells them apart.
    pub(crate) fn comparable(self, value: &Value) -> Option<Value> {
        match self {
            Dialect::Sqlite => match value {
                Value::Bool(flag) => Some(Value::Int((*flag).into())),
                Value::Int(number) => i64::try_from(*number).is_ok().then(|| value.clone()),
                Value::Float(number) => (!number.is_nan()).then(|| value.clone()),
                Value::Decimal(_) | Value::Json(_) => None,
                other => Some(other.clone()),
            },
            Dialect::Postgres => match value {
                Value::Float(_) | Value::Json(_) => None,
                Value::Time(time) => is_aligned(time.nanoseconds().into(), 6).then(|| value.clone()),
                Value::DateTime(moment) => is_aligned(moment.nanoseconds(), 6).then(|| value.clone()),
                Value::Instant(moment) => is_aligned(moment.nanoseconds(), 6).then(|| value.clone()),
                other => Some(other.clone()),
            },
            Dialect::MySql => match value {
                Value::Bool(flag) => Some(Value::Int((*flag).into())),
                Value::Int(_) | Value::Decimal(_) => {
                    let (whole, fraction) = places(value)?;
                    (whole + fraction <= MYSQL_DIGITS).then(|| value.clone())
                }
                Value::Date(date) => is_mysql_day(date.days().into()).then(|| value.clone()),
                Value::DateTime(moment) => {
                    let nanoseconds = moment.nanoseconds();
                    let day = nanoseconds.div_euclid(86_400_000_000_000);
                    (is_aligned(nanoseconds, 6) && is_mysql_day(day)).then(|| value.clone())
                }
                Value::Uuid(bytes) => Some(Value::from(&bytes[..])),
                Value::Text(text) => Value::folded(text),
                Value::Null | Value::Bytes(_) | Value::Folded(_) => Some(value.clone()),
                _ => None,
            },
        }
    }

    /// The value of a row that the database returned, as the database compares it; `None` where the type under
    /// which it came back may hide what is stored.
    pub(crate) fn returned(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Dialect::Sqlite, value) => Some(value.clone()),
            // Any number but zero comes back as true.
            (Dialect::MySql, Value::Bool(_)) => None,
            (_, value) => self.comparable(value),
        }
    }

    /// What texts with this prefix start with, as the database compares them; `None` where that is not known.
    pub(crate) fn prefix(self, prefix: &str) -> Option<Value> {
        match self {
            Dialect::Sqlite | Dialect::Postgres => Some(Value::from(prefix)),
            // Blanks count here, wherever they stand: only at the end of a whole text they may not.
            Dialect::MySql => match Value::folded(&format!("{prefix}.")) {
                Some(Value::Folded(text)) => Some(Value::Folded(text.trim_end_matches('.').into())),
                _ => None,
            },
        }
    }

    /// Whether values of this kind are ordered by the database as they are here.
    pub(crate) fn ordered(self, value: &Value) -> bool {
        match self {
            Dialect::Sqlite => matches!(value, Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bytes(_)),
            Dialect::Postgres => matches!(
                value,
                Value::Int(_)
                    | Value::Decimal(_)
                    | Value::Date(_)
                    | Value::DateTime(_)
                    | Value::Instant(_)
                    | Value::Bytes(_)
            ),
            Dialect::MySql => {
                matches!(value, Value::Int(_) | Value::Decimal(_) | Value::Date(_) | Value::DateTime(_))
            }
        }
    }

    /// Whether a column may be called this without being one: the hidden names of SQLite's row number.
    pub(crate) fn is_row_number(self, column: &str) -> bool {
        self == Dialect::Sqlite && matches!(column, "rowid" | "oid" | "_rowid_")
    }

    /// Whether a value that is written counts as stored as it is where no column is known.
    pub(crate) fn keeps(self, value: &Value) -> bool {
        match self {
            Dialect::Sqlite => true,
            // numeric(p, s) and timestamp(p) round.
            Dialect::Postgres => matches!(
                value,
                Value::Null
                    | Value::Bool(_)
                    | Value::Int(_)
                    | Value::Text(_)
                    | Value::Bytes(_)
                    | Value::Uuid(_)
                    | Value::Date(_)
            ),
            Dialect::MySql => matches!(value, Value::Int(_) | Value::Bytes(_) | Value::Date(_) | Value::Null),
        }
    }
}

/// How many digits a number has before and after its point; `None` for what is no number, or a very long one.
pub(crate) fn places(value: &Value) -> Option<(usize, usize)> {
    let text = match value {
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        _ => return None,
    };
    let digits = text.trim_start_matches('-');
    if digits.contains('e') {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    Some((whole.trim_start_matches('0').len(), fraction.len()))
}

/// Whether a moment has no more than so many places behind the second.
pub(crate) fn is_aligned(nanoseconds: i128, places: u32) -> bool {
    nanoseconds % 10_i128.pow(9 - places.min(9)) == 0
}

/// From the year 1 to the year 9999: outside of it values are cut or become zero.
fn is_mysql_day(days: i128) -> bool {
    let day = |year, month, day| Date::from_ymd(year, month, day).map_or(0, |date| i128::from(date.days()));
    (day(1, 1, 1)..=day(9999, 12, 31)).contains(&days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::Decimal;

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse::<Decimal>().unwrap())
    }

    #[test]
    fn places_are_those_of_the_written_number() {
        assert_eq!(places(&Value::from(0)), Some((0, 0)));
        assert_eq!(places(&Value::from(-120)), Some((3, 0)));
        assert_eq!(places(&decimal("-0.050")), Some((0, 2)));
        assert_eq!(places(&decimal("120.5")), Some((3, 1)));
        assert_eq!(places(&decimal("1e90")), None);
        assert_eq!(places(&Value::from("1")), None);
    }

    #[test]
    fn texts_fold_only_where_every_collation_agrees() {
        assert_eq!(Dialect::MySql.comparable(&"Foo-Bar".into()), Value::folded("foo-bar"));
        for text in ["foo ", "fö", "a%", "a\\b", "tab\t"] {
            assert_eq!(Dialect::MySql.comparable(&text.into()), None, "{text}");
        }
        assert_eq!(Dialect::Postgres.comparable(&"Foo ".into()), Some("Foo ".into()));
    }

    #[test]
    fn what_is_comparable_stays_as_it_is() {
        let values = [Value::from(true), 5.into(), "Ab c".into(), decimal("1.50"), Value::Uuid([7; 16])];
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
            for value in values.iter().filter_map(|value| dialect.comparable(value)) {
                assert_eq!(dialect.comparable(&value), Some(value));
            }
        }
    }
}
