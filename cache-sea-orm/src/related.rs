//! Related rows that are kept by the key of the row that they belong to.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use cache_core::{Cache, Key, KeyWriter, Operation};
use cache_sql::adapter::Admission;
use sea_orm::sea_query::{ConditionType, DynIden, Expr, ExprTrait, TableName, TableRef};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Identity, Iterable, JoinType, ModelTrait, Order,
    PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Related, RelationDef, Select, SelectModel, Value,
};

use crate::ask::{Kept, no_statement};
use crate::cached::Cached;
use crate::capture::capture;
use crate::codecs::{Codecs, StoredEntity};
use crate::keyed::{ByKey, table_of};
use crate::selectable::{decode_all, weigh_option, weigh_vec};
use crate::source::Source;
use crate::value::write_key;

/// Adds `related` to models.
pub trait RelatedModels: ModelTrait {
    /// The rows of another entity that belong to this one, found in the cache by the key of this one: a hit renders no SQL.
    ///
    /// By itself it asks the profile of the other table; `.cached(&cache)` caches it in any case. Rows come in the order of
    /// their primary key unless told otherwise. As with SeaORM's loaders the rows are those that refer to this
    /// model's key, whether or not its own row still exists.
    ///
    /// ```no_run
    /// # use cache_sea_orm::prelude::*;
    /// # use sea_orm::entity::prelude::*;
    /// # async fn comments<A, C>(db: &CachedConnection, article: &A, comment: C) -> Result<Vec<C::Model>, DbErr>
    /// # where A: ModelTrait<Entity: Related<C> + 'static> + Sync, C: cache_sea_orm::StoredEntity {
    /// let comments = article.related(comment).all(db).await?;
    /// # Ok(comments)
    /// # }
    /// ```
    fn related<R>(&self, related: R) -> RelatedRows<'_, Self, R>
    where
        R: EntityTrait,
        Self::Entity: Related<R>,
    {
        let _ = related;
        RelatedRows { model: self, order: Vec::new(), related: PhantomData }
    }
}

impl<M: ModelTrait> RelatedModels for M {}

/// The rows that belong to a model; made by [`RelatedModels::related`].
#[must_use = "end it with `all` or `one`"]
pub struct RelatedRows<'m, M, R: EntityTrait> {
    model: &'m M,
    order: Vec<(R::Column, bool)>,
    related: PhantomData<fn() -> R>,
}

impl<'m, M, R> RelatedRows<'m, M, R>
where
    M: ModelTrait,
    R: EntityTrait,
    M::Entity: Related<R>,
{
    /// Orders by a column instead of the primary key; a further call orders what is equal.
    pub fn order_by_asc(mut self, column: R::Column) -> Self {
        self.order.push((column, false));
        self
    }

    /// As [`RelatedRows::order_by_asc`], the greatest first.
    pub fn order_by_desc(mut self, column: R::Column) -> Self {
        self.order.push((column, true));
        self
    }

    fn relation(&self) -> Relation {
        Relation { to: M::Entity::to(), via: M::Entity::via() }
    }

    fn select(&self, relation: Relation, values: &[Value]) -> Result<Select<R>, DbErr> {
        let mut select = match relation.steps() {
            None => self.model.find_related(R::default()),
            Some(Steps::One(to)) => {
                let columns = to.to_col.iter().map(column_of::<R>);
                columns.zip(values).try_fold(R::find(), |select, (column, value)| {
                    Ok::<_, DbErr>(select.filter(column?.eq(value.clone())))
                })?
            }
            Some(Steps::Two { junction, columns, to }) => {
                let select = R::find().join_rev(JoinType::InnerJoin, to);
                columns.iter().zip(values).fold(select, |select, (column, value)| {
                    select.filter(Expr::col((junction.clone(), column.clone())).eq(value.clone()))
                })
            }
        };
        for (column, descending) in &self.order {
            select = select.order_by(*column, if *descending { Order::Desc } else { Order::Asc });
        }
        if self.order.is_empty() {
            for part in R::PrimaryKey::iter() {
                select = select.order_by_asc(part.into_column());
            }
        }
        Ok(select)
    }

    fn key(&self, values: &[Value]) -> Key {
        let mut bytes = Vec::new();
        for value in values {
            write_key(value, &mut bytes);
        }
        let mut key = KeyWriter::new();
        key.bytes(&bytes);
        for (column, descending) in &self.order {
            key.part(column.as_str()).part(descending);
        }
        key.finish()
    }
}

