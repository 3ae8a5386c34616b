//! A feature of a version.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "feature")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The version.
    #[sea_orm(indexed)]
    pub version_id: i32,
    /// The name.
    pub name: String,
    /// What it turns on, separated by commas.
    #[sea_orm(column_type = "Text")]
    pub enables: String,
    /// Whether the graph turns it on.
    pub active: bool,
}

/// The tables that this one refers to, or is referred to by.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The version.
    #[sea_orm(
        belongs_to = "super::version::Entity",
        from = "Column::VersionId",
        to = "super::version::Column::Id",
        on_delete = "Cascade"
    )]
    Version,
}

impl Related<super::version::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Version.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
