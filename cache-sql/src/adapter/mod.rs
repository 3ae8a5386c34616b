//! The contract between a database library and the cache.
//!
//! An adapter owns the I/O; everything that has to be decided is decided here, so that every adapter decides alike.
//! It wraps a connection, keeps a [`Session`] beside it, and asks it about each statement:
//!
//! 1. When [`Session::wants_schema`] says so, run the statement it names and hand the rows back.
//! 2. [`Session::announce`] the statement, *before* it runs, and have the announcement's
//!    [`permission`](Announcement::permission). When it is refused the statement must not run.
//! 3. Run it.
//! 4. Tell the [`Announcement`] that it is [`over`](Announcement::over), and wait for what that gives back before the answer is handed
//!    on. An announcement that is dropped instead counts as a statement whose outcome nobody knows, and its changes are applied.
//!
//! Nothing in here blocks, and nothing in here does I/O: a [`Permission`] and an [`Applying`] are waited for or awaited by the adapter. With
//! the embedded store both are ready at once.
//!
//! There are three kinds of sessions, for the three ways in which libraries hand out connections:
//!
//! - [`Session::pool`]: statements may run on any connection; transactions are handles of their own, each with the
//!   session that [`Session::begin`] gives.
//! - [`Session::connection`]: one connection, on which `BEGIN`, `SAVEPOINT`, `COMMIT` and their kin are sent as text; they are
//!   followed exactly.
//! - a transaction: what [`Session::begin`] returned, ended by [`Session::committing`], which wants a
//!   [`permission`](Committing::permission) too, or by [`Session::rolled_back`].
//!
//! After some errors nobody knows whether a transaction is still open; a driver that can be asked ends the doubt by
//! [`Session::settled`].
//!
//! **The lease.** In [`Mode::Strict`](cache_core::Mode::Strict) a permission is refused when the store took longer to give it than half of the lease;
//! COMMIT has to be sent as soon as it is there. What the network may add is bounded by nothing but the other half, unless the database bounds
//! it: `idle_in_transaction_session_timeout` of PostgreSQL, or `idle_write_transaction_timeout` of MariaDB, at half of the lease, ends a
//! transaction whose COMMIT arrives later than that. Adapters do not set them, since they bound every pause of a transaction.
//!
//! Where [`Database::with_exact_rows`] was asked for, [`Announcement::exact`] gives a conversation to be had with the database around the
//! statement; see [`Exact`](crate::Exact).
//!
//! An asynchronous adapter has to carry a write whose caller goes away to its end; `detached::Detached`, of the feature `detached`, does.
//!
//! A read inside of a function that records what it reads (`#[cached_as(reads)]`), or is being checked, is told to that function when it is
//! announced; with a store that processes share it must not be sent before the announcement's permission is there, and else keeps the result
//! from being stored.
//!
//! A read is cached by a [`Lookup`], if [`Session::admit`] says so: a query may be left to the profiles of its tables. A
//! connection type that holds a session implements [`cache_core::Connection`] by
//! [`Session::bypass`], [`Session::read_point`] and [`Session::cache_id`], so that functions may take it as an argument.
//!
//! ```
//! use cache_core::Cache;
//! use cache_sql::Dialect;
//! use cache_sql::adapter::{Database, Outcome, Session};
//!
//! let cache = Cache::in_memory();
//! let session = Session::connection(&Database::new(Dialect::Sqlite, &cache));
//! # let (run, fetch) = (|_: &str| Ok::<_, String>(()), |_: &str| Ok::<Vec<Vec<String>>, String>(Vec::new()));
//!
//! let text = "UPDATE article SET title = 'News' WHERE id = 7";
//! if let Some(request) = session.wants_schema(text) {
//!     let rows = fetch(request.sql());
//!     request.answer(rows);
//! }
//! let mut announcement = session.announce(text, Vec::new);
//! announcement.permission().wait()?;
//! let result = run(text);
//! announcement.over(Outcome::of(&result, |_| false), None).wait()?;
//! # Ok::<_, cache_core::Error>(())
//! ```

mod announcement;
mod applying;
mod automatic;
mod database;
#[cfg(feature = "detached")]
pub mod detached;
mod effects;
mod level;
mod lookup;
mod permission;
mod pinned;
mod recorded;
mod returned;
mod schema;
mod session;
mod typed;

pub use announcement::{Announcement, Outcome};
pub use applying::Applying;
pub use automatic::{Admission, Asked};
pub use database::Database;
pub use lookup::{Lookup, Options};
pub use permission::Permission;
pub use returned::Returned;
pub use schema::SchemaRequest;
pub use session::{Committing, Session};
