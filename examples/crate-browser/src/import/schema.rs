//! The tables, made from the entities.

use crate::entity;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Schema};

/// Creates every table with its foreign keys and indexes.
///
/// # Errors
/// When the database refuses, for instance because a table exists.
pub async fn create<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    table(db, entity::krate::Entity).await?;
    table(db, entity::version::Entity).await?;
    table(db, entity::feature::Entity).await?;
    table(db, entity::dependency::Entity).await?;
    table(db, entity::licence::Entity).await?;
    table(db, entity::category::Entity).await?;
    table(db, entity::keyword::Entity).await?;
    table(db, entity::author::Entity).await?;
    table(db, entity::crate_licence::Entity).await?;
    table(db, entity::crate_category::Entity).await?;
    table(db, entity::crate_keyword::Entity).await?;
    table(db, entity::crate_author::Entity).await?;
    table(db, entity::star::Entity).await?;
    table(db, entity::note::Entity).await?;
    table(db, entity::import::Entity).await
}

async fn table<C: ConnectionTrait, E: EntityTrait>(db: &C, entity: E) -> Result<(), DbErr> {
    let schema = Schema::new(db.get_database_backend());
    db.execute(&schema.create_table_from_entity(entity)).await?;
    for index in schema.create_index_from_entity(entity) {
        db.execute(&index).await?;
    }
    Ok(())
}
