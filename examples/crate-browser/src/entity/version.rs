//! One version of a crate that takes part in the graph.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "version")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The crate.
    #[sea_orm(indexed)]
    pub crate_id: i32,
    /// The version number.
    pub number: String,
    /// The licence expression as the manifest has it.
    pub licence: Option<String>,
    /// The edition.
    pub edition: String,
    /// The oldest compiler that it claims to support.
    pub rust_version: Option<String>,
    /// Where it comes from: `workspace`, `crates.io`, `git`, `path`, `registry`.
    pub source: String,
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
    /// Its features.
    #[sea_orm(has_many = "super::feature::Entity")]
    Feature,
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Crate.def()
    }
}

impl Related<super::feature::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Feature.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
