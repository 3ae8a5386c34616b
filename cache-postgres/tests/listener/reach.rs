//! Writes that reach further than their table.

use test_servers::left_out;

use crate::shop::Shop;

const FAMILY: &str = "
    CREATE TABLE category (id integer PRIMARY KEY, name text);
    CREATE TABLE article (
        id integer PRIMARY KEY, category_id integer REFERENCES category ON DELETE CASCADE ON UPDATE CASCADE);
    CREATE TABLE remark (id integer PRIMARY KEY, article_id integer REFERENCES article);
    CREATE TABLE other (id integer PRIMARY KEY);
    CREATE VIEW titled AS SELECT article.id, name FROM article JOIN category ON category.id = category_id;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM article;
    INSERT INTO category SELECT n, 'c' FROM generate_series(1, 9) AS n;
    INSERT INTO article SELECT n, n % 9 + 1 FROM generate_series(1, 99) AS n";

const CATEGORY: &str = "SELECT * FROM category WHERE id = 5";
const ARTICLE: &str = "SELECT * FROM article WHERE category_id = 5";
const REMARK: &str = "SELECT * FROM remark";
const OTHER: &str = "SELECT * FROM other";
const VIEW: &str = "SELECT * FROM titled";
const COUNTED: &str = "SELECT * FROM counted";
const ALL: [&str; 6] = [CATEGORY, ARTICLE, REMARK, OTHER, VIEW, COUNTED];

#[tokio::test]
async fn cascades_and_views_are_followed() {
    if left_out() {
        return;
    }
    let shop = Shop::open("cascades", FAMILY, &["category", "article"]).await;
    for (sql, expected) in [
        ("UPDATE article SET category_id = 6 WHERE id = 4", &[ARTICLE, VIEW] as &[_]),
        ("UPDATE category SET name = 'x' WHERE id = 6", &[VIEW]),
        ("UPDATE category SET id = 50 WHERE id = 5", &[CATEGORY, ARTICLE, VIEW]),
        ("UPDATE category SET id = 5 WHERE id = 50", &[CATEGORY, ARTICLE, VIEW]),
        ("DELETE FROM category WHERE id = 5", &[CATEGORY, ARTICLE, VIEW]),
        ("TRUNCATE article CASCADE", &[ARTICLE, REMARK, VIEW]),
        ("REFRESH MATERIALIZED VIEW counted", &ALL),
        ("INSERT INTO other VALUES (1)", &[]),
    ] {
        assert_eq!(shop.dropped(sql, &ALL).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_parent_alone_tells_of_what_its_cascades_do() {
    if left_out() {
        return;
    }
    let shop = Shop::open("parents", FAMILY, &["category"]).await;
    assert_eq!(shop.dropped("DELETE FROM category WHERE id = 5", &ALL).await, [CATEGORY, ARTICLE, VIEW]);
    assert_eq!(shop.dropped("TRUNCATE category CASCADE", &ALL).await, [CATEGORY, ARTICLE, REMARK, VIEW]);
}

const PARTITIONED: &str = "
    CREATE TABLE event (id integer, year integer, kind text) PARTITION BY RANGE (year);
    CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM (2023) TO (2024);
    CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM (2024) TO (2025);
    CREATE TABLE base (id integer, kind text);
    CREATE TABLE derived (extra integer) INHERITS (base)";

const WHOLE: &str = "SELECT * FROM event WHERE kind = 'a'";
const PART: &str = "SELECT * FROM event_2024 WHERE kind = 'a'";
const BASE: &str = "SELECT * FROM base WHERE id = 1";
const DERIVED: &str = "SELECT * FROM derived";
const PARTS: [&str; 4] = [WHOLE, PART, BASE, DERIVED];

#[tokio::test]
async fn partitions_and_heirs_are_watched_with_their_parent() {
    if left_out() {
        return;
    }
    let shop = Shop::open("partitions", PARTITIONED, &["event", "base"]).await;
    for (sql, expected) in [
        ("INSERT INTO event VALUES (1, 2024, 'a')", &[WHOLE, PART] as &[_]),
        ("INSERT INTO event_2024 VALUES (2, 2024, 'a')", &[WHOLE, PART]),
        ("UPDATE event SET year = 2023 WHERE id = 1", &[WHOLE, PART]),
        ("DELETE FROM event_2023", &[WHOLE, PART]),
        ("INSERT INTO derived VALUES (1, 'x', 5)", &[BASE, DERIVED]),
        ("UPDATE base SET kind = 'y'", &[BASE, DERIVED]),
        ("DELETE FROM ONLY base", &[]),
    ] {
        assert_eq!(shop.dropped(sql, &PARTS).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn tables_of_one_name_in_two_schemas_are_one() {
    if left_out() {
        return;
    }
    let sql = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.\"Thing\" (n text); CREATE TABLE b.thing (n integer)";
    let shop = Shop::open("twins", sql, &["a.\"Thing\"", "b.thing"]).await;
    let query = "SELECT * FROM thing WHERE n = 5";
    assert_eq!(shop.dropped("INSERT INTO a.\"Thing\" VALUES ('x')", &[query]).await, [query]);
    assert_eq!(shop.dropped("INSERT INTO b.thing VALUES (6)", &[query]).await, [query], "nothing of it is known");
}
