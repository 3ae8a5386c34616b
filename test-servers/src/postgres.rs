//! PostgreSQL.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::account::Account;
use crate::process::{Process, on_free_port};
use crate::{Error, program};

const PACKAGE: &str = "postgresql";

/// A PostgreSQL server of its own.
///
/// The user `postgres` needs no password. Nothing is ever flushed to disk.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    client: PathBuf,
    _process: Process,
}

impl Postgres {
    /// Starts a server with an empty database `postgres`.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed, or does not start; then with what it said.
    pub fn start() -> Result<Self, Error> {
        let initdb = program::find("initdb", PACKAGE)?;
        let postgres = program::find("postgres", PACKAGE)?;
        let client = program::find("psql", PACKAGE)?;
        let account = Account::unprivileged("postgres")?;
        on_free_port(|port| {
            let folder = tempfile::Builder::new().prefix("test-postgres-").tempdir();
            let folder = folder.map_err(|error| Error::failed(&postgres, error))?;
            Account::give(account.as_ref(), folder.path())?;
            let data = folder.path().join("data");
            let mut init = Account::command(account.as_ref(), &initdb)?;
            init.args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]);
            program::run(init.current_dir(folder.path()).arg("--pgdata").arg(&data))?;
            let mut server = Account::command(account.as_ref(), &postgres)?;
            server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
            let sockets = format!("unix_socket_directories={}", folder.path().display());
            for setting in [
                &*sockets,
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "autovacuum=off",
                "max_connections=200",
                "shared_buffers=32MB",
                "timezone=UTC",
            ] {
                server.args(["-c", setting]);
            }
            // An immediate shutdown: it leaves no shared memory behind, as killing would.
            let process = Process::start(folder, "QUIT", &server, |folder| {
                let state = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
                state.lines().last().is_some_and(|line| line.trim() == "ready")
            })?;
            Ok(Postgres { port, client: client.clone(), _process: process })
        })
    }

    /// The server that all tests of this process share, started by the first one that asks.
    ///
    /// # Panics
    ///
    /// Where it cannot be started, with the reason.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Postgres, Error>> = OnceLock::new();
        SHARED.get_or_init(Postgres::start).as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the database `postgres` is found.
    pub fn url(&self) -> String {
        self.database("postgres")
    }

    /// Makes an empty database and tells where it is found; the name is a plain word.
    ///
    /// # Panics
    ///
    /// Where there is one of this name already.
    pub fn create_database(&self, name: &str) -> String {
        let mut client = Command::new(&self.client);
        client.args(["--no-psqlrc", "--quiet", "--dbname", &self.url()]);
        client.args(["--command", &format!("CREATE DATABASE \"{name}\" STRATEGY file_copy")]);
        program::run(&mut client).unwrap_or_else(|error| panic!("{error}"));
        self.database(name)
    }

    fn database(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}
