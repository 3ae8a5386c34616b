//! Sessions over a store that processes share: what is refused, what is told, and what is left when nobody knows.

use std::time::Duration;

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, Codec, Dependencies, ErrorKind, Key, Strict};
use cache_sql::Dialect;
use cache_sql::adapter::{Database, Outcome, Session};

const WRITE: &str = "UPDATE article SET title = 'x' WHERE id = 7";

/// A store, the session of one process, and the cache of another.
struct Both {
    store: SimulatedStore,
    session: Session,
    there: Cache,
    made: u64,
}

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

fn strict(lease: Duration) -> SimulatedStore {
    SimulatedStore::new().strict(Strict::new().lease(lease))
}

impl Both {
    fn new(dialect: Dialect, store: SimulatedStore, session: fn(&Database) -> Session) -> Self {
        let database = Database::new(dialect, &cache(&store)).without_schema();
        let mut both = Both { session: session(&database), there: cache(&store), store, made: 0 };
        both.warm();
        both
    }

    /// Reads in the other process, and keeps, once all that goes on is over.
    fn warm(&mut self) {
        self.store.settle();
        self.is_served();
        self.store.settle();
    }

    /// Whether the other process is served what was kept.
    fn is_served(&mut self) -> bool {
        let mut served = true;
        let made = &mut self.made;
        self.there
            .entry(Key::new("articles"))
            .codec(Codec::serde::<u64>())
            .depends_on(|| Dependencies::table("article"))
            .get_or_fill(|| {
                served = false;
                *made += 1;
                *made
            });
        self.store.settle();
        served
    }

    fn run(&self, sql: &str) -> Result<(), ErrorKind> {
        self.run_with(sql, Outcome::Done)
    }

