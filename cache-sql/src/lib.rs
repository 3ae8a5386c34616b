//! From SQL text and typed binds to dependencies, changes and transaction steps.
//!
//! [`Analyser`] is the entry. It never runs anything and never fails: a statement that it does not understand is
//! not cached when it reads, and counts as a write of anything when it may write.
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `detached` | `adapter::detached`: writes that are carried to their end when their caller goes away, on Tokio or a thread; for asynchronous adapters |
//! | `testing` | the conformance suite of `cache_core::testing` |

#![deny(missing_docs)]

pub mod adapter;
mod analyser;
mod bind;
mod catalogue;
mod ddl;
mod dialect;
mod exact;
mod fallback;
mod functions;
mod lower;
pub mod outbox;
mod pattern;
mod plan;
mod planning;
mod rewrite;
mod session;
mod shadow;
mod statement;
mod step;
mod text;
mod tokens;
mod words;
mod write;

pub use analyser::{Analyser, analyse};
pub use bind::Bind;
#[doc(hidden)]
pub use catalogue::Fault;
pub use catalogue::{Catalogue, Document, Fields, Written};
pub use dialect::Dialect;
pub use exact::{Ask, Counted, Exact};
pub use statement::{Statement, Step};
pub use text::Text;
