//! The contract of stores that several processes share.
//!
//! The engine calls, a store carries out: each call is one round trip, with one pipeline a node, and may fail. The
//! protocol rests on this:
//!
//! - what [`SharedStore::lookup`] and [`SharedStore::stamp`] tell of a table was read from the primary that serves it,
//!   nonces first, then stamps, then intents; the entry at any moment meanwhile, since whoever keeps one has found its stamps
//!   to stand after the work;
//! - [`SharedStore::stamp`], [`SharedStore::announce`] and [`SharedStore::void`] are atomic for each table;
//! - when `void` has returned `Ok`, no stamp that the images may concern stands any more, under any shape;
//! - losing anything makes something missing, never valid: an incarnation, a nonce or a stamp that is not what it was.

mod blob;
mod envelope;
mod fault;
mod footprint;
mod mode;
mod notes;
mod standing;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use blob::Blob;
pub(crate) use envelope::{Envelope, Payload, compress, decode_footprint, encoded_footprint};
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use footprint::{Footprint, ShapeFootprint, Stamping, TableFootprint, table_hasher};
pub use mode::{Mode, Strict};
pub(crate) use notes::Notes;
pub(crate) use standing::{Standing, TableStanding};

use crate::change::Row;
use crate::dependency::Table;
use crate::key::FunctionId;
use crate::observe::ShapeMet;

/// An answer that is on its way. It can be awaited by any executor.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store that several processes share.
pub(crate) trait SharedStore: fmt::Debug + Send + Sync + 'static {
    /// What it promises.
    fn mode(&self) -> Mode;

    /// Fetches one entry, and what its footprint stands at, as [`SharedStore::lookup`] does.
    fn find(&self, ask: Ask) -> Pending<'_, Result<Found, Fault>> {
        Box::pin(async move {
            let none = || Err(Fault::new(FaultKind::Server, "the look-up was not answered"));
            self.lookup(vec![ask]).await.pop().unwrap_or_else(none)
        })
    }

    /// Fetches entries, and what their footprints stand at; all in one round trip. Answers are in the order of the asks.
    fn lookup(&self, asks: Vec<Ask>) -> Pending<'_, Vec<Result<Found, Fault>>>;

    /// Reads stamps, making those that are missing, unless an intent forbids it: then they stay missing.
    ///
    /// The footprint in the answer is wider than the one that was asked for where a cap was passed.
    fn stamp(&self, stamping: Stamping) -> Pending<'_, Result<Stamped, Fault>>;

    /// Keeps an entry.
    fn keep(&self, keeping: Keeping) -> Pending<'_, Result<(), Fault>>;

    /// Puts off the end of an entry's life, for idle times.
    fn touch(&self, id: [u8; 16], ttl: Duration) -> Pending<'_, Result<(), Fault>>;

    /// Drops entries; how many there were.
    fn remove(&self, ids: Vec<[u8; 16]>) -> Pending<'_, Result<u64, Fault>>;

    /// Drops all entries whose names begin with a function; how many there were. What is kept while it goes on may stay.
    ///
    /// It costs a look at every key of the store. A store that cannot list its keys says so.
    fn remove_function(&self, id: FunctionId) -> Pending<'_, Result<u64, Fault>> {
        let _ = id;
        let fault =
            Fault::new(FaultKind::Refused, "this store cannot list its keys, so it finds no function's entries");
        Box::pin(std::future::ready(Err(fault)))
    }

    /// Announces, before COMMIT, that rows are about to change: voids what they may concern and lets nobody stamp it until
    /// `void` of the same transaction, or until the lease is over.
    fn announce(&self, transaction: u64, writes: Arc<[Written]>) -> Pending<'_, Result<(), Fault>>;

    /// Voids what the rows may concern, and ends the intent of the transaction, if one is named.
    fn void(&self, transaction: Option<u64>, writes: Arc<[Written]>) -> Pending<'_, Result<Voided, Fault>>;

    /// Announces, before COMMIT, that any row of any table is about to change. Tables that nothing hangs on yet are not
    /// stamped for a lease anyway.
    fn announce_everything(&self, transaction: u64) -> Pending<'_, Result<(), Fault>>;

    /// Voids every table, and ends the intents of the transaction, if one is named.
    fn void_everything(&self, transaction: Option<u64>) -> Pending<'_, Result<(), Fault>>;

    /// A number for each table that changes with every `void` of it, and is never seen twice for lost ones.
    fn last_voids(&self, tables: Vec<Table>) -> Pending<'_, Result<Vec<u64>, Fault>>;

    /// Tries to become the one that fills an entry; whether no other is.
    fn lease(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>>;

    /// Puts off the end of a lease, if it is still held by this token; whether it is.
    fn renew(&self, id: [u8; 16], token: u64, life: Duration) -> Pending<'_, Result<bool, Fault>>;

    /// Gives a lease back, if it is still held by this token, and wakes those that wait.
    fn release(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<(), Fault>>;

    /// Whether a lease is still held by this token.
    fn holds(&self, id: [u8; 16], token: u64) -> Pending<'_, Result<bool, Fault>>;

    /// Waits until a lease may have ended, at most this long.
    fn await_lease(&self, id: [u8; 16], at_most: Duration) -> Pending<'_, ()>;

    /// The marks of everything that a footprint stands on, as pushes tell them; they are hashes of the store's own keys.
    fn marks(&self, footprint: &Footprint) -> Vec<u64>;

    /// Runs a future to its end in the background, on the store's own thread.
    fn spawn(&self, future: Pending<'static, ()>);

    /// Waits, on the store's own clock.
    fn sleep(&self, duration: Duration) -> Pending<'static, ()>;
}

/// What is asked of one entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    /// Fetch the entry with this name; `None` asks for the standing alone.
    pub(crate) id: Option<[u8; 16]>,
    /// Tell what this stands at.
    pub(crate) footprint: Option<Arc<Footprint>>,
    /// Tell also whether a fill may go on from that.
    pub(crate) to_fill: bool,
    /// What it is likely to stand at; if it does, this is the answer.
    pub(crate) expected: Option<Arc<Standing>>,
}

/// What was found of one entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The bytes that were kept.
    pub(crate) entry: Option<Blob>,
    /// What the footprint that was asked for stands at.
    pub(crate) standing: Option<Arc<Standing>>,
    /// A fill may go on from that. Where it was not asked for, it may be `false` all the same.
    pub(crate) settled: bool,
}

/// Stamps for a fill.
#[derive(Clone, Debug)]
pub(crate) struct Stamped {
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) standing: Standing,
    /// For each table of the footprint, what [`SharedStore::last_voids`] would tell when it was stamped; 0 if that is not known.
    pub(crate) last_voids: Vec<u64>,
}

/// An entry on its way to the store.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    pub(crate) id: [u8; 16],
    pub(crate) bytes: Vec<u8>,
    pub(crate) ttl: Duration,
}

/// What a transaction has written to one table: the images before and after, each once; an empty image is any row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) table: Table,
    pub(crate) images: Vec<Row>,
}

/// What an invalidation met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voided {
    pub(crate) shapes: Vec<ShapeMet>,
    /// The marks of what was voided.
    pub(crate) marks: Vec<u64>,
}
