//! The cached functions and queries that are asked.

use std::time::Duration;

use cache_core::{Cache, Codec, Dependencies, Key, Lock, cached_as, column};
use cache_sea_orm::CachedConnection;
use cache_sea_orm::prelude::*;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::World;
use crate::check::{Question, Seen};
use crate::fault::Fault;
use crate::world::{item, twin};

/// What is cached: rows, and who has made the answer when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) rows: Vec<Seen>,
    /// Where work knows it: the process, and its count of ends of work.
    pub(super) made: Option<(u64, u64)>,
}

impl From<Vec<item::Model>> for Answer {
    fn from(rows: Vec<item::Model>) -> Self {
        Answer { rows: rows.into_iter().map(Seen::from).collect(), made: None }
    }
}

impl From<Vec<Seen>> for Answer {
    fn from(rows: Vec<Seen>) -> Self {
        Answer { rows, made: None }
    }
}

impl From<item::Model> for Seen {
    fn from(row: item::Model) -> Self {
        Seen { id: row.id, shelf: Some(row.shelf), version: row.version, twin: None }
    }
}

/// How a question is put: each way has entries of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A cached function.
    Function,
    /// A cached query.
    Query,
    /// An entry that is described by hand, filled once for all processes.
    Entry,
}

/// What the work of a function needs beside the question.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) world: &'a World,
    pub(super) cache: &'a Cache,
    pub(super) db: &'a CachedConnection,
}

impl Asking<'_> {
    pub(super) async fn ask(&self, question: Question, way: Way) -> Result<Answer, DbErr> {
        let Asking { cache, db, .. } = *self;
        match (question, way) {
            (Question::Row(id), Way::Function) => row(db, *self, id).await,
            (Question::Row(id), Way::Query) => {
                let found = item::Entity::find_by_id(id).cached(cache).one(db).await?;
                Ok(found.into_iter().collect::<Vec<_>>().into())
            }
            (Question::Row(id), Way::Entry) => self.described(id).await,
            (Question::Shelf(number), Way::Function | Way::Entry) => shelf(db, *self, number).await,
            (Question::Shelf(number), Way::Query) => {
                Ok(item::Entity::find().filter(item::Column::Shelf.eq(number)).cached(cache).all(db).await?.into())
            }
            (Question::Range(first, last), _) => Ok(item::Entity::find()
                .filter(item::Column::Id.between(first, last))
                .cached(cache)
                .all(db)
                .await?
                .into()),
            (Question::Joined(id), Way::Function | Way::Entry) => joined(db, *self, id).await,
            (Question::Joined(id), Way::Query) => {
                let query = item::Entity::find_by_id(id).find_also_related(twin::Entity);
                Ok(pairs(query.cached(cache).all(db).await?))
            }
            (Question::Both(id), _) => both(db, *self, id).await,
            (Question::Page(number, id), _) => page(*self, number, id).await,
        }
    }

    /// An item, as an entry.
    async fn described(&self, id: i32) -> Result<Answer, DbErr> {
        let entry = self.cache.entry(Key::of::<Answer>("described").with(&id)).codec(Codec::serde::<Answer>());
        let entry = entry.lock(Lock::Shared).depends_on(|| Dependencies::on("item", column("id").eq(id)));
        entry
            .try_get_or_fill_async(|| async {
                let rows: Vec<item::Model> = item::Entity::find_by_id(id).all(self.db).await?;
                self.linger().await;
                Ok(rows.into())
            })
            .await
    }

    /// Where slowness is a fault, sleeps now and then, beyond everything that others may wait for.
    async fn linger(&self) {
        let plan = &self.world.task.plan;
        if !plan.has(Fault::Slow) || fastrand::u32(..100) > 0 {
            return;
        }
        self.world.tally.count(|counts| counts.slow += 1);
        let longest =
            if plan.mode().is_some_and(|mode| mode == cache_core::Mode::Fresh) { 300 } else { plan.lease * 3 / 2 };
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..longest))).await;
    }
}

fn pairs(found: Vec<(item::Model, Option<twin::Model>)>) -> Answer {
    let pair = |(item, twin): (item::Model, Option<twin::Model>)| Seen {
        twin: twin.map(|twin| twin.version),
        ..Seen::from(item)
    };
    Answer { rows: found.into_iter().map(pair).collect(), made: None }
}

#[cached_as(item::Entity::find_by_id(id), cache = asking.cache, ignore(asking))]
async fn row(db: &CachedConnection, asking: Asking<'_>, id: i32) -> Result<Answer, DbErr> {
    let rows = item::Entity::find_by_id(id).all(db).await?;
    asking.linger().await;
    Ok(rows.into())
}

#[cached_as(item::Entity::find().filter(item::Column::Shelf.eq(number)), cache = asking.cache, ignore(asking))]
async fn shelf(db: &CachedConnection, asking: Asking<'_>, number: i32) -> Result<Answer, DbErr> {
    let rows = item::Entity::find().filter(item::Column::Shelf.eq(number)).all(db).await?;
    asking.linger().await;
    Ok(rows.into())
}

#[cached_as(item::Entity::find_by_id(id), twin::Entity::find_by_id(id), cache = asking.cache, ignore(asking))]
async fn joined(db: &CachedConnection, asking: Asking<'_>, id: i32) -> Result<Answer, DbErr> {
    let found = item::Entity::find_by_id(id).find_also_related(twin::Entity).all(db).await?;
    asking.linger().await;
    Ok(pairs(found))
}

#[cached_as(item::Entity::find_by_id(id), twin::Entity::find_by_id(id), cache = asking.cache, ignore(asking))]
async fn both(db: &CachedConnection, asking: Asking<'_>, id: i32) -> Result<Answer, DbErr> {
    let items = item::Entity::find_by_id(id).all(db).await?;
    asking.linger().await;
    let mut twins = twin::Entity::find_by_id(id).all(db).await?;
    let mut answer = pairs(items.into_iter().map(|item| (item, twins.pop())).collect());
    answer.made = Some((asking.world.process(), asking.world.made()));
    Ok(answer)
}

/// What is inside is cached by itself; all that it depends on, the page does.
#[cached_as(twin::Entity::find_by_id(id), extra = number, cache = asking.cache, ignore(asking))]
async fn page(asking: Asking<'_>, number: i32, id: i32) -> Result<Answer, DbErr> {
    let mut answer = Box::pin(asking.ask(Question::Shelf(number), Way::Query)).await?;
    let single = Box::pin(asking.ask(Question::Row(id), Way::Function)).await?;
    answer.rows.extend(single.rows.into_iter().map(|seen| Seen { shelf: None, ..seen }));
    Ok(answer)
}
