//! One statement, answered from the cache or by the database.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::task::Poll;

use cache_core::{Cache, Dependencies, Key, KeyWriter};
use sea_orm::{DbErr, Statement};

use crate::analysis;
use crate::cached::Options;
use crate::source::Source;
use crate::value::write_key;

/// A statement, the way it is to be cached, and what is asked of it.
pub(crate) struct Ask<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) options: &'a Options,
    pub(crate) kind: &'static str,
    pub(crate) statement: Statement,
}

impl Ask<'_> {
    /// The cached answer, or what `work` reads. `empty` is the answer when no row can satisfy the conditions:
    /// then nothing is read.
    pub(crate) async fn run<T, D, F>(
        self,
        db: &D,
        weigh: fn(&T) -> u64,
        empty: Option<fn() -> T>,
        work: impl FnOnce(Statement) -> F,
    ) -> Result<T, DbErr>
    where
        T: Clone + Send + Sync + 'static,
        D: Source + ?Sized,
        F: Future<Output = Result<T, DbErr>>,
    {
        let key = self.key::<T>();
        let Ask { cache, options, statement, .. } = self;
        let entry = || cache.entry(key.clone()).name(options.name).ttl(options.ttl).weigh(weigh);
        let begun = AtomicBool::new(false);
        let work = Mutex::new(Some(work));
        let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();

        // Inside a transaction nobody waits for another caller, who may be waiting for the very connection
        // that this transaction holds.
        let point = db.read_point();
        let patient = point.is_none();
        // Nobody would drop it there when a row changes.
        let foreign = db.cache_id().is_some_and(|id| id != cache.id());
        if foreign {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    "queries name another cache than the one their connection invalidates: they run uncached"
                );
            });
        }
        let answer = {
            let read = entry().bypass(db.bypass() || foreign).as_of(point).depends_on(|| {
                let found = analysis::dependencies(&statement);
                options.tags.iter().map(Dependencies::tag).fold(found, Dependencies::union)
            });
            let mut read = pin!(read.try_get_or_fill_async(async || {
                begun.store(true, Ordering::Relaxed);
                match (empty, take()) {
                    (Some(empty), _) if analysis::selects_nothing(&statement) => Ok(empty()),
                    (_, Some(work)) => work(statement.clone()).await,
                    (_, None) => Err(no_statement()),
                }
            }));
            poll_fn(|context| match read.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if patient || begun.load(Ordering::Relaxed) => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
            })
            .await
        };
        match (answer, take()) {
            (Some(answer), _) => answer,
            (None, Some(work)) => entry().bypass(true).try_get_or_fill_async(|| work(statement)).await,
            (None, None) => Err(no_statement()),
        }
    }

    /// The statement's single number, named as SeaORM names it.
    pub(crate) async fn number<D: Source + ?Sized>(self, db: &D) -> Result<u64, DbErr> {
        let work = |statement| async move {
            let Some(row) = db.row(statement).await? else { return Ok(0) };
            let count: i64 = row.try_get("", "num_items")?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        self.run(db, |_| size_of::<u64>() as u64, None, work).await
    }

    fn key<T: 'static>(&self) -> Key {
        let mut binds = Vec::new();
        for value in self.statement.values.iter().flat_map(|values| values.0.iter()) {
            write_key(value, &mut binds);
        }
        let mut key = KeyWriter::new();
        key.part(self.kind).part(self.statement.sql.as_str()).bytes(&binds).bytes(&self.options.extra);
        Key::of::<T>("sea-orm").with(&key.finish())
    }
}

pub(crate) fn no_statement() -> DbErr {
    DbErr::Custom("the query could not be rendered: SeaORM sent no statement for it".to_owned())
}
