//! Databases on one MariaDB server, which all tests of this process share.

use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use test_servers::MariaDb;

/// What has to live as long as the database: the server does.
pub(crate) type Place = ();

pub(crate) const ID: &str = "INTEGER AUTO_INCREMENT PRIMARY KEY";
pub(crate) const TEXT: &str = "VARCHAR(100)";

/// A database of its own.
pub(crate) async fn open() -> (DatabaseConnection, Place) {
    open_many().await
}

/// A database of its own; every pool has several connections here.
pub(crate) async fn open_many() -> (DatabaseConnection, Place) {
    test_servers::end_if_left_out();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("shop_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let url = tokio::task::spawn_blocking(move || MariaDb::shared().create_database(&name)).await.unwrap();
    let mut options = ConnectOptions::new(url);
    options.max_connections(8).min_connections(0).sqlx_logging(false);
    (Database::connect(options).await.unwrap(), ())
}
