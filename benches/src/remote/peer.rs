//! A connection of redis-rs.

use std::thread;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};
use test_servers::Redis;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// A multiplexed connection, with whatever reads and writes it.
pub struct Peer {
    connection: MultiplexedConnection,
    _stop: Option<oneshot::Sender<()>>,
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

async fn connect(url: String) -> MultiplexedConnection {
    let client = Client::open(url).expect("the URL is one");
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await.expect("the server is reached")
}

impl Peer {
    /// Driven by a thread of its own.
    pub fn apart(server: &Redis) -> Self {
        let runtime = runtime();
        let connection = runtime.block_on(connect(server.url()));
        let (stop, stopped) = oneshot::channel::<()>();
        thread::spawn(move || drop(runtime.block_on(stopped)));
        Peer { connection, _stop: Some(stop) }
    }

    /// Driven by the runtime of those who ask.
    pub fn within(runtime: &Runtime, server: &Redis) -> Self {
        Peer { connection: runtime.block_on(connect(server.url())), _stop: None }
    }

    pub async fn get(&self, key: &str) -> Vec<u8> {
        let mut connection = self.connection.clone();
        let bytes: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(&mut connection).await.expect("an answer");
        bytes.unwrap_or_default()
    }

    pub async fn set(&self, key: &str, bytes: &[u8]) {
        let mut connection = self.connection.clone();
        let set = redis::cmd("SET").arg(key).arg(bytes).arg("PX").arg(86_400_000).to_owned();
        set.query_async::<()>(&mut connection).await.expect("an answer");
    }
}
