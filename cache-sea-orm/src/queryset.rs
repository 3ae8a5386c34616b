//! SeaORM's queries, entities and models as querysets: what a result that is made of them depends on.
//!
//! The traits have one method of the same name each, so that `#[cached_as(query)]` finds the right one by
//! an ordinary method call. No type fits two of them.

use cache_core::Dependencies;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    DbBackend, EntityTrait, Iterable, ModelTrait, PrimaryKeyToColumn, QueryTrait, Selector, SelectorRaw, SelectorTrait,
    Statement,
};

use crate::{analysis, value};

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
        analysis::dependencies(&self.build(DbBackend::Sqlite))
    }
}

/// A query turned into models, tuples or JSON as a queryset.
pub trait SelectorQueryset {
    /// What a result that is made of this query depends on.
    fn dependencies(self) -> Dependencies;
}

impl<S: SelectorTrait> SelectorQueryset for Selector<S> {
    fn dependencies(self) -> Dependencies {
        analysis::dependencies(&self.into_statement(DbBackend::Sqlite))
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
        let table = <M::Entity as Default>::default();
        let table = sea_orm::EntityName::table_name(&table);
        let mut key = Vec::new();
        for part in <M::Entity as EntityTrait>::PrimaryKey::iter() {
            let column = part.into_column();
            match value::stored(&self.get(column), DbBackend::Sqlite) {
                Some(stored) => key.push((sea_orm::IdenStatic::as_str(&column).to_owned(), stored)),
                None => return Dependencies::table(table),
            }
        }
        Dependencies::row(table, key)
    }
}
