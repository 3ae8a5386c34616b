//! One crate: its row, its versions, how far it reaches.

use super::Db;
use crate::entity::{feature, krate, version};
use cache_core::cached_as;
use cache_sea_orm::prelude::*;
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, SelectTwoMany, Statement,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A version with its features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The row.
    #[serde(flatten)]
    pub version: version::Model,
    /// Its features by name.
    pub features: Vec<feature::Model>,
}

/// How many crates are reached along the edges, development dependencies aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct Reach {
    /// Crates needed directly.
    pub dependencies: i32,
    /// Crates needed directly or through others.
    pub all_dependencies: i32,
    /// Crates that need it directly.
    pub dependants: i32,
    /// Crates that need it directly or through others.
    pub all_dependants: i32,
}

/// The crate called `name`.
///
/// # Errors
/// When the database refuses.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<krate::Model>, DbErr> {
    let named = krate::Entity::find().filter(krate::Column::Name.eq(name));
    named.cached(db.cache()).name("krate::by_name").one(db).await
}

/// The versions of a crate in the graph, newest first, with their features.
///
/// # Errors
/// When the database refuses.
#[cached_as(versions_of(crate_id))]
pub async fn versions(db: &Db, crate_id: i32) -> Result<Arc<Vec<Version>>, DbErr> {
    let rows = versions_of(crate_id).all(db).await?;
    let versions = rows.into_iter().map(|(version, features)| Version { version, features });
    Ok(Arc::new(versions.collect()))
}

fn versions_of(crate_id: i32) -> SelectTwoMany<version::Entity, feature::Entity> {
    version::Entity::find()
        .filter(version::Column::CrateId.eq(crate_id))
        .find_with_related(feature::Entity)
        .order_by_asc(version::Column::Id)
        .order_by_asc(feature::Column::Name)
}

/// How far a crate reaches in the graph, both ways.
///
/// # Errors
/// When the database refuses.
#[cached_as(reach_of(crate_id))]
pub async fn reach(db: &Db, crate_id: i32) -> Result<Reach, DbErr> {
    Ok(Reach::find_by_statement(reach_of(crate_id)).one(db).await?.unwrap_or_default())
}

fn reach_of(crate_id: i32) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, REACH, [crate_id.into()])
}

const REACH: &str = "
WITH RECURSIVE
edge(source, target) AS (
    SELECT version_id, target_id FROM dependency WHERE kind <> 'dev'
),
own(id) AS (
    SELECT id FROM version WHERE crate_id = $1
),
down(id) AS (
    SELECT id FROM own UNION SELECT target FROM edge JOIN down ON down.id = edge.source
),
up(id) AS (
    SELECT id FROM own UNION SELECT source FROM edge JOIN up ON up.id = edge.target
)
SELECT
    (SELECT count(DISTINCT crate_id) FROM version WHERE crate_id <> $1
        AND id IN (SELECT target FROM edge JOIN own ON own.id = edge.source)) AS dependencies,
    (SELECT count(DISTINCT crate_id) FROM version WHERE crate_id <> $1
        AND id IN (SELECT id FROM down)) AS all_dependencies,
    (SELECT count(DISTINCT crate_id) FROM version WHERE crate_id <> $1
        AND id IN (SELECT source FROM edge JOIN own ON own.id = edge.target)) AS dependants,
    (SELECT count(DISTINCT crate_id) FROM version WHERE crate_id <> $1
        AND id IN (SELECT id FROM up)) AS all_dependants
";