impl<M, R> RelatedRows<'_, M, R>
where
    M: ModelTrait + Sync,
    R: StoredEntity,
    M::Entity: Related<R> + 'static,
{
    /// Caches them, whatever the profiles say.
    pub fn cached(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::by_hand(self, cache, Codecs::of_models::<R>())
    }

    /// Caches them where the profiles of the tables allow `fetch`: by the key of the model if they say `collections`, else as the
    /// query that it is. One row that is found by its own primary key is kept as by [`ByKey`].
    pub fn auto(self, cache: &Cache) -> Cached<'_, Self> {
        Cached::automatic(self, cache, Codecs::of_models::<R>())
    }

    /// The rows, through the cache that the connection invalidates: as [`RelatedRows::auto`].
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn all<D: Source>(self, db: &D) -> Result<Vec<R::Model>, DbErr> {
        self.auto(db.session().database().cache()).all(db).await
    }

    /// The first row, as [`RelatedRows::all`].
    ///
    /// # Errors
    ///
    /// As [`RelatedRows::all`].
    pub async fn one<D: Source>(self, db: &D) -> Result<Option<R::Model>, DbErr> {
        self.auto(db.session().database().cache()).one(db).await
    }
}

impl<M, R> Cached<'_, RelatedRows<'_, M, R>>
where
    M: ModelTrait + Sync,
    R: StoredEntity,
    M::Entity: Related<R> + 'static,
{
    /// All of the rows; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn all<D: Source>(self, db: &D) -> Result<Vec<R::Model>, DbErr> {
        self.all_shared(db).await.map(|rows| Vec::clone(&rows))
    }

    /// All of the rows, shared with the cache instead of cloned out of it.
    ///
    /// # Errors
    ///
    /// As [`all`](Cached::all).
    pub async fn all_shared<D: Source>(self, db: &D) -> Result<Arc<Vec<R::Model>>, DbErr> {
        let relation = self.query.relation();
        let values = values_of(self.query.model, relation.from())?;
        if relation.finds_nothing(&values) {
            return Ok(Arc::default());
        }
        let admission = self.admission(&relation);
        if admission.policy().is_some_and(|policy| !policy.collections) {
            let select = self.query.select(relation, &values)?;
            return self.asking(select).all_shared(db).await;
        }
        let Cached { query, cache, options, codecs } = self;
        let key = Key::of::<(M::Entity, R)>("sea-orm related rows").with(&query.key(&values));
        let kept = Kept { cache, options: &options, admission, key, codec: codecs.all };
        let render = || {
            let select = query.select(query.relation(), &values)?;
            capture(db.backend(), |db| select.all(db)).ok_or_else(no_statement)
        };
        let work =
            |statement| async move { decode_all::<SelectModel<R::Model>>(db.rows(statement).await?).map(Arc::new) };
        kept.run(db, |rows: &Arc<Vec<R::Model>>| weigh_vec(rows) as u64, render, work).await
    }

    /// The first row; that there is none is cached, too.
    ///
    /// # Errors
    ///
    /// As [`all`](Cached::all).
    pub async fn one<D: Source>(self, db: &D) -> Result<Option<R::Model>, DbErr> {
        let relation = self.query.relation();
        let values = values_of(self.query.model, relation.from())?;
        if relation.finds_nothing(&values) {
            return Ok(None);
        }
        if relation.ends_at_key::<R>() {
            return self.asking(ByKey::<R>::of(values)).one(db).await;
        }
        let admission = self.admission(&relation);
        if admission.policy().is_some_and(|policy| !policy.collections) {
            let select = self.query.select(relation, &values)?;
            return self.asking(select).one(db).await;
        }
        let Cached { query, cache, options, codecs } = self;
        let key = Key::of::<(M::Entity, R)>("sea-orm related row").with(&query.key(&values));
        let kept = Kept { cache, options: &options, admission, key, codec: codecs.one };
        let render = || {
            let select = query.select(query.relation(), &values)?;
            capture(db.backend(), |db| select.one(db)).ok_or_else(no_statement)
        };
        let work = |statement| async move {
            db.row(statement).await?.map(|row| R::Model::from_query_result(&row, "")).transpose()
        };
        kept.run(db, |row| weigh_option(row) as u64, render, work).await
    }

    fn admission(&self, relation: &Relation) -> Admission {
        let junction = relation.via.as_ref().map(|via| written(&via.to_tbl));
        let tables = std::iter::once(table_of::<R>().into_owned()).chain(junction);
        self.options.admit(self.cache, tables, Operation::Fetch)
    }
}

