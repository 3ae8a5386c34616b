//! Lists of crates.

use super::Db;
use crate::entity::{krate, star};
use cache_sea_orm::prelude::*;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LikeExpr},
};

/// How many crates stand on a page of the full list.
pub const PAGE: u64 = 60;

/// How many crates a search shows at most.
pub const FOUND: u64 = 100;

/// One page of all crates in alphabetical order; pages count from 1.
///
/// # Errors
/// When the database refuses.
pub async fn page(db: &Db, page: u64) -> Result<Vec<krate::Model>, DbErr> {
    in_order().cached(db.cache()).name("list::page").paginate(db, PAGE).fetch_page(page.saturating_sub(1)).await
}

/// How many pages the full list has.
///
/// # Errors
/// When the database refuses.
pub async fn pages(db: &Db) -> Result<u64, DbErr> {
    in_order().cached(db.cache()).name("list::pages").paginate(db, PAGE).num_pages().await
}

/// The members of the workspace.
///
/// # Errors
/// When the database refuses.
pub async fn members(db: &Db) -> Result<Vec<krate::Model>, DbErr> {
    let members = in_order().filter(krate::Column::Member.eq(true));
    members.cached(db.cache()).name("list::members").all(db).await
}

/// The crates that most others depend on.
///
/// # Errors
/// When the database refuses.
pub async fn popular(db: &Db, count: u64) -> Result<Vec<krate::Model>, DbErr> {
    krate::Entity::find()
        .order_by_desc(krate::Column::Dependants)
        .order_by_asc(krate::Column::Name)
        .limit(count)
        .cached(db.cache())
        .name("list::popular")
        .all(db)
        .await
}

/// The crates whose name or description contains `text`, at most [`FOUND`].
///
/// # Errors
/// When the database refuses.
pub async fn search(db: &Db, text: &str) -> Result<Vec<krate::Model>, DbErr> {
    let pattern = || LikeExpr::new(containing(text)).escape('\\');
    in_order()
        .filter(
            Condition::any()
                .add(Expr::col((krate::Entity, krate::Column::Name)).like(pattern()))
                .add(Expr::col((krate::Entity, krate::Column::Description)).like(pattern())),
        )
        .limit(FOUND)
        .cached(db.cache())
        .name("list::search")
        .all(db)
        .await
}

/// The starred crates.
///
/// # Errors
/// When the database refuses.
pub async fn starred(db: &Db) -> Result<Vec<krate::Model>, DbErr> {
    in_order().inner_join(star::Entity).cached(db.cache()).name("list::starred").all(db).await
}

fn in_order() -> Select<krate::Entity> {
    krate::Entity::find().order_by_asc(krate::Column::Name)
}

/// The pattern for "contains `text`", whatever signs `text` has.
fn containing(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}
