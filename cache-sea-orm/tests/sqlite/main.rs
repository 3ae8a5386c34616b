//! What users rely on, through SeaORM on real SQLite databases.

#[path = "../suite/automatic.rs"]
mod automatic;
mod conditions;
mod databases;
mod functions;
#[path = "../suite/instances.rs"]
mod instances;
mod joins;
mod links;
#[path = "../suite/loaders.rs"]
mod loaders;
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