/// How one entity leads to another.
struct Relation {
    to: RelationDef,
    via: Option<RelationDef>,
}

/// The steps of a relation that is nothing but columns that are equal.
enum Steps {
    One(RelationDef),
    Two { junction: DynIden, columns: Identity, to: RelationDef },
}

impl Relation {
    /// The columns of the model that the rows refer to.
    fn from(&self) -> &Identity {
        self.via.as_ref().map_or(&self.to.from_col, |via| &via.from_col)
    }

    fn is_plain(&self) -> bool {
        let plain = |step: &RelationDef| step.on_condition.is_none() && step.condition_type == ConditionType::All;
        plain(&self.to) && self.via.as_ref().is_none_or(plain)
    }

    /// Whether no row can belong to a model with these values: nothing equals NULL.
    fn finds_nothing(&self, values: &[Value]) -> bool {
        self.is_plain() && values.iter().any(|value| *value == value.as_null())
    }

    /// Whether the relation leads to one row by its primary key.
    fn ends_at_key<R: EntityTrait>(&self) -> bool {
        let key = R::PrimaryKey::iter().map(|part| part.into_column().as_str());
        self.via.is_none() && self.is_plain() && self.to.to_col.iter().map(DynIden::inner).eq(key)
    }

    /// `None` where the relation has conditions of its own: then it is left to SeaORM.
    fn steps(self) -> Option<Steps> {
        if !self.is_plain() {
            return None;
        }
        match (self.via, self.to) {
            (None, to) => Some(Steps::One(to)),
            (Some(RelationDef { to_tbl: TableRef::Table(TableName(_, junction), None), to_col, .. }), to) => {
                Some(Steps::Two { junction, columns: to_col, to })
            }
            _ => None,
        }
    }
}

/// The values of a model that a relation refers to.
pub(crate) fn values_of<M: ModelTrait>(model: &M, columns: &Identity) -> Result<Vec<Value>, DbErr> {
    columns.iter().map(|name| Ok(model.get(column_of::<M::Entity>(name)?))).collect()
}

fn column_of<E: EntityTrait>(name: &DynIden) -> Result<E::Column, DbErr> {
    let name = name.inner();
    E::Column::from_str(&name).map_err(|_| DbErr::Type(format!("`{}` has no column `{name}`", table_of::<E>())))
}

/// The name of a table, with its schema where it has one.
fn written(table: &TableRef) -> String {
    match table {
        TableRef::Table(TableName(schema, name), _) => match schema {
            Some(schema) => format!("{}.{name}", schema.1),
            None => name.to_string(),
        },
        // A junction that is no table has no profile.
        _ => String::new(),
    }
}

impl<M, R: EntityTrait> Clone for RelatedRows<'_, M, R> {
    fn clone(&self) -> Self {
        RelatedRows { model: self.model, order: self.order.clone(), related: PhantomData }
    }
}

impl<M: fmt::Debug, R: EntityTrait> fmt::Debug for RelatedRows<'_, M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelatedRows").field("of", self.model).field("related", &table_of::<R>()).finish()
    }
}
