//! What a store must be told of its servers.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::Url;

use super::link::Address;
use crate::error::{Error, ErrorKind};

const DEFAULT_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Where the servers are, how to get in, and how long to wait.
///
/// `Debug` shows no secrets.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) topology: Topology,
    pub(crate) credentials: Credentials,
    pub(crate) database: u32,
    pub(crate) tls: Tls,
    pub(crate) client_name: String,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// How long a connection and its handshake may take.
    pub(crate) connect_timeout: Duration,
    /// How long a caller waits at most for a connection that is just being opened.
    pub(crate) patience: Duration,
    /// Age after which role and incarnation of a connection's server are read again.
    pub(crate) rehandshake: Duration,
    /// Pause after the first failed attempt to connect; it doubles with each further one, with jitter.
    pub(crate) backoff: Duration,
    pub(crate) max_backoff: Duration,
    /// Failures of a node in a row after which its circuit opens.
    pub(crate) max_failures: u32,
}

/// How the primaries are found.
#[derive(Clone, Debug)]
pub(crate) enum Topology {
    Standalone(Address),
    /// Whichever server the sentinels call the primary of `name`.
    Sentinel {
        sentinels: Vec<Address>,
        name: String,
        credentials: Credentials,
        /// Whether the primary is spoken to in TLS.
        tls: bool,
    },
    Cluster {
        seeds: Vec<Address>,
    },
}

/// A user and a password; a password alone is that of the default user.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "...");
        f.debug_struct("Credentials").field("user", &self.user).field("password", &password).finish()
    }
}

/// Whom to trust, and how to be known, where TLS is spoken.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// Certificates of authorities; without any, those that the system trusts.
    pub(crate) authorities: Option<PathBuf>,
    /// Certificate chain and private key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) insecure: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("authorities", &self.authorities)
            .field("identity", &self.identity.as_ref().map(|(certificate, _)| certificate))
            .field("insecure", &self.insecure)
            .finish()
    }
}

impl Settings {
    /// One server: `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` as `//[user][:password@]host[:port][/database]`,
    /// or `redis+unix:///path[?db=..&user=..&pass=..]`.
    ///
    /// # Errors
    ///
    /// When the URL does not say that, naming the part at fault and never the password.
    pub(crate) fn standalone(url: &str) -> Result<Self, Error> {
        let place = Place::parse(url, DEFAULT_PORT)?;
        Ok(Settings::new(Topology::Standalone(place.address), place.credentials, place.database))
    }

    /// The primary that sentinels know by a name; database, and credentials of the data's servers, are set apart.
    ///
    /// # Errors
    ///
    /// When a URL is at fault, none is given, or they differ in their credentials. Those in the URLs are the
    /// sentinels' own.
    pub(crate) fn sentinel<'u>(urls: impl IntoIterator<Item = &'u str>, name: &str) -> Result<Self, Error> {
        let (sentinels, credentials, database) = places(urls, SENTINEL_PORT, "sentinel")?;
        if database != 0 {
            return Err(fault(
                "a sentinel's URL names a database; give the number to the settings of the store instead",
            ));
        }
        let tls = sentinels.iter().any(Address::is_tls);
        let topology = Topology::Sentinel { sentinels, name: name.to_owned(), credentials, tls };
        Ok(Settings::new(topology, Credentials::default(), 0))
    }

    /// A cluster, found through any of its nodes.
    ///
    /// # Errors
    ///
    /// When a URL is at fault, none is given, or they differ in their credentials.
    pub(crate) fn cluster<'u>(urls: impl IntoIterator<Item = &'u str>) -> Result<Self, Error> {
        let (seeds, credentials, database) = places(urls, DEFAULT_PORT, "cluster node")?;
        Ok(Settings::new(Topology::Cluster { seeds }, credentials, database))
    }

    fn new(topology: Topology, credentials: Credentials, database: u32) -> Self {
        Settings {
            topology,
            credentials,
            database,
            tls: Tls::default(),
            client_name: "cache".to_owned(),
            timeout: Duration::from_millis(200),
            connect_timeout: Duration::from_secs(1),
            patience: Duration::from_millis(50),
            rehandshake: Duration::from_secs(1),
            backoff: Duration::from_millis(10),
            max_backoff: Duration::from_secs(2),
            max_failures: 5,
        }
    }

    /// Who the store is, to the servers that hold its data.
    pub(crate) fn credentials(mut self, user: Option<&str>, password: &str) -> Self {
        self.credentials = Credentials { user: user.map(str::to_owned), password: Some(password.to_owned()) };
        self
    }

    /// The number of the database.
    pub(crate) fn database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// A file of PEM certificates that are trusted instead of the system's.
    pub(crate) fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.authorities = Some(file.into());
        self
    }

    /// PEM files of the certificate (with its chain) and the private key by which the store is known.
    pub(crate) fn identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Takes any server for the right one: whoever is in the network's path can read and write.
    pub(crate) fn insecure(mut self) -> Self {
        self.tls.insecure = true;
        self
    }

    /// The name that `CLIENT LIST` shows; spaces and control characters become `-`.
    pub(crate) fn client_name(mut self, name: &str) -> Self {
        self.client_name = name.chars().map(|c| if c.is_ascii_graphic() { c } else { '-' }).collect();
        self
    }

    /// How long an answer may take; at least a millisecond.
    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How long a connection and its handshake may take.
    pub(crate) fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Age after which role and incarnation of a connection's server are read again.
    pub(crate) fn rehandshake(mut self, age: Duration) -> Self {
        self.rehandshake = age;
        self
    }

    /// Whether the primary that sentinels name is spoken to in TLS, if not as they are.
    pub(crate) fn primary_tls(mut self, wanted: bool) -> Self {
        if let Topology::Sentinel { tls, .. } = &mut self.topology {
            *tls = wanted;
        }
        self
    }
}

