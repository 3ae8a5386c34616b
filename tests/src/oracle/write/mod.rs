//! Random writes.

mod mysql;
mod parts;
mod postgres;
mod sqlite;

use cache_sql::Dialect;

use super::choice::Choice;
use super::schema::Schema;

/// A write's text; its placeholders are bound to what the choice has collected. `rows` is how many the fullest table has.
pub(super) fn random(choice: &mut Choice<'_>, schema: &Schema, rows: i64) -> String {
    match choice.dialect {
        Dialect::Postgres => postgres::write(choice, schema, rows),
        Dialect::MySql => mysql::write(choice, schema, rows),
        _ => sqlite::write(choice, schema, rows),
    }
}

/// Whether the rows of a write can be asked for by `RETURNING *` behind it.
pub(super) fn may_return(choice: &Choice<'_>, text: &str) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let simple = match choice.dialect {
        Dialect::Postgres => begins(&["INSERT", "UPDATE", "DELETE"]),
        Dialect::MySql => begins(&["INSERT", "REPLACE", "DELETE FROM"]),
        _ => !begins(&["DELETE"]),
    };
    simple && !text.contains("RETURNING")
}
