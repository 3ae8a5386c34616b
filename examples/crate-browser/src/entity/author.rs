//! A name in the `authors` of a manifest.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One row: the name, once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "author")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The name.
    #[sea_orm(unique)]
    pub name: String,
}

/// The tables that this one refers to, or is referred to by.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The links to crates.
    #[sea_orm(has_many = "super::crate_author::Entity")]
    Link,
}

impl Related<super::crate_author::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Link.def()
    }
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        super::crate_author::Relation::Crate.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::crate_author::Relation::Author.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
