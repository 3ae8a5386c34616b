//! SeaORM's queries, entities and models as querysets: what a result that is made of them depends on.
//!
//! The traits have one method of the same name each, so that `#[cached_as(query)]` finds the right one by
//! an ordinary method call. No type fits two of them.

use cache_core::Dependencies;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, EntityTrait, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryTrait, Selector, SelectorRaw,
    SelectorTrait, Statement,
};

use crate::analysis;

/// A select as a queryset: it stands for the rows that satisfy its conditions.
///
/// ```
/// use cache_sea_orm::prelude::*;
/// use sea_orm::entity::prelude::*;
///
/// mod article {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
///     #[sea_orm(table_name = "article")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i32,
///         pub category_id: i32,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// let query = article::Entity::find().filter(article::Column::CategoryId.eq(3));
/// assert_eq!(query.dependencies().to_string(), "article: category_id = 3");
/// ```
pub trait SelectQueryset {
    /// What a result that is made of this query depends on.
    fn dependencies(&self) -> Dependencies;
}

impl<Q: QueryTrait<QueryStatement = SelectStatement>> SelectQueryset for Q {
    fn dependencies(&self) -> Dependencies {
        analysis::anywhere(|backend| self.build(backend))
    }
}

/// A query turned into models, tuples or JSON as a queryset.
pub trait SelectorQueryset {
    /// What a result that is made of this query depends on: where connections to databases of several kinds were
    /// wrapped, all rows of its tables.
    fn dependencies(self) -> Dependencies;
}

impl<S: SelectorTrait> SelectorQueryset for Selector<S> {
    fn dependencies(self) -> Dependencies {
        analysis::once(|backend| self.into_statement(backend))
    }
}

impl<S: SelectorTrait> SelectorQueryset for SelectorRaw<S> {
    fn dependencies(self) -> Dependencies {
        analysis::dependencies(&self.into_statement())
    }
}

/// A raw statement as a queryset.
pub trait StatementQueryset {
    /// What a result that is made of this statement depends on.
    fn dependencies(&self) -> Dependencies;
}

impl StatementQueryset for Statement {
    fn dependencies(&self) -> Dependencies {
        analysis::dependencies(self)
    }
}

/// An entity as a queryset: it stands for all rows of its table.
pub trait EntityQueryset {
    /// The whole table.
    fn dependencies(&self) -> Dependencies;
}

impl<E: EntityTrait> EntityQueryset for E {
    fn dependencies(&self) -> Dependencies {
        Dependencies::table(self.table_name())
    }
}

/// A model as a queryset: it stands for its own row.
pub trait ModelQueryset {
    /// The row with this primary key; the whole table when the key is not certain.
    fn dependencies(&self) -> Dependencies;
}

impl<M: ModelTrait> ModelQueryset for M {
    fn dependencies(&self) -> Dependencies {
        let mut query = <M::Entity as EntityTrait>::find();
        for part in <M::Entity as EntityTrait>::PrimaryKey::iter() {
            let column = part.into_column();
            query = query.filter(column.eq(self.get(column)));
        }
        query.dependencies()
    }
}
