//! What users rely on, through SeaORM on real SQLite databases.

#[path = "../suite/automatic.rs"]
mod automatic;
#[path = "../suite/conditions.rs"]
mod conditions;
#[path = "../suite/conformance.rs"]
mod conformance;
mod database;
#[path = "../suite/databases.rs"]
mod databases;
#[path = "../suite/exact.rs"]
mod exact;
#[path = "../suite/functions.rs"]
mod functions;
#[path = "../suite/instances.rs"]
mod instances;
#[path = "../suite/joins.rs"]
mod joins;
#[path = "../suite/links.rs"]
mod links;
#[path = "../suite/loaders.rs"]
mod loaders;
mod notes;
mod oracle;
#[path = "../suite/outbox.rs"]
mod outbox;
#[path = "../suite/pages.rs"]
mod pages;
#[path = "../suite/races.rs"]
mod races;
mod reads;
mod recorded;
mod returning;
mod schema;
#[path = "../suite/shapes.rs"]
mod shapes;
mod shared;
#[path = "../suite/shop.rs"]
mod shop;
mod transactions;
mod values;
mod writes;
