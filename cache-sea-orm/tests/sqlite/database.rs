//! SQLite databases, in memory and in files.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

/// What has to live as long as the database.
pub(crate) type Place = Option<tempfile::TempDir>;

pub(crate) const ID: &str = "INTEGER PRIMARY KEY AUTOINCREMENT";
pub(crate) const TEXT: &str = "TEXT";

/// In memory, on one connection.
pub(crate) async fn open() -> (DatabaseConnection, Place) {
    (connect("sqlite::memory:".to_owned(), 1).await, None)
}

/// In a file, on several connections.
pub(crate) async fn open_many() -> (DatabaseConnection, Place) {
    let folder = tempfile::tempdir().unwrap();
    let connection = connect(format!("sqlite://{}?mode=rwc", folder.path().join("shop.db").display()), 8).await;
    connection.execute_unprepared("PRAGMA journal_mode = WAL").await.unwrap();
    (connection, Some(folder))
}

async fn connect(url: String, connections: u32) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}
