//! Settings of a connection, and whether they change what its statements mean.

use std::sync::Arc;

use crate::Dialect;

/// What a statement does to the settings of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Nothing that a result or a row could show.
    Harmless,
    /// Later statements may mean something else.
    Meaning(Arc<str>),
    /// It is not a setting alone.
    Statement,
}

/// Settings that decide how long statements run, how they are planned and logged.
const HARMLESS: [&str; 63] = [
    "APPLICATION_NAME",
    "BACKEND_FLUSH_AFTER",
    "BULK_INSERT_BUFFER_SIZE",
    "CLIENT_MIN_MESSAGES",
    "COMMIT_DELAY",
    "COMMIT_SIBLINGS",
    "CONSTRAINTS",
    "CPU_INDEX_TUPLE_COST",
    "CPU_OPERATOR_COST",
    "CPU_TUPLE_COST",
    "DEADLOCK_TIMEOUT",
    "DEFAULT_TRANSACTION_DEFERRABLE",
    "DEFAULT_TRANSACTION_ISOLATION",
    "DEFAULT_TRANSACTION_READ_ONLY",
    "EFFECTIVE_CACHE_SIZE",
    "EFFECTIVE_IO_CONCURRENCY",
    "FROM_COLLAPSE_LIMIT",
    "HASH_MEM_MULTIPLIER",
    "IDLE_IN_TRANSACTION_SESSION_TIMEOUT",
    "IDLE_SESSION_TIMEOUT",
    "INNODB_LOCK_WAIT_TIMEOUT",
    "INTERACTIVE_TIMEOUT",
    "JOIN_BUFFER_SIZE",
    "JOIN_COLLAPSE_LIMIT",
    "LOCK_TIMEOUT",
    "LOCK_WAIT_TIMEOUT",
    "LONG_QUERY_TIME",
    "MAINTENANCE_IO_CONCURRENCY",
    "MAINTENANCE_WORK_MEM",
    "MAX_EXECUTION_TIME",
    "MAX_HEAP_TABLE_SIZE",
    "MAX_PARALLEL_MAINTENANCE_WORKERS",
    "MAX_PARALLEL_WORKERS",
    "MAX_PARALLEL_WORKERS_PER_GATHER",
    "MAX_STATEMENT_TIME",
    "MIN_PARALLEL_INDEX_SCAN_SIZE",
    "MIN_PARALLEL_TABLE_SCAN_SIZE",
    "NET_READ_TIMEOUT",
    "NET_WRITE_TIMEOUT",
    "OPTIMIZER_SWITCH",
    "PARALLEL_SETUP_COST",
    "PARALLEL_TUPLE_COST",
    "PLAN_CACHE_MODE",
    "PROFILING",
    "RANDOM_PAGE_COST",
    "READ_BUFFER_SIZE",
    "READ_RND_BUFFER_SIZE",
    "SEED",
    "SEQ_PAGE_COST",
    "SORT_BUFFER_SIZE",
    "SQL_NOTES",
    "SQL_SAFE_UPDATES",
    "SQL_WARNINGS",
    "STATEMENT_TIMEOUT",
    "SYNCHRONOUS_COMMIT",
    "TEMP_BUFFERS",
    "TMP_TABLE_SIZE",
    "TRANSACTION",
    "TRANSACTION_ISOLATION",
    "TRANSACTION_TIMEOUT",
    "TX_ISOLATION",
    "WAIT_TIMEOUT",
    "WORK_MEM",
];

/// Pragmas of SQLite that change what later queries answer. Others change what is written, or how it is checked: the
/// catalogue takes every effect of a write for one that happens.
const PRAGMAS: [&str; 4] = ["CASE_SENSITIVE_LIKE", "FULL_COLUMN_NAMES", "READ_UNCOMMITTED", "SHORT_COLUMN_NAMES"];

/// Recognises a statement about settings by its words; `None` for any other.
pub(crate) fn setting(dialect: Dialect, words: &[&str]) -> Option<Setting> {
    match (dialect, words) {
        (Dialect::Sqlite, ["PRAGMA", rest @ ..]) => {
            let name = match rest {
                [_, ".", name, ..] | [name, ..] => *name,
                [] => return None,
            };
            let assigns = rest.iter().any(|word| matches!(*word, "=" | "("));
            (assigns && PRAGMAS.contains(&name)).then(|| meaning(name))
        }
        (Dialect::Sqlite, _) => None,
        (Dialect::MySql, ["SET", "STATEMENT", ..]) => Some(Setting::Statement),
        (_, ["SET", "SESSION", "CHARACTERISTICS", ..]) => Some(Setting::Harmless),
        // What it reads is older than its begin.
        (Dialect::Postgres, ["SET", "TRANSACTION", "SNAPSHOT", ..]) => Some(meaning("SNAPSHOT")),
        (_, ["SET", rest @ ..]) => Some(assigned(dialect, rest)),
        (Dialect::Postgres, ["RESET", name]) if is_harmless(name) => Some(Setting::Harmless),
        (Dialect::Postgres, ["DISCARD", "PLANS" | "SEQUENCES" | "SEQUENCE"]) => Some(Setting::Harmless),
        (Dialect::Postgres, [word @ ("RESET" | "DISCARD"), ..]) => Some(meaning(word)),
        (Dialect::MySql, ["USE", ..]) => Some(meaning("USE")),
        _ => None,
    }
}

/// Whether a setting ends with the transaction that it is made in, or with the next one.
///
/// To MySQL `LOCAL` is another word for the session.
pub(crate) fn is_local(dialect: Dialect, words: &[&str]) -> bool {
    match words {
        ["SET", "TRANSACTION", ..] => true,
        ["SET", "LOCAL", ..] => dialect == Dialect::Postgres,
        _ => false,
    }
}

fn meaning(name: &str) -> Setting {
    Setting::Meaning(format!("{} changes what later statements mean", name.to_ascii_lowercase()).into())
}

/// `[scope] name = value [, ..]`
fn assigned(dialect: Dialect, words: &[&str]) -> Setting {
    let mut depth = 0usize;
    let mut starts = true;
    let mut named = false;
    for word in words {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => starts = dialect == Dialect::MySql,
            "SESSION" | "LOCAL" | "@@SESSION" | "@@LOCAL" | "." if starts => {}
            word if starts => {
                // Variables of the user's own are no setting; who reads one is not cached.
                let own = dialect == Dialect::MySql && word.starts_with('@') && !word.starts_with("@@");
                let name = word.trim_start_matches('@');
                if !own && !is_harmless(name) {
                    return meaning(if name == "\"\"" { "a quoted setting" } else { name });
                }
                starts = false;
                named = true;
            }
            _ => {}
        }
    }
    if named { Setting::Harmless } else { meaning("SET") }
}

fn is_harmless(name: &str) -> bool {
    let family = ["ENABLE_", "LOG_", "JIT", "GEQO", "AUTO_EXPLAIN", "TCP_", "VACUUM_", "OPTIMIZER_"];
    HARMLESS.contains(&name) || family.iter().any(|prefix| name.starts_with(prefix))
}
