//! What users rely on, through SeaORM on a MariaDB server.

#[path = "../suite/automatic.rs"]
mod automatic;
#[path = "../suite/conditions.rs"]
mod conditions;
#[path = "../suite/conformance.rs"]
mod conformance;
mod database;
#[path = "../suite/databases.rs"]
mod databases;
mod dirty;
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
#[path = "../suite/outbox.rs"]
mod outbox;
#[path = "../suite/pages.rs"]
mod pages;
#[path = "../suite/phantoms.rs"]
mod phantoms;
#[path = "../suite/races.rs"]
mod races;
#[path = "../suite/shapes.rs"]
mod shapes;
#[path = "../suite/shop.rs"]
mod shop;
