//! The entry: text and binds in, statement out.

use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use cache_core::{Change, Column, Dependencies, Row, Table};
use quick_cache::sync::Cache as Templates;

use crate::bind::Binds;
use crate::catalogue::Catalogue;
use crate::lower::Lowering;
use crate::plan::Plan;
use crate::planning::plans;
use crate::tokens::segments;
use crate::{Bind, Dialect, Statement};

/// How many texts are remembered.
const TEMPLATES: usize = 4_096;

/// Texts longer than this are not remembered.
const LONGEST: usize = 64 * 1_024;

/// Tells what statements read and write.
///
/// A text is parsed once and remembered; after that only its binds are filled in.
///
/// Without a [`Catalogue`] the analyser takes row images as statements spell them. That is right only when the caller
/// can promise, of every table that is written,
///
/// * that its columns store exactly what is written: their types are the types of the values, wide enough for them;
/// * that its texts are equal when their bytes are, and that no two of its names differ by their case alone;
/// * that no column is generated, filled or changed by the database on its own after the write;
/// * that it has no triggers or rules, no partitions or children that are written by their own names, no foreign keys that
///   delete or change rows of other tables;
///
/// and, of every relation that is read, that it is a table, not a view. String literals of PostgreSQL and MySQL, which take
/// the type of their column, are left out of row images all the same. With a catalogue nothing of this is assumed.
///
/// In either case all connections that share results have to agree on what texts mean: on the schema that is
/// searched, the time zone, the collation and the mode of SQL. [`Statement::Session`] tells where a statement changes that.
///
/// ```
/// use cache_sql::{Analyser, Dialect};
///
/// let analyser = Analyser::new(Dialect::Sqlite);
/// let read = analyser.analyse("SELECT * FROM article WHERE category_id = ?", &[3.into()]);
/// assert_eq!(read.dependencies().to_string(), "article: category_id = 3");
///
/// let write = analyser.analyse("UPDATE article SET category_id = ? WHERE id = ?", &[4.into(), 7.into()]);
/// assert_eq!(write.changes()[0].to_string(), "update article (id = 7) -> (category_id = 4, id = 7)");
/// ```
pub struct Analyser {
    dialect: Dialect,
    trusted: Vec<String>,
    known: RwLock<Arc<Known>>,
    fault: Option<cache_core::dependency::query::Fault>,
}

/// A schema and the texts that were lowered with it.
pub(crate) struct Known {
    catalogue: Option<Catalogue>,
    templates: Templates<Box<str>, Arc<Vec<Plan>>>,
}

impl Known {
    pub(crate) fn catalogue(&self) -> Option<&Catalogue> {
        self.catalogue.as_ref()
    }

    fn new(catalogue: Option<Catalogue>) -> Arc<Self> {
        Arc::new(Known { catalogue, templates: Templates::new(TEMPLATES) })
    }
}

impl Analyser {
    /// An analyser without a catalogue.
    pub fn new(dialect: Dialect) -> Self {
        Analyser { dialect, trusted: Vec::new(), known: RwLock::new(Known::new(None)), fault: None }
    }

