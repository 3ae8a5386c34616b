//! Cursors: pages by the values of a column.

use sea_orm::{Cursor, DbBackend, DbErr, SelectorTrait, Statement};

use crate::capture::capture;
use crate::selectable::{Fetch, Selectable};
use crate::source::{Reading, Source};

/// The methods of a cursor give it back by reference, so this is what one holds at the end of a chain.
impl<'a, S> Selectable for &'a mut Cursor<S>
where
    S: SelectorTrait + Send + Sync,
    S::Item: Clone + Send + Sync + 'static,
{
    type Row = S::Item;
    type Fetch = &'a mut Cursor<S>;

    fn prepare(self, backend: DbBackend) -> Option<(Statement, Self::Fetch)> {
        Some((capture(backend, |db| self.all(db))?, self))
    }
}

impl<S> Fetch for &mut Cursor<S>
where
    S: SelectorTrait + Send + Sync,
    S::Item: Send,
{
    type Row = S::Item;

    async fn fetch<D: Source + ?Sized>(self, db: &D, statement: Statement) -> Result<Vec<S::Item>, DbErr> {
        self.all(&Reading::one(db, statement)).await
    }
}

impl<S> Selectable for Cursor<S>
where
    S: SelectorTrait + Send + Sync,
    S::Item: Clone + Send + Sync + 'static,
{
    type Row = S::Item;
    type Fetch = Cursor<S>;

    fn prepare(mut self, backend: DbBackend) -> Option<(Statement, Self::Fetch)> {
        Some((capture(backend, |db| self.all(db))?, self))
    }
}

impl<S> Fetch for Cursor<S>
where
    S: SelectorTrait + Send + Sync,
    S::Item: Send,
{
    type Row = S::Item;

    async fn fetch<D: Source + ?Sized>(mut self, db: &D, statement: Statement) -> Result<Vec<S::Item>, DbErr> {
        self.all(&Reading::one(db, statement)).await
    }
}
