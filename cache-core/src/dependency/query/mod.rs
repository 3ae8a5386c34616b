//! The neutral shape of a query and its projection to dependencies.
//!
//! A front end (an SQL parser, an ORM's query objects) lowers a query to a [`QueryShape`]; the rules that
//! decide which rows may matter live in [`QueryShape::project`] and nowhere else.

mod formula;
mod project;
mod relation;

pub use formula::{Atom, Formula, Normal, OnNull};
#[doc(hidden)]
pub use project::Fault;
pub use project::Restriction;
pub use relation::{JoinKind, OnSource, QueryShape, Relation, Source};
