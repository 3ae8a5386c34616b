//! Changes on their way to the store.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::tier::Tier;
use crate::change::{Change, Kind, Row};
use crate::dependency::Table;
use crate::error::Error;
use crate::observe::ShapeMet;
use crate::store::shared::{Fault, Mode, Voided, Written};

/// Changes by table, each image once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) everything: bool,
    pub(crate) writes: Arc<[Written]>,
}

/// Most images of one table in what is merged from several invalidations; more of them are any row.
const MAX_MERGED: usize = 256;

impl Told {
    /// Both together.
    pub(super) fn and(&self, other: &Told) -> Told {
        let images = |told: &'_ Told| told.writes.to_vec();
        let both = images(self).into_iter().chain(images(other));
        let mut merged = grouped(both.map(|write| (write.table, write.images)));
        for write in &mut merged {
            if write.images.len() > MAX_MERGED {
                write.images = vec![Row::new()];
            }
        }
        Told { everything: self.everything || other.everything, writes: merged.into() }
    }
}

/// Groups changes so that each table is told once, whatever the number of rows.
pub(crate) fn written(changes: &[Change]) -> Told {
    let images = changes.iter().filter_map(|change| Some((change.table_name()?.clone(), change.images().to_vec())));
    let everything = changes.iter().any(|change| change.kind() == Kind::Everything);
    Told { everything, writes: grouped(images).into() }
}

fn grouped(images: impl Iterator<Item = (Table, Vec<Row>)>) -> Vec<Written> {
    let mut tables: BTreeMap<Table, Vec<Row>> = BTreeMap::new();
    for (table, images) in images {
        tables.entry(table).or_default().extend(images);
    }
    let writes = tables.into_iter().map(|(table, mut images)| {
        if images.iter().any(Row::is_empty) {
            images = vec![Row::new()];
        }
        let mut seen = HashSet::with_capacity(images.len());
        images.retain(|image| seen.insert(image.clone()));
        Written { table, images }
    });
    writes.collect()
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Tier {
    /// Tells the store of committed changes, and ends the intent of their transaction; the number of the invalidation and
    /// what it met.
    ///
    /// While the store does not answer, this process neither serves nor stores what the changes may concern. After
    /// the time of patience the caller gets an error, and the rest goes on in the background.
    pub(crate) async fn void(
        self: Arc<Self>,
        transaction: Option<u64>,
        told: Told,
    ) -> Result<(u64, Vec<ShapeMet>), Error> {
        let number = self.next_number();
        if self.store.mode() == Mode::Ttl {
            return Ok((number, Vec::new()));
        }
        let fault = match self.try_void(transaction, &told).await {
            Ok(shapes) => return Ok((number, shapes)),
            Err(fault) => fault,
        };
        let closing = self.fence.close(&told.writes, told.everything);
        self.near.suspect_all();
        let mut pause = FIRST_PAUSE;
        let mut waited = Duration::ZERO;
        let is_safe = transaction.is_some();
        while !is_safe && waited < self.settings.patience {
            self.store.sleep(pause).await;
            waited += pause;
            pause = (2 * pause).min(LONGEST_PAUSE);
            if let Ok(shapes) = self.try_void(transaction, &told).await {
                return Ok((number, shapes));
            }
        }
        self.deliver_later(transaction, told, closing);
        // Nobody is served what an announced change concerns until its intent is over.
        if is_safe || !self.settings.strict_acknowledgement {
            return Ok((number, Vec::new()));
        }
        Err(Error::undelivered(format_args!(
            "the cache could not be told of it for {:?}, and goes on trying: other processes may be served results from before \
             it until then ({fault})",
            self.settings.patience
        )))
    }

    pub(super) async fn try_void(&self, transaction: Option<u64>, told: &Told) -> Result<Vec<ShapeMet>, Fault> {
        let mut shapes = Vec::new();
        if told.everything {
            self.store.void_everything(transaction).await.inspect_err(|_| self.failed())?;
            self.near.suspect_all();
            shapes.push(ShapeMet::everything());
        }
        if !told.writes.is_empty() {
            let voided = self.store.void(transaction, Arc::clone(&told.writes)).await;
            let Voided { shapes: met, marks } = voided.inspect_err(|_| self.failed())?;
            // Before the write is acknowledged: this process sees its own writes at once.
            self.near.suspect(marks);
            shapes.extend(met);
        }
        Ok(shapes)
    }

    /// Tells the store, before COMMIT, what is about to change.
    pub(crate) async fn announce(self: Arc<Self>, transaction: u64, told: Told) -> Result<(), Error> {
        let refused = |fault: Fault| {
            self.failed();
            Error::refused(format_args!("the cache could not be told of it before its COMMIT ({fault})"))
        };
        if told.everything {
            self.store.announce_everything(transaction).await.map_err(refused)?;
        }
        if told.writes.is_empty() {
            return Ok(());
        }
        self.store.announce(transaction, Arc::clone(&told.writes)).await.map_err(refused)
    }
}
