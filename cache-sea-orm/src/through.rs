//! Writes that put their row in its place in the cache at once.

use cache_core::{Cache, Connection};
use sea_orm::sea_query::ValueTuple;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbErr, DeleteResult, EntityTrait, IntoActiveModel,
    ModelTrait, Value,
};

use crate::codecs::StoredEntity;
use crate::keyed::{ByKey, table_of};
use crate::source::Source;

type ModelOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;

/// Adds `through` and `auto_through` to active models.
pub trait WriteThrough: ActiveModelTrait {
    /// Writes, and then has the row in the cache, so that the next [`by_key`](crate::KeyedEntity::by_key) of it asks nothing.
    ///
    /// The row is read once more after the write was told to the cache: what is kept is what the database holds, whoever else has
    /// written meanwhile. A deleted row is kept as missing. Inside of a transaction nothing is kept, since it may be rolled back.
    fn through(self, cache: &Cache) -> Through<'_, Self> {
        Through { model: self, cache, automatic: false }
    }

    /// As [`through`](WriteThrough::through) where the table's profile allows `get` and says `instance` and `write_through`; else
    /// a plain write.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cache_core::{Cache, Operations, Profile, Profiles};
    /// use cache_sea_orm::prelude::*;
    /// use sea_orm::{entity::prelude::*, ActiveValue::Set, Database};
    ///
    /// # mod article {
    /// #     use sea_orm::entity::prelude::*;
    /// #     #[sea_orm::model]
    /// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    /// #     #[sea_orm(table_name = "article")]
    /// #     pub struct Model {
    /// #         #[sea_orm(primary_key)]
    /// #         pub id: i32,
    /// #         pub title: String,
    /// #         #[sea_orm(has_many)]
    /// #         pub comments: HasMany<super::comment::Entity>,
    /// #     }
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # mod comment {
    /// #     use sea_orm::entity::prelude::*;
    /// #     #[sea_orm::model]
    /// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    /// #     #[sea_orm(table_name = "comment")]
    /// #     pub struct Model {
    /// #         #[sea_orm(primary_key)]
    /// #         pub id: i32,
    /// #         pub article_id: i32,
    /// #         #[sea_orm(belongs_to, from = "article_id", to = "id")]
    /// #         pub article: BelongsTo<super::article::Entity>,
    /// #     }
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # use article::Entity as Article;
    /// # use comment::Entity as Comment;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let profiles = Profiles::builder()
    ///     .set("article", Profile::new(Operations::ALL).instance(true).collections(true).write_through(true))
    ///     .set("comment", Profile::new(Operations::FETCH).ttl(Duration::from_secs(60)).collections(true))
    ///     .build()?;
    /// let cache = Cache::builder().profiles(profiles).build();
    /// let db = CachedConnection::new(Database::connect("sqlite::memory:").await?, &cache);
    /// db.execute_unprepared("CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT)").await?;
    /// db.execute_unprepared("CREATE TABLE comment (id INTEGER PRIMARY KEY, article_id INTEGER)").await?;
    ///
    /// let article = article::ActiveModel { id: Set(7), title: Set("News".into()) };
    /// let article = article.auto_through(&cache).insert(&db).await?;   // the row takes its place by its key
    /// let again = Article::by_key(7).one(&db).await?;                  // a hit: no SQL is even rendered
    /// assert_eq!(again.as_ref(), Some(&article));
    /// let comments = article.related(Comment).all(&db).await?;         // kept by the key of the article
    /// let news = Article::find().filter(article::Column::Title.eq("News")).auto(&cache).all(&db).await?;
    /// assert_eq!((comments.len(), news.len()), (0, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })
    /// # }
    /// ```
    fn auto_through(self, cache: &Cache) -> Through<'_, Self> {
        Through { model: self, cache, automatic: true }
    }
}

impl<A: ActiveModelTrait> WriteThrough for A {}

/// A row that is about to be written; made by [`WriteThrough`].
#[derive(Clone, Debug)]
#[must_use = "end it with `insert`, `update`, `save` or `delete`"]
pub struct Through<'c, A> {
    model: A,
    cache: &'c Cache,
    automatic: bool,
}

impl<A> Through<'_, A>
where
    A: ActiveModelTrait<Entity: StoredEntity> + ActiveModelBehavior + Send,
    ModelOf<A>: IntoActiveModel<A> + Sync + 'static,
{
    /// As [`ActiveModelTrait::insert`].
    ///
    /// # Errors
    ///
    /// Those of the write. That the row could not be read again is none.
    pub async fn insert<D: Source + ConnectionTrait>(self, db: &D) -> Result<ModelOf<A>, DbErr> {
        let Through { model, cache, automatic } = self;
        let written = model.insert(db).await?;
        keep::<A, D>(db, cache, automatic, written.get_primary_key_value()).await;
        Ok(written)
    }

    /// As [`ActiveModelTrait::update`].
    ///
    /// # Errors
    ///
    /// As [`Through::insert`].
    pub async fn update<D: Source + ConnectionTrait>(self, db: &D) -> Result<ModelOf<A>, DbErr> {
        let Through { model, cache, automatic } = self;
        let written = model.update(db).await?;
        keep::<A, D>(db, cache, automatic, written.get_primary_key_value()).await;
        Ok(written)
    }

    /// As [`ActiveModelTrait::save`].
    ///
    /// # Errors
    ///
    /// As [`Through::insert`].
    pub async fn save<D: Source + ConnectionTrait>(self, db: &D) -> Result<A, DbErr> {
        let Through { model, cache, automatic } = self;
        let written = model.save(db).await?;
        if let Some(key) = written.get_primary_key_value() {
            keep::<A, D>(db, cache, automatic, key).await;
        }
        Ok(written)
    }

    /// As [`ActiveModelTrait::delete`].
    ///
    /// # Errors
    ///
    /// As [`Through::insert`].
    pub async fn delete<D: Source + ConnectionTrait>(self, db: &D) -> Result<DeleteResult, DbErr> {
        let Through { model, cache, automatic } = self;
        let key = model.get_primary_key_value();
        let deleted = model.delete(db).await?;
        if let Some(key) = key {
            keep::<A, D>(db, cache, automatic, key).await;
        }
        Ok(deleted)
    }
}

/// Has the row with this key in the cache.
async fn keep<A, D>(db: &D, cache: &Cache, automatic: bool, key: ValueTuple)
where
    A: ActiveModelTrait<Entity: StoredEntity>,
    D: Source,
{
    if Connection::bypass(db) || db.session().in_transaction() {
        return;
    }
    let query = ByKey::<A::Entity>::of(Vec::<Value>::from_iter(key));
    let query = match automatic {
        false => query.cached(cache),
        true => {
            let profile = cache.profiles().profile(table_of::<A::Entity>());
            let policy = profile.policy(cache_core::Operation::Get);
            if !policy.is_some_and(|policy| policy.instance && policy.write_through) {
                return;
            }
            query.auto(cache)
        }
    };
    if let Err(error) = query.one(db).await {
        tracing::warn!(%error, "a row that was written could not be read again: it is not kept");
    }
}
