//! A crate, whatever its versions.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// One crate.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "crate")]
pub struct Model {
    /// Row number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The name on the registry.
    #[sea_orm(unique)]
    pub name: String,
    /// The newest version in the graph.
    pub newest: String,
    /// One sentence by its author.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Home page.
    pub homepage: Option<String>,
    /// Source repository.
    pub repository: Option<String>,
    /// Documentation.
    pub documentation: Option<String>,
    /// Whether it is a member of the workspace.
    pub member: bool,
    /// How many crates of the graph depend on it directly, development dependencies aside.
    pub dependants: i32,
}

/// The tables that this one refers to, or is referred to by.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its versions.
    #[sea_orm(has_many = "super::version::Entity")]
    Version,
    /// Its star, if it has one.
    #[sea_orm(has_one = "super::star::Entity")]
    Star,
    /// The user's notes.
    #[sea_orm(has_many = "super::note::Entity")]
    Note,
}

impl Related<super::version::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Version.def()
    }
}

impl Related<super::star::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Star.def()
    }
}

impl Related<super::note::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Note.def()
    }
}

impl Related<super::licence::Entity> for Entity {
    fn to() -> RelationDef {
        super::crate_licence::Relation::Licence.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::crate_licence::Relation::Crate.def().rev())
    }
}

impl Related<super::category::Entity> for Entity {
    fn to() -> RelationDef {
        super::crate_category::Relation::Category.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::crate_category::Relation::Crate.def().rev())
    }
}

impl Related<super::keyword::Entity> for Entity {
    fn to() -> RelationDef {
        super::crate_keyword::Relation::Keyword.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::crate_keyword::Relation::Crate.def().rev())
    }
}

impl Related<super::author::Entity> for Entity {
    fn to() -> RelationDef {
        super::crate_author::Relation::Author.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::crate_author::Relation::Crate.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
