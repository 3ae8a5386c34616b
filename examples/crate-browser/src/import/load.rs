//! The rows, written in one transaction.

use super::{Graph, rows::Rows, schema};
use crate::entity;
use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, TransactionTrait};

/// SQLite takes 32 766 parameters a statement; no table has more than ten columns.
const CHUNK: usize = 500;

/// Creates the tables and fills them, all or nothing, and tells the progress on the terminal.
///
/// # Errors
/// When the database refuses; nothing is left behind then.
pub async fn load<C>(db: &C, graph: &Graph) -> Result<(), DbErr>
where
    C: TransactionTrait,
{
    let rows = Rows::from_graph(graph);
    let bar = bar(rows.len());
    let all = db.begin().await?;
    schema::create(&all).await?;

    insert::<entity::krate::Entity, _>(&all, rows.crates, &bar, "crates").await?;
    insert::<entity::version::Entity, _>(&all, rows.versions, &bar, "versions").await?;
    insert::<entity::feature::Entity, _>(&all, rows.features, &bar, "features").await?;
    insert::<entity::dependency::Entity, _>(&all, rows.dependencies, &bar, "dependencies").await?;
    let (names, links) = rows.licences;
    insert::<entity::licence::Entity, _>(&all, names, &bar, "licences").await?;
    insert::<entity::crate_licence::Entity, _>(&all, links, &bar, "licences").await?;
    let (names, links) = rows.categories;
    insert::<entity::category::Entity, _>(&all, names, &bar, "categories").await?;
    insert::<entity::crate_category::Entity, _>(&all, links, &bar, "categories").await?;
    let (names, links) = rows.keywords;
    insert::<entity::keyword::Entity, _>(&all, names, &bar, "keywords").await?;
    insert::<entity::crate_keyword::Entity, _>(&all, links, &bar, "keywords").await?;
    let (names, links) = rows.authors;
    insert::<entity::author::Entity, _>(&all, names, &bar, "authors").await?;
    insert::<entity::crate_author::Entity, _>(&all, links, &bar, "authors").await?;

    let done = entity::import::Model {
        id: 1,
        workspace: graph.workspace(),
        folder: graph.folder().to_owned(),
        fingerprint: graph.fingerprint(),
    };
    insert::<entity::import::Entity, _>(&all, vec![done], &bar, "").await?;
    sea_orm::TransactionSession::commit(all).await?;
    bar.finish_and_clear();
    Ok(())
}

async fn insert<E, C>(db: &C, rows: Vec<E::Model>, bar: &ProgressBar, what: &'static str) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    bar.set_message(what);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<E::ActiveModel> =
            rows.by_ref().take(CHUNK).map(|row| row.into_active_model().reset_all()).collect();
        let written = chunk.len();
        E::insert_many(chunk).exec_without_returning(db).await?;
        bar.inc(u64::try_from(written).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn bar(rows: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(rows).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("importing {wide_bar} {pos}/{len} rows  {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
