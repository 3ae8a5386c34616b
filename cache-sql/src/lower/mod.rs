//! From syntax trees to the neutral shape of a query.

mod cast;
mod constant;
mod from;
mod predicate;
mod query;
mod scope;

pub(crate) use cast::Cast;
pub(crate) use constant::literal;
pub(crate) use from::place;
pub(crate) use query::{Lowering, Shape, name_of, nested_statements};
pub(crate) use scope::Scope;
