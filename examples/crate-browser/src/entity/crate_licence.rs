//! Which crate has which licence.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "crate_licence")]
pub struct Model {
    /// The crate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub crate_id: i32,
    /// The licence.
    #[sea_orm(primary_key, auto_increment = false)]
    pub licence_id: i32,
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
    /// The licence.
    #[sea_orm(
        belongs_to = "super::licence::Entity",
        from = "Column::LicenceId",
        to = "super::licence::Column::Id",
        on_delete = "Cascade"
    )]
    Licence,
}

impl Related<super::krate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Crate.def()
    }
}

impl Related<super::licence::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Licence.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
