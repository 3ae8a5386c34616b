//! Which crate has which author.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "crate_author")]
pub struct Model {
    /// The crate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub crate_id: i32,
    /// The author.
    #[sea_orm(primary_key, auto_increment = false)]
    pub author_id: i32,
}

/// The tables that this one refers to, or is referred to by.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The crate.
    #[sea_orm(
        belongs_to = "super::krate::Entity",
        from = "Column::CrateId",
        to = "super::krate::Column::Id",
        on_delete = "Cascade"
    )]
    Crate,
    /// The author.
    #[sea_orm(
        belongs_to = "super::author::Entity",
        from = "Column::AuthorId",
        to = "super::author::Column::Id",
        on_delete = "Cascade"
    )]
    Author,
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Crate.def()
    }
}

impl Related<super::author::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Author.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
