//! The SQLite file: a file of our own only, used by one browser, or by several that share a store.

use crate::{
    claim::{Claim, beside, gone, unusable},
    entity::{import, namespace},
    failure::Failure,
};
use sea_orm::{
    ActiveModelTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, EntityTrait,
    IntoActiveModel, Schema, Statement, sqlx::sqlite::SqliteJournalMode,
};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

/// Marks a SQLite file as ours, "crbr" as a big-endian number; to be changed with the tables.
const APPLICATION_ID: i32 = 0x6372_6272;

/// An open database file.
#[derive(Debug)]
pub struct DatabaseFile {
    connection: DatabaseConnection,
    path: PathBuf,
    claim: Claim,
}

impl DatabaseFile {
    /// Opens `path`, creating it when it is missing, and claims it: for this browser, or when `shared` for all that share it.
    /// Others that share it wait until [`share`](Self::share).
    ///
    /// With `fresh`, a database of ours at `path` is deleted first.
    ///
    /// # Errors
    /// When another browser uses the file and does not share it, or does and `fresh` would take it away; when it cannot be
    /// written, and when it is not a database of ours.
    pub async fn open(path: &Path, fresh: bool, shared: bool) -> Result<Self, Failure> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
        }
        let claim = Claim::take(path, shared)?;
        foreign(path)?;
        if fresh && !claim.is_alone() {
            return Err(Failure::new(
                format_args!("the database {} is in use by other crate browsers", path.display()),
                "stop them before you import anew with `--fresh`",
            ));
        }
        if fresh {
            remove(path).map_err(|error| unusable(path, &error))?;
        }
        let connection = connect(path, claim.is_alone()).await.map_err(|error| unusable(path, &brief(&error)))?;
        Ok(Self { connection, path: path.to_owned(), claim })
    }

    /// Lets other browsers in that share the file.
    ///
    /// # Errors
    /// When one that does not has come in between.
    pub fn share(&mut self) -> Result<(), Failure> {
        self.claim.share()
    }

    /// The namespace of the results of this file in `store`; without a store, they are in this process.
    ///
    /// It is a new one whenever the store may have missed a write: when the last browser had another store or none, and when
    /// the file is a copy.
    ///
    /// # Errors
    /// When the browsers that use the file now have another store, and when the file is damaged.
    pub async fn namespace(&self, store: Option<&str>) -> Result<String, Failure> {
        let failed = |error: DbErr| unusable(&self.path, &brief(&error));
        let file = fs::canonicalize(&self.path).map_err(|error| unusable(&self.path, &error))?;
        let file = file.to_string_lossy().into_owned();
        if self.claim.is_alone() {
            let schema = Schema::new(self.connection.get_database_backend());
            let mut table = schema.create_table_from_entity(namespace::Entity);
            self.connection.execute(table.if_not_exists()).await.map_err(failed)?;
        }
        let last = namespace::Entity::find().one(&self.connection).await.map_err(failed)?;
        let same = |last: &namespace::Model| store.is_some_and(|store| store == last.store) && last.file == file;
        match last {
            Some(last) if same(&last) => Ok(last.name),
            _ if self.claim.is_alone() => self.renamed(store.unwrap_or_default(), file).await.map_err(failed),
            last => {
                let (store, file) = last.map(|last| (last.store, last.file)).unwrap_or_default();
                Err(Failure::new(
                    format_args!("the other crate browsers of this database use {file} with the store {store}"),
                    "start this one with the same file, the same `--redis URL`, and `--strict` if they have it",
                ))
            }
        }
    }

    async fn renamed(&self, store: &str, file: String) -> Result<String, DbErr> {
        let random =
            Statement::from_string(self.connection.get_database_backend(), "SELECT lower(hex(randomblob(16)))");
        let row = self.connection.query_one_raw(random).await?;
        let name = row.ok_or_else(|| DbErr::Custom("no random number".to_owned()))?.try_get_by_index::<String>(0)?;
        namespace::Entity::delete_many().exec(&self.connection).await?;
        let row = namespace::Model { id: 1, name: name.clone(), store: store.to_owned(), file };
        row.into_active_model().reset_all().insert(&self.connection).await?;
        Ok(name)
    }

    /// The connection.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The finished import, if there is one.
    ///
    /// # Errors
    /// When the file is damaged.
    pub async fn import(&self) -> Result<Option<import::Model>, Failure> {
        let failed = |error: DbErr| unusable(&self.path, &brief(&error));
        let tables = Statement::from_string(
            self.connection.get_database_backend(),
            "SELECT name FROM sqlite_schema WHERE name = 'import'",
        );
        if self.connection.query_one_raw(tables).await.map_err(failed)?.is_none() {
            return Ok(None);
        }
        import::Entity::find().one(&self.connection).await.map_err(failed)
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
        let Self { connection, path, claim } = self;
        connection.close().await.map_err(|error| unusable(&path, &brief(&error)))?;
        remove(&path).and_then(|()| claim.remove()).map_err(|error| unusable(&path, &error))
    }

    /// The failure for an error of the import.
    pub fn refused(&self, error: &DbErr) -> Failure {
        unusable(&self.path, &brief(error))
    }
}

/// Connects, and marks the file as ours when nobody else uses it.
async fn connect(path: &Path, alone: bool) -> Result<DatabaseConnection, DbErr> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.sqlx_logging(false).max_connections(4).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(5))
    });
    let connection = Database::connect(options).await?;
    if alone {
        connection.execute_unprepared(&format!("PRAGMA application_id = {APPLICATION_ID}")).await?;
    }
    connection.execute_unprepared("SELECT count(*) FROM sqlite_schema").await?;
    Ok(connection)
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
    ["", "-wal", "-shm"].into_iter().try_for_each(|suffix| gone(&beside(path, suffix)))
}

/// The innermost message: "file is not a database" rather than the layers around it.
fn brief(error: &DbErr) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}
