//! The queries that can be cached, and how their rows are read.

use std::any::Any;
use std::marker::PhantomData;

use sea_orm::{
    DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, QueryResult, Select, SelectModel, SelectThree,
    SelectThreeMany, SelectThreeModel, SelectTwo, SelectTwoMany, SelectTwoModel, SelectTwoRequired,
    SelectTwoRequiredModel, Selector, SelectorRaw, SelectorTrait, Statement, TopologyChain, TopologyStar,
};

use crate::capture::capture;
use crate::codecs::{Codecs, StoredEntity};
use crate::source::{Reading, Source};
use crate::value::weight;

/// A SeaORM query whose rows can be cached: `Select`, joined selects, what `into_model`,
/// `into_partial_model`, `into_tuple` and `into_json` make of them, raw selects, and cursors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a query whose rows can be cached",
    note = "a model has to be `Clone + Send + Sync + 'static`"
)]
pub trait Selectable: Sized + Send {
    /// What `all` gives a vector of.
    type Row: Clone + Send + Sync + 'static;

    #[doc(hidden)]
    type Fetch: Fetch<Row = Self::Row>;

    /// The statement for all rows, and the way to read them.
    #[doc(hidden)]
    fn prepare(self, backend: DbBackend) -> Option<(Statement, Self::Fetch)>;

    /// How results become bytes for a store that processes share.
    #[doc(hidden)]
    fn codecs() -> Codecs {
        Codecs::default()
    }

    /// A rough size of one row in memory, in bytes.
    #[doc(hidden)]
    fn weigh(row: &Self::Row) -> usize {
        weigh_any(row)
    }
}

/// A query that can be asked for its first row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no single first row",
    note = "rows that are grouped under their parent can only be read with `all`"
)]
pub trait SelectableOne: Selectable {
    #[doc(hidden)]
    type Selector: SelectorTrait<Item = Self::Row>;

    /// The statement for the first row.
    #[doc(hidden)]
    fn prepare_one(self, backend: DbBackend) -> Option<Statement>;
}

/// How rows are read once the cache has none.
#[doc(hidden)]
pub trait Fetch: Send {
    type Row;

