//! Throw-away servers on a socket in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    directory: TempDir,
}

impl Server {
    /// A PostgreSQL server and the directory of its socket; `None` where tests run without services.
    pub fn postgres() -> Option<Self> {
        let directory = directory()?;
        let programs = newest("/usr/lib/postgresql");
        let data = directory.path().join("data");
        give_to("postgres", directory.path());
        run(owned_by("postgres", &programs.join("initdb")).arg("-D").arg(&data).args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]));
        let mut server = owned_by("postgres", &programs.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(directory.path());
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off"]);
        Some(Self::start(server, directory))
    }

    /// A MariaDB server; `None` where tests run without services.
    pub fn mariadb() -> Option<Self> {
        let directory = directory()?;
        let data = directory.path().join("data");
        give_to("mysql", directory.path());
        let user = if is_root() { "--user=mysql" } else { "--skip-name-resolve" };
        // Servers that start together would take one another's files in a common directory away.
        run(Command::new("mariadb-install-db")
            .env("TMPDIR", directory.path())
            .args(["--no-defaults", user, "--skip-test-db"])
            .args(["--auth-root-authentication-method=normal", &format!("--datadir={}", data.display())]));
        let mut server = Command::new("mariadbd");
        server.args(["--no-defaults", user, "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]);
        server.args(["--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4"]);
        server.arg(format!("--datadir={}", data.display()));
        server.arg(format!("--tmpdir={}", directory.path().display()));
        server.arg(format!("--socket={}", directory.path().join("socket").display()));
        Some(Self::start(server, directory))
    }

    fn start(mut server: Command, directory: TempDir) -> Self {
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts");
        Server { child, directory }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What `connect` gives as soon as the server accepts it.
    pub fn connect<C, E: std::fmt::Display>(&self, connect: impl Fn() -> Result<C, E>) -> C {
        let mut refused = String::new();
        for _ in 0..600 {
            match connect() {
                Ok(connection) => return connection,
                Err(error) => refused = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not accept connections: {refused}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        std::thread::sleep(Duration::from_millis(50));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn directory() -> Option<TempDir> {
    if std::env::var_os("CACHE_TESTS_NO_SERVICES").is_some() {
        println!("left out: CACHE_TESTS_NO_SERVICES is set");
        return None;
    }
    Some(tempfile::tempdir().expect("a temporary directory"))
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().expect("id runs");
    user.stdout.starts_with(b"0")
}

fn give_to(user: &str, directory: &Path) {
    if is_root() {
        run(Command::new("chown").arg(user).arg(directory));
    }
}

/// Servers refuse to run as root.
fn owned_by(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups", "--"]).arg(program);
    command
}

fn newest(versions: &str) -> PathBuf {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(versions).expect("PostgreSQL is installed").flatten().map(|entry| entry.path()).collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed").join("bin")
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program of the server runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
