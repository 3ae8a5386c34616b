//! How a server is to be started.

use std::path::Path;

use super::certificate::Certificate;
use super::server::{Credentials, Redis, program};
use crate::Error;
use crate::folder::Folder;
use crate::port::{lasting_port, on_lasting_port};

/// The user that this crate itself takes where tests define users, so that theirs can be as restricted as they like.
const OWN_USER: &str = "test-servers";
const OWN_PASSWORD: &str = "of-the-tests-themselves";

/// What a [`Redis`] is started with; made by [`Redis::builder`].
#[derive(Clone, Debug, Default)]
pub struct RedisBuilder {
    config: Vec<(String, String)>,
    password: Option<String>,
    users: Vec<String>,
    unix_socket: bool,
    tls: bool,
    primary: Option<(u16, Credentials)>,
    pub(super) sentinel: bool,
}

impl RedisBuilder {
    /// Adds a line to the configuration file: a directive and what follows it, as it is written there.
    ///
    /// It wins over the lines that this crate writes, and the last one over those before.
    ///
    /// ```no_run
    /// use test_servers::Redis;
    ///
    /// let server = Redis::builder().config("maxmemory", "4mb").config("maxmemory-policy", "allkeys-lru").start()?;
    /// # Ok::<(), test_servers::Error>(())
    /// ```
    pub fn config(mut self, directive: &str, rest: &str) -> Self {
        self.config.push((directive.to_owned(), rest.to_owned()));
        self
    }

    /// The password of the default user; a plain word.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Adds a user with the rules of `ACL SETUSER`, such as `("reader", "on >secret ~* +@read")`; it is kept in a file of
    /// users, so that `ACL SAVE` and `ACL LOAD` work.
    ///
    /// `default` may be restricted like any other, unless it has a [`password`](Self::password); [`Redis::cli`] does not
    /// depend on it.
    pub fn user(mut self, name: &str, rules: &str) -> Self {
        self.users.push(format!("user {name} {rules}"));
        self
    }

    /// Listens on a Unix socket as well: [`Redis::unix_url`].
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// Listens with TLS on a second port as well: [`Redis::tls_url`]. The certificate is for 127.0.0.1 and `localhost`, and
    /// vouched for by [`Redis::authority`] alone; clients need none.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts as a replica of another server.
    pub fn replica_of(mut self, primary: &Redis) -> Self {
        self.primary = Some((primary.port(), primary.credentials().clone()));
        self
    }

    /// Starts the server, and where it is a replica waits until it has the data of its primary.
    ///
    /// # Errors
    ///
    /// Redis, or OpenSSL's command for [`tls`](Self::tls), is not installed, or the server does not start; then with what it
    /// said.
    pub fn start(&self) -> Result<Redis, Error> {
        let program = program()?;
        let server = on_lasting_port(|port| {
            let folder = Folder::new("test-redis-")?;
            let certificate = match self.tls {
                true => Some((lasting_port()?, Certificate::make(folder.path())?)),
                false => None,
            };
            let text = self.text(folder.path(), port, certificate.as_ref());
            write(&folder.path().join("redis.conf"), &text)?;
            if let Some(users) = self.file_of_users() {
                write(&folder.path().join("users.acl"), &users)?;
            }
            let secured = certificate.map(|(port, certificate)| (port, certificate.authority));
            let socket = self.unix_socket.then(|| folder.path().join("socket"));
            Redis::in_folder(program.clone(), folder, port, secured, socket, self.credentials(), self.sentinel)
        })?;
        if let Some((primary, _)) = &self.primary {
            server.linked(*primary)?;
        }
        Ok(server)
    }

    fn credentials(&self) -> Credentials {
        match (&self.password, self.users.is_empty()) {
            (None, true) => Credentials::None,
            (Some(password), true) => Credentials::Password(password.clone()),
            (password, false) => Credentials::User {
                name: OWN_USER.to_owned(),
                password: OWN_PASSWORD.to_owned(),
                default: password.clone(),
            },
        }
    }

    /// A file of users takes the place of what the configuration says of the default user.
    fn file_of_users(&self) -> Option<String> {
        if self.users.is_empty() {
            return None;
        }
        let default = self.password.iter().map(|password| format!("user default on >{password} ~* &* +@all"));
        let own = format!("user {OWN_USER} on >{OWN_PASSWORD} ~* &* +@all");
        Some(default.chain([own]).chain(self.users.iter().cloned()).map(|line| line + "\n").collect())
    }

    fn text(&self, folder: &Path, port: u16, certificate: Option<&(u16, Certificate)>) -> String {
        let path = |path: &Path| quoted(&path.display().to_string());
        let mut lines = vec![format!("port {port}"), "bind 127.0.0.1".to_owned(), format!("dir {}", path(folder))];
        let mut line = |directive: &str, rest: &str| lines.push(format!("{directive} {rest}"));
        if !self.sentinel {
            line("save", "\"\"");
            line("appendfsync", "no");
            line("repl-diskless-sync-delay", "0");
        }
        if self.unix_socket {
            line("unixsocket", &path(&folder.join("socket")));
        }
        if let Some((port, files)) = certificate {
            line("tls-port", &port.to_string());
            line("tls-auth-clients", "no");
            line("tls-ca-cert-file", &path(&files.authority));
            line("tls-cert-file", &path(&files.certificate));
            line("tls-key-file", &path(&files.key));
        }
        match (&self.password, self.users.is_empty()) {
            (Some(password), true) => line("requirepass", &quoted(password)),
            (_, false) => line("aclfile", &path(&folder.join("users.acl"))),
            (None, true) => {}
        }
        if let Some((port, credentials)) = &self.primary {
            for (directive, value) in credentials.to_follow_with() {
                line(directive, &quoted(value));
            }
            line("replicaof", &format!("127.0.0.1 {port}"));
        }
        for (directive, rest) in &self.config {
            line(directive, rest);
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::failed(path, error))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
