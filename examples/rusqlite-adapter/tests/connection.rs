//! What the suite does not ask of every adapter.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cache_core::observe::measure;
use cache_core::{Cache, Connection};
use cache_sql::adapter::Database;
use rusqlite::Result;
use rusqlite_adapter::CachedConnection;

const TITLES: &str = "SELECT title FROM article WHERE category_id = ?";

fn shop() -> CachedConnection {
    let database = Database::new(cache_sql::Dialect::Sqlite, &Cache::in_memory());
    let connection = CachedConnection::new(rusqlite::Connection::open_in_memory().unwrap(), &database);
    let script = "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, title TEXT NOT NULL);
        INSERT INTO article VALUES (1, 1, 'Ownership'), (2, 2, 'Joins')";
    connection.execute_batch(script).unwrap();
    connection
}

/// The titles of a category, and whether the database was asked.
fn titles(shop: &CachedConnection, category: i64) -> (Vec<String>, bool) {
    let (titles, cost) = measure(|| shop.cached(TITLES, &[category.into()]).all().unwrap());
    (titles, cost.statements > 0)
}

#[test]
fn a_closure_that_fails_or_panics_is_rolled_back() {
    let shop = shop();
    titles(&shop, 1);
    let failed: Result<()> = shop.transaction(|shop| {
        shop.execute("UPDATE article SET title = 'Gone'", &[])?;
        Err(rusqlite::Error::QueryReturnedNoRows)
    });
    assert!(failed.is_err() && !shop.bypass());
    assert_eq!(titles(&shop, 1), (vec!["Ownership".to_owned()], false));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        shop.transaction::<(), rusqlite::Error>(|shop| {
            shop.execute("UPDATE article SET title = 'Gone'", &[])?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err() && !shop.bypass());
    assert_eq!(titles(&shop, 1), (vec!["Ownership".to_owned()], false));
}

#[test]
fn a_closure_in_a_closure_is_a_savepoint() {
    let shop = shop();
    titles(&shop, 1);
    titles(&shop, 2);
    let done: Result<()> = shop.transaction(|shop| {
        shop.execute("UPDATE article SET title = 'News' WHERE category_id = ?", &[1.into()])?;
        let inner: Result<()> = shop.transaction(|shop| {
            shop.execute("UPDATE article SET title = 'Lost' WHERE category_id = ?", &[2.into()])?;
            Err(rusqlite::Error::QueryReturnedNoRows)
        });
        assert!(inner.is_err());
        Ok(())
    });
    done.unwrap();
    assert_eq!(titles(&shop, 1), (vec!["News".to_owned()], true));
    assert_eq!(titles(&shop, 2), (vec!["Joins".to_owned()], false));
}

#[test]
fn returned_rows_keep_what_they_cannot_have_been_in() {
    let shop = shop();
    titles(&shop, 1);
    titles(&shop, 2);
    let sql = "UPDATE article SET title = 'News' WHERE id = 1 RETURNING title, id, category_id";
    assert_eq!(shop.rows::<String>(sql, &[]).unwrap(), ["News"]);
    assert_eq!(titles(&shop, 1), (vec!["News".to_owned()], true));
    assert_eq!(titles(&shop, 2), (vec!["Joins".to_owned()], false));
}

#[test]
fn the_type_and_each_bind_are_parts_of_the_key() {
    let shop = shop();
    let sql = "SELECT ?";
    assert_eq!(shop.cached(sql, &["7".to_owned().into()]).all::<String>().unwrap(), ["7"]);
    assert_eq!(shop.cached(sql, &[7.into()]).all::<i64>().unwrap(), [7]);
    assert_eq!(shop.cached(sql, &[8.into()]).all::<i64>().unwrap(), [8]);
    assert!(shop.cached(sql, &["7".to_owned().into()]).all::<i64>().is_err());
}

#[test]
fn a_statement_that_rolls_the_transaction_back_leaves_no_doubt() {
    let shop = shop();
    titles(&shop, 1);
    shop.execute("BEGIN", &[]).unwrap();
    shop.execute("UPDATE article SET title = 'Gone'", &[]).unwrap();
    assert!(shop.bypass());
    assert!(shop.execute("INSERT OR ROLLBACK INTO article VALUES (1, 1, 'Taken')", &[]).is_err());
    assert!(!shop.bypass());
    assert_eq!(titles(&shop, 1).0, ["Ownership"]);
    assert_eq!(titles(&shop, 1), (vec!["Ownership".to_owned()], false));
}
