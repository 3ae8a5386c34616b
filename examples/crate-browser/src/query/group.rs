//! Crates by what they have in common: licence, category, keyword, author.

use super::Db;
use crate::entity::{
    author, category, crate_author, crate_category, crate_keyword, crate_licence, keyword, krate, licence,
};
use cache_core::cached_as;
use cache_sea_orm::prelude::*;
use sea_orm::{
    DbErr, EntityTrait, ExprTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, Related, Select,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What crates are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// By licence.
    Licence,
    /// By category.
    Category,
    /// By keyword.
    Keyword,
    /// By author.
    Author,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Category, Self::Keyword, Self::Licence, Self::Author];

    /// The word for one, as it stands in addresses.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::Category => "category",
            Self::Keyword => "keyword",
            Self::Author => "author",
        }
    }

    /// The word for many, as it stands in addresses.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Licence => "licences",
            Self::Category => "categories",
            Self::Keyword => "keywords",
            Self::Author => "authors",
        }
    }

    /// The group that `word` means, in singular or plural.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.singular() == word || group.plural() == word)
    }
}

/// A name and how many crates have it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct Size {
    /// The name.
    pub name: String,
    /// How many crates.
    pub crates: i32,
}

/// The names of a group, the most frequent first.
///
/// # Errors
/// When the database refuses.
pub async fn sizes(db: &Db, group: Group) -> Result<Arc<Vec<Size>>, DbErr> {
    match group {
        Group::Licence => sizes_of::<licence::Entity>(db).await,
        Group::Category => sizes_of::<category::Entity>(db).await,
        Group::Keyword => sizes_of::<keyword::Entity>(db).await,
        Group::Author => sizes_of::<author::Entity>(db).await,
    }
}

/// The names that one crate has, in alphabetical order.
///
/// # Errors
/// When the database refuses.
pub async fn labels(db: &Db, group: Group, crate_id: i32) -> Result<Arc<Vec<String>>, DbErr> {
    match group {
        Group::Licence => labels_of::<licence::Entity>(db, crate_id).await,
        Group::Category => labels_of::<category::Entity>(db, crate_id).await,
        Group::Keyword => labels_of::<keyword::Entity>(db, crate_id).await,
        Group::Author => labels_of::<author::Entity>(db, crate_id).await,
    }
}

/// The crates that have `name`, in alphabetical order.
///
/// # Errors
/// When the database refuses.
pub async fn crates(db: &Db, group: Group, name: &str) -> Result<Vec<krate::Model>, DbErr> {
    match group {
        Group::Licence => crates_of::<licence::Entity>(db, name).await,
        Group::Category => crates_of::<category::Entity>(db, name).await,
        Group::Keyword => crates_of::<keyword::Entity>(db, name).await,
        Group::Author => crates_of::<author::Entity>(db, name).await,
    }
}

/// A table of names that crates are linked to.
trait Grouping: EntityTrait + Related<Self::Link> {
    /// The table of its links to crates.
    type Link: EntityTrait;

    /// Which group it is.
    const GROUP: Group;

    /// The name column.
    fn name() -> Expr {
        Expr::col((Self::default(), "name"))
    }

    /// The crate column of the links.
    fn crate_id() -> Expr {
        Expr::col((Self::Link::default(), "crate_id"))
    }
}

impl Grouping for licence::Entity {
    type Link = crate_licence::Entity;
    const GROUP: Group = Group::Licence;
}

impl Grouping for category::Entity {
    type Link = crate_category::Entity;
    const GROUP: Group = Group::Category;
}

impl Grouping for keyword::Entity {
    type Link = crate_keyword::Entity;
    const GROUP: Group = Group::Keyword;
}

impl Grouping for author::Entity {
    type Link = crate_author::Entity;
    const GROUP: Group = Group::Author;
}

#[cached_as(by_size::<G>(), extra = G::GROUP.singular())]
async fn sizes_of<G: Grouping>(db: &Db) -> Result<Arc<Vec<Size>>, DbErr> {
    by_size::<G>().into_model::<Size>().all(db).await.map(Arc::new)
}

fn by_size<G: Grouping>() -> Select<G> {
    G::find()
        .inner_join(G::Link::default())
        .select_only()
        .expr_as(G::name(), "name")
        .expr_as(G::crate_id().count(), "crates")
        .group_by(G::name())
        .order_by(G::crate_id().count(), Order::Desc)
        .order_by(G::name(), Order::Asc)
}

#[cached_as(linked_to::<G>(crate_id), extra = G::GROUP.singular())]
async fn labels_of<G: Grouping>(db: &Db, crate_id: i32) -> Result<Arc<Vec<String>>, DbErr> {
    linked_to::<G>(crate_id).into_tuple().all(db).await.map(Arc::new)
}

fn linked_to<G: Grouping>(crate_id: i32) -> Select<G> {
    G::find()
        .inner_join(G::Link::default())
        .filter(G::crate_id().eq(crate_id))
        .select_only()
        .expr_as(G::name(), "name")
        .order_by(G::name(), Order::Asc)
}

async fn crates_of<G: Grouping>(db: &Db, name: &str) -> Result<Vec<krate::Model>, DbErr>
where
    krate::Entity: Related<G>,
{
    krate::Entity::find()
        .inner_join(G::default())
        .filter(G::name().eq(name))
        .order_by_asc(krate::Column::Name)
        .cached(db.cache())
        .name("group::crates")
        .all(db)
        .await
}
