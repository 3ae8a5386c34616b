//! A small shop of articles that the tests read and write.

use cache_core::Cache;
use cache_sea_orm::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseConnection};

use crate::database::{self, Place};

pub(crate) type Db = CachedConnection<DatabaseConnection>;

pub(crate) mod category {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "category")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        #[sea_orm(has_many)]
        pub articles: HasMany<super::article::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod article {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "article")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub category_id: i32,
        #[sea_orm(default_value = "")]
        pub title: String,
        pub published: bool,
        pub stars: Option<i32>,
        #[sea_orm(belongs_to, from = "category_id", to = "id")]
        pub category: BelongsTo<super::category::Entity>,
        #[sea_orm(has_many)]
        pub comments: HasMany<super::comment::Entity>,
        #[sea_orm(has_one)]
        pub cover: HasOne<super::cover::Entity>,
        #[sea_orm(has_many, via = "article_tag")]
        pub tags: HasMany<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod comment {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "comment")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub article_id: i32,
        pub text: String,
        pub stars: i32,
        #[sea_orm(belongs_to, from = "article_id", to = "id")]
        pub article: BelongsTo<super::article::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod cover {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cover")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub article_id: i32,
        pub colour: String,
        #[sea_orm(belongs_to, from = "article_id", to = "id")]
        pub article: BelongsTo<super::article::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod tag {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tag")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub name: String,
        #[sea_orm(has_many, via = "article_tag")]
        pub articles: HasMany<super::article::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod article_tag {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "article_tag")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag_id: i32,
        #[sea_orm(belongs_to, from = "article_id", to = "id")]
        pub article: BelongsTo<super::article::Entity>,
        #[sea_orm(belongs_to, from = "tag_id", to = "id")]
        pub tag: BelongsTo<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use {
    article::Entity as Article, article_tag::Entity as ArticleTag, category::Entity as Category,
    comment::Entity as Comment, cover::Entity as Cover, tag::Entity as Tag,
};

/// Its rows, the same on every database.
const ROWS: &str = "
    INSERT INTO category (id, name) VALUES (1, 'Rust'), (2, 'Data'), (3, 'Empty');
    INSERT INTO article (id, category_id, title, published, stars) VALUES
        (1, 1, 'Ownership', TRUE, 5), (2, 2, 'Joins', TRUE, 3), (3, 1, 'Traits', FALSE, NULL);
    INSERT INTO comment (id, article_id, text, stars) VALUES (1, 1, 'Fine', 4), (2, 2, 'Long', 2), (3, 1, 'Short', 1);
    INSERT INTO tag (id, name) VALUES (1, 'language'), (2, 'storage'), (3, 'unused');
    INSERT INTO article_tag (article_id, tag_id) VALUES (1, 1), (2, 2), (3, 1);
";

const TABLES: &str = "
    CREATE TABLE category (id {id}, name {text} NOT NULL);
    CREATE TABLE article (
        id {id},
        category_id INTEGER NOT NULL,
        title {text} NOT NULL,
        published BOOLEAN NOT NULL DEFAULT FALSE,
        stars INTEGER,
        FOREIGN KEY (category_id) REFERENCES category (id) ON DELETE CASCADE
    );
    CREATE TABLE comment (
        id {id},
        article_id INTEGER NOT NULL,
        text {text} NOT NULL,
        stars INTEGER NOT NULL DEFAULT 0,
        FOREIGN KEY (article_id) REFERENCES article (id) ON DELETE CASCADE
    );
    CREATE TABLE cover (
        id {id},
        article_id INTEGER NOT NULL UNIQUE,
        colour {text} NOT NULL,
        FOREIGN KEY (article_id) REFERENCES article (id) ON DELETE CASCADE
    );
    CREATE TABLE tag (id {id}, name {text} NOT NULL UNIQUE);
    CREATE TABLE article_tag (
        article_id INTEGER NOT NULL,
        tag_id INTEGER NOT NULL,
        PRIMARY KEY (article_id, tag_id),
        FOREIGN KEY (article_id) REFERENCES article (id) ON DELETE CASCADE,
        FOREIGN KEY (tag_id) REFERENCES tag (id) ON DELETE CASCADE
    );
";

/// A database with its cache.
pub(crate) struct Shop {
    pub(crate) cache: Cache,
    pub(crate) db: Db,
    _place: Place,
}

/// A shop for one reader and writer.
pub(crate) async fn shop() -> Shop {
    shop_of(Cache::in_memory()).await
}

/// The same with a cache of one's own.
pub(crate) async fn shop_of(cache: Cache) -> Shop {
    fill(database::open().await, cache).await
}

/// On several connections, where readers and a writer do not wait for each other.
#[allow(dead_code)]
pub(crate) async fn shop_of_many() -> Shop {
    fill(database::open_many().await, Cache::in_memory()).await
}

async fn fill((connection, place): (DatabaseConnection, Place), cache: Cache) -> Shop {
    let tables = TABLES.replace("{id}", database::ID).replace("{text}", database::TEXT);
    for statement in tables.split(';').chain(ROWS.split(';')).filter(|text| !text.trim().is_empty()) {
        connection.execute_unprepared(statement).await.unwrap();
    }
    Shop { db: CachedConnection::new(connection, &cache), cache, _place: place }
}

impl Shop {
    /// Runs SQL text through the wrapped connection.
    pub(crate) async fn sql(&self, text: &str) {
        self.db.execute_unprepared(text).await.unwrap();
    }
}

/// An article that is not there yet.
pub(crate) fn new_article(category: i32) -> article::ActiveModel {
    article::ActiveModel {
        category_id: Set(category),
        title: Set("New".to_owned()),
        published: Set(true),
        stars: Set(None),
        ..Default::default()
    }
}

/// Awaits something, insists on the number of statements it sends, and gives its value.
macro_rules! costs {
    ($statements:expr, $work:expr) => {{
        let (result, cost) = cache_core::observe::measure_async($work).await;
        let result = result.unwrap();
        assert_eq!(cost.statements, $statements, "statements of {}: {result:?}", stringify!($work));
        result
    }};
}

/// Insists that something is served from the cache.
macro_rules! hit {
    ($work:expr) => {
        $crate::shop::costs!(0, $work)
    };
}

/// Insists that something asks the database, once.
macro_rules! miss {
    ($work:expr) => {
        $crate::shop::costs!(1, $work)
    };
}

pub(crate) use {costs, hit, miss};
