//! Connections, and the rows that a run begins with.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};

use super::{Kind, ROWS, kind, shelf};

/// A pool of connections.
pub(crate) async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).sqlx_logging(false).acquire_timeout(Duration::from_secs(20));
    options.map_sqlx_sqlite_opts(|options| {
        // A process that dies loses nothing that the system was given.
        let options = options.pragma("journal_mode", "WAL").pragma("synchronous", "OFF");
        options.busy_timeout(Duration::from_secs(20))
    });
    Database::connect(options).await
}

/// Makes the tables and their rows.
pub(crate) async fn prepare(url: &str) -> Result<(), DbErr> {
    let db = connect(url, 1).await?;
    let rows = |wanted: fn(i32) -> bool, text: fn(i32) -> String| {
        (0..ROWS).filter(|id| wanted(*id)).map(text).collect::<Vec<_>>().join(", ")
    };
    let items = rows(|_| true, |id| format!("({id}, {}, 0)", shelf(id, 0)));
    let twins = rows(|id| kind(id) == Kind::Twins, |id| format!("({id}, 0)"));
    for statement in [
        "CREATE TABLE item (id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, version BIGINT NOT NULL)".to_owned(),
        "CREATE TABLE twin (id INTEGER PRIMARY KEY, version BIGINT NOT NULL)".to_owned(),
        format!("INSERT INTO item VALUES {items}"),
        format!("INSERT INTO twin VALUES {twins}"),
    ] {
        db.execute_unprepared(&statement).await?;
    }
    db.close().await
}
