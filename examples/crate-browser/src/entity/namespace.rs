//! Under which name, and in which store, results of this database are kept.

use sea_orm::entity::prelude::*;

/// The namespace; the table has one row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "namespace")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The name, which no other database has.
    pub name: String,
    /// The store that is told of all writes since the name was given.
    pub store: String,
    /// The file at that time: a copy is another database.
    pub file: String,
}

/// No other table is referred to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
