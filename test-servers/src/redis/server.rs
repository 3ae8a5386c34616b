//! One server.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::builder::RedisBuilder;
use super::client::Client;
use crate::folder::Folder;
use crate::process::{Process, until};
use crate::{Error, program};

const PACKAGE: &str = "redis-server";

/// A Redis server of its own, or a Valkey server: see [`Redis::start`].
///
/// What is written is kept in memory only, unless it is started with other lines of configuration.
///
/// ```no_run
/// use test_servers::Redis;
///
/// let server = Redis::start()?;
/// assert_eq!(server.cli(&["SET", "article:3", "News"]), "OK");
/// server.cli(&["SAVE"]);
/// server.kill();
/// server.restart();
/// assert_eq!(server.cli(&["GET", "article:3"]), "News");
/// # Ok::<(), test_servers::Error>(())
/// ```
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    port: u16,
    secured: Option<(u16, PathBuf)>,
    socket: Option<PathBuf>,
    credentials: Credentials,
    sentinel: bool,
    // Before the folder: a server that still runs would make files there.
    running: Mutex<Option<Running>>,
    folder: Folder,
}

#[derive(Debug)]
struct Running {
    _process: Process,
    id: u32,
    is_paused: bool,
}

/// What a client has to say first.
#[derive(Clone, Debug)]
pub(super) enum Credentials {
    None,
    Password(String),
    /// A user of this crate's own, and the password of the default user.
    User {
        name: String,
        password: String,
        default: Option<String>,
    },
}

impl Credentials {
    /// The directives of a replica of a server that asks for these.
    pub(super) fn to_follow_with(&self) -> Vec<(&'static str, &str)> {
        match self {
            Credentials::None => Vec::new(),
            Credentials::Password(password) => vec![("masterauth", password)],
            Credentials::User { name, password, .. } => vec![("masteruser", name), ("masterauth", password)],
        }
    }

    /// The part of a URL that brings them.
    fn in_url(&self) -> String {
        match self {
            Credentials::Password(password) | Credentials::User { default: Some(password), .. } => {
                format!(":{password}@")
            }
            Credentials::None | Credentials::User { default: None, .. } => String::new(),
        }
    }
}

impl Redis {
    /// Starts a server on a free port.
    ///
    /// It is `redis-server`, or the program that the environment variable `CACHE_TESTS_REDIS_SERVER` names, such as
    /// `valkey-server`: so that the same tests run on either. That is a name to be found on the path, or an absolute path.
    ///
    /// # Errors
    ///
    /// Redis is not installed, or does not start; then with what it said.
    pub fn start() -> Result<Self, Error> {
        Redis::builder().start()
    }

    /// A server with other settings.
    pub fn builder() -> RedisBuilder {
        RedisBuilder::default()
    }

    /// The server that all tests of this process share, started by the first one that asks. They keep apart by the names of
    /// their keys, and neither empty nor reconfigure nor stop it.
    ///
    /// # Panics
    ///
    /// Where it cannot be started, with the reason.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Redis, Error>> = OnceLock::new();
        SHARED.get_or_init(Redis::start).as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn in_folder(
        program: PathBuf,
        folder: Folder,
        port: u16,
        secured: Option<(u16, PathBuf)>,
        socket: Option<PathBuf>,
        credentials: Credentials,
        sentinel: bool,
    ) -> Result<Self, Error> {
        let running = Mutex::new(None);
        let server = Redis { program, port, secured, socket, credentials, sentinel, running, folder };
        let running = server.run()?;
        *server.running() = Some(running);
        Ok(server)
    }

    /// The port on 127.0.0.1. It stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the server is found, with the password of the default user if it has one.
    pub fn url(&self) -> String {
        format!("redis://{}127.0.0.1:{}/", self.credentials.in_url(), self.port)
    }

    /// Where the server is found with TLS.
    ///
    /// # Panics
    ///
    /// Where it was started without [`RedisBuilder::tls`].
    pub fn tls_url(&self) -> String {
        format!("rediss://{}127.0.0.1:{}/", self.credentials.in_url(), self.secured().0)
    }

    /// The file of the authority that vouches for the server's certificate, in PEM.
    ///
    /// # Panics
    ///
    /// Where the server was started without [`RedisBuilder::tls`].
    pub fn authority(&self) -> &Path {
        &self.secured().1
    }

    fn secured(&self) -> &(u16, PathBuf) {
        self.secured
            .as_ref()
            .unwrap_or_else(|| panic!("this server has no TLS: start it with `Redis::builder().tls()`"))
    }

    /// Where the server is found on the Unix socket; clients give the password apart.
    ///
    /// # Panics
    ///
    /// Where it was started without [`RedisBuilder::unix_socket`].
    pub fn unix_url(&self) -> String {
        let socket = self.socket.as_ref();
        let socket =
            socket.unwrap_or_else(|| panic!("this server has none: start it with `Redis::builder().unix_socket()`"));
        format!("unix://{}", socket.display())
    }

