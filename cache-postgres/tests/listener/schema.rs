//! Definitions that change while a listener is at work.

use cache_core::Cache;
use cache_postgres::Listener;
use cache_sql::Dialect;
use cache_sql::adapter::{Database, Session};
use test_servers::left_out;

use crate::shop::Shop;

const ARTICLES: &str = "CREATE TABLE article (id integer, title text); CREATE TABLE other (id integer)";
const NEWS: &str = "SELECT * FROM article WHERE title = 'News'";
const OTHER: &str = "SELECT * FROM other";
const FOLDED: &str = "CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);";
const FOLD: &str = "ALTER TABLE article ALTER title TYPE text COLLATE folded";
const UNTOLD: &str = "DROP EVENT TRIGGER cache_notify_ddl_command_end; DROP EVENT TRIGGER cache_notify_sql_drop";

#[tokio::test]
async fn definitions_drop_everything() {
    if left_out() {
        return;
    }
    let shop = Shop::open("definitions", &format!("{FOLDED} {ARTICLES}"), &["article"]).await;
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 'NEWS')", &[NEWS, OTHER]).await, &[] as &[&str]);
    assert_eq!(shop.dropped(FOLD, &[NEWS, OTHER]).await, [NEWS, OTHER]);
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 'NEWS')", &[NEWS, OTHER]).await, [NEWS]);
    assert_eq!(shop.dropped("CREATE VIEW seen AS SELECT * FROM article", &[NEWS, OTHER]).await, [NEWS, OTHER]);
    let view = "SELECT * FROM seen WHERE id = 5";
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 'x')", &[view]).await, [view]);
    assert_eq!(shop.dropped("DROP VIEW seen", &[OTHER]).await, [OTHER]);
    assert_eq!(shop.told("CREATE TEMPORARY TABLE mine (n integer); DROP TABLE mine").await, 0);
}

#[tokio::test]
async fn without_event_triggers_new_columns_are_noticed_by_the_first_write() {
    if left_out() {
        return;
    }
    let shop = Shop::open("untold", &format!("{FOLDED} {ARTICLES}"), &["article"]).await;
    shop.run(UNTOLD).await;
    assert_eq!(shop.dropped(FOLD, &[NEWS, OTHER]).await, &[] as &[&str]);
    for attempt in 0..3 {
        let dropped = shop.dropped("INSERT INTO article VALUES (1, 'NEWS')", &[NEWS, OTHER]).await;
        assert!(dropped.contains(&NEWS), "{attempt}: the collation takes it for equal");
    }
    shop.run("ALTER TABLE article ADD price integer").await;
    let query = "SELECT * FROM article WHERE price = 5";
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 'x', 5)", &[query]).await, [query]);
}

#[tokio::test]
async fn a_table_watched_later_is_learnt_of() {
    if left_out() {
        return;
    }
    let shop = Shop::open("later", ARTICLES, &["article"]).await;
    shop.run(UNTOLD).await;
    shop.run("CREATE TABLE late (id integer)").await;
    cache_postgres::watch(&shop.url, &["late"]).await.unwrap();
    let query = "SELECT * FROM late WHERE id = 5";
    assert_eq!(shop.dropped("INSERT INTO late VALUES (6), (5)", &[query]).await, [query]);
    assert!(shop.dropped("INSERT INTO late VALUES (6), (5)", &[query]).await.contains(&query));
    // The schema may have been read a moment ago, and is then not read again at once.
    while !shop.listener.status().watched.contains(&"public.late".to_owned()) {
        shop.told("INSERT INTO late VALUES (7)").await;
    }
    assert_eq!(shop.dropped("INSERT INTO late VALUES (6)", &[query]).await, &[] as &[&str]);
    let before = shop.listener.status().schema_reads;
    assert_eq!(shop.told("INSERT INTO article VALUES (1)").await, 1);
    assert_eq!(shop.listener.status().schema_reads, before, "nothing new");
}

#[tokio::test]
async fn wrapped_databases_read_the_schema_again() {
    if left_out() {
        return;
    }
    let cache = Cache::in_memory();
    let database = Database::new(Dialect::Postgres, &cache);
    let shop = Shop::open("wrapped", ARTICLES, &["article"]).await;
    let listener = Listener::builder(&shop.url, &cache).database(&database).start().await.unwrap();
    let session = Session::connection(&database);
    let rows = vec![["relation", "1", "article", "r", "p", "false", "", "", ""].map(String::from).to_vec()];
    session.wants_schema_to_begin().unwrap().answer(Ok::<_, String>(rows));
    assert!(session.wants_schema_to_begin().is_none());
    shop.run("CREATE VIEW seen AS SELECT * FROM article").await;
    listener.catch_up().await.unwrap();
    assert!(session.wants_schema_to_begin().is_some());
}

/// A view over a table that the listener has not heard of goes with that table's rows as well.
#[tokio::test]
async fn a_view_over_a_table_not_yet_known_is_not_forgotten() {
    if left_out() {
        return;
    }
    let shop = Shop::open("unknown_view", ARTICLES, &["article"]).await;
    shop.run(UNTOLD).await;
    let view = "SELECT * FROM seen";
    for round in 0..3 {
        shop.run(&format!("CREATE TABLE late{round} (id integer); SELECT cache_notify.watch('late{round}')")).await;
        shop.run(&format!("DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT * FROM late{round}")).await;
        assert_eq!(shop.dropped(&format!("INSERT INTO late{round} VALUES (1)"), &[view]).await, [view]);
    }
}
