//! One connection, and the notifications that come over it.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, SimpleQueryMessage};

use crate::{Error, encryption};

/// How long a connection may take to be made, or a statement to be answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// The channel on which writes are told.
pub(crate) const CHANNEL: &str = "cache_notify";

/// What came over a channel.
#[derive(Debug)]
pub(crate) struct Notification {
    pub(crate) channel: String,
    pub(crate) payload: String,
}

/// A connection; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Link {
    client: Client,
    /// Ends when the connection does.
    pub(crate) notifications: UnboundedReceiver<Notification>,
    driver: JoinHandle<()>,
}

impl Link {
    pub(crate) fn parse(url: &str) -> Result<Config, Error> {
        let mut config: Config =
            url.parse().map_err(|error| Error::caused("this is no address of a PostgreSQL database", error))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("cache-postgres");
        }
        Ok(config)
    }

    pub(crate) async fn connect(config: &Config) -> Result<Self, Error> {
        let connecting = tokio::time::timeout(2 * PATIENCE, config.connect(encryption::connector()?)).await;
        let connected = connecting.map_err(|_| Error::new("the database does not answer"))?;
        let (client, connection) = connected.map_err(|error| Error::caused("the database cannot be reached", error))?;
        let (sender, notifications) = unbounded_channel();
        let driver = tokio::spawn(drive(connection, sender));
        Ok(Link { client, notifications, driver })
    }

    /// Runs statements and returns the rows of all of them, as text; NULL is empty.
    pub(crate) async fn run(&self, sql: &str) -> Result<Vec<Vec<String>>, Error> {
        let answer = tokio::time::timeout(PATIENCE, self.client.simple_query(sql)).await;
        let messages = answer
            .map_err(|_| Error::new("the database does not answer"))?
            .map_err(|error| Error::caused("the database refused a statement", error))?;
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
            }
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }
}

/// Moves what arrives, until the connection ends.
async fn drive<S, T>(mut connection: Connection<S, T>, sender: UnboundedSender<Notification>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(AsyncMessage::Notification(told)) => {
                let (channel, payload) = (told.channel().to_owned(), told.payload().to_owned());
                // Nobody listens to a link that only runs statements.
                let _ = sender.send(Notification { channel, payload });
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "the connection that listens has ended");
                break;
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
