//! Transactions: nothing is published before the commit, nothing uncommitted is stored.

use cache_core::Connection as _;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;

use crate::shop::*;

macro_rules! count {
    ($cache:expr, $db:expr) => {
        article::table.filter(article::category_id.eq(1)).cached(&$cache).count($db)
    };
}

fn insert(db: &mut Db, category: i32) {
    let values = (article::category_id.eq(category), article::title.eq("New"));
    diesel::insert_into(article::table).values(values).execute(db).expect("a write");
}

#[test]
fn own_changes_are_visible_inside_and_others_see_them_after_the_commit() {
    let (File { cache, database, folder }, mut db) = File::new();
    let file = File { cache: cache.clone(), database, folder };
    let mut other = file.connect();
    assert_eq!(miss!(cache, count!(cache, &mut other)), 2);
    db.transaction(|db| {
        assert_eq!(hit!(cache, count!(cache, db)), 2);
        insert(db, 1);
        assert!(db.bypass());
        assert_eq!(miss!(cache, count!(cache, db)), 3);
        assert_eq!(hit!(cache, count!(cache, &mut other)), 2);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert!(!db.bypass());
    assert_eq!(miss!(cache, count!(cache, &mut other)), 3);
    assert_eq!(hit!(cache, count!(cache, &mut db)), 3);
}

#[test]
fn what_is_read_in_a_clean_transaction_is_stored() {
    let (cache, mut db) = shop();
    db.transaction(|db| {
        assert_eq!(miss!(cache, count!(cache, db)), 2);
        assert_eq!(hit!(cache, count!(cache, db)), 2);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
}

#[test]
fn a_rollback_forgets() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    let rolled_back = db.transaction(|db| {
        insert(db, 1);
        assert_eq!(miss!(cache, count!(cache, db)), 3);
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert_eq!(rolled_back, Err(Error::RollbackTransaction));
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
}

#[test]
fn savepoints_nest() {
    let (cache, mut db) = shop();
    let second = || article::table.filter(article::category_id.eq(2)).cached(&cache);
    miss!(cache, count!(cache, &mut db));
    miss!(cache, second().count(&mut db));
    db.transaction(|db| {
        db.transaction(|db| {
            insert(db, 1);
            Ok::<_, Error>(())
        })?;
        let inner = db.transaction(|db| {
            insert(db, 2);
            Err::<(), _>(Error::RollbackTransaction)
        });
        assert!(inner.is_err());
        // The savepoint of the same name is made again.
        db.transaction(|db| {
            insert(db, 1);
            Ok::<_, Error>(())
        })?;
        assert_eq!(miss!(cache, count!(cache, db)), 4);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(miss!(cache, count!(cache, &mut db)), 4);
    assert_eq!(hit!(cache, second().count(&mut db)), 1);
}

#[test]
fn a_test_transaction_never_stores_what_it_has_written() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    db.begin_test_transaction().expect("a transaction");
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
    insert(&mut db, 1);
    for _ in 0..2 {
        assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
    }
    db.transaction(|db| {
        insert(db, 1);
        Ok::<_, Error>(())
    })
    .expect("a savepoint");
    assert_eq!(miss!(cache, count!(cache, &mut db)), 4);
}

#[test]
fn a_transaction_for_a_test_is_undone() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    db.test_transaction(|db| {
        insert(db, 1);
        Ok::<_, Error>(())
    });
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
}

#[test]
fn immediate_and_exclusive_transactions() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    db.immediate_transaction(|db| {
        insert(db, 1);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
    let undone = db.exclusive_transaction(|db| {
        insert(db, 1);
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert!(undone.is_err());
    assert_eq!(hit!(cache, count!(cache, &mut db)), 3);
}

#[test]
fn words_as_text_are_followed() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    db.batch_execute("BEGIN IMMEDIATE").expect("a transaction");
    insert(&mut db, 1);
    assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
    diesel::sql_query("ROLLBACK").execute(&mut db).expect("a rollback");
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
    db.batch_execute("BEGIN; INSERT INTO article VALUES (9, 1, 'Nine', NULL); COMMIT").expect("a batch");
    assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
}

#[test]
fn a_commit_that_fails_counts_as_a_commit() {
    let (cache, mut db) = shop();
    db.batch_execute("CREATE TABLE late (id INTEGER REFERENCES category (id) DEFERRABLE INITIALLY DEFERRED)")
        .expect("a table");
    miss!(cache, count!(cache, &mut db));
    let failed = db.transaction(|db| {
        insert(db, 1);
        diesel::sql_query("INSERT INTO late VALUES (77)").execute(db)?;
        Ok::<_, Error>(())
    });
    assert!(failed.is_err());
    assert_eq!(miss!(cache, count!(cache, &mut db)), 2);
    assert_eq!(hit!(cache, count!(cache, &mut db)), 2);
    insert(&mut db, 1);
    assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
}

#[test]
fn a_transaction_that_the_database_ends_by_itself_is_not_taken_for_open() {
    let (cache, mut db) = shop();
    miss!(cache, count!(cache, &mut db));
    db.batch_execute("BEGIN").expect("a transaction");
    insert(&mut db, 1);
    let ended = diesel::sql_query("INSERT OR ROLLBACK INTO category VALUES (1, 'x')").execute(&mut db);
    assert!(ended.is_err());
    // In effect at once.
    insert(&mut db, 1);
    assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
    insert(&mut db, 1);
    assert_eq!(miss!(cache, count!(cache, &mut db)), 4);
}

#[test]
fn an_update_that_is_read_half_way_keeps_the_transaction_known() {
    let (cache, mut db) = shop();
    let second = || category::table.cached(&cache);
    miss!(cache, second().count(&mut db));
    db.transaction(|db| {
        let id: i32 = diesel::update(article::table).set(article::stars.eq(1)).returning(article::id).get_result(db)?;
        assert_eq!(id, 1);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(hit!(cache, second().count(&mut db)), 2);
}

#[test]
fn a_connection_wrapped_inside_a_transaction_publishes_at_its_end() {
    let (file, db) = File::new();
    drop(db);
    let cache = &file.cache;
    let mut plain = SqliteConnection::establish(&file.url()).expect("a connection");
    plain.begin_test_transaction().expect("a transaction");
    let mut db = CachedConnection::with_database(plain, &file.database);
    let mut other = file.connect();
    miss!(cache, count!(cache, &mut db));
    insert(&mut db, 1);
    for _ in 0..2 {
        assert_eq!(miss!(cache, count!(cache, &mut db)), 3);
    }
    assert_eq!(miss!(cache, count!(cache, &mut other)), 2);
    assert_eq!(hit!(cache, count!(cache, &mut other)), 2);
    db.batch_execute("COMMIT").expect("a commit");
    assert_eq!(miss!(cache, count!(cache, &mut other)), 3);
}

#[test]
fn what_was_written_after_half_a_batch_is_published_by_the_commit() {
    let (file, mut db) = File::new();
    let cache = &file.cache;
    let mut other = file.connect();
    let half = db.batch_execute("BEGIN; INSERT INTO nothing VALUES (1)");
    assert!(half.is_err());
    insert(&mut db, 1);
    assert_eq!(miss!(cache, count!(cache, &mut other)), 2);
    assert_eq!(hit!(cache, count!(cache, &mut other)), 2);
    db.batch_execute("COMMIT").expect("a commit");
    assert_eq!(miss!(cache, count!(cache, &mut other)), 3);
}

#[test]
fn an_old_snapshot_is_not_stored() {
    let (file, mut db) = File::new();
    let cache = &file.cache;
    let mut other = file.connect();
    db.transaction(|db| {
        let read: i64 = category::table.count().get_result(db)?;
        assert_eq!(read, 2);
        insert(&mut other, 1);
        assert_eq!(miss!(cache, count!(cache, db)), 2);
        assert_eq!(miss!(cache, count!(cache, &mut other)), 3);
        Ok::<_, Error>(())
    })
    .expect("a commit");
    assert_eq!(hit!(cache, count!(cache, &mut db)), 3);
}
