//! Caching for SeaORM that invalidates itself.
//!
//! Wrap the connection once. Its writes are seen and drop exactly the results that the changed rows may
//! have been in; queries are cached by `.cached(&cache)`, functions by `#[cached_as(query)]`.
//!
//! ```
//! use cache_core::Cache;
//! use cache_sea_orm::prelude::*;
//! use sea_orm::{entity::prelude::*, ActiveValue::Set, Database};
//!
//! mod article {
//!     use sea_orm::entity::prelude::*;
//!
//!     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "article")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i32,
//!         pub category_id: i32,
//!         pub title: String,
//!     }
//!
//!     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//!     pub enum Relation {}
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//! use article::Entity as Article;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let cache = Cache::in_memory();
//! let db = CachedConnection::new(Database::connect("sqlite::memory:").await?, &cache);
//! db.execute_unprepared("CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, title TEXT)").await?;
//!
//! let rust = || Article::find().filter(article::Column::CategoryId.eq(3)).cached(&cache);
//! assert_eq!(rust().all(&db).await?.len(), 0); // asks the database
//! assert_eq!(rust().all(&db).await?.len(), 0); // a hit
//!
//! let news = article::ActiveModel { category_id: Set(3), title: Set("News".into()), ..Default::default() };
//! news.insert(&db).await?;
//! assert_eq!(rust().all(&db).await?.len(), 1); // asks again, because this row belongs to it
//! # Ok::<_, DbErr>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The wrapper reads the schema of the database before the first write, so that cascades, triggers and views are followed.
//! Where rows come back from a write (SQLite, PostgreSQL) they tell exactly which results it concerns; on MySQL the columns
//! that a write does not name may hold anything.
//!
//! | to cache | write |
//! |---|---|
//! | a query: models, joins, partial models, tuples, JSON, raw SQL | `.cached(&cache)` before `all`, `one`, `count`, `exists`, `paginate`, `stream` |
//! | a cursor | `cursor.after(7).first(10).cached(&cache).all(&db)` |
//! | only what the [profiles](cache_core::Profiles) of the tables allow | `.auto(&cache)` instead of `.cached(&cache)` |
//! | one row by its key, without SQL on a hit | [`Article::by_key(7)`](KeyedEntity::by_key) |
//! | what belongs to a row, without SQL on a hit | [`article.related(Comment)`](RelatedModels::related) |
//! | what belongs to many rows | [`articles.cached(&cache).load_many(Comment, &db)`](CachedModels) |
//! | models with all that is loaded with them | [`Article::load().with(Comment).cached(&cache)`](CachedLoad) |
//! | a row at the moment that it is written | [`article.through(&cache).save(&db)`](WriteThrough) |
//! | a function | `#[cached_as(query)]` |
#![deny(missing_docs)]

mod analysis;
mod ask;
mod cached;
mod capture;
pub mod codec;
mod codecs;
mod connection;
mod cursor;
mod entity_loader;
mod exact;
mod keyed;
mod loader;
mod outbox;
mod paginate;
mod queryset;
mod related;
mod returned;
mod rows;
mod selectable;
mod source;
mod stream;
mod through;
mod transaction;
mod value;

pub use cached::{Cached, CachedQuery};
pub use codecs::StoredEntity;
pub use connection::{CachedConnection, CachedTransaction, store_failure};
pub use entity_loader::{CachedLoad, Load};
pub use keyed::{ByKey, KeyedEntity};
pub use loader::{CachedModels, Models};
pub use paginate::CachedPaginator;
pub use queryset::{EntityQueryset, ModelQueryset, SelectQueryset, SelectorQueryset, StatementQueryset};
pub use related::{RelatedModels, RelatedRows};
pub use rows::CachedRows;
pub use selectable::{Selectable, SelectableOne};
pub use source::Source;
pub use stream::CachedStream;
pub use through::{Through, WriteThrough};

/// What one usually wants to have in scope.
///
/// The traits are there for their methods: `.cached(&cache)`, `.auto(&cache)`, `.dependencies()`, `by_key`, `related` and `through`.
pub mod prelude {
    pub use crate::cached::CachedQuery as _;
    pub use crate::connection::{CachedConnection, CachedTransaction};
    pub use crate::entity_loader::CachedLoad as _;
    pub use crate::keyed::KeyedEntity as _;
    pub use crate::loader::CachedModels as _;
    pub use crate::queryset::{
        EntityQueryset as _, ModelQueryset as _, SelectQueryset as _, SelectorQueryset as _, StatementQueryset as _,
    };
    pub use crate::related::RelatedModels as _;
    pub use crate::source::Source;
    pub use crate::through::WriteThrough as _;
}
