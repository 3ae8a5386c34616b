//! Writes that tell the cache by hand, with a step between any two calls.

use std::time::Instant;

use cache_core::{Cache, Change, Row, Transaction};
use sea_orm::{DbErr, TransactionTrait};

use super::{Fate, Write};
use crate::worker::Step;
use crate::world::{self, Kind};

impl Write<'_> {
    pub(super) async fn directly(&self, cache: &Cache) -> Result<(), DbErr> {
        match (self.fate, world::kind(self.id)) {
            (Fate::RolledBack, _) => self.in_vain(cache).await,
            (_, Kind::Alone) => self.alone(cache).await,
            _ => self.in_transaction(cache).await,
        }
    }

    /// One statement outside of a transaction.
    async fn alone(&self, cache: &Cache) -> Result<(), DbErr> {
        let told = Transaction::begin(cache);
        told.record(self.change(0, 0));
        let asked = Instant::now();
        if told.permission().await.is_err() {
            told.rollback();
            self.world.tally.count(|counts| counts.not_permitted += 1);
            return Ok(());
        }
        told.committing();
        let version = self.raise(&self.world.db).await?;
        self.world.steps.pass(Step::AfterCommit);
        self.committed(told, version, asked).await;
        Ok(())
    }

    async fn in_transaction(&self, cache: &Cache) -> Result<(), DbErr> {
        let world = self.world;
        let told = Transaction::begin(cache);
        let db = world.db.begin().await?;
        let version = self.raise(&db).await?;
        if world::kind(self.id) == Kind::Twins {
            self.raise_twin(&db, version).await?;
            told.record(Change::updated("twin", Row::from([("id", self.id)]), Row::from([("id", self.id)])));
        }
        told.record(self.change(version - 1, version));
        self.begin(version)?;
        world.steps.pass(Step::BeforeAnnouncement);
        let asked = Instant::now();
        if told.permission().await.is_err() {
            db.rollback().await?;
            told.rollback();
            world.tally.count(|counts| counts.not_permitted += 1);
            return Ok(());
        }
        world.steps.pass(Step::AfterAnnouncement);
        told.committing();
        if let Fate::Unknown { commits } = self.fate {
            world.tally.count(|counts| counts.unknown += 1);
            return if commits { db.commit().await } else { db.rollback().await };
        }
        db.commit().await?;
        world.steps.pass(Step::AfterCommit);
        self.committed(told, version, asked).await;
        Ok(())
    }

    async fn in_vain(&self, cache: &Cache) -> Result<(), DbErr> {
        let told = Transaction::begin(cache);
        let db = self.world.db.begin().await?;
        self.spoil(&db).await?;
        told.record(self.change(0, 0));
        if self.asks && told.permission().await.is_err() {
            self.world.tally.count(|counts| counts.not_permitted += 1);
        }
        db.rollback().await?;
        told.rollback();
        self.world.tally.count(|counts| counts.rolled_back += 1);
        Ok(())
    }

    /// COMMIT is answered: tells the cache, and acknowledges.
    async fn committed(&self, told: Transaction, version: u64, asked: Instant) {
        let world = self.world;
        world.took(asked);
        if told.committed().await.is_err() {
            world.tally.count(|counts| counts.undelivered += 1);
            return;
        }
        world.steps.pass(Step::AfterInvalidation);
        self.acknowledge(version);
    }

    /// The change from one version to another; the versions are no part of it.
    fn change(&self, before: u64, after: u64) -> Change {
        let image = |version| {
            let row = Row::from([("id", self.id)]);
            if self.vague { row } else { row.with("shelf", world::shelf(self.id, version)) }
        };
        Change::updated("item", image(before), image(after))
    }
}
