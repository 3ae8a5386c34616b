//! Which crate has which keyword.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "crate_keyword")]
pub struct Model {
    /// The crate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub crate_id: i32,
    /// The keyword.
    #[sea_orm(primary_key, auto_increment = false)]
    pub keyword_id: i32,
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
    /// The keyword.
    #[sea_orm(
        belongs_to = "super::keyword::Entity",
        from = "Column::KeywordId",
        to = "super::keyword::Column::Id",
        on_delete = "Cascade"
    )]
    Keyword,
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Crate.def()
    }
}

impl Related<super::keyword::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Keyword.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
