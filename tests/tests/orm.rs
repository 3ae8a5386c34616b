//! Relations that mappers of other languages have words for, as SeaORM on SQLite meets them: plain tables.

use cache_core::Cache;
use cache_core::observe::measure_async;
use cache_sea_orm::CachedConnection;
use cache_sea_orm::prelude::*;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, FromQueryResult, Statement};

struct Shop {
    cache: Cache,
    db: CachedConnection<DatabaseConnection>,
}

impl Shop {
    async fn with(schema: &str) -> Self {
        let connection = Database::connect("sqlite::memory:").await.unwrap();
        connection.execute_unprepared(schema).await.unwrap();
        let cache = Cache::in_memory();
        Shop { db: CachedConnection::new(connection, &cache), cache }
    }

    async fn run(&self, text: &str) {
        self.db.execute_unprepared(text).await.unwrap();
    }

    /// The number that a query gives through the cache, and whether it asked the database.
    async fn number(&self, text: &str) -> (i64, bool) {
        let query = Number::find_by_statement(Statement::from_string(DbBackend::Sqlite, text));
        let (number, cost) = measure_async(query.cached(&self.cache).one(&self.db)).await;
        assert!(cost.statements <= 1);
        (number.unwrap().expect("a row").n, cost.statements == 1)
    }

    async fn is_kept(&self, text: &str) -> bool {
        !self.number(text).await.1
    }

    /// The number, insisting that the database was asked for it.
    async fn asks(&self, text: &str) -> i64 {
        let (number, asked) = self.number(text).await;
        assert!(asked, "served from the cache: {text}");
        number
    }
}

#[derive(Clone, Debug, FromQueryResult)]
struct Number {
    n: i64,
}

#[tokio::test]
async fn an_aggregate_over_an_aggregate_goes_with_the_rows_underneath() {
    let shop = Shop::with(
        "CREATE TABLE comment (id INTEGER PRIMARY KEY, article_id INTEGER, hidden INTEGER);
         INSERT INTO comment VALUES (1, 1, 0), (2, 1, 0), (3, 2, 0)",
    )
    .await;
    let most = "SELECT max(n) AS n FROM
        (SELECT article_id, count(*) AS n FROM comment WHERE hidden = 0 GROUP BY article_id) AS per_article";
    assert_eq!(shop.asks(most).await, 2);
    assert!(shop.is_kept(most).await);
    shop.run("INSERT INTO comment VALUES (4, 2, 1)").await;
    assert!(shop.is_kept(most).await, "a hidden comment is not counted");
    shop.run("INSERT INTO comment VALUES (5, 1, 0)").await;
    assert_eq!(shop.asks(most).await, 3);
}

#[tokio::test]
async fn a_foreign_key_to_a_column_that_is_not_the_primary_key_is_granular() {
    let shop = Shop::with(
        "CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT UNIQUE, name TEXT);
         CREATE TABLE city (id INTEGER PRIMARY KEY, country TEXT REFERENCES country (code), name TEXT);
         INSERT INTO country VALUES (1, 'cz', 'Czechia'), (2, 'at', 'Austria');
         INSERT INTO city VALUES (1, 'cz', 'Brno'), (2, 'at', 'Linz')",
    )
    .await;
    let of = |code: &str| format!("SELECT count(*) AS n FROM city WHERE country = '{code}'");
    let joined = "SELECT count(*) AS n FROM city JOIN country ON country.code = city.country WHERE country.id = 1";
    assert_eq!((shop.asks(&of("cz")).await, shop.asks(&of("at")).await), (1, 1));
    assert_eq!(shop.asks(joined).await, 1);
    shop.run("INSERT INTO city VALUES (3, 'cz', 'Praha')").await;
    assert_eq!((shop.asks(&of("cz")).await, shop.asks(joined).await), (2, 2));
    assert!(shop.is_kept(&of("at")).await);
    shop.run("UPDATE country SET name = 'Österreich' WHERE id = 2").await;
    assert!(shop.is_kept(joined).await);
    assert!(shop.is_kept(&of("cz")).await);
}

mod twins {
    pub(super) mod person {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "person")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub name: String,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub(super) mod author {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "person")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub name: String,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }
}

