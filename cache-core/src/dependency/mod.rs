//! What results depend on: tables, conditions, their normal form and their union.

mod condition;
mod conjunction;
mod covers;
mod dependencies;
mod names;
mod normal;
mod predicate;
pub mod query;

pub(crate) use condition::bound_value;
pub(crate) use predicate::is_unordered;

pub use condition::{Condition, MAX_VALUES, Test};
pub use conjunction::Conjunction;
pub use dependencies::Dependencies;
pub use names::{Column, Table};
pub use normal::MAX_CLAUSES;
pub use predicate::{ColumnRef, Predicate, column};
