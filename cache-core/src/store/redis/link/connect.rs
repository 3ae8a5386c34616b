//! From an address to a connection that has said hello.

use std::io;
use std::pin::pin;

use futures_util::future::{Either, select};
use redis::{Cmd, ServerError, Value};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::fault::{Fault, FaultKind};
use super::line::{Driver, Line, Pushed, line};
use super::stream::{self, Reader, Writer};
use super::tls;
use crate::store::redis::settings::{Credentials, Settings, Topology};

/// How connections are made, the same for all nodes.
pub(super) struct Connector {
    pub(super) settings: Settings,
    tls: Option<TlsConnector>,
}

/// Who the servers at the other end are, which decides how one gets in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Data,
    Sentinel,
}

impl Connector {
    pub(super) fn new(settings: Settings) -> Result<Self, Fault> {
        let wanted = match &settings.topology {
            Topology::Standalone(address) => address.is_tls(),
            Topology::Sentinel { sentinels, tls, .. } => *tls || sentinels.iter().any(Address::is_tls),
            Topology::Cluster { seeds } => seeds.iter().any(Address::is_tls),
        };
        let tls = wanted.then(|| tls::connector(&settings.tls)).transpose()?;
        Ok(Connector { settings, tls })
    }

    /// Connects and says hello, within the time for it; polled on the store's own runtime only.
    pub(super) async fn connect(
        &self,
        address: &Address,
        role: Role,
        pushed: Option<Pushed>,
    ) -> Result<(Line, Driver), Fault> {
        let work = async {
            let (reader, writer) = self.stream(address).await?;
            let (line, mut driver) = line(reader, writer, pushed);
            let lost =
                |why: String| Fault::new(FaultKind::Unreachable, address, format!("the connection was lost: {why}"));
            let answer = line.ask(&self.greeting(role));
            let answer = match select(pin!(answer), &mut driver).await {
                Either::Left((answer, _)) => answer.map_err(|broken| lost(broken.to_string()))?,
                Either::Right((broken, _)) => return Err(lost(broken.to_string())),
            };
            let refusal = answer.iter().find_map(|value| match value {
                Value::ServerError(error) => Some(refused(address, error)),
                _ => None,
            });
            refusal.map_or(Ok((line, driver)), Err)
        };
        match tokio::time::timeout(self.settings.connect_timeout, work).await {
            Ok(result) => result,
            Err(_) => {
                let text = format!("no connection within {:?}", self.settings.connect_timeout);
                Err(Fault::new(FaultKind::Unreachable, address, text))
            }
        }
    }

    fn greeting(&self, role: Role) -> Vec<Cmd> {
        let (credentials, database) = match (role, &self.settings.topology) {
            (Role::Sentinel, Topology::Sentinel { credentials, .. }) => (credentials, 0),
            _ => (&self.settings.credentials, self.settings.database),
        };
        let Credentials { user, password } = credentials;
        let mut hello = redis::cmd("HELLO");
        hello.arg(3);
        if let Some(password) = password {
            hello.arg("AUTH").arg(user.as_deref().unwrap_or("default")).arg(password);
        }
        let mut greeting = vec![hello];
        if database != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(database);
            greeting.push(select);
        }
        greeting
    }

    async fn stream(&self, address: &Address) -> Result<(Reader, Writer), Fault> {
        let unreachable = |error: io::Error| Fault::new(FaultKind::Unreachable, address, error.to_string());
        match address {
            Address::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((&**host, *port)).await.map_err(unreachable)?;
                stream.set_nodelay(true).map_err(unreachable)?;
                if !tls {
                    return Ok(stream::tcp(stream));
                }
                let Some(connector) = &self.tls else {
                    return Err(Fault::new(FaultKind::Refused, address, "TLS is not set up for this address"));
                };
                let name = ServerName::try_from(host.to_string())
                    .map_err(|error| Fault::new(FaultKind::Refused, address, error.to_string()))?;
                let secured = connector.connect(name, stream).await.map_err(|error| {
                    let text = format!("the TLS handshake failed: {error}; check the authorities and the certificates");
                    let kind = match error.kind() {
                        io::ErrorKind::InvalidData => FaultKind::Refused,
                        _ => FaultKind::Unreachable,
                    };
                    Fault::new(kind, address, text)
                })?;
                Ok(stream::tls(secured))
            }
            #[cfg(unix)]
            Address::Unix { path } => Ok(stream::unix(UnixStream::connect(path).await.map_err(unreachable)?)),
            #[cfg(not(unix))]
            Address::Unix { .. } => {
                Err(Fault::new(FaultKind::Refused, address, "sockets of files exist on Unix only; give a host"))
            }
        }
    }
}

/// What a failed hello means.
fn refused(address: &Address, error: &ServerError) -> Fault {
    let details = error.details().unwrap_or_default();
    let refused = |text: &str| Fault::new(FaultKind::Refused, address, text);
    match error.code() {
        "NOPROTO" => old(address),
        "ERR" if details.contains("HELLO") && details.contains("unknown command") => old(address),
        "WRONGPASS" => refused(
            "the server refused the user name or the password (WRONGPASS); check the credentials of the settings",
        ),
        "NOAUTH" => refused(
            "the server asks for a password (NOAUTH) and none is set; give credentials in the URL or the settings",
        ),
        code @ ("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "BUSY") => {
            Fault::new(FaultKind::Server, address, format!("{code} {details}"))
        }
        code => refused(&format!("the server refused the connection: {code} {details}")),
    }
}

fn old(address: &Address) -> Fault {
    let text = "the server does not speak RESP3 (`HELLO 3`); Redis from 6.2 on or Valkey from 7.2 on is needed";
    Fault::new(FaultKind::Refused, address, text)
}
