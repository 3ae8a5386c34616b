//! One statement, answered from the cache or by the database.

use cache_core::{Cache, Codec, Dependencies, Key, KeyWriter};
use cache_sql::adapter::{Admission, Asked, Lookup, Options};
use sea_orm::{DbErr, Statement};

use crate::analysis;
use crate::source::{Source, admission};
use crate::value::write_key;

/// A statement, the way it is to be cached, and what is asked of it.
pub(crate) struct Ask<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) options: &'a Options,
    pub(crate) kind: &'static str,
    pub(crate) statement: Statement,
    pub(crate) codec: Option<Codec>,
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
        let admission = admission(db, self.cache, self.options, self.asked(), &self.statement.sql).await;
        let key = self.key::<T>();
        let Ask { cache, options, statement, codec, .. } = self;
        let find = || analysis::dependencies(&statement);
        let ask = || async {
            match empty {
                Some(empty) if analysis::selects_nothing(&statement) => Ok(empty()),
                _ => work(statement.clone()).await,
            }
        };
        let lookup = Lookup::new(cache, options, key).admitted(admission).codec(codec);
        lookup.run_async(db, weigh, find, ask).await
    }

    fn asked(&self) -> Asked {
        match self.kind {
            "one" => Asked::One,
            "count" => Asked::Count,
            "exists" => Asked::Exists,
            _ => Asked::Rows,
        }
    }

    /// The statement's single number, named as SeaORM names it.
    pub(crate) async fn number<D: Source + ?Sized>(self, db: &D) -> Result<u64, DbErr> {
        let work = |statement| async move {
            let Some(row) = db.row(statement).await? else { return Ok(0) };
            let count: i64 = row.try_get("", "num_items")?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let ask = Ask { codec: Some(Codec::serde::<u64>()), ..self };
        ask.run(db, |_| size_of::<u64>() as u64, None, work).await
    }

    fn key<T: 'static>(&self) -> Key {
        let mut binds = Vec::new();
        for value in self.statement.values.iter().flat_map(|values| values.0.iter()) {
            write_key(value, &mut binds);
        }
        let mut key = KeyWriter::new();
        key.part(self.kind).part(self.statement.sql.as_str()).bytes(&binds).bytes(self.options.key_part());
        Key::of::<T>("sea-orm").with(&key.finish())
    }
}

/// A result that is found without its statement, which is rendered on a miss only.
pub(crate) struct Kept<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) options: &'a Options,
    pub(crate) admission: Admission,
    pub(crate) key: Key,
    pub(crate) codec: Option<Codec>,
}

impl Kept<'_> {
    pub(crate) async fn run<T, D, F>(
        self,
        db: &D,
        weigh: fn(&T) -> u64,
        render: impl Fn() -> Result<Statement, DbErr>,
        work: impl FnOnce(Statement) -> F,
    ) -> Result<T, DbErr>
    where
        T: Clone + Send + Sync + 'static,
        D: Source + ?Sized,
        F: Future<Output = Result<T, DbErr>>,
    {
        let find = || match render() {
            Ok(statement) => analysis::dependencies(&statement),
            Err(_) => Dependencies::uncacheable("there is no statement"),
        };
        let ask = || async { work(render()?).await };
        let key = self.key.with(self.options.key_part());
        let lookup = Lookup::new(self.cache, self.options, key).admitted(self.admission).codec(self.codec);
        lookup.run_async(db, weigh, find, ask).await
    }
}

pub(crate) fn no_statement() -> DbErr {
    DbErr::Custom("the query could not be rendered: SeaORM sent no statement for it".to_owned())
}