#[tokio::test]
async fn two_entities_of_one_table_take_each_others_results() {
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
    use twins::{author, person};

    let shop = Shop::with("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await;
    let people = async || person::Entity::find().cached(&shop.cache).all(&shop.db).await.unwrap().len();
    let authors = async || author::Entity::find().cached(&shop.cache).all(&shop.db).await.unwrap().len();
    assert_eq!((people().await, authors().await), (0, 0));
    person::ActiveModel { name: Set("Ada".into()), ..Default::default() }.insert(&shop.db).await.unwrap();
    assert_eq!((people().await, authors().await), (1, 1));
    author::ActiveModel { name: Set("Bob".into()), ..Default::default() }.insert(&shop.db).await.unwrap();
    assert_eq!((people().await, authors().await), (2, 2));
    // A sibling that is never read through the cache itself writes as well.
    person::Entity::delete_by_id(1).exec(&shop.db).await.unwrap();
    assert_eq!((people().await, authors().await), (1, 1));
    let before = shop.cache.counters().hits;
    assert_eq!((people().await, authors().await), (1, 1));
    assert_eq!(shop.cache.counters().hits, before + 2);
}

#[tokio::test]
async fn a_deleted_row_is_known_to_be_gone_after_one_statement() {
    use sea_orm::EntityTrait;
    use twins::person;

    let shop = Shop::with(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO person VALUES (1, 'Ada')",
    )
    .await;
    let name = async || {
        let (found, cost) = measure_async(person::Entity::find_by_id(1).cached(&shop.cache).one(&shop.db)).await;
        (found.unwrap().map(|person| person.name), cost.statements)
    };
    assert_eq!(name().await, (Some("Ada".to_owned()), 1));
    assert_eq!(name().await, (Some("Ada".to_owned()), 0));
    person::Entity::delete_by_id(1).exec(&shop.db).await.unwrap();
    assert_eq!(name().await, (None, 1));
    assert_eq!(name().await, (None, 0));
}

/// A row of the child has a row of the parent with the same id.
const INHERITED: &str = "
    CREATE TABLE place (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE restaurant (id INTEGER PRIMARY KEY REFERENCES place (id) ON DELETE CASCADE, stars INTEGER);
    CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE restaurant_tag (restaurant_id INTEGER REFERENCES restaurant (id) ON DELETE CASCADE, tag_id INTEGER);
    INSERT INTO place VALUES (1, 'Park'), (2, 'Inn');
    INSERT INTO restaurant VALUES (2, 3);
    INSERT INTO tag VALUES (1, 'vegan'), (2, 'quick')";

const PLACES: &str = "SELECT count(*) AS n FROM place";
const LENGTHS: &str =
    "SELECT sum(length(name)) AS n FROM restaurant JOIN place ON place.id = restaurant.id WHERE stars > 2";

#[tokio::test]
async fn a_child_of_two_tables_counts_in_both() {
    let shop = Shop::with(INHERITED).await;
    assert_eq!((shop.asks(PLACES).await, shop.asks(LENGTHS).await), (2, 3));
    shop.run("INSERT INTO place VALUES (3, 'Tavern'); INSERT INTO restaurant VALUES (3, 5)").await;
    assert_eq!(shop.asks(PLACES).await, 3);
    assert_eq!(shop.asks(LENGTHS).await, 9);
    shop.run("UPDATE place SET name = 'Old Inn' WHERE id = 2").await;
    assert_eq!(shop.asks(LENGTHS).await, 13);
    shop.run("DELETE FROM place WHERE id = 2").await;
    assert_eq!((shop.asks(PLACES).await, shop.asks(LENGTHS).await), (2, 6));
}

#[tokio::test]
async fn links_of_a_child_of_two_tables_take_the_lists_of_both_sides() {
    let shop = Shop::with(INHERITED).await;
    let tags = "SELECT count(*) AS n FROM tag JOIN restaurant_tag ON tag_id = tag.id WHERE restaurant_id = 2";
    let owners = "SELECT count(*) AS n FROM restaurant JOIN place ON place.id = restaurant.id
        JOIN restaurant_tag ON restaurant_id = restaurant.id WHERE tag_id = 1";
    let tag = "SELECT length(name) AS n FROM tag WHERE id = 1";
    assert_eq!((shop.asks(tags).await, shop.asks(owners).await), (0, 0));
    assert_eq!(shop.asks(tag).await, 5);
    shop.run("INSERT INTO restaurant_tag VALUES (2, 1), (2, 2)").await;
    assert_eq!((shop.asks(tags).await, shop.asks(owners).await), (2, 1));
    shop.run("DELETE FROM restaurant_tag WHERE restaurant_id = 2 AND tag_id = 1").await;
    assert_eq!((shop.asks(tags).await, shop.asks(owners).await), (1, 0));
    shop.run("DELETE FROM restaurant_tag WHERE restaurant_id = 2").await;
    assert_eq!(shop.asks(tags).await, 0);
    assert!(shop.is_kept(tag).await, "the rows linked to stay");
}

#[tokio::test]
async fn every_way_to_write_to_one_database_leaves_the_other_alone() {
    let (a, b) = (Shop::with(INHERITED).await, Shop::with(INHERITED).await);
    let all = "SELECT (SELECT count(*) FROM place) + (SELECT count(*) FROM restaurant_tag)
        + (SELECT sum(stars) FROM restaurant) AS n";
    a.asks(all).await;
    let mut sum = b.asks(all).await;
    for write in [
        "INSERT INTO place VALUES (3, 'Tavern')",
        "UPDATE restaurant SET stars = 4 WHERE id = 2",
        "UPDATE restaurant SET stars = (SELECT count(*) + 4 FROM place) WHERE id = 2",
        "INSERT INTO place (name) VALUES ('Bar'), ('Café')",
        "INSERT INTO restaurant_tag VALUES (2, 1)",
        "DELETE FROM place WHERE id = 3",
    ] {
        b.run(write).await;
        let now = b.asks(all).await;
        assert_ne!(now, sum, "{write}");
        sum = now;
        assert!(a.is_kept(all).await, "{write}");
    }
}
