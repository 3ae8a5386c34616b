//! Writes: what is acknowledged is published, and nothing else.

mod control;
mod direct;
mod own;
mod wrapped;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbErr, Statement};

pub(super) use self::own::Own;
use super::{Subject, World};
use crate::fault::Fault;
use crate::ledger::{Field, Floor};
use crate::plan::Protocol;
use crate::world::{self, ROWS};

/// Writes until it is over.
pub(super) async fn write(world: Arc<World>, number: usize) {
    let mut random = world.random(0x80 + number as u64);
    while !world.is_over() {
        let rest = random.u64(..2 * world.task.plan.rest().max(1) * 1000);
        tokio::time::sleep(Duration::from_micros(rest)).await;
        let fate = match random.u32(..100) {
            ..6 => Fate::RolledBack,
            // Each keeps its rows in the dark for a lease.
            6..8 if world.task.plan.has(Fault::Unknown) => Fate::Unknown { commits: random.bool() },
            _ => Fate::Committed,
        };
        let write = Write {
            world: &world,
            id: random.i32(0..ROWS),
            fate,
            vague: random.u32(..8) == 0,
            asks: random.u32(..4) == 0,
        };
        let wrapped = random.bool() && !matches!(fate, Fate::Unknown { .. });
        let done = match &world.subjects[0] {
            Subject::Product { db, .. } if wrapped => write.through(db).await,
            Subject::Product { cache, .. } => write.directly(cache).await,
            Subject::Control(control) => write.under(control).await,
        };
        if done.is_err() {
            world.tally.count(|counts| counts.failed += 1);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Committed,
    RolledBack,
    /// The writer is not told which.
    Unknown {
        commits: bool,
    },
}

/// A write of one item, with its twin where it has one.
struct Write<'a> {
    world: &'a World,
    id: i32,
    fate: Fate,
    /// Whether the cache is not told the shelves, where that is up to the writer.
    vague: bool,
    /// Whether it reads inside of its transaction, or asks for a permission that it does not use.
    asks: bool,
}

impl Write<'_> {
    fn acknowledge(&self, version: u64) {
        let (world, id) = (self.world, self.id);
        let shelves = [world::shelf(id, version - 1), world::shelf(id, version)];
        world.own[id as usize].raise(version, shelves);
        for shelf in shelves {
            // What is not published is not asked for: nothing is lost but strength.
            let _ = world.ledger.raise(id, Field::Shelf(shelf), version);
        }
        let _ = world.ledger.raise(id, Field::Acknowledged, version);
        world.tally.count(|counts| counts.writes += 1);
    }

    /// Writes the item, and returns its new version.
    async fn raise(&self, db: &impl ConnectionTrait) -> Result<u64, DbErr> {
        let shelf = world::next_shelf(self.id);
        let text = format!(
            "UPDATE item SET version = version + 1, shelf = {shelf} WHERE id = {} RETURNING id, shelf, version",
            self.id
        );
        let statement = Statement::from_string(db.get_database_backend(), text);
        let row = db.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("item {}", self.id)))?;
        let version: i64 = row.try_get("", "version")?;
        Ok(version as u64)
    }

    /// Publishes that a version may be seen from now on.
    fn begin(&self, version: u64) -> Result<(), DbErr> {
        let raised = self.world.ledger.raise(self.id, Field::Begun, version);
        raised.map_err(|error| DbErr::Custom(format!("the ledger cannot be written: {error}")))
    }

    /// Writes the item's twin, so that both have the same version.
    async fn raise_twin(&self, db: &impl ConnectionTrait, version: u64) -> Result<(), DbErr> {
        let text = format!("UPDATE twin SET version = {version} WHERE id = {}", self.id);
        db.execute_unprepared(&text).await.map(drop)
    }

    /// Writes what nobody may ever see.
    async fn spoil(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let text = format!("UPDATE item SET version = {} WHERE id = {}", world::NEVER, self.id);
        db.execute_unprepared(&text).await.map(drop)
    }
}

impl World {
    pub(super) fn own_floor(&self, row: usize) -> Floor {
        self.own[row].floor()
    }

    /// Whether a COMMIT that was announced took longer than an announcement holds.
    fn took(&self, asked: Instant) {
        if self.task.plan.protocol == Protocol::Strict && asked.elapsed() > self.task.plan.lease() {
            self.tally.count(|counts| counts.overdue += 1);
        }
    }
}
