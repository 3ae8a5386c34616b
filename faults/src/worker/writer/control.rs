//! Writes under a protocol that is wrong.

use sea_orm::{DbErr, TransactionTrait};

use super::Write;
use crate::control::Control;
use crate::world;

impl Write<'_> {
    pub(super) async fn under(&self, control: &Control) -> Result<(), DbErr> {
        let db = self.world.db.begin().await?;
        let version = self.raise(&db).await?;
        self.begin(version)?;
        db.commit().await?;
        let shelves = [world::shelf(self.id, version - 1), world::shelf(self.id, version)];
        if control.invalidate(self.id, shelves).await.is_ok() {
            self.acknowledge(version);
        }
        Ok(())
    }
}
