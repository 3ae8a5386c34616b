//! Entries and stamps in Redis or Valkey, shared by many processes.
//!
//! - `link`, `settings`, `runtime`: nodes and connections, which know nothing of stamps and entries.
//! - `keys`: the layout of keys. `script`, `lua/`: what servers do in one step. `shapes`, `wording`: what this process
//!   remembers.
//! - `operations`: what the engine asks for, one operation a file; `space`: the contract that they fulfil, in one namespace.
//! - `watch`: the stream of changes that a near cache is told of.
//! - `builder`, `store`, `open`, `doctor`, `health`, `tally`: what a program sees.

mod builder;
mod doctor;
mod health;
mod keys;
mod link;
mod nonce;
mod open;
mod operations;
mod reply;
mod runtime;
mod script;
mod settings;
mod shapes;
mod space;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod waiting;
mod watch;
mod wording;

pub use builder::RedisStoreBuilder;
pub use doctor::Advice;
pub use health::{Breaker, RedisHealth, RedisListening, RedisNode};
pub use store::RedisStore;
pub use tally::RedisTally;
