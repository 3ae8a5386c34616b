//! One suite of cases that every adapter of a database library passes.
//!
//! An adapter implements three traits: [`Adapter`] makes databases, [`Shop`] is one of them with its cache, and [`Client`]
//! sends statements to it. The suite brings the schema, the questions and the writes, compares every answer with what the database
//! says without the cache, and looks at whether statements were sent: a hit sends none. Clients must count their statements by
//! [`observe::statement`](crate::observe::statement), as `cache_sql`'s sessions do.
//!
//! Nothing here starts a thread or a runtime: interleavings are made of several clients, step by step in one task. Run it on the
//! runtime of the library, or with [`block_on`] where the library blocks.
//!
//! ```no_run
//! # use cache_core::testing::conformance::{self, Adapter};
//! # fn shops() -> impl Adapter { Nothing }
//! # struct Nothing;
//! # impl Adapter for Nothing {
//! #     type Shop = NoShop;
//! #     fn name(&self) -> String { String::new() }
//! #     fn dialect(&self) -> conformance::Dialect { conformance::Dialect::Sqlite }
//! #     async fn open(&self, _: &[String]) -> Result<NoShop, conformance::Failure> { Err("none".into()) }
//! # }
//! # struct NoShop(cache_core::Cache);
//! # impl conformance::Shop for NoShop {
//! #     type Client = NoClient;
//! #     fn cache(&self) -> &cache_core::Cache { &self.0 }
//! #     async fn client(&self) -> Result<NoClient, conformance::Failure> { Err("none".into()) }
//! # }
//! # struct NoClient;
//! # impl conformance::Client for NoClient {
//! #     fn dialect(&self) -> conformance::Dialect { conformance::Dialect::Sqlite }
//! #     async fn raw(&mut self, _: &str, _: &[conformance::Argument]) -> Result<Vec<String>, conformance::Failure> { Err("none".into()) }
//! #     async fn lines(&mut self, _: &str) -> Result<Vec<String>, conformance::Failure> { Err("none".into()) }
//! #     async fn execute(&mut self, _: &str) -> Result<(), conformance::Failure> { Err("none".into()) }
//! #     async fn begin(&mut self) -> Result<(), conformance::Failure> { Err("none".into()) }
//! #     async fn commit(&mut self) -> Result<(), conformance::Failure> { Err("none".into()) }
//! #     async fn roll_back(&mut self) -> Result<(), conformance::Failure> { Err("none".into()) }
//! # }
//! let adapter = shops(); // yours
//! conformance::block_on(conformance::run(&adapter)).assert();
//! ```

mod adapter;
mod cases;
mod question;
mod report;
mod schema;
mod stage;
mod text;
mod write;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub use adapter::{Adapter, Client, Failure, Features, Shop};
pub use question::Question;
pub use report::Report;
pub use schema::script;
pub use text::{Argument, Dialect};
pub use write::{Article, Write};

/// Runs every case, each on a database of its own.
pub async fn run<A: Adapter>(adapter: &A) -> Report {
    run_only(adapter, |_| true).await
}

/// Runs the cases whose name is chosen, each on a database of its own.
pub async fn run_only<A: Adapter>(adapter: &A, choose: impl Fn(&str) -> bool) -> Report {
    cases::run(adapter, &choose).await
}

/// The output of a future that never waits: that of a library that blocks.
///
/// # Panics
///
/// When the future waits.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits for something: run it on a runtime"),
    }
}
