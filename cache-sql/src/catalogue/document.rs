//! Writes that somebody else tells of, as text.

use cache_core::{Change, Column, Date, DateTime, Decimal, Instant, Row, Table, Time, Value};

use super::effects::{Effects, Event};
use super::stores::Stores;
use super::{Catalogue, ColumnInfo};
use crate::Dialect;

/// The columns of a row by name, each as PostgreSQL writes it into JSON; `None` for NULL.
pub type Fields = Vec<(String, Option<String>)>;

/// What a statement did to the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Written {
    /// Rows were inserted.
    Inserted,
    /// Rows were updated.
    Updated,
    /// Rows were deleted.
    Deleted,
    /// All rows went at once, perhaps with those of the tables that refer to them.
    Truncated,
}

/// The write of a table, as told from outside of this process.
///
/// ```
/// use cache_sql::{Catalogue, Dialect, Document, Written};
///
/// let text = |row: [&str; 9]| row.map(String::from);
/// let catalogue = Catalogue::read(Dialect::Postgres, [
///     text(["relation", "1", "article", "r", "p", "false", "", "", ""]),
///     text(["column", "1", "1", "id", "int4", "b", "-1", "", "n"]),
/// ]);
/// let row = vec![("id".to_owned(), Some("7".to_owned()))];
/// let document = Document { table: "article".into(), written: Written::Deleted, rows: Some((vec![row], vec![])) };
/// assert_eq!(catalogue.changes(&document)[0].to_string(), "delete article (id = 7)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The table.
    pub table: Table,
    /// What was done.
    pub written: Written,
    /// All rows before and after; `None` where any may have been written.
    pub rows: Option<(Vec<Fields>, Vec<Fields>)>,
}

impl Catalogue {
    /// What a write has changed, with the tables and views that it reaches.
    ///
    /// An image says of a row what the column is known to keep and to compare as it is, as for the rows that a
    /// statement returns; whatever else is told is left out.
    pub fn changes(&self, document: &Document) -> Vec<Change> {
        let Document { table, written, rows } = document;
        let mut changes = Vec::new();
        match rows {
            Some((before, after)) if *written != Written::Truncated => {
                let image = |fields: &Fields| self.image(table, fields);
                match (&before[..], &after[..]) {
                    ([before], [after]) => changes.push(Change::updated(table, image(before), image(after))),
                    (before, after) => {
                        changes.extend(before.iter().map(|fields| Change::deleted(table, image(fields))));
                        changes.extend(after.iter().map(|fields| Change::inserted(table, image(fields))));
                    }
                }
            }
            _ => changes.push(Change::table(table)),
        }
        let mut reached = Vec::new();
        match written {
            Written::Inserted => reached.push(self.effects(table, Event::Insert)),
            Written::Deleted => reached.push(self.effects(table, Event::Delete)),
            Written::Updated => reached.push(self.effects(table, Event::Update(self.assigned(table, rows.as_ref())))),
            Written::Truncated => {
                for table in self.referring(table) {
                    changes.push(Change::table(&table));
                    reached.push(self.effects(&table, Event::Delete));
                }
            }
        }
        for Effects { tables, everything } in reached {
            changes.extend(everything.then(Change::everything));
            changes.extend(tables.into_iter().map(Change::table));
        }
        changes
    }

