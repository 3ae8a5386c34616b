//! Related rows of many models, read together.

use cache_core::{Cache, CacheKey, KeyWriter};
use sea_orm::{DbErr, EntityOrSelect, EntityTrait, Identity, LoaderTrait, ModelTrait, Related, RelationTrait, Select};

use crate::ask::Ask;
use crate::cached::Cached;
use crate::capture::capture;
use crate::codecs::Codecs;
use crate::related::values_of;
use crate::selectable::{weigh_option, weigh_vec};
use crate::source::{Reading, Source};
use crate::value::write_key;

type RelationOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Relation;

/// Adds `.cached(&cache)` and `.auto(&cache)` to slices and vectors of models, before `load_one` and `load_many`.
///
/// ```no_run
/// # use cache_core::Cache;
/// # use cache_sea_orm::prelude::*;
/// # use sea_orm::{entity::prelude::*, DatabaseConnection};
/// # async fn read<A, C>(db: &CachedConnection, cache: &Cache, comment: C) -> Result<(), DbErr>
/// # where A: cache_sea_orm::StoredEntity + Related<C>, C: EntityTrait<Model: Sync + 'static> + 'static {
/// let articles = A::find().cached(cache).all(db).await?;
/// let comments = articles.cached(cache).load_many(comment, db).await?; // an entry of its own
/// # Ok(())
/// # }
/// ```
pub trait CachedModels {
    /// The type of the models.
    type Model;

    /// What is loaded for these models is answered from the cache while nothing that it depends on has changed.
    ///
    /// The models themselves are no part of the result: only their keys count.
    fn cached<'m, 'c>(&'m self, cache: &'c Cache) -> Cached<'c, Models<'m, Self::Model>>;

    /// The same where the [profiles](cache_core::Profiles) of the tables that are read allow `fetch`.
    fn auto<'m, 'c>(&'m self, cache: &'c Cache) -> Cached<'c, Models<'m, Self::Model>>;
}

impl<M: ModelTrait> CachedModels for [M] {
    type Model = M;

    fn cached<'m, 'c>(&'m self, cache: &'c Cache) -> Cached<'c, Models<'m, M>> {
        Cached::by_hand(Models(self), cache, Codecs::default())
    }

    fn auto<'m, 'c>(&'m self, cache: &'c Cache) -> Cached<'c, Models<'m, M>> {
        Cached::automatic(Models(self), cache, Codecs::default())
    }
}

/// Models whose related rows are to be loaded; made by [`CachedModels`].
#[derive(Clone, Copy, Debug)]
pub struct Models<'m, M>(&'m [M]);

/// Asks for what `$load` reads. It is written out twice: once to see the statement, once to read.
macro_rules! load {
    ($self:ident, $kind:literal, $from:expr, $related:ident, $db:ident, $weigh:expr, |$models:ident, $select:ident, $connection:ident| $load:expr) => {{
        let $models = $self.query.0;
        let options = $self.options.extra(keys($models, &$from)?);
        let select: Select<_> = $related.select();
        let ($select, backend) = (select.clone(), $db.backend());
        let Some(statement) = capture(backend, |$connection| $load) else {
            // Without a statement SeaORM answers by itself: nothing, or why it refuses.
            let $select = select;
            let $connection = &Reading::any($db, $self.cache);
            return $load.await;
        };
        let ask = Ask { cache: $self.cache, options: &options, kind: $kind, statement, codec: None };
        let work = |statement| async move {
            let $select = select;
            let $connection = &Reading::one($db, statement);
            $load.await
        };
        ask.run($db, $weigh, None, work).await
    }};
}

impl<M> Cached<'_, Models<'_, M>>
where
    M: ModelTrait + Sync,
{
    /// One related row for each model, in the order of the models; as [`LoaderTrait::load_one`].
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn load_one<R, S, D>(self, related: S, db: &D) -> Result<Vec<Option<R::Model>>, DbErr>
    where
        R: EntityTrait + 'static,
        R::Model: Sync + 'static,
        S: EntityOrSelect<R>,
        M::Entity: Related<R>,
        D: Source,
    {
        let from = M::Entity::to().from_col;
        load!(
            self,
            "load one",
            from,
            related,
            db,
            |rows| rows.iter().map(weigh_option).sum::<usize>() as u64,
            |models, select, connection| models.load_one(select, connection)
        )
    }

    /// The related rows of each model, in the order of the models, also across a junction; as [`LoaderTrait::load_many`].
    ///
    /// # Errors
    ///
    /// As [`load_one`](Cached::load_one).
    pub async fn load_many<R, S, D>(self, related: S, db: &D) -> Result<Vec<Vec<R::Model>>, DbErr>
    where
        R: EntityTrait + 'static,
        R::Model: Sync + 'static,
        S: EntityOrSelect<R>,
        M::Entity: Related<R>,
        D: Source,
    {
        let from = M::Entity::via().map_or_else(|| M::Entity::to().from_col, |via| via.from_col);
        load!(
            self,
            "load many",
            from,
            related,
            db,
            |rows| rows.iter().map(|rows| weigh_vec(rows)).sum::<usize>() as u64,
            |models, select, connection| models.load_many(select, connection)
        )
    }

    /// The row of the same table that each model refers to; as [`LoaderTrait::load_self`].
    ///
    /// # Errors
    ///
    /// As [`load_one`](Cached::load_one).
    pub async fn load_self<S, D>(self, related: S, relation: RelationOf<M>, db: &D) -> Result<Vec<Option<M>>, DbErr>
    where
        M: Sync + 'static,
        M::Entity: EntityTrait<Model = M>,
        RelationOf<M>: Clone + Send,
        S: EntityOrSelect<M::Entity>,
        D: Source,
    {
        let from = relation.def().from_col;
        load!(
            self,
            "load self",
            from,
            related,
            db,
            |rows| rows.iter().map(weigh_option).sum::<usize>() as u64,
            |models, select, connection| { models.load_self(select, relation.clone(), connection) }
        )
    }

    /// The rows of the same table that refer to each model; as [`LoaderTrait::load_self_many`].
    ///
    /// # Errors
    ///
    /// As [`load_one`](Cached::load_one).
    pub async fn load_self_many<S, D>(self, related: S, relation: RelationOf<M>, db: &D) -> Result<Vec<Vec<M>>, DbErr>
    where
        M: Sync + 'static,
        M::Entity: EntityTrait<Model = M>,
        RelationOf<M>: Clone + Send,
        S: EntityOrSelect<M::Entity>,
        D: Source,
    {
        let from = relation.def().from_col;
        load!(
            self,
            "load self many",
            from,
            related,
            db,
            |rows| rows.iter().map(|rows| weigh_vec(rows)).sum::<usize>() as u64,
            |models, select, connection| { models.load_self_many(select, relation.clone(), connection) }
        )
    }
}

/// The keys of models in their order: the rows are grouped by them.
fn keys<M: ModelTrait>(models: &[M], from: &Identity) -> Result<impl CacheKey, DbErr> {
    let mut bytes = Vec::new();
    for model in models {
        for value in values_of(model, from)? {
            write_key(&value, &mut bytes);
        }
    }
    let mut key = KeyWriter::new();
    key.bytes(&bytes);
    Ok(key.finish())
}
