//! The connection of `diesel-async`.

use cache_diesel::asynchronous::prelude::*;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl as Dsl};

use crate::{Served, Thing, hit, miss, thing};

type Db = CachedAsyncConnection<AsyncPgConnection>;

async fn connect(served: &Served) -> Db {
    let plain = AsyncPgConnection::establish(&served.url).await.expect("a connection");
    CachedAsyncConnection::with_database(plain, &served.database).await
}

#[tokio::test]
async fn queries_and_writes_in_its_own_words() {
    let Some((served, _db)) = Served::new() else { return };
    let cache = served.database.cache().clone();
    let mut db = connect(&served).await;
    // A future that moves between threads.
    let work = async move {
        let of = |kind: i32| thing::table.filter(thing::kind.eq(kind)).select(thing::name).cached(&cache);
        assert!(miss!(cache, of(1).load::<String, _>(&mut db).await).is_empty());
        assert!(miss!(cache, of(2).load::<String, _>(&mut db).await).is_empty());
        assert_eq!(of(2).first::<String, _>(&mut db).await, Err(Error::NotFound));
        assert_eq!(miss!(cache, thing::table.cached(&cache).count(&mut db).await), 0);

        let insert = diesel::insert_into(thing::table).values(thing(1)).returning(Thing::as_returning());
        let row: Thing = Dsl::get_result(insert, &mut db).await.expect("a row");
        assert_eq!(row.kind, 1);
        assert_eq!(miss!(cache, of(1).load::<String, _>(&mut db).await).len(), 1);
        assert!(hit!(cache, of(2).load::<String, _>(&mut db).await).is_empty());

        let update = diesel::update(thing::table.find(1)).set(thing::name.eq("New")).returning(Thing::as_returning());
        let rows: Vec<Thing> = Dsl::get_results(update, &mut db).await.expect("rows");
        assert_eq!(rows.len(), 1);
        assert_eq!(miss!(cache, of(1).load::<String, _>(&mut db).await), ["New"]);
        assert!(hit!(cache, of(2).load::<String, _>(&mut db).await).is_empty());

        let inside = cache.clone();
        db.transaction(async |db| {
            Dsl::execute(diesel::delete(thing::table), db).await?;
            assert_eq!(miss!(inside, thing::table.cached(&inside).count(db).await), 0);
            Err::<(), _>(Error::RollbackTransaction)
        })
        .await
        .expect_err("a rollback");
        assert_eq!(hit!(cache, of(1).load::<String, _>(&mut db).await), ["New"]);
    };
    tokio::spawn(work).await.expect("no panic");
}

#[tokio::test]
async fn a_write_whose_future_is_dropped_counts_again_with_the_next_answer() {
    let Some((served, _db)) = Served::new() else { return };
    let cache = served.database.cache();
    let (mut db, mut other) = (connect(&served).await, connect(&served).await);
    let count = || thing::table.cached(cache);
    assert_eq!(miss!(cache, count().count(&mut other).await), 0);
    {
        let slow = diesel::sql_query("WITH nap AS (SELECT pg_sleep(0.3)) DELETE FROM thing USING nap");
        let mut write = Box::pin(Dsl::execute(slow, &mut db));
        for _ in 0..20 {
            let polled = futures::poll!(write.as_mut());
            assert!(polled.is_pending());
            tokio::task::yield_now().await;
        }
    }
    // At once, and again when the connection has answered something else.
    assert_eq!(miss!(cache, count().count(&mut other).await), 0);
    assert_eq!(hit!(cache, count().count(&mut other).await), 0);
    Dsl::execute(diesel::sql_query("SELECT 1"), &mut db).await.expect("an answer");
    assert_eq!(miss!(cache, count().count(&mut other).await), 0);
}
