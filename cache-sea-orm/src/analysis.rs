//! Statements as dependencies, and the dialects they are in.

use std::sync::atomic::{AtomicU8, Ordering};

use cache_core::Dependencies;
use cache_sql::{Analyser, Bind, Dialect};
use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, Statement, Value};

use crate::value::{elements, stored};

const BACKENDS: [DbBackend; 3] = [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql];

/// The kinds of databases that this process has wrapped connections to, a bit each.
static SEEN: AtomicU8 = AtomicU8::new(0);

/// A connection to such a database was wrapped.
pub(crate) fn seen(backend: DbBackend) {
    if let Some(at) = BACKENDS.iter().position(|known| *known == backend) {
        SEEN.fetch_or(1 << at, Ordering::Relaxed);
    }
}

pub(crate) fn dialect(backend: DbBackend) -> Dialect {
    match backend {
        DbBackend::MySql => Dialect::MySql,
        DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

pub(crate) fn backend(dialect: Dialect) -> DbBackend {
    match dialect {
        Dialect::MySql => DbBackend::MySql,
        Dialect::Postgres => DbBackend::Postgres,
        _ => DbBackend::Sqlite,
    }
}

/// What the result of a statement depends on, wherever it runs: a query object does not know its database, and what a
/// condition means is a question of the database.
pub(crate) fn anywhere(build: impl Fn(DbBackend) -> Statement) -> Dependencies {
    let seen = match SEEN.load(Ordering::Relaxed) {
        0 => u8::MAX,
        seen => seen,
    };
    let backends = BACKENDS.iter().enumerate().filter(|(at, _)| seen & (1 << at) != 0);
    backends.map(|(_, backend)| dependencies(&build(*backend))).fold(Dependencies::none(), Dependencies::union)
}

/// [`anywhere`] for a query that can be rendered only once.
pub(crate) fn once(build: impl FnOnce(DbBackend) -> Statement) -> Dependencies {
    match SEEN.load(Ordering::Relaxed) {
        2 => dependencies(&build(DbBackend::Postgres)),
        4 => dependencies(&build(DbBackend::MySql)),
        0 | 1 => dependencies(&build(DbBackend::Sqlite)),
        _ => dependencies(&build(DbBackend::Sqlite)).widened(),
    }
}

/// What the result of a statement depends on.
pub(crate) fn dependencies(statement: &Statement) -> Dependencies {
    let binds = binds(statement.values.as_ref(), statement.db_backend);
    Analyser::shared(dialect(statement.db_backend)).dependencies(&statement.sql, &binds)
}

pub(crate) fn binds(values: Option<&Values>, backend: DbBackend) -> Vec<Bind> {
    let bind = |value| match elements(value, backend) {
        Some(values) => Bind::List(values),
        None => stored(value, backend).map_or(Bind::Unknown, Bind::Value),
    };
    values.iter().flat_map(|values| values.0.iter()).map(bind).collect()
}

/// Whether a statement can give no row, whatever the tables hold.
///
/// SeaORM writes a condition that never holds, such as membership in an empty list, as a comparison of two
/// different numbers. An aggregate over no rows is a row, so anything that may be one is asked all the same.
pub(crate) fn selects_nothing(statement: &Statement) -> bool {
    let Some(values) = &statement.values else { return false };
    let text = unnumbered(&statement.sql).to_ascii_uppercase();
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

/// Binds of PostgreSQL without their numbers; SeaORM gives them in order.
fn unnumbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut number = false;
    for character in sql.chars() {
        match character {
            '$' => {
                number = true;
                text.push('?');
            }
            digit if number && digit.is_ascii_digit() => {}
            other => {
                number = false;
                text.push(other);
            }
        }
    }
    text
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
        assert!(nothing("SELECT a.id FROM a WHERE a.x = $1 AND $2 = $3 LIMIT $4", &[7, 1, 2, 1]));
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
