//! Pages, each cached by itself.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use cache_core::{Cache, Codec};
use cache_sql::adapter::Options;
use sea_orm::{DbErr, ItemsAndPagesNumber, PaginatorTrait, SelectorTrait, Statement, Value};

use crate::ask::{Ask, no_statement};
use crate::capture::{Capture, capture};
use crate::selectable::decode_all;
use crate::source::Source;

/// Reads a query page by page through the cache; made by [`Cached::paginate`](crate::Cached::paginate).
///
/// It mirrors SeaORM's `Paginator`. Give the query an order, or the pages are not determined.
pub struct CachedPaginator<'d, 'c, D, S> {
    cache: &'c Cache,
    options: Options,
    /// Of one page.
    codec: Option<Codec>,
    db: &'d D,
    /// The statement of a page; its last two binds are the limit and the offset.
    page_statement: Option<Statement>,
    count_statement: Option<Statement>,
    page: u64,
    page_size: u64,
    selector: PhantomData<fn() -> S>,
}

impl<'d, 'c, D, S> CachedPaginator<'d, 'c, D, S>
where
    D: Source,
    S: SelectorTrait,
{
    pub(crate) fn new<Q>(
        query: Q,
        cache: &'c Cache,
        options: Options,
        codec: Option<Codec>,
        db: &'d D,
        page_size: u64,
    ) -> Self
    where
        Q: PaginatorTrait<'static, Capture, Selector = S>,
        S: Send + Sync + 'static,
    {
        let backend = db.backend();
        let mut paginator = None;
        let page_statement = capture(backend, |capture| {
            let paginator = &*paginator.insert(query.paginate(capture, page_size));
            paginator.fetch_page(0)
        });
        let count_statement = paginator.as_ref().and_then(|paginator| capture(backend, |_| paginator.num_items()));
        CachedPaginator {
            cache,
            options,
            codec,
            db,
            page_statement,
            count_statement,
            page: 0,
            page_size,
            selector: PhantomData,
        }
    }

    /// The number of all rows, whatever the page.
    ///
    /// # Errors
    ///
    /// What SeaORM answers on a miss; errors are not cached.
    pub async fn num_items(&self) -> Result<u64, DbErr> {
        let statement = self.count_statement.clone().ok_or_else(no_statement)?;
        let ask = Ask { cache: self.cache, options: &self.options, kind: "count", statement, codec: None };
        ask.number(self.db).await
    }

    /// The number of pages.
    ///
    /// # Errors
    ///
    /// As [`CachedPaginator::num_items`].
    pub async fn num_pages(&self) -> Result<u64, DbErr> {
        Ok(self.num_items().await?.div_ceil(self.page_size))
    }

    /// The number of rows and of pages.
    ///
    /// # Errors
    ///
    /// As [`CachedPaginator::num_items`].
    pub async fn num_items_and_pages(&self) -> Result<ItemsAndPagesNumber, DbErr> {
        let number_of_items = self.num_items().await?;
        Ok(ItemsAndPagesNumber { number_of_items, number_of_pages: number_of_items.div_ceil(self.page_size) })
    }

    /// Goes on to the next page.
    pub fn next(&mut self) {
        self.page += 1;
    }

    /// Goes to a page; the first is 0.
    pub fn set_page(&mut self, page: u64) {
        self.page = page;
    }

    /// The page that [`fetch`](CachedPaginator::fetch) reads; the first is 0.
    pub fn cur_page(&self) -> u64 {
        self.page
    }
}

impl<D, S> CachedPaginator<'_, '_, D, S>
where
    D: Source,
    S: SelectorTrait,
    S::Item: Clone + Send + Sync + 'static,
{
    /// The rows of one page; the first is 0.
    ///
    /// # Errors
    ///
    /// As [`CachedPaginator::num_items`].
    pub async fn fetch_page(&self, page: u64) -> Result<Vec<S::Item>, DbErr> {
        let statement = self.statement_of(page).ok_or_else(no_statement)?;
        let ask = Ask { cache: self.cache, options: &self.options, kind: "page", statement, codec: self.codec };
        let work = |statement| async move { decode_all::<S>(self.db.rows(statement).await?).map(Arc::new) };
        let weigh = |rows: &Arc<Vec<S::Item>>| size_of_val(&rows[..]) as u64;
        let rows = ask.run(self.db, weigh, Some(Arc::default), work).await?;
        Ok(Vec::clone(&rows))
    }

    /// The rows of the current page.
    ///
    /// # Errors
    ///
    /// As [`CachedPaginator::num_items`].
    pub async fn fetch(&self) -> Result<Vec<S::Item>, DbErr> {
        self.fetch_page(self.page).await
    }

    /// The rows of the current page, and on to the next; `None` after the last one.
    ///
    /// # Errors
    ///
    /// As [`CachedPaginator::num_items`].
    pub async fn fetch_and_next(&mut self) -> Result<Option<Vec<S::Item>>, DbErr> {
        let rows = self.fetch().await?;
        self.next();
        Ok((!rows.is_empty()).then_some(rows))
    }

    fn statement_of(&self, page: u64) -> Option<Statement> {
        let mut statement = self.page_statement.clone()?;
        *statement.values.as_mut()?.0.last_mut()? = Value::from(self.page_size * page);
        Some(statement)
    }
}

impl<D, S> fmt::Debug for CachedPaginator<'_, '_, D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedPaginator")
            .field("statement", &self.page_statement)
            .field("page", &self.page)
            .field("page_size", &self.page_size)
            .finish_non_exhaustive()
    }
}
