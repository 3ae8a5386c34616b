//! What the wrapped connection costs a read that is not cached.

use cache_core::Cache;
use cache_sea_orm::CachedConnection;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::report::Report;

const TEXT: &str = "SELECT id, category_id, title FROM article WHERE category_id = ? ORDER BY id LIMIT 20";

pub fn run(report: &mut Report) {
    let name = "uncached_read_through_the_wrapper";
    if !report.wants(name) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let plain = runtime.block_on(database());
    let cache = Cache::in_memory();
    let wrapped = CachedConnection::new(plain.clone(), &cache);
    report.compare(
        name,
        "the same read without it",
        Some(1.03),
        || runtime.block_on(read(&wrapped)),
        || runtime.block_on(read(&plain)),
    );
}

async fn database() -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let plain = sea_orm::Database::connect(options).await.expect("SQLite opens in memory");
    let script = "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, title TEXT); \
                  WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) \
                  INSERT INTO article SELECT n, n % 50, 'Title ' || n FROM n; \
                  CREATE INDEX article_category ON article (category_id)";
    plain.execute_unprepared(script).await.expect("the table is made");
    plain
}

async fn read<C: ConnectionTrait>(connection: &C) {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, TEXT, [7.into()]);
    let rows = connection.query_all_raw(statement).await.expect("the query runs");
    assert_eq!(rows.len(), 20);
}