    /// Sends a command on a connection of its own and returns the answer as text: every string and number of it on a line
    /// of its own, nothing for what is null.
    ///
    /// # Panics
    ///
    /// Where the server is not reached within 10 seconds or answers with an error, with the reason.
    pub fn cli(&self, words: &[&str]) -> String {
        self.try_cli(words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends a command as [`cli`](Self::cli) does.
    ///
    /// # Errors
    ///
    /// The server is not reached within 10 seconds, or answers with an error.
    pub fn try_cli(&self, words: &[&str]) -> Result<String, Error> {
        let answer = Client::connect(self.port).and_then(|mut client| {
            match &self.credentials {
                Credentials::None => {}
                Credentials::Password(password) => drop(client.command(&["AUTH", password])?),
                Credentials::User { name, password, .. } => drop(client.command(&["AUTH", name, password])?),
            }
            client.command(words)
        });
        let command = || words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        answer
            .map_err(|error| Error::failed(&self.program, format_args!("{} on port {}: {error}", command(), self.port)))
    }

    /// A field of what `INFO` tells, such as `run_id`, `role` or `evicted_keys`; `None` where it does not tell it.
    ///
    /// # Panics
    ///
    /// As [`cli`](Self::cli) does.
    pub fn info(&self, field: &str) -> Option<String> {
        find(&self.cli(&["INFO"]), field)
    }

    /// Kills the server (SIGKILL) and waits until it is gone; what it has not saved is lost.
    pub fn kill(&self) {
        *self.running() = None;
    }

    /// Starts the server again on the same port and in the same folder, from where it loads its dump or its append-only
    /// file; one that still runs is killed first.
    ///
    /// # Panics
    ///
    /// Where it does not start, with what it said.
    pub fn restart(&self) {
        let mut running = self.running();
        *running = None;
        *running = Some(self.run().unwrap_or_else(|error| panic!("{error}")));
    }

    /// Whether the server is neither killed nor paused.
    pub fn is_running(&self) -> bool {
        self.running().as_ref().is_some_and(|running| !running.is_paused)
    }

    /// Stops the server in its tracks (SIGSTOP): connections stay open, and nothing is answered.
    ///
    /// # Panics
    ///
    /// Where it does not run.
    pub fn pause(&self) {
        let id = self.signal("STOP", true);
        // Where the system tells of it; elsewhere a stop is all but immediate too.
        let stopped = || match std::fs::read_to_string(format!("/proc/{id}/stat")) {
            Ok(state) => state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')),
            Err(_) => true,
        };
        until(|| format!("the server on port {} has stopped", self.port), stopped)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Lets a paused server go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// Where it does not run.
    pub fn resume(&self) {
        self.signal("CONT", false);
    }

    /// Makes a replica a primary (`REPLICAOF NO ONE`), also for restarts.
    ///
    /// # Panics
    ///
    /// As [`cli`](Self::cli) does.
    pub fn promote(&self) {
        self.cli(&["REPLICAOF", "NO", "ONE"]);
        self.cli(&["CONFIG", "REWRITE"]);
    }

    /// Makes this server a replica of another one, also for restarts, and waits until it has its data.
    ///
    /// # Panics
    ///
    /// As [`cli`](Self::cli) does.
    pub fn follow(&self, primary: &Redis) {
        for (directive, value) in primary.credentials.to_follow_with() {
            self.cli(&["CONFIG", "SET", directive, value]);
        }
        self.cli(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        self.cli(&["CONFIG", "REWRITE"]);
        self.linked(primary.port).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Waits until this server has the data of the primary on a port.
    pub(super) fn linked(&self, primary: u16) -> Result<(), Error> {
        let primary = primary.to_string();
        let linked = || {
            let info = self.try_cli(&["INFO", "replication"]).unwrap_or_default();
            find(&info, "master_link_status").as_deref() == Some("up")
                && find(&info, "master_port").as_ref() == Some(&primary)
        };
        until(|| format!("the server on port {} has the data of its primary", self.port), linked)
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Starts the process and waits until it has loaded its data.
    fn run(&self) -> Result<Running, Error> {
        let config = self.folder.path().join("redis.conf");
        let mut command = Command::new(&self.program);
        command.arg(&config);
        if self.sentinel {
            command.arg("--sentinel");
        }
        // Somebody else's server may have been faster on this port: ours names our file.
        let id = Cell::new(None);
        let ready = || {
            let info = self.try_cli(&["INFO"]).unwrap_or_default();
            let is_ours = find(&info, "config_file").is_some_and(|file| Path::new(&file) == config);
            id.set(find(&info, "process_id").and_then(|id| id.parse().ok()));
            is_ours && find(&info, "loading").is_none_or(|loading| loading == "0")
        };
        let process = Process::start_in(self.folder.path(), "KILL", &command, ready)?;
        let id = id.get().ok_or_else(|| Error::failed(&self.program, "INFO does not tell the process_id"))?;
        Ok(Running { _process: process, id, is_paused: false })
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a signal that pauses the server or ends that, and returns to which process.
    fn signal(&self, signal: &str, pauses: bool) -> u32 {
        let mut running = self.running();
        let running = running.as_mut().unwrap_or_else(|| panic!("the server on port {} does not run", self.port));
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &running.id.to_string()]);
        program::run(&mut kill).unwrap_or_else(|error| panic!("{error}"));
        running.is_paused = pauses;
        running.id
    }
}

/// The program that is started.
pub(super) fn program() -> Result<PathBuf, Error> {
    match std::env::var("CACHE_TESTS_REDIS_SERVER") {
        Ok(name) if !name.is_empty() => program::find(&name, &name),
        _ => program::find("redis-server", PACKAGE),
    }
}

/// A field of lines of the form `name:value`.
pub(super) fn find(info: &str, field: &str) -> Option<String> {
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| *name == field).map(|(_, value)| value.trim_end().to_owned())
}