/// What one URL says.
struct Place {
    address: Address,
    credentials: Credentials,
    database: u32,
}

impl Place {
    fn parse(text: &str, default_port: u16) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => fault("the URL has no scheme; write `redis://host`"),
            url::ParseError::InvalidPort => fault("the port in the URL is not a number below 65536"),
            error => fault(format!("the URL does not parse: {error}")),
        })?;
        match url.scheme() {
            "redis" | "valkey" => Place::tcp(&url, false, default_port),
            "rediss" | "valkeys" => Place::tcp(&url, true, default_port),
            "redis+unix" | "valkey+unix" | "unix" => Place::unix(&url),
            other => Err(fault(format!(
                "the URL's scheme `{other}` is none of redis, rediss, valkey, valkeys, redis+unix, valkey+unix"
            ))),
        }
    }

    fn tcp(url: &Url, tls: bool, default_port: u16) -> Result<Self, Error> {
        let host = match url.host() {
            Some(url::Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(fault("the URL names no host; write `redis://host`")),
        };
        let port = url.port().unwrap_or(default_port);
        let credentials = Credentials {
            user: Some(decoded(url.username(), "user")?).filter(|user| !user.is_empty()),
            password: url.password().map(|password| decoded(password, "password")).transpose()?,
        };
        complete(&credentials)?;
        if let Some((name, _)) = url.query_pairs().next() {
            return Err(fault(format!("the URL's parameter `{name}` is not known; settings are given by methods")));
        }
        if url.fragment().is_some() {
            return Err(fault("the URL has a fragment (`#`); a `#` in a password is written `%23`"));
        }
        let database = match url.path().trim_matches('/') {
            "" => 0,
            number => number_of(number)?,
        };
        Ok(Place { address: Address::tcp(&host, port, tls), credentials, database })
    }

    fn unix(url: &Url) -> Result<Self, Error> {
        let path = decoded(url.path(), "path")?;
        if path.is_empty() || path == "/" || url.host_str().is_some_and(|host| !host.is_empty()) {
            return Err(fault("the URL of a socket needs an absolute path: `redis+unix:///run/redis.sock`"));
        }
        let mut place = Place { address: Address::unix(path.into()), credentials: Credentials::default(), database: 0 };
        for (name, value) in url.query_pairs() {
            match &*name {
                "db" => place.database = number_of(&value)?,
                "user" => place.credentials.user = Some(value.into_owned()),
                "pass" => place.credentials.password = Some(value.into_owned()),
                other => {
                    return Err(fault(format!("the URL's parameter `{other}` is none of db, user, pass")));
                }
            }
        }
        complete(&place.credentials)?;
        Ok(place)
    }
}

