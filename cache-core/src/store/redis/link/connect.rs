//! From an address to a connection that has said hello.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::fault::{Fault, FaultKind};
use super::tls;
use crate::store::redis::settings::{Credentials, Settings, Topology};

/// Requests that may wait for the connection's driver before senders wait in line.
const QUEUED: usize = 1024;

/// Reads and writes; whoever holds it must poll it.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a connection is told of pushed messages, in the order in which they arrive among the replies.
pub(super) type Pushed = Arc<dyn Fn(redis::PushInfo) + Send + Sync>;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

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
    ) -> Result<(MultiplexedConnection, Driver), Fault> {
        let work = async {
            let stream = self.stream(address).await?;
            let mut config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(QUEUED);
            if let Some(pushed) = pushed {
                config = config.set_push_sender(move |info| {
                    pushed(info);
                    Ok::<(), redis::aio::SendError>(())
                });
            }
            let greeting = self.greeting(role);
            let (connection, driver) = MultiplexedConnection::new_with_config(&greeting, stream, config)
                .await
                .map_err(|error| refused(address, &error))?;
            let driver: Driver = Box::pin(driver);
            Ok((connection, driver))
        };
        match tokio::time::timeout(self.settings.connect_timeout, work).await {
            Ok(result) => result,
            Err(_) => {
                let text = format!("no connection within {:?}", self.settings.connect_timeout);
                Err(Fault::new(FaultKind::Unreachable, address, text))
            }
        }
    }

    fn greeting(&self, role: Role) -> RedisConnectionInfo {
        let (credentials, database) = match (role, &self.settings.topology) {
            (Role::Sentinel, Topology::Sentinel { credentials, .. }) => (credentials, 0),
            _ => (&self.settings.credentials, self.settings.database),
        };
        let Credentials { user, password } = credentials;
        let mut greeting = RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP3)
            .set_db(database.into())
            .set_skip_set_lib_name();
        if let Some(user) = user {
            greeting = greeting.set_username(user);
        }
        if let Some(password) = password {
            greeting = greeting.set_password(password);
        }
        greeting
    }

    async fn stream(&self, address: &Address) -> Result<Box<dyn Stream>, Fault> {
        let unreachable = |error: io::Error| Fault::new(FaultKind::Unreachable, address, error.to_string());
        match address {
            Address::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((&**host, *port)).await.map_err(unreachable)?;
                stream.set_nodelay(true).map_err(unreachable)?;
                if !tls {
                    return Ok(Box::new(stream));
                }
                let Some(connector) = &self.tls else {
                    return Err(Fault::new(FaultKind::Refused, address, "TLS is not set up for this address"));
                };
                let name = ServerName::try_from(host.to_string())
                    .map_err(|error| Fault::new(FaultKind::Refused, address, error.to_string()))?;
                let stream = connector.connect(name, stream).await.map_err(|error| {
                    let text = format!("the TLS handshake failed: {error}; check the authorities and the certificates");
                    let kind = match error.kind() {
                        io::ErrorKind::InvalidData => FaultKind::Refused,
                        _ => FaultKind::Unreachable,
                    };
                    Fault::new(kind, address, text)
                })?;
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Address::Unix { path } => Ok(Box::new(UnixStream::connect(path).await.map_err(unreachable)?)),
            #[cfg(not(unix))]
            Address::Unix { .. } => {
                Err(Fault::new(FaultKind::Refused, address, "sockets of files exist on Unix only; give a host"))
            }
        }
    }
}

/// What a failed hello means.
fn refused(address: &Address, error: &RedisError) -> Fault {
    let detail = error.detail().unwrap_or_default();
    let old = || {
        let text = "the server does not speak RESP3 (`HELLO 3`); Redis from 6.2 on or Valkey from 7.2 on is needed";
        Fault::new(FaultKind::Refused, address, text)
    };
    match (error.kind(), error.code()) {
        (ErrorKind::RESP3NotSupported, _) | (_, Some("NOPROTO")) => old(),
        (_, Some("ERR")) if detail.contains("HELLO") && detail.contains("unknown command") => old(),
        (_, Some("WRONGPASS")) => Fault::new(
            FaultKind::Refused,
            address,
            "the server refused the user name or the password (WRONGPASS); check the credentials of the settings",
        ),
        (_, Some("NOAUTH")) => Fault::new(
            FaultKind::Refused,
            address,
            "the server asks for a password (NOAUTH) and none is set; give credentials in the URL or the settings",
        ),
        (ErrorKind::Server(_) | ErrorKind::Extension, Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "BUSY")) => {
            Fault::new(FaultKind::Server, address, described(error))
        }
        (ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed, _) => {
            Fault::new(FaultKind::Refused, address, format!("the server refused the connection: {}", described(error)))
        }
        (ErrorKind::Io, _) => Fault::new(FaultKind::Unreachable, address, error.to_string()),
        _ => Fault::new(FaultKind::Refused, address, format!("the server could not be greeted: {error}")),
    }
}

/// An error reply in the server's words.
pub(super) fn described(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}
