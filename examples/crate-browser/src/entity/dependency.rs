//! An edge of the graph: one version needs another.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// To run.
    #[sea_orm(string_value = "normal")]
    Normal,
    /// By the build script.
    #[sea_orm(string_value = "build")]
    Build,
    /// By tests, examples and benchmarks.
    #[sea_orm(string_value = "dev")]
    Dev,
}

/// One edge.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "dependency")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The version that needs.
    #[sea_orm(indexed)]
    pub version_id: i32,
    /// The version that is needed.
    #[sea_orm(indexed)]
    pub target_id: i32,
    /// The requirement as the manifest has it.
    pub requirement: String,
    /// What for.
    pub kind: Kind,
    /// Whether it takes a feature to turn it on.
    pub optional: bool,
    /// The platform that it is limited to.
    pub platform: Option<String>,
}

/// The tables that this one refers to, or is referred to by.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The version that needs.
    #[sea_orm(
        belongs_to = "super::version::Entity",
        from = "Column::VersionId",
        to = "super::version::Column::Id",
        on_delete = "Cascade"
    )]
    Version,
    /// The version that is needed.
    #[sea_orm(
        belongs_to = "super::version::Entity",
        from = "Column::TargetId",
        to = "super::version::Column::Id",
        on_delete = "Cascade"
    )]
    Target,
}

impl ActiveModelBehavior for ActiveModel {}
