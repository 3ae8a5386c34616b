//! Definitions, migrations, triggers and views.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationConnection;
use diesel::prelude::*;

use crate::shop::*;

#[test]
fn a_trigger_made_through_the_connection_is_followed() {
    let (cache, mut db) = shop();
    let names = || category::table.select(category::name).order(category::id).cached(&cache);
    miss!(cache, names().load::<String>(&mut db));
    diesel::insert_into(article::table).values(new(8, 1, "Eight")).execute(&mut db).expect("a write");
    hit!(cache, names().load::<String>(&mut db));
    db.batch_execute("CREATE TRIGGER t AFTER INSERT ON article BEGIN UPDATE category SET name = 'x' WHERE id = 1; END")
        .expect("a trigger");
    miss!(cache, names().load::<String>(&mut db));
    diesel::insert_into(article::table).values(new(9, 1, "Nine")).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, names().load::<String>(&mut db)), ["x", "SQL"]);
}

#[test]
fn the_table_of_migrations_is_made_through_the_wrapper() {
    let (_, mut db) = shop();
    db.setup().expect("a table");
    let made: i64 = diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT count(*) FROM __diesel_schema_migrations")
        .get_result(&mut db)
        .expect("a count");
    assert_eq!(made, 0);
}

#[test]
fn events_of_the_inner_connection_are_still_told() {
    use std::sync::{Arc, Mutex};
    let (_, mut db) = shop();
    let told = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&told);
    db.set_instrumentation(move |event: diesel::connection::InstrumentationEvent<'_>| {
        if let diesel::connection::InstrumentationEvent::StartQuery { query, .. } = event {
            events.lock().expect("no panic").push(query.to_string());
        }
    });
    diesel::delete(article::table.find(3)).execute(&mut db).expect("a write");
    let told = told.lock().expect("no panic");
    assert!(told.iter().any(|query| query.starts_with("DELETE")), "{told:?}");
}
