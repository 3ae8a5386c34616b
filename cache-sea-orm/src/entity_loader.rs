//! `Entity::load().with(..)`: models with what belongs to them, read by several statements.

use std::fmt;
use std::marker::PhantomData;

use cache_core::{Cache, Key, KeyWriter, Operation};
use cache_sql::adapter::Lookup;
use sea_orm::compound::EntityLoaderTrait;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{DbErr, EntityTrait, QueryFilter, QueryOrder, StatementBuilder};

use crate::cached::Cached;
use crate::codecs::Codecs;
use crate::selectable::weigh_model;
use crate::source::{Reading, Source};
use crate::value::write_key;

/// Adds `.cached(&cache)` to the loaders of entities.
///
/// The models and all that is loaded with them are one entry, which depends on every row that its statements have read. To have an
/// entry for each level, read the models by a cached query, and what belongs to them by [`CachedModels`](crate::CachedModels).
pub trait CachedLoad<E: EntityTrait>: EntityLoaderTrait<E> {
    /// The same models, answered from the cache while nothing that they depend on has changed.
    fn cached(self, cache: &Cache) -> Cached<'_, Load<E, Self>>;
}

impl<E, L> CachedLoad<E> for L
where
    E: EntityTrait,
    L: EntityLoaderTrait<E> + fmt::Debug,
{
    fn cached(self, cache: &Cache) -> Cached<'_, Load<E, L>> {
        Cached::by_hand(Load { loader: self, entity: PhantomData }, cache, Codecs::default())
    }
}

/// Models with what belongs to them; made by [`CachedLoad::cached`].
pub struct Load<E, L> {
    loader: L,
    entity: PhantomData<fn() -> E>,
}

impl<E, L> Cached<'_, Load<E, L>>
where
    E: EntityTrait,
    L: EntityLoaderTrait<E>
        + QueryFilter<QueryStatement = SelectStatement>
        + QueryOrder<QueryStatement = SelectStatement>
        + fmt::Debug
        + Send,
    L::ModelEx: Sync + 'static,
{
    /// All models.
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn all<D: Source>(self, db: &D) -> Result<Vec<L::ModelEx>, DbErr> {
        self.read(db, "all", 0, 0).await
    }

    /// The first model.
    ///
    /// # Errors
    ///
    /// As [`all`](Cached::all).
    pub async fn one<D: Source>(mut self, db: &D) -> Result<Option<L::ModelEx>, DbErr> {
        QueryFilter::query(&mut self.query.loader).limit(1);
        self.read(db, "one", 0, 0).await.map(|models| models.into_iter().next())
    }

    /// One page of models; the first is 0.
    ///
    /// # Errors
    ///
    /// As [`all`](Cached::all).
    ///
    /// # Panics
    ///
    /// When `page_size` is 0.
    pub async fn page<D: Source>(self, db: &D, page: u64, page_size: u64) -> Result<Vec<L::ModelEx>, DbErr> {
        assert!(page_size != 0, "page_size should not be zero");
        self.read(db, "page", page, page_size).await
    }

    async fn read<D: Source>(self, db: &D, kind: &str, page: u64, page_size: u64) -> Result<Vec<L::ModelEx>, DbErr> {
        let Cached { query: Load { mut loader, .. }, cache, options, .. } = self;
        let statement = StatementBuilder::build(QueryFilter::query(&mut loader), &db.backend());
        let mut binds = Vec::new();
        for value in statement.values.iter().flat_map(|values| values.0.iter()) {
            write_key(value, &mut binds);
        }
        let mut key = KeyWriter::new();
        // What is loaded with the models shows in the text form of the loader, and nowhere else.
        key.part(kind).part(statement.sql.as_str()).bytes(&binds).part(format!("{loader:?}").as_str());
        key.part(&page).part(&page_size).bytes(options.key_part());
        let key = Key::of::<L::ModelEx>("sea-orm loader").with(&key.finish());
        let admission = options.admit(cache, [""; 0], Operation::Fetch);
        let find = || crate::analysis::dependencies(&statement);
        let work = || async { loader.fetch(&Reading::any(db, cache), page, page_size).await };
        let weigh = |models: &Vec<L::ModelEx>| models.iter().map(weigh_model).sum::<usize>() as u64;
        Lookup::new(cache, &options, key).admitted(admission).run_async(db, weigh, find, work).await
    }
}

impl<E, L: fmt::Debug> fmt::Debug for Load<E, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Load").field(&self.loader).finish()
    }
}

impl<E, L: Clone> Clone for Load<E, L> {
    fn clone(&self) -> Self {
        Load { loader: self.loader.clone(), entity: PhantomData }
    }
}
