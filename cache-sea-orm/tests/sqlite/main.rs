//! What users rely on, through SeaORM on real SQLite databases.

mod conditions;
mod databases;
mod exact;
mod functions;
mod joins;
mod links;
mod oracle;
mod pages;
mod races;
mod reads;
mod returning;
mod schema;
mod shop;
mod transactions;
mod values;
mod writes;
