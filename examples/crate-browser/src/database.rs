//! The SQLite file: one browser at a time, and only a file of our own.

use crate::failure::Failure;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, EntityTrait, Statement,
    sqlx::sqlite::SqliteJournalMode,
};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

/// Marks a SQLite file as ours, "crbr" as a big-endian number; to be changed with the tables.
const APPLICATION_ID: i32 = 0x6372_6272;

/// An open database file.
#[derive(Debug)]
pub struct Store {
    connection: DatabaseConnection,
    path: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens `path`, creating it when it is missing, and locks it against other browsers.
    ///
    /// With `fresh`, a database of ours at `path` is deleted first.
    ///
    /// # Errors
    /// When another browser uses the file, when it cannot be written, and when it is not a database of ours.
    pub async fn open(path: &Path, fresh: bool) -> Result<Self, Failure> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
        }
        let lock = lock(path)?;
        foreign(path)?;
        if fresh {
            remove(path).map_err(|error| unusable(path, &error))?;
        }
        let connection = connect(path).await.map_err(|error| unusable(path, &brief(&error)))?;
        Ok(Self { connection, path: path.to_owned(), _lock: lock })
    }

    /// The connection.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The finished import, if there is one.
    ///
    /// # Errors
    /// When the file is damaged.
    pub async fn import(&self) -> Result<Option<crate::entity::import::Model>, Failure> {
        let failed = |error: DbErr| unusable(&self.path, &brief(&error));
        let tables = Statement::from_string(
            self.connection.get_database_backend(),
            "SELECT name FROM sqlite_schema WHERE name = 'import'",
        );
        if self.connection.query_one_raw(tables).await.map_err(failed)?.is_none() {
            return Ok(None);
        }
        crate::entity::import::Entity::find().one(&self.connection).await.map_err(failed)
    }

    /// Moves everything into the main file, so that its header tells whose it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle(&self) -> Result<(), DbErr> {
        self.connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map(drop)
    }

    /// Closes and deletes the file.
    ///
    /// # Errors
    /// When the file cannot be deleted.
    pub async fn delete(self) -> Result<(), Failure> {
        let Self { connection, path, _lock: lock } = self;
        connection.close().await.map_err(|error| unusable(&path, &brief(&error)))?;
        drop(lock);
        remove(&path).map_err(|error| unusable(&path, &error))?;
        fs::remove_file(beside(&path, ".lock")).map_err(|error| unusable(&path, &error))
    }

    /// The failure for an error of the import.
    pub fn refused(&self, error: &DbErr) -> Failure {
        unusable(&self.path, &brief(error))
    }
}

async fn connect(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.sqlx_logging(false).max_connections(4).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(5))
            .pragma("application_id", APPLICATION_ID.to_string())
    });
    let connection = Database::connect(options).await?;
    connection.execute_unprepared("SELECT count(*) FROM sqlite_schema").await?;
    Ok(connection)
}

fn lock(path: &Path) -> Result<File, Failure> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(|error| unusable(path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            format_args!("the database {} is in use by another crate browser", path.display()),
            "stop that one, or name another file with `--database FILE`",
        )),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// Refuses a file that is something else: opening would mark it, `--fresh` would delete it.
fn foreign(path: &Path) -> Result<(), Failure> {
    let mut header = [0; 100];
    let (read, length) = match File::open(path) {
        Ok(mut file) => {
            let read = read_up_to(&mut file, &mut header).map_err(|error| unusable(path, &error))?;
            (read, file.metadata().map_err(|error| unusable(path, &error))?.len())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(path, &error)),
    };
    let sqlite = header.starts_with(b"SQLite format 3\0");
    let ours = sqlite && header[68..72] == APPLICATION_ID.to_be_bytes();
    // One page has no room for a table: an import that was cut short leaves such a file.
    let empty = sqlite && length <= u64::from(u16::from_be_bytes([header[16], header[17]]));
    if read == 0 || ours || empty { Ok(()) } else { Err(unusable(path, &"it is not a database of the crate browser")) }
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn remove(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        format_args!("the database {} cannot be used ({reason})", path.display()),
        "delete the file, or name another with `--database FILE`",
    )
}

/// The innermost message: "file is not a database" rather than the layers around it.
fn brief(error: &DbErr) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}
