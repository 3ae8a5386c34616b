//! Writes through a wrapped connection, which tells the cache by itself.

use std::time::Instant;

use cache_core::ErrorKind;
use cache_sea_orm::prelude::*;
use cache_sea_orm::{CachedConnection, CachedTransaction, store_failure};
use sea_orm::{DbErr, EntityTrait, TransactionTrait};

use super::{Fate, Write};
use crate::check::Violation;
use crate::world::{self, Kind, item};

impl Write<'_> {
    pub(super) async fn through(&self, db: &CachedConnection) -> Result<(), DbErr> {
        let asked = Instant::now();
        if world::kind(self.id) == Kind::Alone && self.fate == Fate::Committed {
            let outcome = self.raise(db).await;
            return self.answered(outcome, asked);
        }
        let transaction = db.begin().await?;
        if self.fate == Fate::RolledBack {
            self.spoil(&transaction).await?;
            self.look(&transaction, world::NEVER).await?;
            transaction.rollback().await?;
            self.world.tally.count(|counts| counts.rolled_back += 1);
            return Ok(());
        }
        let version = self.raise(&transaction).await?;
        if world::kind(self.id) == Kind::Twins {
            self.raise_twin(&transaction, version).await?;
        }
        self.look(&transaction, version as i64).await?;
        self.begin(version)?;
        let asked = Instant::now();
        let outcome = transaction.commit().await;
        self.answered(outcome.map(|()| version), asked)
    }

    /// Reads inside of the transaction what it has written.
    async fn look(&self, transaction: &CachedTransaction, version: i64) -> Result<(), DbErr> {
        if !self.asks {
            return Ok(());
        }
        let query = item::Entity::find_by_id(self.id).cached(transaction.cache());
        let seen = query.one(transaction).await?.map(|row| row.version);
        if seen != Some(version) {
            let violation = Violation::of_a_transaction(self.id, version, seen);
            self.world.tally.violated(&[violation], "");
        }
        Ok(())
    }

    /// Errors say whether the write was made.
    fn answered(&self, outcome: Result<u64, DbErr>, asked: Instant) -> Result<(), DbErr> {
        let tally = &self.world.tally;
        self.world.took(asked);
        match outcome {
            Ok(version) => self.acknowledge(version),
            Err(error) => match store_failure(&error) {
                Some(ErrorKind::Undelivered) => tally.count(|counts| counts.undelivered += 1),
                Some(_) => tally.count(|counts| counts.not_permitted += 1),
                None => return Err(error),
            },
        }
        Ok(())
    }
}
