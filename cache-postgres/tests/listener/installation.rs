//! Installing, watching, and what writers notice of it.

use cache_core::Cache;
use cache_postgres::Listener;
use test_servers::left_out;

use crate::shop::Shop;

const ARTICLES: &str = "CREATE TABLE article (id integer, category_id integer, secret text)";
const THREE: &str = "SELECT * FROM article WHERE category_id = 3";
const SECRET: &str = "SELECT * FROM article WHERE secret = 'x'";

const TRIGGERS: &str = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'cache_notify%'";

#[tokio::test]
async fn installing_and_watching_again_changes_nothing() {
    if left_out() {
        return;
    }
    let shop = Shop::open("again", ARTICLES, &["article"]).await;
    let triggers = "SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_trigger WHERE tgname LIKE 'cache_notify%'";
    let before = shop.ask(triggers).await;
    cache_postgres::install(&shop.url).await.unwrap();
    cache_postgres::watch(&shop.url, &["article", "public.article"]).await.unwrap();
    cache_postgres::watch_all(&shop.url, "public").await.unwrap();
    assert_eq!(shop.ask(triggers).await, before);
    assert_eq!(shop.told("INSERT INTO article VALUES (1, 3)").await, 1);

    cache_postgres::unwatch(&shop.url, &["article"]).await.unwrap();
    assert_eq!(shop.ask(TRIGGERS).await, "0");
    assert_eq!(shop.told("INSERT INTO article VALUES (1, 3)").await, 0);

    cache_postgres::watch_all(&shop.url, "public").await.unwrap();
    cache_postgres::remove(&shop.url).await.unwrap();
    cache_postgres::remove(&shop.url).await.unwrap();
    assert_eq!(shop.ask(TRIGGERS).await, "0");
    assert_eq!(shop.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'cache_notify'").await, "0");
    assert_eq!(shop.ask("SELECT count(*) FROM pg_event_trigger").await, "0");
    assert!(cache_postgres::watch(&shop.url, &["article"]).await.is_err());
}

#[tokio::test]
async fn columns_that_are_not_to_be_told_are_not() {
    if left_out() {
        return;
    }
    let shop = Shop::open("columns", ARTICLES, &[]).await;
    shop.run("SELECT cache_notify.watch('article', '{category_id}')").await;
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 4, 'y')", &[THREE, SECRET]).await, [SECRET]);
    shop.run("SELECT cache_notify.watch('article', '{}')").await;
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 4, 'y')", &[THREE, SECRET]).await, [THREE, SECRET]);
    assert_eq!(shop.ask(TRIGGERS).await, "4");
    shop.run("SELECT cache_notify.watch('article')").await;
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 4, 'y')", &[THREE, SECRET]).await, &[] as &[&str]);
}

#[tokio::test]
async fn only_tables_that_others_can_write_are_watched() {
    if left_out() {
        return;
    }
    let sql = "CREATE TABLE base (n integer); CREATE VIEW seen AS SELECT * FROM base";
    let shop = Shop::open("unwatchable", sql, &["base"]).await;
    let refused = cache_postgres::watch(&shop.url, &["seen"]).await.unwrap_err().to_string();
    assert!(refused.contains("seen is not a table that others can write"), "{refused}");
    assert!(cache_postgres::watch(&shop.url, &["missing"]).await.is_err());
    let quoted = cache_postgres::watch(&shop.url, &["base'); DROP TABLE base; --"]).await;
    assert!(quoted.is_err());
    assert_eq!(shop.ask("SELECT count(*) FROM base").await, "0");
}

#[tokio::test]
async fn a_writer_needs_no_rights_but_those_to_write() {
    if left_out() {
        return;
    }
    let shop = Shop::open("rights", ARTICLES, &["article"]).await;
    shop.run("CREATE ROLE writer_of_rights; GRANT INSERT ON article TO writer_of_rights").await;
    let sql = "SET ROLE writer_of_rights; INSERT INTO article VALUES (1, 3, 'y'); RESET ROLE";
    assert_eq!(shop.dropped(sql, &[THREE, SECRET]).await, [THREE]);
    shop.run("SET session_replication_role = replica").await;
    let sql = "INSERT INTO article VALUES (1, 3, 'y')";
    assert_eq!(shop.dropped(sql, &[THREE, SECRET]).await, [THREE], "also while a dump is loaded");
}

#[tokio::test]
async fn a_write_never_fails_for_being_told() {
    if left_out() {
        return;
    }
    let sql = r#"
        CREATE TABLE odd (
            id integer, written integer, field integer, tell integer, most_rows integer, told_columns text, message text,
            few integer, cache_notify_after integer, "Ünï ""x"" '" text, document json, numbers integer[], "key" text, value text);
        CREATE SCHEMA "a ' b"; CREATE TABLE "a ' b"."c "" d" (n integer)"#;
    let shop = Shop::open("odd_names", sql, &["odd", "\"a ' b\".\"c \"\" d\""]).await;
    let query = "SELECT * FROM odd WHERE id = 1";
    let plain = r#"INSERT INTO odd VALUES (2, 1, 1, 1, 1, '1', '1', 1, 1, '\', '{"id": 1}', '{1}', '1', '1')"#;
    assert_eq!(shop.dropped(plain, &[query]).await, &[] as &[&str]);
    let unspeakable = r#"INSERT INTO odd (id, document) VALUES (2, '"\u0000"')"#;
    assert_eq!(shop.dropped(unspeakable, &[query]).await, [query]);
    assert_eq!(shop.told("INSERT INTO \"a ' b\".\"c \"\" d\" VALUES (1)").await, 1);
    assert_eq!(shop.listener.status().not_understood, 0);
}

#[tokio::test]
async fn an_ordinary_role_can_do_all_but_hear_of_definitions() {
    if left_out() {
        return;
    }
    let mut shop = Shop::open("ordinary", ARTICLES, &[]).await;
    shop.cache = Cache::in_memory();
    cache_postgres::remove(&shop.url).await.unwrap();
    shop.run(
        "CREATE ROLE keeper LOGIN; GRANT CREATE ON DATABASE ordinary TO keeper; ALTER TABLE article OWNER TO keeper",
    )
    .await;
    let url = shop.url.replace("postgres@", "keeper@");
    cache_postgres::install(&url).await.unwrap();
    cache_postgres::install(&url).await.unwrap();
    cache_postgres::watch(&url, &["article"]).await.unwrap();
    let listener = Listener::start(&url, &shop.cache).await.unwrap();
    assert_eq!(listener.status().watched, ["public.article"]);
    shop.keep(THREE);
    shop.run("INSERT INTO article VALUES (1, 4); CREATE TABLE unheard (n integer)").await;
    listener.catch_up().await.unwrap();
    assert!(shop.keeps(THREE));
    shop.run("INSERT INTO article VALUES (1, 3)").await;
    listener.catch_up().await.unwrap();
    assert!(!shop.keeps(THREE));
    cache_postgres::remove(&url).await.unwrap();
}
