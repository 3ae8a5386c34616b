//! Statements as dependencies, changes and transaction steps.

use std::sync::LazyLock;

use cache_core::{Change, Dependencies};
pub(crate) use cache_sql::Analyser;
pub(crate) use cache_sql::Step;
use cache_sql::{Bind, Catalogue, Dialect, Statement as Found};
use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, Statement, Value};

use crate::value::stored;

/// What a text of one or more statements does beside reading.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) changes: Vec<Change>,
    pub(crate) steps: Vec<Step>,
    /// The schema changes.
    pub(crate) defines: bool,
}

/// Whether a text only reads, so that it concerns nobody else.
pub(crate) fn only_reads(backend: DbBackend, sql: &str, values: Option<&Values>) -> bool {
    plain(backend).analyse(sql, &binds(values, backend)).is_read()
}

/// What a text changes, as seen by an analyser that knows the schema.
///
/// Without one, what a write reaches beyond its table is not known: on SQLite, where it could be known,
/// everything is taken for changed; on other databases the whole table.
pub(crate) fn effects(backend: DbBackend, sql: &str, values: Option<&Values>, informed: Option<&Analyser>) -> Effects {
    let mut effects = Effects::default();
    let found = informed.unwrap_or(plain(backend)).analyse(sql, &binds(values, backend));
    effects.add(found, informed.is_some());
    if informed.is_none() && backend == DbBackend::Sqlite && !effects.changes.is_empty() {
        effects.changes = vec![Change::everything()];
    }
    effects
}

/// An analyser that knows the schema of a SQLite database, from the rows `(type, name, tbl_name, sql)` of it.
pub(crate) fn informed<'a>(schema: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a str)>) -> Analyser {
    Analyser::new(Dialect::Sqlite).with_catalogue(Catalogue::from_sqlite_schema(schema))
}

impl Effects {
    fn add(&mut self, found: Found, exact: bool) {
        match found {
            Found::Write { changes, .. } if exact => self.changes.extend(changes),
            Found::Write { tables, .. } => self.changes.extend(tables.into_iter().map(Change::table)),
            Found::Ddl { changes, .. } => {
                self.defines = true;
                self.changes.extend(changes);
            }
            Found::Unknown { changes, reason, first } => {
                if first {
                    tracing::warn!(%reason, "a statement was not understood and is taken for a write to everything");
                }
                self.changes.extend(changes);
            }
            Found::Transaction(step) => self.steps.push(step),
            Found::Batch(statements) => statements.into_iter().for_each(|found| self.add(found, exact)),
            Found::Read { .. } | Found::Neutral | Found::Session { .. } => {}
            _ => self.changes.push(Change::everything()),
        }
    }
}

/// What the result of a statement depends on.
pub(crate) fn dependencies(statement: &Statement) -> Dependencies {
    let binds = binds(statement.values.as_ref(), statement.db_backend);
    plain(statement.db_backend).dependencies(&statement.sql, &binds)
}

pub(crate) fn binds(values: Option<&Values>, backend: DbBackend) -> Vec<Bind> {
    let bind = |value| stored(value, backend).map_or(Bind::Unknown, Bind::Value);
    values.iter().flat_map(|values| values.0.iter()).map(bind).collect()
}

/// One analyser per dialect and process: it remembers the texts that it has seen.
fn plain(backend: DbBackend) -> &'static Analyser {
    static SQLITE: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::Sqlite));
    static POSTGRES: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::Postgres));
    static MYSQL: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::MySql));
    match backend {
        DbBackend::MySql => &MYSQL,
        DbBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    }
}

/// Whether a statement can give no row, whatever the tables hold.
///
/// SeaORM writes a condition that never holds, such as membership in an empty list, as a comparison of two
/// different numbers. An aggregate over no rows is a row, so anything that may be one is asked all the same.
pub(crate) fn selects_nothing(statement: &Statement) -> bool {
    let Some(values) = &statement.values else { return false };
    let text = statement.sql.to_ascii_uppercase();
    let Some((columns, rest)) = text.strip_prefix("SELECT ").and_then(|rest| rest.split_once(" FROM ")) else {
        return false;
    };
    let Some((from, rest)) = rest.split_once(" WHERE ") else { return false };
    let condition = [" GROUP BY ", " ORDER BY ", " LIMIT "].iter().filter_map(|word| rest.find(word)).min();
    let (condition, rest) = rest.split_at(condition.unwrap_or(rest.len()));
    let composed = ["SELECT", "WHERE", "HAVING", "UNION", "INTERSECT", "EXCEPT"];
    let complex = [" OR ", "NOT ", "BETWEEN", "CASE", "("];
    if text.contains('\'')
        || columns.contains('(')
        || text.matches('?').count() != values.0.len()
        || composed.iter().any(|word| [from, condition, rest].iter().any(|part| part.contains(word)))
        || complex.iter().any(|word| condition.contains(word))
    {
        return false;
    }
    let mut bind = columns.matches('?').count() + from.matches('?').count();
    for term in condition.split(" AND ") {
        if term.trim() == "? = ?" && differ(&values.0[bind..]) {
            return true;
        }
        bind += term.matches('?').count();
    }
    false
}

fn differ(values: &[Value]) -> bool {
    match values {
        [Value::Int(Some(a)), Value::Int(Some(b)), ..] => a != b,
        [Value::BigInt(Some(a)), Value::BigInt(Some(b)), ..] => a != b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(sql: &str, values: &[i32]) -> bool {
        let values = values.iter().copied().map(Value::from);
        selects_nothing(&Statement::from_sql_and_values(DbBackend::Sqlite, sql, values))
    }

    #[test]
    fn rows_that_never_exist_are_known() {
        assert!(nothing("SELECT \"a\".\"id\" FROM \"a\" WHERE ? = ?", &[1, 2]));
        assert!(nothing("SELECT a.id FROM a WHERE a.x = ? AND ? = ? ORDER BY a.id LIMIT ?", &[7, 1, 2, 1]));
        assert!(nothing("SELECT ?, a.id FROM a JOIN b ON b.x = ? WHERE ? = ? AND a.y < ?", &[7, 7, 1, 2, 3]));
    }

    #[test]
    fn whatever_may_give_a_row_is_asked() {
        assert!(!nothing("SELECT a.id FROM a WHERE ? = ?", &[1, 1]));
        assert!(!nothing("SELECT a.id FROM a WHERE a.x = ?", &[1]));
        for text in [
            "SELECT count(*) FROM a WHERE ? = ?",
            "SELECT a.id FROM a WHERE ? = ? OR a.x",
            "SELECT a.id FROM a WHERE NOT ? = ?",
            "SELECT a.id FROM a WHERE (? = ? OR a.x)",
            "SELECT a.id FROM a WHERE ? = ? UNION SELECT 1",
            "SELECT a.id FROM a WHERE ? = ? HAVING 1",
            "SELECT n FROM (SELECT count(*) AS n FROM a WHERE ? = ?) AS s",
            "SELECT ' FROM a WHERE ', count(*) FROM a WHERE ? = ?",
            "SELECT a.id FROM a LEFT JOIN b ON ? = ?",
        ] {
            assert!(!nothing(text, &[1, 2]), "{text}");
        }
    }
}
