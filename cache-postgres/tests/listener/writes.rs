//! Every kind of write drops what it concerns, and nothing else.

use cache_core::Key;
use test_servers::left_out;

use crate::shop::{Shop, reads};

const ARTICLES: &str = "
    CREATE TABLE article (id integer PRIMARY KEY, category_id integer, title text, price numeric(10, 2));
    CREATE TABLE message (id integer PRIMARY KEY, body text);
    INSERT INTO article SELECT n, n / 100, 'title ' || n, n FROM generate_series(100, 599) AS n;
    INSERT INTO message VALUES (1, 'one')";

const THREE: &str = "SELECT * FROM article WHERE category_id = 3";
const FOUR: &str = "SELECT * FROM article WHERE category_id = 4";
const FIVE: &str = "SELECT * FROM article WHERE category_id = 5";
const NEWS: &str = "SELECT * FROM article WHERE title = 'News'";
const CHEAP: &str = "SELECT * FROM article WHERE price < 50.5";
const MESSAGE: &str = "SELECT * FROM message";
const ALL: [&str; 6] = [THREE, FOUR, FIVE, NEWS, CHEAP, MESSAGE];
const EACH: [&str; 5] = [THREE, FOUR, FIVE, NEWS, CHEAP];

#[tokio::test]
async fn each_kind_of_write_drops_what_it_concerns() {
    if left_out() {
        return;
    }
    let shop = Shop::open("writes", ARTICLES, &["article", "message"]).await;
    for (sql, expected) in [
        ("INSERT INTO article VALUES (1, 3, 'x', 900)", &[THREE] as &[_]),
        ("INSERT INTO article VALUES (2, 9, 'News', 900), (3, 4, 'x', 900)", &[FOUR, NEWS]),
        ("INSERT INTO article VALUES (4, 9, 'x', 50.49)", &[CHEAP]),
        ("UPDATE article SET category_id = 4 WHERE id = 1", &[THREE, FOUR]),
        ("UPDATE article SET title = 'News' WHERE id = 1", &[FOUR, NEWS]),
        ("UPDATE article SET title = 'x' WHERE id IN (1, 2)", &[FOUR, NEWS]),
        ("DELETE FROM article WHERE id = 1", &[FOUR]),
        ("DELETE FROM article WHERE id = 1", &[]),
        ("UPDATE article SET category_id = 5 WHERE false", &[]),
        ("INSERT INTO article VALUES (2, 5, 'News', 900) ON CONFLICT (id) DO UPDATE SET category_id = 3", &[THREE]),
        ("INSERT INTO article VALUES (2, 5, 'News', 900) ON CONFLICT DO NOTHING", &[]),
        ("COPY article FROM PROGRAM 'printf ''7,4,x,900\\n8,5,x,900\\n''' (FORMAT csv)", &[FOUR, FIVE]),
        (
            "MERGE INTO article USING (VALUES (7), (9)) AS v (id) ON v.id = article.id
             WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, 5, 'x', 900)",
            &[FOUR, FIVE],
        ),
        (
            "WITH gone AS (DELETE FROM article WHERE id = 9 RETURNING id) INSERT INTO message SELECT id, 'x' FROM gone",
            &[FIVE, MESSAGE],
        ),
        ("DO $$ BEGIN DELETE FROM message; INSERT INTO article VALUES (9, 3, 'x', 900); END $$", &[THREE, MESSAGE]),
        ("UPDATE article SET price = price WHERE category_id = 5", &EACH),
        ("TRUNCATE message", &[MESSAGE]),
        ("TRUNCATE article", &EACH),
    ] {
        assert_eq!(shop.dropped(sql, &ALL).await, expected, "{sql}");
    }
    assert_eq!(shop.listener.status().not_understood, 0);
}

