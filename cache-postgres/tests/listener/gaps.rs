//! Lost connections, and notifications that nobody understands.

use std::process::Command;
use std::time::Duration;

use cache_core::Key;
use cache_postgres::{Listener, OnGap};
use test_servers::{Postgres, left_out};

use crate::shop::Shop;

const ARTICLES: &str = "CREATE TABLE article (id integer, category_id integer); CREATE TABLE other (id integer)";
const THREE: &str = "SELECT * FROM article WHERE category_id = 3";
const FOUR: &str = "SELECT * FROM article WHERE category_id = 4";
const OTHER: &str = "SELECT * FROM other";
const KILL: &str =
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'cache-postgres'
     AND datname = current_database()";

#[tokio::test]
async fn a_lost_connection_drops_the_watched_tables() {
    if left_out() {
        return;
    }
    let shop = Shop::open("killed", ARTICLES, &["article"]).await;
    for gap in 1..=2 {
        let dropped = shop.dropped(&format!("{KILL}; INSERT INTO article VALUES (1, 3)"), &[THREE, FOUR, OTHER]).await;
        assert_eq!(dropped, [THREE, FOUR]);
        shop.until(|status| status.connected && status.gaps == gap).await;
    }
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 3)", &[THREE, FOUR, OTHER]).await, [THREE]);
}

#[tokio::test]
async fn definitions_made_in_a_gap_drop_everything() {
    if left_out() {
        return;
    }
    let shop = Shop::open("gap_definitions", ARTICLES, &["article"]).await;
    let sql = format!("{KILL}; ALTER TABLE other ADD n integer");
    shop.dropped(&sql, &[THREE, FOUR, OTHER]).await;
    assert!(!shop.keeps(OTHER));
}

/// Whoever kills a process of the server makes it start anew: all connections are lost, and so is what waits to be told.
#[tokio::test]
async fn a_server_that_starts_anew_is_found_again() {
    if left_out() {
        return;
    }
    let server = Postgres::start().unwrap();
    let throughout = |builder: cache_postgres::Builder| builder.on_gap(OnGap::DropThroughout);
    let mut shop = Shop::set_up(server.create_database("crash"), ARTICLES, &["article"], throughout).await;
    assert_eq!(shop.listener.status().watched, ["public.article"]);
    // What is not yet on disk would be undone.
    shop.run("CHECKPOINT").await;
    let victim = shop.ask("SELECT pg_backend_pid()").await;
    shop.keep(THREE);
    shop.keep(OTHER);
    assert!(Command::new("kill").args(["-s", "KILL", &victim]).status().unwrap().success());
    shop.until(|status| status.gaps >= 1).await;
    shop.listener.catch_up().await.unwrap();
    assert!(shop.listener.status().connected);
    assert!(!shop.keeps(THREE) && shop.keeps(OTHER));
    shop.foreign = crate::shop::foreign(&shop.url).await;
    assert_eq!(shop.dropped("INSERT INTO article VALUES (1, 3)", &[THREE, FOUR, OTHER]).await, [THREE]);
}

#[tokio::test]
async fn what_is_not_understood_drops_everything() {
    if left_out() {
        return;
    }
    let shop = Shop::open("malformed", ARTICLES, &["article"]).await;
    let mut count = 0;
    for payload in
        ["x", "", "{}", r#"{"version": 2, "operation": "define"}"#, r#"{"version": 1, "operation": "insert"}"#]
    {
        let dropped = shop.dropped(&format!("NOTIFY cache_notify, '{payload}'"), &[THREE, OTHER]).await;
        assert_eq!(dropped, [THREE, OTHER], "{payload}");
        count += 1;
        assert_eq!(shop.listener.status().not_understood, count);
    }
    let unknown = r#"{"version": 1, "operation": "insert", "schema": "s", "table": "other", "columns": "5",
        "before": [], "after": [{"id": "1"}]}"#;
    for _ in 0..2 {
        assert!(shop.dropped(&format!("NOTIFY cache_notify, '{unknown}'"), &[THREE, OTHER]).await.contains(&OTHER));
    }
}

#[tokio::test]
async fn a_listener_ends_when_it_is_told_to() {
    if left_out() {
        return;
    }
    let shop = Shop::open("ends", ARTICLES, &["article"]).await;
    let other = Listener::builder(&shop.url, &shop.cache).heartbeat(Duration::from_millis(1)).start().await.unwrap();
    shop.listener.shutdown().await;
    other.catch_up().await.unwrap();
    other.shutdown().await;
    shop.cache.entry(Key::new("k")).depends_on(|| crate::shop::reads(THREE)).get_or_fill(|| ());
    shop.foreign.batch_execute("INSERT INTO article VALUES (1, 3)").await.unwrap();
    let left =
        "SELECT FROM pg_stat_activity WHERE application_name = 'cache-postgres' AND datname = current_database()";
    while !shop.foreign.query(left, &[]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(shop.cache.get::<()>(&Key::new("k")).is_some());
}

#[tokio::test]
async fn starting_drops_what_was_kept_before() {
    if left_out() {
        return;
    }
    let shop = Shop::open("starts", ARTICLES, &["article"]).await;
    shop.keep(THREE);
    shop.keep(OTHER);
    let _second = Listener::start(&shop.url, &shop.cache).await.unwrap();
    assert!(!shop.keeps(THREE) && shop.keeps(OTHER));
    assert!(Listener::start("postgres://nobody@127.0.0.1:1/none", &shop.cache).await.is_err());
    assert!(Listener::start("what", &shop.cache).await.is_err());
}
