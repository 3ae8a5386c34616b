//! The nodes of the store.

use super::PerTable;
use super::entry::Entry;
use super::nonce::{Nonce, Nonces};
use super::table::Table;

/// Which of two servers that both believe to be the primary of a table is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that is.
    Primary,
    /// The one that was.
    Former,
}

/// All keys: those of each table on its own node, the entry on another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Store {
    /// The serving primaries.
    pub tables: PerTable<Table>,
    /// What a replica or a dump has of each; none when it can no longer come back.
    pub copies: PerTable<Option<Table>>,
    /// Primaries that were replaced and do not know it.
    pub former: PerTable<Option<Table>>,
    /// The one entry.
    pub entry: Option<Entry>,
    /// The reader that holds the lease of filling the entry.
    pub lease: Option<u8>,
}

impl Store {
    /// The keys of a table on that side; none when nobody is there.
    pub fn side(&mut self, table: usize, side: Side) -> Option<&mut Table> {
        match side {
            Side::Primary => self.tables.get_mut(table),
            Side::Former => self.former.get_mut(table)?.as_mut(),
        }
    }
}

impl Nonces for Store {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        let copies = self.copies.iter_mut().flatten();
        let former = self.former.iter_mut().flatten();
        self.tables.iter_mut().chain(copies).chain(former).for_each(|table| table.each_nonce(visit));
        if let Some(entry) = &mut self.entry {
            entry.each_nonce(visit);
        }
    }
}
