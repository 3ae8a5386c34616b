//! SQL text of one meaning in three dialects.

/// The dialect of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// A value bound to a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Int(i32),
    /// A text.
    Text(String),
}

impl From<i32> for Argument {
    fn from(value: i32) -> Self {
        Argument::Int(value)
    }
}

impl From<&str> for Argument {
    fn from(value: &str) -> Self {
        Argument::Text(value.to_owned())
    }
}

impl Argument {
    pub(super) fn literal(&self) -> String {
        match self {
            Argument::Int(number) => number.to_string(),
            Argument::Text(text) => quoted(text),
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Dialect {
    /// The columns of one row as one text: `NULL` is `-`, and a `|` stands between two columns.
    pub(super) fn line(self, columns: &[&str]) -> String {
        let kind = if self == Dialect::MySql { "CHAR" } else { "TEXT" };
        let texts: Vec<String> =
            columns.iter().map(|column| format!("COALESCE(CAST({column} AS {kind}), '-')")).collect();
        let text = match self {
            Dialect::MySql => format!("CONCAT({})", texts.join(", '|', ")),
            _ => texts.join(" || '|' || "),
        };
        format!("{text} AS line")
    }

    /// The text with a placeholder in the place of each `?`.
    pub(super) fn placeholders(self, text: &str) -> String {
        if self != Dialect::Postgres {
            return text.to_owned();
        }
        let mut numbered = String::new();
        for (number, part) in text.split('?').enumerate() {
            if number > 0 {
                numbered.push_str(&format!("${number}"));
            }
            numbered.push_str(part);
        }
        numbered
    }
}

/// The text with a literal in the place of each `?`.
pub(super) fn inlined(text: &str, arguments: &[Argument]) -> String {
    let mut parts = text.split('?');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for (part, argument) in parts.zip(arguments) {
        whole.push_str(&argument.literal());
        whole.push_str(part);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_where_the_dialect_numbers_them() {
        assert_eq!(Dialect::Postgres.placeholders("a = ? AND b = ?"), "a = $1 AND b = $2");
        assert_eq!(Dialect::MySql.placeholders("a = ? AND b = ?"), "a = ? AND b = ?");
    }

    #[test]
    fn literals_are_quoted() {
        assert_eq!(inlined("a = ? AND b = ?", &["it's".into(), 7.into()]), "a = 'it''s' AND b = 7");
    }
}
