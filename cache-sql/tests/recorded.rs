//! What sessions tell to fills that want to know what is read, without any database.

use std::sync::{Arc, Mutex};

use cache_core::observe::Event;
use cache_core::testing::SimulatedStore;
use cache_core::{Cache, CacheBuilder, Codec, Dependencies, Key, Verify};
use cache_sql::adapter::{Database, Outcome, Session};
use cache_sql::{Bind, Dialect};

const READ: &str = "SELECT title FROM article WHERE category_id = ?";

/// A cache that notes what it has kept, and what it has not.
fn told(builder: CacheBuilder) -> (Cache, impl Fn() -> String) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    let note = move |text: String| notes.lock().unwrap().push(text);
    let cache = builder.subscriber(move |event| match event {
        Event::Fill { dependencies, .. } => note(format!("kept: {dependencies}")),
        Event::Refused { reason, .. } => note(format!("refused: {reason}")),
        Event::Undeclared { missing, .. } => note(format!("undeclared: {missing}")),
        _ => {}
    });
    (cache.build(), move || std::mem::take(&mut *told.lock().unwrap()).join("; "))
}

/// Sends a statement, with 3 for its binds, and does not wait to be allowed to.
fn rush(session: &Session, sql: &str) {
    session.announce(sql, || vec![Bind::from(3)]).over(Outcome::Done, None).wait().unwrap();
}

fn send(session: &Session, sql: &str) {
    let mut announcement = session.announce(sql, || vec![Bind::from(3)]);
    announcement.permission().wait().unwrap();
    announcement.over(Outcome::Done, None).wait().unwrap();
}

fn recorded(cache: &Cache, work: impl FnOnce()) {
    cache.entry(Key::new("recorded")).codec(Codec::serde::<()>()).depends_on_reads().get_or_fill(work);
    cache.delete(&Key::new("recorded"));
}

#[test]
fn reads_are_told_and_the_rest_is_refused() {
    let (cache, told) = told(Cache::builder());
    for (dialect, pool) in [(Dialect::Sqlite, true), (Dialect::Postgres, false), (Dialect::MySql, false)] {
        let database = Database::new(dialect, &cache).without_schema();
        let session = || if pool { Session::pool(&database) } else { Session::connection(&database) };
        let read = if dialect == Dialect::Postgres { READ.replace('?', "$1") } else { READ.to_owned() };
        recorded(&cache, || send(&session(), &read));
        assert_eq!(told(), "kept: article: category_id = 3");
        recorded(&cache, || session().announce(&read, Vec::new).over(Outcome::Done, None).wait().unwrap());
        assert_eq!(told(), "kept: article: category_id IS NOT NULL", "a bind that nobody knows may be anything");
        for (statement, reason) in [
            ("UPDATE article SET title = 'x'", "does more than read: UPDATE article SET title = 'x'"),
            ("CREATE TABLE note (id INT)", "does more than read: CREATE TABLE"),
            ("CONJURE article", "does more than read: CONJURE article"),
            ("SELECT title FROM article FOR UPDATE", "refused"),
            ("SELECT 1", "nothing was read"),
        ] {
            recorded(&cache, || rush(&session(), statement));
            let told = told();
            assert!(told.starts_with("refused") && told.contains(reason), "{statement} on {dialect:?}: {told}");
        }
    }
}

#[test]
fn long_statements_are_quoted_in_part() {
    let (cache, told) = told(Cache::builder());
    let session = Session::pool(&Database::new(Dialect::Sqlite, &cache).without_schema());
    let statement = format!("DELETE\n    FROM article\n    WHERE title IN ('{}')", "ä".repeat(1_000));
    recorded(&cache, || rush(&session, &statement));
    let told = told();
    assert!(told.contains("DELETE FROM article WHERE title IN ('ä") && told.ends_with("ä…"), "{told}");
}

#[test]
fn transactions_that_only_read_are_recorded() {
    let (cache, told) = told(Cache::builder());
    let database = Database::new(Dialect::Sqlite, &cache).without_schema();
    let session = Session::connection(&database);
    recorded(&cache, || {
        for sql in ["BEGIN", READ, "SAVEPOINT a", READ, "RELEASE a", "COMMIT"] {
            send(&session, sql);
        }
    });
    assert_eq!(told(), "kept: article: category_id = 3");
    let transaction = Session::pool(&database).begin();
    cache.invalidate_table("article").unwrap();
    recorded(&cache, || send(&transaction, READ));
    assert_eq!(told(), "refused: read from a snapshot older than the last change");
    drop(transaction.rolled_back());
    let own = Session::pool(&database).begin();
    send(&own, "INSERT INTO article (title) VALUES ('x')");
    recorded(&cache, || send(&own, READ));
    assert_eq!(told(), "refused: not for others: read through a transaction with uncommitted changes");
}

#[test]
fn without_a_schema_nothing_is_kept() {
    let (cache, told) = told(Cache::builder());
    let session = Session::pool(&Database::new(Dialect::Sqlite, &cache));
    recorded(&cache, || send(&session, READ));
    assert_eq!(told(), "refused: not for others: the schema of the database could not be read");
}

#[test]
fn a_read_has_to_wait_for_a_shared_store() {
    let store = SimulatedStore::new();
    let (cache, told) = told(Cache::builder().namespace("shop").store(store.clone()));
    let session = Session::pool(&Database::new(Dialect::Sqlite, &cache).without_schema());
    recorded(&cache, || send(&session, READ));
    assert_eq!(told(), "kept: article: category_id = 3");
    store.settle();
    cache.entry(Key::new("plain")).codec(Codec::serde::<()>()).get_or_fill(|| {
        let before = store.round_trips();
        send(&session, READ);
        assert_eq!(store.round_trips(), before, "nobody else is told");
    });
}

#[test]
fn declarations_are_compared_with_what_is_read() {
    let (cache, told) = told(Cache::builder());
    let session = Session::pool(&Database::new(Dialect::Sqlite, &cache).without_schema());
    let declared = |statement: &str| {
        let entry = cache.entry(Key::new("declared")).depends_on(|| Dependencies::table("article"));
        entry.verify(Verify::log()).get_or_fill(|| send(&session, statement));
        cache.delete(&Key::new("declared"));
        told()
    };
    assert_eq!(declared(READ), "kept: article");
    assert_eq!(declared("INSERT INTO comment (id) VALUES (1)"), "kept: article", "a write is no read");
    assert!(declared("SELECT * FROM comment WHERE article_id = ?").starts_with("undeclared: comment: article_id = 3"));
    assert!(declared("SELECT random() FROM article").starts_with("undeclared: not cacheable"));
}
