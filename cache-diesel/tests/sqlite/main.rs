//! What users rely on, through Diesel on real SQLite databases.

mod asynchronous;
mod automatic;
mod functions;
mod joins;
mod pool;
mod reads;
mod recorded;
mod schema;
mod shared;
mod shop;
mod transactions;
mod values;
mod writes;