    fn fetch<D: Source + ?Sized>(
        self,
        db: &D,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<Self::Row>, DbErr>> + Send;
}

/// Decodes row by row.
#[doc(hidden)]
#[derive(Debug)]
pub struct RowByRow<S>(PhantomData<fn() -> S>);

impl<S: SelectorTrait> Fetch for RowByRow<S>
where
    S::Item: Send,
{
    type Row = S::Item;

    async fn fetch<D: Source + ?Sized>(self, db: &D, statement: Statement) -> Result<Vec<S::Item>, DbErr> {
        decode_all::<S>(db.rows(statement).await?)
    }
}

pub(crate) fn decode_all<S: SelectorTrait>(rows: Vec<QueryResult>) -> Result<Vec<S::Item>, DbErr> {
    rows.into_iter().map(S::from_raw_query_result).collect()
}

fn weigh_any(row: &dyn Any) -> usize {
    #[cfg(feature = "with-json")]
    if let Some(json) = row.downcast_ref::<serde_json::Value>() {
        return crate::value::json_weight(json);
    }
    if let Some(text) = row.downcast_ref::<String>() {
        return size_of::<String>() + text.len();
    }
    size_of_val(row)
}

pub(crate) fn weigh_model<M: ModelTrait>(model: &M) -> usize {
    <M::Entity as EntityTrait>::Column::iter().map(|column| weight(&model.get(column))).sum()
}

pub(crate) fn weigh_option<M: ModelTrait>(model: &Option<M>) -> usize {
    model.as_ref().map_or(size_of::<Option<M>>(), weigh_model)
}

pub(crate) fn weigh_vec<M: ModelTrait>(models: &[M]) -> usize {
    size_of::<Vec<M>>() + models.iter().map(weigh_model).sum::<usize>()
}

impl<S> Selectable for Selector<S>
where
    S: SelectorTrait + Send,
    S::Item: Clone + Send + Sync + 'static,
{
    type Row = S::Item;
    type Fetch = RowByRow<S>;

    fn prepare(self, backend: DbBackend) -> Option<(Statement, Self::Fetch)> {
        Some((self.into_statement(backend), RowByRow(PhantomData)))
    }
}

impl<S> SelectableOne for Selector<S>
where
    S: SelectorTrait + Send,
    S::Item: Clone + Send + Sync + 'static,
{
    type Selector = S;

    fn prepare_one(self, backend: DbBackend) -> Option<Statement> {
        capture(backend, |db| self.one(db))
    }
}

impl<S> Selectable for SelectorRaw<S>
where
    S: SelectorTrait + Send,
    S::Item: Clone + Send + Sync + 'static,
{
    type Row = S::Item;
    type Fetch = RowByRow<S>;

    fn prepare(self, _: DbBackend) -> Option<(Statement, Self::Fetch)> {
        Some((self.into_statement(), RowByRow(PhantomData)))
    }
}

impl<S> SelectableOne for SelectorRaw<S>
where
    S: SelectorTrait + Send,
    S::Item: Clone + Send + Sync + 'static,
{
    type Selector = S;

    fn prepare_one(self, _: DbBackend) -> Option<Statement> {
        Some(self.into_statement())
    }
}

/// Selects that turn into a `Selector` by themselves.
macro_rules! by_selector {
    ($select:ty, $selector:ty, $row:ty, [$($param:ident: $bound:ident),*], |$weighed:ident| $weight:expr $(, $codecs:expr)?) => {
        impl<$($param: $bound + 'static),*> Selectable for $select
        where
            $($param::Model: Sync + 'static,)*
        {
            type Row = $row;
            type Fetch = RowByRow<$selector>;

            fn prepare(self, backend: DbBackend) -> Option<(Statement, Self::Fetch)> {
                Some((capture(backend, |db| self.all(db))?, RowByRow(PhantomData)))
            }

            $(fn codecs() -> Codecs {
                $codecs
            })?

            fn weigh($weighed: &$row) -> usize {
                $weight
            }
        }

        impl<$($param: $bound + 'static),*> SelectableOne for $select
        where
            $($param::Model: Sync + 'static,)*
        {
            type Selector = $selector;

            fn prepare_one(self, backend: DbBackend) -> Option<Statement> {
                capture(backend, |db| self.one(db))
            }
        }
    };
}

by_selector!(
    Select<E>,
    SelectModel<E::Model>,
    E::Model,
    [E: StoredEntity],
    |row| weigh_model(row),
    Codecs::of_models::<E>()
);
by_selector!(
    SelectTwo<E, F>,
    SelectTwoModel<E::Model, F::Model>,
    (E::Model, Option<F::Model>),
    [E: EntityTrait, F: EntityTrait],
    |row| weigh_model(&row.0) + weigh_option(&row.1)
);
by_selector!(
    SelectTwoRequired<E, F>,
    SelectTwoRequiredModel<E::Model, F::Model>,
    (E::Model, F::Model),
    [E: EntityTrait, F: EntityTrait],
    |row| weigh_model(&row.0) + weigh_model(&row.1)
);
by_selector!(
    SelectThree<E, F, G, TopologyStar>,
    SelectThreeModel<E::Model, F::Model, G::Model>,
    (E::Model, Option<F::Model>, Option<G::Model>),
    [E: EntityTrait, F: EntityTrait, G: EntityTrait],
    |row| weigh_model(&row.0) + weigh_option(&row.1) + weigh_option(&row.2)
);
by_selector!(
    SelectThree<E, F, G, TopologyChain>,
    SelectThreeModel<E::Model, F::Model, G::Model>,
    (E::Model, Option<F::Model>, Option<G::Model>),
    [E: EntityTrait, F: EntityTrait, G: EntityTrait],
    |row| weigh_model(&row.0) + weigh_option(&row.1) + weigh_option(&row.2)
);

/// Selects that group their rows under the parent: SeaORM does that, so they read by themselves.
macro_rules! by_itself {
    ($select:ty, $row:ty, [$($param:ident),*], |$weighed:ident| $weight:expr) => {
        impl<$($param: EntityTrait + 'static),*> Selectable for $select
        where
            $select: Clone + Send,
            $($param::Model: Sync + 'static,)*
        {
            type Row = $row;
            type Fetch = Self;

            fn prepare(self, backend: DbBackend) -> Option<(Statement, Self::Fetch)> {
                let query = self.clone();
                Some((capture(backend, |db| query.all(db))?, self))
            }

            fn weigh($weighed: &$row) -> usize {
                $weight
            }
        }

        impl<$($param: EntityTrait + 'static),*> Fetch for $select
        where
            $select: Send,
            $($param::Model: Sync + 'static,)*
        {
            type Row = $row;

            async fn fetch<D: Source + ?Sized>(self, db: &D, statement: Statement) -> Result<Vec<$row>, DbErr> {
                self.all(&Reading::one(db, statement)).await
            }
        }
    };
}

by_itself!(SelectTwoMany<E, F>, (E::Model, Vec<F::Model>), [E, F], |row| weigh_model(&row.0) + weigh_vec(&row.1));
by_itself!(
    SelectThreeMany<E, F, G, TopologyStar>,
    (E::Model, Vec<F::Model>, Vec<G::Model>),
    [E, F, G],
    |row| weigh_model(&row.0) + weigh_vec(&row.1) + weigh_vec(&row.2)
);
by_itself!(
    SelectThreeMany<E, F, G, TopologyChain>,
    (E::Model, Vec<(F::Model, Vec<G::Model>)>),
    [E, F, G],
    |row| weigh_model(&row.0) + row.1.iter().map(|(middle, leaves)| weigh_model(middle) + weigh_vec(leaves)).sum::<usize>()
);
