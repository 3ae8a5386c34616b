//! What users rely on, through SQLx on real SQLite databases.

mod automatic;
mod cancelled;
mod connections;
mod functions;
mod plain;
mod races;
mod reads;
mod recorded;
mod returning;
mod shared;
mod shop;
mod transactions;
mod values;
mod weights;
mod writes;