    /// The changes when any row of a table may have been written in any way.
    pub fn changes_of(&self, table: impl Into<Table>) -> Vec<Change> {
        let table = table.into();
        let write = |written| Document { table: table.clone(), written, rows: None };
        let mut changes: Vec<Change> = Vec::new();
        for written in [Written::Inserted, Written::Updated, Written::Truncated] {
            for change in self.changes(&write(written)) {
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
        changes
    }

    /// What an image may say of a row; nothing of one of SQLite.
    pub(crate) fn image(&self, table: &Table, fields: &Fields) -> Row {
        let Some(info) = self.table(table).filter(|_| self.dialect != Dialect::Sqlite) else { return Row::new() };
        let mut row = Row::new();
        for (name, text) in fields {
            let value = info
                .column(&Column::from(name.as_str()))
                .and_then(|column| value(self.dialect, column, text.as_deref()));
            if let Some(value) = value {
                row.set(name.as_str(), value);
            }
        }
        row
    }

    /// The columns that an update has written; known only of a single row, since others may have changed places.
    fn assigned(&self, table: &Table, rows: Option<&(Vec<Fields>, Vec<Fields>)>) -> Option<Vec<Column>> {
        let (before, after) = rows?;
        let ([before], [after]) = (&before[..], &after[..]) else { return None };
        let told = |fields: &Fields, wanted: &Column| {
            fields.iter().find(|(name, _)| Column::from(name.as_str()) == *wanted).map(|(_, text)| text.clone())
        };
        let differs = |column: &&ColumnInfo| match (told(before, &column.name), told(after, &column.name)) {
            (Some(before), Some(after)) => before != after || column.stores == Stores::Unknown,
            _ => true,
        };
        Some(self.table(table)?.columns.iter().filter(differs).map(|column| column.name.clone()).collect())
    }

    /// A table, and those that go with it in `TRUNCATE .. CASCADE`.
    fn referring(&self, table: &Table) -> Vec<Table> {
        let mut found = vec![table.clone()];
        let mut at = 0;
        while let Some(parent) = found.get(at).cloned() {
            for (child, info) in &self.tables {
                if info.foreign_keys.iter().any(|key| key.parent == parent) && !found.contains(child) {
                    found.push(child.clone());
                }
            }
            at += 1;
        }
        found
    }
}

/// What a column holds by its text in JSON; `None` where an image must not say.
fn value(dialect: Dialect, column: &ColumnInfo, text: Option<&str>) -> Option<Value> {
    let value = match text {
        None => Value::Null,
        Some(text) => dialect.comparable(&parsed(&column.stores, text)?)?,
    };
    column.keeps(&value, false).then_some(value)
}

fn parsed(stores: &Stores, text: &str) -> Option<Value> {
    Some(match stores {
        Stores::Bool => Value::Bool(text.parse().ok()?),
        Stores::Int { .. } => Value::Int(text.parse().ok()?),
        Stores::Decimal { .. } => Value::Decimal(text.parse::<Decimal>().ok()?),
        Stores::Text { .. } => Value::from(text),
        Stores::Bytes { .. } => Value::from(bytes(text.strip_prefix("\\x")?)?),
        Stores::Uuid => {
            let digits: String = text.split('-').collect();
            Value::Uuid(bytes(&digits)?.try_into().ok()?)
        }
        Stores::Date => Value::Date(date(text)?),
        Stores::DateTime { .. } => Value::DateTime(moment(text)?),
        Stores::Instant { .. } => {
            let (_, clock) = text.split_once('T')?;
            let at = text.len() - clock.len() + clock.find(['+', '-'])?;
            let local = moment(&text[..at])?.nanoseconds();
            Value::Instant(Instant::from_nanoseconds(local - offset(&text[at..])?)?)
        }
        Stores::Affinity { .. } | Stores::Unknown => return None,
    })
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

/// A number of so many digits at least and at most, and nothing else.
fn digits(text: &str, least: usize, most: usize) -> Option<u32> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// `2024-02-29`; years before the first and infinity are written otherwise.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = i32::try_from(digits(parts.next()?, 4, 7)?).ok()?;
    let (month, day) = (digits(parts.next()?, 2, 2)?, digits(parts.next()?, 2, 2)?);
    Date::from_ymd(year, month, day)
}

/// `2024-02-29T12:30:00.5`
fn moment(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let nanosecond = digits(fraction, 1, 6)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?);
    let mut parts = clock.splitn(3, ':');
    let mut part = || digits(parts.next()?, 2, 2);
    DateTime::new(date(day)?, Time::from_hms(part()?, part()?, part()?, nanosecond)?)
}

/// `+05:30` and `-00:19:32`, in nanoseconds.
fn offset(text: &str) -> Option<i128> {
    let (sign, text) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let mut seconds = 0;
    let mut unit = 3_600;
    for part in text.split(':') {
        seconds += i128::from(digits(part, 2, 2)?) * unit;
        unit /= 60;
    }
    Some(sign * seconds * 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stores: Stores, text: &str) -> Option<String> {
        let column = ColumnInfo { name: Column::from("c"), stores, generated: false, nullable: true, positional: true };
        value(Dialect::Postgres, &column, Some(text)).map(|value| format!("{value:?}"))
    }

    #[test]
    fn moments_are_points_in_time_whatever_their_offset() {
        let instant = |text| read(Stores::Instant { places: 6 }, text);
        let utc = instant("2024-01-01T21:34:05.6+00:00");
        assert!(utc.is_some());
        for same in ["2024-01-02T03:04:05.6+05:30", "2024-01-01T21:14:33.600000-00:19:32", "2024-01-01T22:34:05.6+01"] {
            assert_eq!(instant(same), utc, "{same}");
        }
        for other in ["infinity", "2024-01-01T21:34:05", "0044-03-15T00:00:00+00:00 BC", "2024-02-30T00:00:00+00:00"] {
            assert_eq!(instant(other), None, "{other}");
        }
        assert_eq!(instant("0044-03-15T00:00:00-00:00:00:00"), instant("0044-03-15T00:00:00+00:00"));
    }

    #[test]
    fn what_is_not_spelt_as_the_database_does_is_unknown() {
        assert_eq!(read(Stores::Date, "0044-03-15 BC"), None);
        assert_eq!(read(Stores::Date, "-infinity"), None);
        assert_eq!(read(Stores::Decimal { digits: None }, "NaN"), None);
        assert_eq!(read(Stores::Bytes { longest: None, exact: false }, "\\\\x00"), None);
        assert_eq!(read(Stores::Bytes { longest: None, exact: false }, "\\x0"), None);
        assert_eq!(read(Stores::Bool, "t"), None);
        assert_eq!(read(Stores::Uuid, "00000000-0000-0000-0000-00000000000"), None);
        assert_eq!(read(Stores::Unknown, "5"), None);
        assert_eq!(read(Stores::int(16, true), "70000"), None);
    }

    #[test]
    fn numbers_are_exact() {
        let digits = "123456789012345678901234567890.1";
        let value = parsed(&Stores::Decimal { digits: None }, digits).unwrap();
        assert_eq!(value, Value::Decimal(digits.parse().unwrap()));
        assert_eq!(parsed(&Stores::int(64, true), "9223372036854775807"), Some(Value::from(i64::MAX)));
    }
}
