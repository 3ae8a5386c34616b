//! Types and functions that only PostgreSQL has.

use cache_sea_orm::prelude::*;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement,
};

use crate::shop::*;

#[derive(Clone, Debug, PartialEq, FromQueryResult)]
struct Id {
    id: i32,
}

fn ids(sql: &str) -> sea_orm::SelectorRaw<sea_orm::SelectModel<Id>> {
    Id::find_by_statement(Statement::from_string(DbBackend::Postgres, sql))
}

#[tokio::test]
async fn hstore_ranges_documents_and_unaccented_search_are_cached() {
    let shop = shop().await;
    let (db, cache) = (&shop.db, &shop.cache);
    shop.sql("CREATE EXTENSION hstore").await;
    shop.sql("CREATE EXTENSION unaccent").await;
    shop.sql(
        "CREATE TABLE special (id INTEGER PRIMARY KEY, tags HSTORE, years INT4RANGE, price NUMRANGE, days DATERANGE, \
         times TSRANGE, document JSONB, name TEXT)",
    )
    .await;
    shop.sql(
        "INSERT INTO special VALUES (1, 'a=>1', '[2000,2010)', '[1.5,2.5]', '[2020-01-01,2021-01-01)', \
         '[2020-01-01 00:00,2020-01-02 00:00)', '{\"a\": {\"b\": 1}}', 'Hôtel')",
    )
    .await;
    let queries = [
        "SELECT id FROM special WHERE tags -> 'a' = '1'",
        "SELECT id FROM special WHERE tags @> 'a=>1'",
        "SELECT id FROM special WHERE years @> 2005",
        "SELECT id FROM special WHERE years = '[2000,2010)'",
        "SELECT id FROM special WHERE price && numrange(2, 3)",
        "SELECT id FROM special WHERE days @> DATE '2020-05-05'",
        "SELECT id FROM special WHERE times = '[2020-01-01 00:00,2020-01-02 00:00)'",
        "SELECT id FROM special WHERE document @> '{\"a\": {\"b\": 1}}'",
        "SELECT id FROM special WHERE document #>> '{a,b}' = '1'",
        "SELECT id FROM special WHERE unaccent(name) = 'Hotel'",
        "SELECT id FROM special WHERE lower(unaccent(name)) LIKE 'hot%'",
    ];
    for sql in queries {
        assert_eq!(miss!(ids(sql).cached(cache).all(db)), [Id { id: 1 }], "{sql}");
        hit!(ids(sql).cached(cache).all(db));
    }
    shop.sql(
        "UPDATE special SET tags = 'b=>1', years = 'empty', price = 'empty', days = 'empty', times = 'empty', \
         document = 'null', name = 'Inn' WHERE id = 1",
    )
    .await;
    for sql in queries {
        assert_eq!(miss!(ids(sql).cached(cache).all(db)), [], "{sql}");
    }
}

#[tokio::test]
async fn chance_the_clock_and_locks_are_not_cached() {
    let Shop { db, cache, .. } = shop().await;
    for sql in [
        "SELECT id FROM article ORDER BY random() LIMIT 1",
        "SELECT id FROM article WHERE id IN (SELECT id FROM article ORDER BY random() LIMIT 1)",
        "SELECT id FROM article WHERE now() > '2000-01-01'",
        "SELECT id FROM article WHERE title <> current_user",
        "SELECT id FROM article TABLESAMPLE BERNOULLI (100)",
        "SELECT id FROM article FOR SHARE",
    ] {
        miss!(ids(sql).cached(&cache).all(&db));
        miss!(ids(sql).cached(&cache).all(&db));
    }
    let locked = || Article::find().filter(article::Column::Id.eq(1)).lock_exclusive().cached(&cache);
    miss!(locked().all(&db));
    miss!(locked().all(&db));
}

#[tokio::test]
async fn relations_that_cannot_be_followed_are_not_cached() {
    let shop = shop().await;
    let (db, cache) = (&shop.db, &shop.cache);
    shop.sql("CREATE VIEW recent AS SELECT id FROM article WHERE now() > '2000-01-01'").await;
    shop.sql("CREATE VIEW starred AS SELECT id FROM article WHERE stars > 2").await;
    shop.sql("CREATE TABLE guarded (id INTEGER PRIMARY KEY)").await;
    shop.sql("ALTER TABLE guarded ENABLE ROW LEVEL SECURITY").await;
    shop.sql("CREATE MATERIALIZED VIEW counted AS SELECT count(*)::INTEGER AS id FROM article").await;
    for sql in ["SELECT id FROM recent", "SELECT id FROM guarded", "SELECT oid::INTEGER AS id FROM pg_class"] {
        miss!(ids(sql).cached(cache).all(db));
        miss!(ids(sql).cached(cache).all(db));
    }
    for sql in ["SELECT id FROM starred", "SELECT id FROM counted"] {
        miss!(ids(sql).cached(cache).all(db));
        hit!(ids(sql).cached(cache).all(db));
    }
    shop.sql("DELETE FROM article WHERE stars = 5").await;
    miss!(ids("SELECT id FROM starred").cached(cache).all(db));
    hit!(ids("SELECT id FROM counted").cached(cache).all(db));
    shop.sql("REFRESH MATERIALIZED VIEW counted").await;
    assert_eq!(miss!(ids("SELECT id FROM counted").cached(cache).all(db)), [Id { id: 2 }]);
}

#[tokio::test]
async fn after_a_setting_of_the_session_nothing_is_kept() {
    let shop = shop().await;
    let (db, cache) = (&shop.db, &shop.cache);
    miss!(ids("SELECT id FROM article").cached(cache).all(db));
    hit!(ids("SELECT id FROM article").cached(cache).all(db));
    shop.db.execute_unprepared("SET search_path TO public").await.unwrap();
    miss!(ids("SELECT id FROM article").cached(cache).all(db));
    miss!(ids("SELECT id FROM article").cached(cache).all(db));
}
