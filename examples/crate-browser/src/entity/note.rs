//! What the user wrote about a crate.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "note")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The crate.
    #[sea_orm(indexed)]
    pub crate_id: i32,
    /// The text.
    #[sea_orm(column_type = "Text")]
    pub text: String,
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
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Crate.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
