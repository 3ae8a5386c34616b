//! The graph in figures.

use super::Db;
use crate::entity::{dependency, feature, krate, version};
use cache_core::cached_as;
use cache_sea_orm::prelude::*;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A name and a figure.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// How many.
    pub count: i32,
}

/// All figures of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Crates in the graph.
    pub crates: u64,
    /// Members of the workspace among them.
    pub members: u64,
    /// Versions in the graph.
    pub versions: u64,
    /// Edges between versions.
    pub dependencies: u64,
    /// Features, and those turned on.
    pub features: u64,
    /// Features turned on.
    pub active_features: u64,
    /// Edges by kind.
    pub kinds: Vec<Figure>,
    /// Versions by edition.
    pub editions: Vec<Figure>,
    /// Crates that others depend on most.
    pub popular: Vec<Figure>,
    /// Crates with several versions.
    pub several: Vec<Figure>,
    /// Crates with the most dependencies.
    pub hungry: Vec<Figure>,
}

/// The figures of the whole graph.
///
/// # Errors
/// When the database refuses.
#[cached_as(krate::Entity, version::Entity, dependency::Entity, feature::Entity)]
pub async fn statistics(db: &Db) -> Result<Arc<Statistics>, DbErr> {
    let figures = Statistics {
        crates: krate::Entity::find().count(db).await?,
        members: krate::Entity::find().filter(krate::Column::Member.eq(true)).count(db).await?,
        versions: version::Entity::find().count(db).await?,
        dependencies: dependency::Entity::find().count(db).await?,
        features: feature::Entity::find().count(db).await?,
        active_features: feature::Entity::find().filter(feature::Column::Active.eq(true)).count(db).await?,
        kinds: counted(dependency::Entity::find(), dependency::Column::Kind, dependency::Column::Id)
            .into_model()
            .all(db)
            .await?,
        editions: counted(version::Entity::find(), version::Column::Edition, version::Column::Id)
            .into_model()
            .all(db)
            .await?,
        popular: popular().into_model().all(db).await?,
        several: several().into_model().all(db).await?,
        hungry: hungry().into_model().all(db).await?,
    };
    Ok(Arc::new(figures))
}

fn counted<E: EntityTrait>(rows: Select<E>, name: E::Column, id: E::Column) -> Select<E> {
    rows.select_only()
        .column_as(name, "name")
        .expr_as(id.count(), "count")
        .group_by(name)
        .order_by(id.count(), Order::Desc)
        .order_by(name, Order::Asc)
}

fn popular() -> Select<krate::Entity> {
    krate::Entity::find()
        .select_only()
        .column(krate::Column::Name)
        .column_as(krate::Column::Dependants, "count")
        .order_by_desc(krate::Column::Dependants)
        .order_by_asc(krate::Column::Name)
        .limit(10)
}

fn several() -> Select<krate::Entity> {
    counted(krate::Entity::find().inner_join(version::Entity), krate::Column::Name, krate::Column::Id)
        .having(Expr::expr(krate::Column::Id.count()).gt(1))
        .limit(10)
}

fn hungry() -> Select<version::Entity> {
    version::Entity::find()
        .inner_join(krate::Entity)
        .join(sea_orm::JoinType::InnerJoin, sea_orm::RelationTrait::def(&dependency::Relation::Version).rev())
        .filter(dependency::Column::Kind.ne(dependency::Kind::Dev))
        .select_only()
        .column_as(krate::Column::Name, "name")
        .expr_as(Expr::col((dependency::Entity, dependency::Column::TargetId)).count_distinct(), "count")
        .group_by(krate::Column::Name)
        .order_by(Expr::col((dependency::Entity, dependency::Column::TargetId)).count_distinct(), Order::Desc)
        .order_by(krate::Column::Name, Order::Asc)
        .limit(10)
}
