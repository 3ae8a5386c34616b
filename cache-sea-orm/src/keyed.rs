//! Rows that are kept by their primary key.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use cache_core::{Cache, Key, Operation};
use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
    QueryFilter, Select, Statement, Value,
};

use crate::ask::{Kept, no_statement};
use crate::cached::Cached;
use crate::capture::capture;
use crate::codecs::{Codecs, StoredEntity};
use crate::selectable::weigh_option;
use crate::source::Source;
use crate::value::write_key;

type KeyOf<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// Adds `by_key` to entities.
pub trait KeyedEntity: EntityTrait {
    /// The row with this primary key, found in the cache by the key itself: a hit renders no SQL.
    ///
    /// By itself it asks the profile of the table; `.cached(&cache)` caches it in any case.
    ///
    /// ```
    /// use cache_core::Cache;
    /// use cache_sea_orm::prelude::*;
    /// use sea_orm::{entity::prelude::*, Database};
    ///
    /// # mod article {
    /// #     use sea_orm::entity::prelude::*;
    /// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    /// #     #[sea_orm(table_name = "article")]
    /// #     pub struct Model {
    /// #         #[sea_orm(primary_key)]
    /// #         pub id: i32,
    /// #     }
    /// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    /// #     pub enum Relation {}
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # use article::Entity as Article;
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let cache = Cache::in_memory();
    /// let db = CachedConnection::new(Database::connect("sqlite::memory:").await?, &cache);
    /// db.execute_unprepared("CREATE TABLE article (id INTEGER PRIMARY KEY)").await?;
    ///
    /// assert_eq!(Article::by_key(7).cached(&cache).one(&db).await?, None); // asks the database
    /// assert_eq!(Article::by_key(7).cached(&cache).one(&db).await?, None); // a hit: that there is none is kept, too
    /// # Ok::<_, DbErr>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    fn by_key(key: impl Into<KeyOf<Self>>) -> ByKey<Self> {
        ByKey::of(key.into().into_value_tuple())
    }
}

impl<E: EntityTrait> KeyedEntity for E {}

/// One row by its primary key; made by [`KeyedEntity::by_key`].
///
/// The result depends on that row alone, and a missing row is kept as well.
#[must_use = "end it with `one`"]
pub struct ByKey<E> {
    key: Vec<Value>,
    entity: PhantomData<fn() -> E>,
}

impl<E: EntityTrait> ByKey<E> {
    pub(crate) fn of(key: impl IntoIterator<Item = Value>) -> Self {
        ByKey { key: key.into_iter().collect(), entity: PhantomData }
    }

    pub(crate) fn select(&self) -> Select<E> {
        let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        columns.zip(&self.key).fold(E::find(), |select, (column, value)| select.filter(column.eq(value.clone())))
    }

    fn render(&self, backend: DbBackend) -> Result<Statement, DbErr> {
        let select = self.select();
        capture(backend, |db| select.one(db)).ok_or_else(no_statement)
    }
}

impl<E: StoredEntity> ByKey<E> {
    /// Caches it, whatever the profiles say.
    pub fn cached(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::by_hand(self, cache, Codecs::of_models::<E>())
    }

    /// Caches it where the table's profile allows `get`: by its key if the profile says `instance`, else as the query that it is.
    pub fn auto(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::automatic(self, cache, Codecs::of_models::<E>())
    }

    /// The row, through the cache that the connection invalidates: as [`ByKey::auto`].
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn one<D: Source>(self, db: &D) -> Result<Option<E::Model>, DbErr> {
        self.auto(db.session().database().cache()).one(db).await
    }

    /// The row, or [`DbErr::RecordNotFound`]; as [`ByKey::one`].
    ///
    /// # Errors
    ///
    /// As [`ByKey::one`], and when there is no such row.
    pub async fn require_one<D: Source>(self, db: &D) -> Result<E::Model, DbErr> {
        self.auto(db.session().database().cache()).require_one(db).await
    }
}

impl<E: StoredEntity> Cached<'_, ByKey<E>> {
    /// The row; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn one<D: Source>(self, db: &D) -> Result<Option<E::Model>, DbErr> {
        let admission = self.options.admit(self.cache, [table_of::<E>()], Operation::Get);
        if admission.policy().is_some_and(|policy| !policy.instance) {
            let select = self.query.select();
            return self.asking(select).one(db).await;
        }
        let Cached { query, cache, options, codecs } = self;
        let mut values = Vec::new();
        for value in &query.key {
            write_key(value, &mut values);
        }
        let key = Key::of::<E::Model>("sea-orm row").with(&values);
        let kept = Kept { cache, options: &options, admission, key, codec: codecs.one };
        let render = || query.render(db.backend());
        let work = |statement| async move {
            db.row(statement).await?.map(|row| E::Model::from_query_result(&row, "")).transpose()
        };
        kept.run(db, |row| weigh_option(row) as u64, render, work).await
    }

    /// The row, or [`DbErr::RecordNotFound`].
    ///
    /// # Errors
    ///
    /// As [`one`](Cached::one), and when there is no such row.
    pub async fn require_one<D: Source>(self, db: &D) -> Result<E::Model, DbErr> {
        let missing = || DbErr::RecordNotFound(format!("`{}` has no row with this key", table_of::<E>()));
        self.one(db).await?.ok_or_else(missing)
    }
}

/// The name of an entity's table, with its schema where it has one.
pub(crate) fn table_of<E: EntityTrait>() -> Cow<'static, str> {
    let entity = E::default();
    match entity.schema_name() {
        Some(schema) => format!("{schema}.{}", entity.table_name()).into(),
        None => entity.table_name().into(),
    }
}

impl<E> Clone for ByKey<E> {
    fn clone(&self) -> Self {
        ByKey { key: self.key.clone(), entity: PhantomData }
    }
}

impl<E> fmt::Debug for ByKey<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByKey").field("key", &self.key).finish()
    }
}
