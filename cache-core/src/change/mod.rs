//! What a write did: row images, changes and transactions.

mod kind;
mod row;
mod transaction;

pub use kind::{Change, Changes, Kind};
pub use row::Row;
pub use transaction::Transaction;