    fn run_with(&self, sql: &str, outcome: Outcome) -> Result<(), ErrorKind> {
        let mut announcement = self.session.announce(sql, Vec::new);
        announcement.permission().wait().map_err(|error| error.kind())?;
        announcement.over(outcome, None).wait().map_err(|error| error.kind())
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_write_is_announced_and_then_told() {
    for session in [Session::pool, Session::connection] {
        let mut both = Both::new(Dialect::Sqlite, strict(LONG), session);
        let mut announcement = both.session.announce(WRITE, Vec::new);
        assert!(both.is_served());
        announcement.permission().wait().unwrap();
        assert!(!both.is_served() && !both.is_served(), "it may be there already");
        announcement.over(Outcome::Done, None).wait().unwrap();
        both.warm();
        assert!(both.is_served());
    }
}

#[test]
fn a_write_that_is_refused_counts_as_not_sent() {
    for session in [Session::pool, Session::connection] {
        let mut both = Both::new(Dialect::Sqlite, strict(LONG), session);
        both.store.fail(true);
        assert_eq!(both.run(WRITE), Err(ErrorKind::Refused));
        both.store.fail(false);
        both.warm();
        assert!(both.is_served());
        assert!(!both.session.bypass());
    }
}

#[test]
fn a_broken_constraint_ends_the_announcement() {
    let mut both = Both::new(Dialect::Postgres, strict(LONG), Session::connection);
    both.run_with(WRITE, Outcome::Violated).unwrap();
    both.warm();
    assert!(both.is_served());
}

#[test]
fn after_an_unknown_outcome_the_announcement_stands_until_its_lease_is_over() {
    let lease = Duration::from_millis(100);
    for session in [Session::pool, Session::connection] {
        let mut both = Both::new(Dialect::Postgres, strict(lease), session);
        let mut announcement = both.session.announce(WRITE, Vec::new);
        announcement.permission().wait().unwrap();
        drop(announcement);
        both.store.settle();
        assert!(!both.is_served() && !both.is_served(), "it may be carried out at any moment");
        std::thread::sleep(2 * lease);
        both.warm();
        assert!(both.is_served());
    }
}

#[test]
fn a_commit_that_is_refused_leaves_the_transaction_open() {
    let mut both = Both::new(Dialect::Sqlite, strict(LONG), Session::connection);
    both.run("BEGIN").unwrap();
    both.run(WRITE).unwrap();
    both.store.fail(true);
    assert_eq!(both.run("COMMIT"), Err(ErrorKind::Refused));
    both.store.fail(false);
    assert!(both.session.in_transaction() && both.session.bypass());
    both.run("ROLLBACK").unwrap();
    assert!(!both.session.in_transaction() && !both.session.bypass());
    both.warm();
    assert!(both.is_served());
}

#[test]
fn what_a_text_commits_is_announced() {
    for (dialect, before, text) in [
        (Dialect::Sqlite, &["BEGIN", WRITE][..], "COMMIT"),
        (Dialect::Sqlite, &["SAVEPOINT a", "SAVEPOINT b", WRITE], "RELEASE a"),
        (Dialect::Postgres, &["BEGIN", "SAVEPOINT a", WRITE], "COMMIT"),
        (Dialect::Postgres, &["BEGIN"], "UPDATE article SET title = 'x'; COMMIT"),
        (Dialect::Postgres, &["BEGIN"], "ROLLBACK; UPDATE article SET title = 'x'"),
        (Dialect::MySql, &["BEGIN", WRITE], "BEGIN"),
        (Dialect::MySql, &["BEGIN", WRITE], "CREATE TABLE page (id INT)"),
        (Dialect::Sqlite, &[], "BEGIN; UPDATE article SET title = 'x'; COMMIT"),
    ] {
        let mut both = Both::new(dialect, strict(LONG), Session::connection);
        for sql in before {
            both.run(sql).unwrap();
            assert!(both.is_served(), "{sql}: nothing is committed yet");
        }
        let mut announcement = both.session.announce(text, Vec::new);
        announcement.permission().wait().unwrap();
        assert!(!both.is_served(), "{before:?} {text}");
        announcement.over(Outcome::Done, None).wait().unwrap();
        both.warm();
        assert!(both.is_served(), "{before:?} {text}: its announcement is over");
        both.store.fail(true);
        assert_eq!(both.run("INSERT INTO page VALUES (1); COMMIT"), Err(ErrorKind::Refused));
        both.store.fail(false);
    }
}

#[test]
fn what_a_text_does_not_commit_needs_no_permission() {
    for text in [WRITE, "SAVEPOINT b", "ROLLBACK TO a", "RELEASE a", "SELECT 1", "ROLLBACK"] {
        let both = Both::new(Dialect::Postgres, strict(LONG), Session::connection);
        both.run("BEGIN").unwrap();
        both.run(WRITE).unwrap();
        both.run("SAVEPOINT a").unwrap();
        let before = both.store.round_trips();
        both.run(text).unwrap();
        assert_eq!(both.store.round_trips(), before, "{text}");
    }
}

#[test]
fn a_handle_is_committed_by_permission() {
    let mut both = Both::new(Dialect::Postgres, strict(LONG), Session::pool);
    for refused in [false, true] {
        let outer = both.session.begin();
        let inner = outer.begin();
        inner.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
        let mut committing = inner.committing();
        committing.permission().wait().unwrap();
        committing.done().wait().unwrap();
        assert!(both.is_served(), "a savepoint commits nothing");
        let mut committing = outer.committing();
        both.store.fail(refused);
        let permission = committing.permission().wait();
        both.store.fail(false);
        assert_eq!(permission.is_err(), refused);
        match refused {
            true => committing.rolled_back().wait().unwrap(),
            false => {
                assert!(!both.is_served());
                committing.done().wait().unwrap();
            }
        }
        both.warm();
        assert!(both.is_served());
    }
}

#[test]
fn what_cannot_be_delivered_is_an_error_of_the_write() {
    let mut both = Both::new(Dialect::Sqlite, SimulatedStore::new(), Session::connection);
    both.run("BEGIN").unwrap();
    both.run(WRITE).unwrap();
    both.store.fail(true);
    assert_eq!(both.run("COMMIT"), Err(ErrorKind::Undelivered));
    assert_eq!(both.run(WRITE), Err(ErrorKind::Undelivered));
    both.store.fail(false);
    both.store.settle();
    assert!(!both.session.in_transaction());
    assert!(!both.is_served(), "it was delivered in the end");
}
