//! Processes that share a store: what they share, and what becomes of writes that the store does not hear of.

use cache_core::testing::SimulatedStore;
use cache_core::{Cache, ErrorKind, Strict};
use cache_diesel::prelude::*;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error;

use crate::shop::*;

fn cache(store: &SimulatedStore) -> Cache {
    Cache::builder().namespace("shop").store(store.clone()).build()
}

/// Two processes, which believe that they have the same rows.
fn two(store: &SimulatedStore) -> (Db, Db) {
    let both = (shop_of(&cache(store)), shop_of(&cache(store)));
    store.settle();
    both
}

fn strict() -> SimulatedStore {
    SimulatedStore::new().strict(Strict::new())
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    match result.unwrap_err() {
        Error::QueryBuilderError(error) => error.downcast_ref::<cache_core::Error>().expect("one of the cache").kind(),
        other => panic!("{other}"),
    }
}

fn insert(db: &mut Db) -> QueryResult<usize> {
    let values = (article::category_id.eq(1), article::title.eq("New"));
    diesel::insert_into(article::table).values(values).execute(db)
}

fn number(db: &mut Db) -> i64 {
    article::table.count().get_result(db).expect("a number")
}

macro_rules! titles {
    ($cache:expr) => {
        article::table.filter(article::category_id.eq(1)).select(article::title).cached(&$cache)
    };
}

#[test]
fn numbers_and_encoded_results_are_shared_and_others_stay() {
    for store in [SimulatedStore::new(), strict()] {
        let (mut here, mut there) = two(&store);
        let (near, far) = (here.cache().clone(), there.cache().clone());
        miss!(near, article::table.cached(&near).count(&mut here));
        miss!(near, titles!(near).encoded().load::<String>(&mut here));
        miss!(near, titles!(near).encoded().first::<String>(&mut here));
        miss!(near, titles!(near).extra(1).load::<String>(&mut here));
        store.settle();
        assert_eq!(hit!(far, article::table.cached(&far).count(&mut there)), 3);
        assert_eq!(hit!(far, titles!(far).encoded().load::<String>(&mut there)).len(), 2);
        assert_eq!(hit!(far, titles!(far).encoded().first::<String>(&mut there)), "Ownership");
        miss!(far, titles!(far).extra(1).load::<String>(&mut there));
        insert(&mut there).expect("a write");
        miss!(near, titles!(near).encoded().load::<String>(&mut here));
        miss!(near, titles!(near).extra(1).load::<String>(&mut here));
    }
}

#[test]
fn a_write_that_could_not_be_delivered_is_committed_and_an_error() {
    let store = SimulatedStore::new();
    let (mut here, _) = two(&store);
    store.fail(true);
    assert_eq!(kind(insert(&mut here)), ErrorKind::Undelivered);
    let values = (article::category_id.eq(1), article::title.eq("New"));
    let returned = diesel::insert_into(article::table).values(values).returning(article::id);
    assert_eq!(kind(returned.get_result::<i32>(&mut here)), ErrorKind::Undelivered);
    let outcome = here.transaction(|db| {
        insert(db)?;
        Ok::<_, Error>(())
    });
    assert_eq!(kind(outcome), ErrorKind::Undelivered);
    let depth = AnsiTransactionManager::transaction_manager_status_mut(&mut here).transaction_depth();
    assert!(matches!(depth, Ok(None)), "it is committed, and over");
    store.fail(false);
    assert_eq!(number(&mut here), 6);
    here.transaction(insert).expect("the connection is of use");
    store.settle();
}

#[test]
fn a_write_that_could_not_be_announced_is_not_made() {
    let store = strict();
    let (mut here, _) = two(&store);
    store.fail(true);
    assert_eq!(kind(insert(&mut here)), ErrorKind::Refused);
    let outcome = here.transaction(|db| {
        insert(db)?;
        Ok::<_, Error>(())
    });
    assert_eq!(kind(outcome), ErrorKind::Refused);
    here.batch_execute("BEGIN; INSERT INTO article (category_id) VALUES (1)").expect("nothing is committed");
    assert_eq!(kind(here.batch_execute("COMMIT")), ErrorKind::Refused);
    here.batch_execute("ROLLBACK").expect("it is open");
    store.fail(false);
    assert_eq!(number(&mut here), 3);
    here.transaction(insert).expect("the connection is of use");
    store.settle();
}
