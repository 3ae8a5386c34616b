//! The edges at a crate.

use super::Db;
use crate::entity::{dependency, dependency::Kind, krate, version};
use cache_core::{CacheKey, cached_as};
use cache_sea_orm::prelude::*;
use sea_orm::{
    DbErr, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    Select, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An edge as a crate's page shows it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct Edge {
    /// The crate at the other end.
    pub name: String,
    /// Its version.
    pub number: String,
    /// The version of this crate.
    pub own: String,
    /// The requirement.
    pub requirement: String,
    /// What for.
    pub kind: Kind,
    /// Whether it takes a feature.
    pub optional: bool,
    /// The platform that it is limited to.
    pub platform: Option<String>,
}

/// Which way to look along the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey)]
pub enum Direction {
    /// From the one that needs to what is needed.
    Dependencies,
    /// From what is needed to those that need it.
    Dependants,
}

/// The edges at a crate, by kind and name.
///
/// # Errors
/// When the database refuses.
#[cached_as(edges_at(crate_id, direction))]
pub async fn edges(db: &Db, crate_id: i32, direction: Direction) -> Result<Arc<Vec<Edge>>, DbErr> {
    edges_at(crate_id, direction).into_model::<Edge>().all(db).await.map(Arc::new)
}

fn edges_at(crate_id: i32, direction: Direction) -> Select<dependency::Entity> {
    let (own, other) = match direction {
        Direction::Dependencies => (dependency::Relation::Version, dependency::Relation::Target),
        Direction::Dependants => (dependency::Relation::Target, dependency::Relation::Version),
    };
    dependency::Entity::find()
        .join_as(JoinType::InnerJoin, own.def(), "own")
        .join_as(JoinType::InnerJoin, other.def(), "other")
        .join(JoinType::InnerJoin, version::Relation::Crate.def().from_alias("other"))
        .filter(Expr::col(("own", version::Column::CrateId)).eq(crate_id))
        .select_only()
        .column(krate::Column::Name)
        .expr_as(Expr::col(("other", version::Column::Number)), "number")
        .expr_as(Expr::col(("own", version::Column::Number)), "own")
        .columns([
            dependency::Column::Requirement,
            dependency::Column::Kind,
            dependency::Column::Optional,
            dependency::Column::Platform,
        ])
        .order_by_asc(krate::Column::Name)
        .order_by_asc(dependency::Column::Id)
}