#[tokio::test]
async fn what_is_rolled_back_is_not_told() {
    if left_out() {
        return;
    }
    let shop = Shop::open("rollbacks", ARTICLES, &["article"]).await;
    assert_eq!(shop.told("BEGIN; DELETE FROM article; ROLLBACK").await, 0);
    let partly = "BEGIN; UPDATE article SET title = 'News' WHERE id = 300; SAVEPOINT a;
        UPDATE article SET title = 'News' WHERE id = 400; ROLLBACK TO a; UPDATE article SET title = 'x' WHERE id = 300; COMMIT";
    assert_eq!(shop.dropped(partly, &ALL).await, [THREE, NEWS]);
    assert!(shop.foreign.batch_execute("INSERT INTO article VALUES (1000, 3), (100, 4)").await.is_err());
    assert_eq!(shop.told("SELECT 1").await, 0);
}

#[tokio::test]
async fn a_mass_update_is_told_once() {
    if left_out() {
        return;
    }
    let shop = Shop::open("masses", ARTICLES, &["article"]).await;
    assert_eq!(shop.told("UPDATE article SET price = price + 1").await, 1);
    assert_eq!(shop.told("UPDATE article SET price = 1 WHERE false").await, 0);
    assert_eq!(shop.dropped("UPDATE article SET price = price + 1", &ALL).await, EACH);
    let fifty = "UPDATE article SET price = 900 WHERE id BETWEEN 300 AND 349";
    assert_eq!(shop.dropped(fifty, &ALL).await, EACH, "too long a message for all of them");
    assert_eq!(shop.dropped("UPDATE article SET price = 900 WHERE id BETWEEN 300 AND 314", &ALL).await, [THREE]);
}

#[tokio::test]
async fn long_texts_are_left_out_and_the_rest_is_told() {
    if left_out() {
        return;
    }
    let shop = Shop::open("texts", ARTICLES, &["article"]).await;
    let long = "INSERT INTO article VALUES (1, 3, repeat('ä', 1000), 900)";
    assert_eq!(shop.dropped(long, &ALL).await, [THREE, NEWS]);
    let many = "INSERT INTO article SELECT n, 3, repeat('ä', 190), 900 FROM generate_series(1001, 1040) AS n";
    assert_eq!(shop.dropped(many, &ALL).await, EACH);
}

#[tokio::test]
async fn a_result_read_before_a_write_is_not_stored_after_its_notification() {
    if left_out() {
        return;
    }
    let shop = Shop::open("interleaving", ARTICLES, &["article"]).await;
    let read = async |write: &str| {
        let work = async || {
            let seen = shop.ask("SELECT count(*) FROM article WHERE category_id = 3").await;
            shop.run(write).await;
            shop.listener.catch_up().await.unwrap();
            seen
        };
        shop.cache.entry(Key::new("count")).depends_on(|| reads(THREE)).get_or_fill_async(work).await
    };
    assert_eq!(read("DELETE FROM article WHERE id = 300").await, "100");
    assert_eq!(shop.cache.get::<String>(&Key::new("count")), None, "it is older than the table");
    assert_eq!(read("DELETE FROM article WHERE id = 400").await, "99");
    assert_eq!(shop.cache.get::<String>(&Key::new("count")).as_deref(), Some("99"), "another row does not matter");
}

#[tokio::test]
async fn a_result_stored_before_a_notification_goes_with_it() {
    if left_out() {
        return;
    }
    let shop = Shop::open("before_notification", ARTICLES, &["article"]).await;
    shop.run("BEGIN; DELETE FROM article WHERE id = 300").await;
    let reader = crate::shop::foreign(&shop.url).await;
    let count = async || {
        let row = reader.query_one("SELECT count(*) FROM article WHERE category_id = 3", &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let stored = async || shop.cache.entry(Key::new("n")).depends_on(|| reads(THREE)).get_or_fill_async(count).await;
    assert_eq!(stored().await, 100);
    shop.run("COMMIT").await;
    shop.listener.catch_up().await.unwrap();
    assert_eq!(stored().await, 99);
}