    /// The analyser without a catalogue that all of this process share, so that a text is parsed once.
    pub fn shared(dialect: Dialect) -> &'static Analyser {
        static SQLITE: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::Sqlite));
        static POSTGRES: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::Postgres));
        static MYSQL: LazyLock<Analyser> = LazyLock::new(|| Analyser::new(Dialect::MySql));
        match dialect {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
            Dialect::MySql => &MYSQL,
        }
    }

    /// Lets the results of a function be cached: it must give the same result for the same arguments, and read nothing else.
    ///
    /// A routine that the catalogue knows is believed to be so, too, except where a view calls it.
    #[must_use]
    pub fn pure_function(mut self, name: impl AsRef<str>) -> Self {
        self.trusted.push(name.as_ref().to_ascii_lowercase());
        self
    }

    /// This analyser with a catalogue.
    #[must_use]
    pub fn with_catalogue(self, catalogue: Catalogue) -> Self {
        self.set_catalogue(Some(catalogue));
        self
    }

    /// Replaces what is known of the schema, after it has changed.
    pub fn set_catalogue(&self, catalogue: Option<Catalogue>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::new(catalogue);
    }

    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    #[doc(hidden)]
    #[must_use]
    #[cfg(feature = "testing")]
    pub fn with_fault(mut self, fault: Option<cache_core::dependency::query::Fault>) -> Self {
        self.fault = fault;
        self
    }

    /// What a text of SQL does when it runs with these binds.
    ///
    /// Placeholders are counted as the database counts them; a bind that is missing may be anything. This never
    /// fails: what is not understood is not cached when it reads, and counts as a write of anything otherwise.
    pub fn analyse(&self, sql: &str, binds: &[Bind]) -> Statement {
        let known = self.known();
        let catalogue = known.catalogue.as_ref();
        let binds = Binds { dialect: self.dialect, values: binds };
        let (plans, first) = self.plans(&known, sql);
        match &plans[..] {
            [plan] => plan.fill(binds, catalogue, first),
            plans => Statement::Batch(plans.iter().map(|plan| plan.fill(binds, catalogue, first)).collect()),
        }
    }

    /// What a write has changed, once it has run and returned rows.
    ///
    /// The text tells where rows were and what was assigned; rows that come back by `RETURNING` tell the rest, and
    /// a column that was not assigned held before what it holds now. `rows` are images of the returned rows by
    /// column name, holding what the database stores; `all` says that there were no others. `None` where that is no more
    /// than [`Analyser::analyse`] knows: without a catalogue, for an upsert, for expressions under a name.
    ///
    /// ```
    /// use cache_core::Row;
    /// use cache_sql::{Analyser, Bind, Catalogue, Dialect};
    ///
    /// let table = "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER, stars INTEGER)";
    /// let catalogue = Catalogue::from_sqlite_schema([("table", "article", "article", table)]);
    /// let analyser = Analyser::new(Dialect::Sqlite).with_catalogue(catalogue);
    /// let text = "UPDATE article SET stars = stars + 1 WHERE id = ? RETURNING id, category_id, stars";
    /// let row = Row::from([("id", 7), ("category_id", 3), ("stars", 12)]);
    /// let changes = analyser.returned(text, &[Bind::from(7)], &[row], true).unwrap();
    /// assert_eq!(
    ///     changes[0].to_string(),
    ///     "update article (category_id = 3, id = 7) -> (category_id = 3, id = 7, stars = 12)",
    /// );
    /// ```
    pub fn returned(&self, sql: &str, binds: &[Bind], rows: &[Row], all: bool) -> Option<Vec<Change>> {
        let known = self.known();
        let (plans, _) = self.plans(&known, sql);
        let binds = Binds { dialect: self.dialect, values: binds };
        match &plans[..] {
            [plan] => plan.returned(binds, known.catalogue.as_ref(), rows, all),
            _ => None,
        }
    }

    /// Whether rows that come back under these names, in this order, are what a write returns by its text: where it
    /// says `*`, these have to be all columns of its table.
    pub fn returns<N: AsRef<str>>(&self, sql: &str, names: &[N]) -> bool {
        let known = self.known();
        let (plans, _) = self.plans(&known, sql);
        match (&plans[..], &known.catalogue) {
            ([plan], Some(catalogue)) => plan.returns(catalogue, names),
            _ => false,
        }
    }

    /// Whether a text can only read, whatever its binds are.
    ///
    /// For a text that was seen before this is one lookup, and nothing is allocated. The user's own functions are taken for
    /// ones that only read.
    pub fn only_reads(&self, sql: &str) -> bool {
        let known = self.known();
        let (plans, _) = self.plans(&known, sql);
        !plans.is_empty() && plans.iter().all(|plan| matches!(plan, Plan::Read(_)))
    }

    /// Why results of a text must not be stored according to the catalogue: it reads a relation that the catalogue
    /// does not know, or knows to change by itself, or one of another database, or it calls a routine that users have
    /// defined. `None` for a text that is fine, and without a catalogue.
    ///
    /// What the text says beside that, [`Analyser::analyse`] tells.
    pub fn refusal(&self, sql: &str) -> Option<Arc<str>> {
        let known = self.known();
        let (plans, _) = self.plans(&known, sql);
        plans.iter().find_map(Plan::refusal)
    }

    /// What the result of a query depends on; not cacheable when the text does more than read.
    pub fn dependencies(&self, sql: &str, binds: &[Bind]) -> Dependencies {
        self.analyse(sql, binds).dependencies()
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn plans_of(&self, sql: &str) -> Arc<Vec<Plan>> {
        self.plans(&self.known(), sql).0
    }

    /// The primary key of a table; nothing where none is known.
    pub(crate) fn primary_key(&self, table: &Table) -> Vec<Column> {
        let known = self.known();
        let info = known.catalogue.as_ref().and_then(|catalogue| catalogue.table(table));
        info.map(|info| info.primary_key.clone()).unwrap_or_default()
    }

    /// What a text without binds does, by a catalogue that is not that of this analyser.
    pub(crate) fn analyse_with(&self, catalogue: &Catalogue, sql: &str) -> Statement {
        let binds = Binds { dialect: self.dialect, values: &[] };
        match &self.plan(sql, Some(catalogue))[..] {
            [plan] => plan.fill(binds, Some(catalogue), true),
            plans => Statement::Batch(plans.iter().map(|plan| plan.fill(binds, Some(catalogue), true)).collect()),
        }
    }

    /// The plans of a text, and whether it was met for the first time.
    fn plans(&self, known: &Known, sql: &str) -> (Arc<Vec<Plan>>, bool) {
        if let Some(plans) = known.templates.get(sql) {
            return (plans, false);
        }
        let plans = Arc::new(self.plan(sql, known.catalogue.as_ref()));
        if sql.len() <= LONGEST {
            known.templates.insert(sql.into(), plans.clone());
        }
        (plans, true)
    }

    fn plan(&self, sql: &str, catalogue: Option<&Catalogue>) -> Vec<Plan> {
        let lowering = Lowering {
            dialect: self.dialect,
            catalogue,
            trusted: &self.trusted,
            writes: false,
            adjusts: false,
            fault: self.fault,
        };
        match segments(self.dialect, sql) {
            Ok(segments) => segments.into_iter().flat_map(|segment| plans(&lowering, sql, segment)).collect(),
            Err(reason) => vec![Plan::Unknown { tables: None, reason: reason.into() }],
        }
    }
}

impl fmt::Debug for Analyser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyser").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// Analyses one text without remembering it.
///
/// ```
/// use cache_sql::{Dialect, analyse};
/// let write = analyse(Dialect::Sqlite, "DELETE FROM article WHERE id = 7", &[]);
/// assert_eq!(write.changes()[0].to_string(), "delete article (id = 7)");
/// ```
pub fn analyse(dialect: Dialect, sql: &str, binds: &[Bind]) -> Statement {
    Analyser::new(dialect).analyse(sql, binds)
}