fn places<'u>(
    urls: impl IntoIterator<Item = &'u str>,
    default_port: u16,
    what: &str,
) -> Result<(Vec<Address>, Credentials, u32), Error> {
    let places = urls.into_iter().map(|url| Place::parse(url, default_port)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = places.first() else {
        return Err(fault(format!("no URL of a {what} is given; one at least is needed")));
    };
    let (credentials, database) = (first.credentials.clone(), first.database);
    if places.iter().any(|place| place.credentials != credentials || place.database != database) {
        return Err(fault(format!(
            "the URLs of the {what}s differ in user, password or database; give the same to all"
        )));
    }
    if places.iter().any(|place| matches!(place.address, Address::Unix { .. })) {
        return Err(fault(format!("the URL of a {what} is a socket's; give a host and a port")));
    }
    Ok((places.into_iter().map(|place| place.address).collect(), credentials, database))
}

fn complete(credentials: &Credentials) -> Result<(), Error> {
    if credentials.user.is_some() && credentials.password.is_none() {
        return Err(fault("the URL names a user but no password; write `user:password@`"));
    }
    Ok(())
}

fn decoded(part: &str, what: &str) -> Result<String, Error> {
    let text = percent_decode_str(part).decode_utf8();
    text.map(|text| text.into_owned()).map_err(|_| fault(format!("the {what} in the URL is not UTF-8")))
}

fn number_of(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| fault(format!("the database in the URL is `{text}`, which is not a number")))
}

fn fault(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Parse, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(url: &str) -> String {
        Settings::standalone(url).unwrap_err().to_string()
    }

    #[test]
    fn a_url_says_everything() {
        let settings = Settings::standalone("rediss://ann:p%40ss@cache.example:7000/3").unwrap();
        let Topology::Standalone(address) = &settings.topology else { panic!("{settings:?}") };
        assert_eq!(*address, Address::tcp("cache.example", 7000, true));
        assert_eq!(settings.credentials.user.as_deref(), Some("ann"));
        assert_eq!(settings.credentials.password.as_deref(), Some("p@ss"));
        assert_eq!(settings.database, 3);
        assert!(!format!("{settings:?}").contains("p@ss"));
    }

    #[test]
    fn a_password_alone_is_the_default_users() {
        let settings = Settings::standalone("valkey://:secret@[::1]").unwrap();
        assert_eq!(settings.credentials.user, None);
        assert_eq!(settings.credentials.password.as_deref(), Some("secret"));
        let Topology::Standalone(address) = &settings.topology else { panic!("{settings:?}") };
        assert_eq!(address.to_string(), "[::1]:6379");
    }

    #[test]
    fn a_socket_has_its_parameters() {
        let settings = Settings::standalone("redis+unix:///run/a%20b.sock?db=2&user=ann&pass=x").unwrap();
        let Topology::Standalone(address) = &settings.topology else { panic!("{settings:?}") };
        assert_eq!(*address, Address::unix("/run/a b.sock".into()));
        assert_eq!((settings.database, settings.credentials.user.as_deref()), (2, Some("ann")));
    }

    #[test]
    fn an_error_names_the_part_and_no_password() {
        for (url, part) in [
            ("localhost", "scheme"),
            ("http://localhost", "scheme `http`"),
            ("redis://", "host"),
            ("redis://localhost:99999", "port"),
            ("redis://localhost/first", "database in the URL is `first`"),
            ("redis://ann@localhost", "no password"),
            ("redis://:hush@localhost/?timeout=1", "parameter `timeout`"),
            ("redis://:hush@localhost/#insecure", "fragment"),
            ("redis+unix://", "absolute path"),
            ("redis+unix:///s?pass=hush&port=1", "parameter `port`"),
        ] {
            let message = message(url);
            assert!(message.contains(part), "{url}: {message}");
            assert!(!message.contains("hush"), "{url}: {message}");
        }
    }

    #[test]
    fn several_urls_agree() {
        let differing = Settings::cluster(["redis://:a@one", "redis://:b@two"]).unwrap_err().to_string();
        assert!(differing.contains("differ"), "{differing}");
        assert!(Settings::cluster([]).unwrap_err().to_string().contains("one at least"));
        assert!(Settings::sentinel(["redis://one/1"], "main").unwrap_err().to_string().contains("database"));
        let settings = Settings::sentinel(["redis://one", "redis://two:1"], "main").unwrap();
        let Topology::Sentinel { sentinels, .. } = &settings.topology else { panic!("{settings:?}") };
        assert_eq!(sentinels[0].to_string(), "one:26379");
    }
}
