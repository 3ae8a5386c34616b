//! Protocols that are known to be wrong: a run that finds nothing in them has looked at nothing.

mod late;
mod sets;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use crate::check::{Question, Seen};
use crate::plan::Protocol;
use crate::worker::Place;
use crate::world::item;

/// A control over one server.
pub(crate) struct Control {
    protocol: Protocol,
    redis: MultiplexedConnection,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// A key of the store.
struct Keys {
    entry: String,
    condition: String,
}

impl Control {
    pub(crate) async fn open(protocol: Protocol, place: &Place) -> Result<Self, String> {
        let Place::Server(url) = place else { return Err("controls need --topology single".to_owned()) };
        let client = redis::Client::open(url.as_str()).map_err(|error| error.to_string())?;
        let redis = client.get_multiplexed_async_connection().await.map_err(|error| error.to_string())?;
        Ok(Control { protocol, redis, hits: AtomicU64::new(0), misses: AtomicU64::new(0) })
    }

    /// Hits, misses, results that were not stored.
    pub(crate) fn counters(&self) -> (u64, u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed), 0)
    }

    pub(crate) async fn read(&self, db: &DatabaseConnection, question: Question) -> Result<Vec<Seen>, String> {
        let keys = Keys::of(question);
        let found = match self.protocol {
            Protocol::ControlLate => late::lookup(self.redis.clone(), &keys).await?,
            _ => sets::lookup(self.redis.clone(), &keys).await?,
        };
        if let Some(text) = found {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return serde_json::from_str(&text).map_err(|error| error.to_string());
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let rows = query(db, question).await?;
        // Whatever a function does with its rows.
        tokio::time::sleep(Duration::from_micros(fastrand::u64(..3000))).await;
        let text = serde_json::to_string(&rows).map_err(|error| error.to_string())?;
        match self.protocol {
            Protocol::ControlLate => late::keep(self.redis.clone(), &keys, &text).await?,
            _ => sets::keep(self.redis.clone(), &keys, &text).await?,
        }
        Ok(rows)
    }

    /// Tells of a write that is committed.
    pub(crate) async fn invalidate(&self, id: i32, shelves: [i32; 2]) -> Result<(), String> {
        for condition in [by_id(id), by_shelf(shelves[0]), by_shelf(shelves[1])] {
            match self.protocol {
                Protocol::ControlLate => late::invalidate(self.redis.clone(), &condition).await?,
                _ => sets::invalidate(self.redis.clone(), &condition).await?,
            }
        }
        Ok(())
    }
}

impl Keys {
    fn of(question: Question) -> Self {
        let condition = match question {
            Question::Shelf(shelf) => by_shelf(shelf),
            other => by_id(other.rows().0),
        };
        Keys { entry: format!("entry of {condition}"), condition }
    }
}

fn by_id(id: i32) -> String {
    format!("id {id}")
}

fn by_shelf(shelf: i32) -> String {
    format!("shelf {shelf}")
}

async fn query(db: &DatabaseConnection, question: Question) -> Result<Vec<Seen>, String> {
    let query = match question {
        Question::Shelf(shelf) => item::Entity::find().filter(item::Column::Shelf.eq(shelf)),
        other => item::Entity::find_by_id(other.rows().0),
    };
    let rows = query.all(db).await.map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(Seen::from).collect())
}
