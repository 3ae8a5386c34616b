//! Where a server listens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A server's address; what is told to humans by `Display` names it without any credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp { host: Arc<str>, port: u16, tls: bool },
    Unix { path: Arc<Path> },
}

/// A node, by the address at which it was found.
pub(crate) type NodeId = Address;

impl Address {
    pub(crate) fn tcp(host: &str, port: u16, tls: bool) -> Self {
        Address::Tcp { host: host.into(), port, tls }
    }

    pub(crate) fn unix(path: PathBuf) -> Self {
        Address::Unix { path: path.into() }
    }

    /// Another server that this one has told of: a missing host is this one's host, and TLS is used where it is used here.
    pub(crate) fn neighbour(&self, host: &str, port: u16) -> Self {
        match self {
            Address::Tcp { host: own, tls, .. } if host.is_empty() || host == "?" => {
                Address::Tcp { host: own.clone(), port, tls: *tls }
            }
            Address::Tcp { tls, .. } => Address::tcp(host, port, *tls),
            Address::Unix { .. } => Address::tcp(if host.is_empty() { "localhost" } else { host }, port, false),
        }
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Address::Tcp { tls: true, .. })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Address::Unix { path } => write!(f, "{}", path.display()),
        }
    }
}
