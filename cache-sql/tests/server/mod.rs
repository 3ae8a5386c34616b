//! Database servers of the machine, started for one test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A server with an empty database.
pub struct Server {
    directory: PathBuf,
    kind: Kind,
}

enum Kind {
    Postgres { binaries: PathBuf },
    MariaDb(Child),
}

impl Server {
    /// PostgreSQL, if it is installed.
    pub fn postgres() -> Option<Self> {
        let mut versions: Vec<PathBuf> =
            std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|one| one.path()).collect();
        versions.sort();
        let binaries = versions.pop()?.join("bin");
        let directory = directory("postgres");
        let made = unprivileged("mkdir").arg(&directory).status().ok()?.success();
        let data = directory.join("data");
        let made = made
            && succeeds(unprivileged(binaries.join("initdb")).args(["-A", "trust", "-U", "postgres", "-D"]).arg(&data));
        let options = format!("-k {} -c listen_addresses='' -c fsync=off", directory.display());
        let started = made
            && unprivileged(binaries.join("pg_ctl"))
                .args(["-w", "-o", &options, "-l"])
                .arg(directory.join("log"))
                .arg("-D")
                .arg(&data)
                .arg("start")
                .stdout(Stdio::null())
                .status()
                .ok()?
                .success();
        started.then_some(Server { directory, kind: Kind::Postgres { binaries } })
    }

    /// MariaDB, if it is installed.
    pub fn mariadb() -> Option<Self> {
        let directory = directory("mariadb");
        std::fs::create_dir(&directory).ok()?;
        let data = format!("--datadir={}", directory.join("data").display());
        let user = if is_root() { "--user=root" } else { "--loose-skip-name-resolve" };
        let install = ["--no-defaults", &data, "--auth-root-authentication-method=normal", user];
        if !succeeds(Command::new("mariadb-install-db").args(install)) {
            return None;
        }
        let socket = directory.join("socket");
        let child = Command::new("mariadbd")
            .args(["--no-defaults", &data, "--skip-networking", user])
            .arg(format!("--socket={}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Server { directory, kind: Kind::MariaDb(child) };
        let ready = || server.run("SELECT 1").starts_with('1');
        let found = (0..300).any(|_| {
            ready() || {
                std::thread::sleep(std::time::Duration::from_millis(100));
                false
            }
        });
        (found && server.run("CREATE DATABASE test_data").is_empty()).then_some(server)
    }

    /// What the client prints when it runs a script; statements that fail print nothing.
    pub fn run(&self, script: &str) -> String {
        let file = self.directory.join(format!("script-{:?}", std::thread::current().id()));
        std::fs::write(&file, script).expect("a script");
        let output = match &self.kind {
            Kind::Postgres { .. } => Command::new("psql")
                .args(["-X", "-q", "-A", "-t", "-U", "postgres", "-h"])
                .arg(&self.directory)
                .arg("-f")
                .arg(&file)
                .output(),
            Kind::MariaDb(_) => Command::new("mariadb")
                .args(["--no-defaults", "-N", "-B", "--force", "-u", "root"])
                .arg(format!("--socket={}", self.directory.join("socket").display()))
                .stdin(std::fs::File::open(&file).expect("a script"))
                .output(),
        };
        let Output { stdout, .. } = output.expect("a client");
        String::from_utf8_lossy(&stdout).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.kind {
            Kind::Postgres { binaries } => {
                let stop = ["-m", "immediate", "-D"];
                succeeds(unprivileged(binaries.join("pg_ctl")).args(stop).arg(self.directory.join("data")).arg("stop"));
            }
            Kind::MariaDb(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("cache-sql-{name}-{}", std::process::id()))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// PostgreSQL does not run as root.
fn unprivileged(program: impl AsRef<Path>) -> Command {
    if !is_root() {
        return Command::new(program.as_ref());
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program.as_ref());
    command
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
