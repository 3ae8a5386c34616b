//! MariaDB.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::account::Account;
use crate::process::{Process, on_free_port};
use crate::{Error, program};

const PACKAGE: &str = "mariadb-server";

/// A MariaDB server of its own.
///
/// The user `root` needs no password. The character set is `utf8mb4` with the server's own default collation. Nothing is
/// ever flushed to disk.
#[derive(Debug)]
pub struct MariaDb {
    port: u16,
    client: PathBuf,
    _process: Process,
}

impl MariaDb {
    /// Starts a server with an empty database `test`.
    ///
    /// # Errors
    ///
    /// MariaDB is not installed, or does not start; then with what it said.
    pub fn start() -> Result<Self, Error> {
        let install = program::find("mariadb-install-db", PACKAGE)?;
        let mariadbd = program::find("mariadbd", PACKAGE)?;
        let client = program::find("mariadb", PACKAGE)?;
        let account = Account::unprivileged("mysql")?;
        let server = on_free_port(|port| {
            let folder = tempfile::Builder::new().prefix("test-mariadb-").tempdir();
            let folder = folder.map_err(|error| Error::failed(&mariadbd, error))?;
            Account::give(account.as_ref(), folder.path())?;
            let data = format!("--datadir={}", folder.path().join("data").display());
            // Not that of the environment, which the account may not be allowed to write to.
            let temporary = format!("--tmpdir={}", folder.path().display());
            let quick = [
                &*temporary,
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-log-file-size=8M",
                "--innodb-buffer-pool-size=64M",
                "--innodb-use-native-aio=0",
                "--innodb-flush-method=nosync",
                "--skip-log-bin",
            ];
            let mut init = Account::command(account.as_ref(), &install)?;
            init.args(["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"])
                .args(quick);
            program::run(init.current_dir(folder.path()))?;
            let mut server = Account::command(account.as_ref(), &mariadbd)?;
            server.args(["--no-defaults", &data, "--bind-address=127.0.0.1", &format!("--port={port}")]).args(quick);
            server.arg(format!("--socket={}", folder.path().join("socket").display()));
            server.arg(format!("--pid-file={}", folder.path().join("pid").display()));
            server.args(["--skip-name-resolve", "--character-set-server=utf8mb4", "--max-connections=200"]);
            server.args(["--performance-schema=off", "--default-time-zone=+00:00"]);
            let process = Process::start(folder, "KILL", &server, |_| greets(port))?;
            Ok(MariaDb { port, client: client.clone(), _process: process })
        })?;
        server.create_database("test");
        Ok(server)
    }

    /// The server that all tests of this process share, started by the first one that asks.
    ///
    /// # Panics
    ///
    /// Where it cannot be started, with the reason.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<MariaDb, Error>> = OnceLock::new();
        SHARED.get_or_init(MariaDb::start).as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the database `test` is found.
    pub fn url(&self) -> String {
        self.database("test")
    }

    /// Makes an empty database and tells where it is found; the name is a plain word.
    ///
    /// # Panics
    ///
    /// Where there is one of this name already.
    pub fn create_database(&self, name: &str) -> String {
        let mut client = Command::new(&self.client);
        client.args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1", "--user=root"]);
        client.arg(format!("--port={}", self.port)).arg(format!("--execute=CREATE DATABASE `{name}`"));
        program::run(&mut client).unwrap_or_else(|error| panic!("{error}"));
        self.database(name)
    }

    fn database(&self, name: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{name}", self.port)
    }
}

/// Whether a server speaks first on this port, as those of MySQL do once they are ready.
fn greets(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let mut head = [0; 5];
    let read = stream.set_read_timeout(Some(Duration::from_secs(5))).and_then(|()| stream.read_exact(&mut head));
    // Three bytes of length, one that counts, and the version of the protocol.
    read.is_ok() && head[4] == 10
}
