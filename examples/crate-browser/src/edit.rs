//! What the user changes. Plain SeaORM: that results are dropped is seen to by the connection.

use crate::{
    entity::{crate_keyword, keyword, note, star},
    query::Db,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
    sea_query::OnConflict,
};
use std::collections::BTreeSet;

/// The longest keyword, in characters.
const KEYWORD_LENGTH: usize = 40;

/// The most keywords of one crate.
const KEYWORDS: usize = 20;

/// Stars a crate, or takes the star away.
///
/// # Errors
/// When the database refuses.
pub async fn star(db: &Db, crate_id: i32, starred: bool) -> Result<(), DbErr> {
    if starred {
        star::Entity::insert(star::ActiveModel { crate_id: Set(crate_id) })
            .on_conflict(OnConflict::column(star::Column::CrateId).do_nothing().to_owned())
            .exec_without_returning(db)
            .await?;
    } else {
        star::Entity::delete_by_id(crate_id).exec(db).await?;
    }
    Ok(())
}

/// Adds a note to a crate.
///
/// # Errors
/// When the database refuses.
pub async fn add_note(db: &Db, crate_id: i32, text: &str) -> Result<(), DbErr> {
    note::ActiveModel { id: NotSet, crate_id: Set(crate_id), text: Set(text.to_owned()) }.insert(db).await?;
    Ok(())
}

/// Deletes a note of a crate.
///
/// # Errors
/// When the database refuses.
pub async fn delete_note(db: &Db, crate_id: i32, note_id: i32) -> Result<(), DbErr> {
    note::Entity::delete_many()
        .filter(note::Column::Id.eq(note_id))
        .filter(note::Column::CrateId.eq(crate_id))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a crate these keywords and no others, all or nothing.
///
/// # Errors
/// When the database refuses.
pub async fn retag(db: &Db, crate_id: i32, keywords: &BTreeSet<String>) -> Result<(), DbErr> {
    // It reads before it writes: begun as a reader it would fail when another process writes in between.
    let mode = Some(SqliteTransactionMode::Immediate);
    let all = db.begin_with_options(TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() }).await?;
    let mut wanted = BTreeSet::new();
    for name in keywords {
        wanted.insert(keyword_id(&all, name).await?);
    }
    let links = crate_keyword::Entity::find().filter(crate_keyword::Column::CrateId.eq(crate_id));
    let present: BTreeSet<i32> = links.all(&all).await?.into_iter().map(|link| link.keyword_id).collect();
    for keyword_id in present.difference(&wanted) {
        crate_keyword::Entity::delete_by_id((crate_id, *keyword_id)).exec(&all).await?;
    }
    for keyword_id in wanted.difference(&present) {
        crate_keyword::ActiveModel { crate_id: Set(crate_id), keyword_id: Set(*keyword_id) }.insert(&all).await?;
    }
    all.commit().await
}

async fn keyword_id<C: ConnectionTrait>(db: &C, name: &str) -> Result<i32, DbErr> {
    if let Some(row) = keyword::Entity::find().filter(keyword::Column::Name.eq(name)).one(db).await? {
        return Ok(row.id);
    }
    Ok(keyword::ActiveModel { id: NotSet, name: Set(name.to_owned()) }.insert(db).await?.id)
}

/// The keywords in `text`, separated by commas or blanks, in small letters.
///
/// ```
/// # use crate_browser::edit::keywords;
/// let words: Vec<_> = keywords("Cache, orm cache").into_iter().collect();
/// assert_eq!(words, ["cache", "orm"]);
/// ```
pub fn keywords(text: &str) -> BTreeSet<String> {
    text.split(|sign: char| sign == ',' || sign.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().take(KEYWORD_LENGTH).collect())
        .take(KEYWORDS)
        .collect()
}
