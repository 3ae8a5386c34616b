//! What a write did: row images, changes and transactions.

mod applying;
mod intent;
mod kind;
mod row;
mod transaction;

pub use applying::Applying;
pub use intent::{Announcing, Intent};
pub use kind::{Change, Changes, Kind};
pub use row::Row;
pub use transaction::{Permission, Transaction};
