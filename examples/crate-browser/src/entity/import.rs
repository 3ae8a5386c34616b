//! What was imported, so that a second start need not do it again.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One finished import; the table has one row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "import")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The name of the workspace.
    pub workspace: String,
    /// The folder of the workspace.
    pub folder: String,
    /// A digest of the packages and edges.
    pub fingerprint: String,
}

/// No other table is referred to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
