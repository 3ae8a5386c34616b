//! Writes of others to PostgreSQL invalidate the results that this process has cached.
//!
//! Triggers tell of every statement that writes a watched table, whoever runs it: another process, a service in
//! another language, `psql`, a job. A [`Listener`] hears of it once the writer has committed, and invalidates what
//! the old or the new rows concern, as precisely as for a write of this process.
//!
//! ```no_run
//! use cache_core::Cache;
//! use cache_postgres::Listener;
//!
//! # async fn run() -> Result<(), cache_postgres::Error> {
//! let url = "postgres://shop@localhost/shop";
//! cache_postgres::install(url).await?; // once, or by a migration that runs `INSTALL`
//! cache_postgres::watch(url, &["article", "category"]).await?;
//!
//! let listener = Listener::start(url, Cache::global()).await?;
//! assert!(listener.status().connected);
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! A result that a foreign write concerns may be served for as long as the notification takes after the writer's COMMIT:
//! usually a few milliseconds, and no bound while the connection is down. [`Listener::catch_up`] waits until that is over.
//! A result that was read before such a write and comes to be stored after its notification is refused. What this
//! process writes through a wrapped connection is invalidated before the write is acknowledged, with or without a
//! listener.
//!
//! After a lost connection the listener connects again, and then drops every result that depends on a watched table,
//! since nobody knows what was written meanwhile.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `tls` | no | encrypted connections, to servers whose certificate the system trusts (rustls) |

#![deny(missing_docs)]

mod backoff;
mod builder;
mod encryption;
mod error;
mod install;
mod link;
mod listener;
mod message;
mod schema;
mod status;
mod task;

pub use builder::{Builder, OnGap};
pub use error::Error;
pub use install::{INSTALL, REMOVE, install, remove, unwatch, watch, watch_all};
pub use listener::Listener;
pub use status::Status;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/outside.md")]
struct Guide;
