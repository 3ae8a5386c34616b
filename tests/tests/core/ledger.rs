//! A toy database: numbers by id, snapshots, savepoints, and a count of the statements it has run.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache_core::{Cache, Change, Dependencies, Entry, Key, Row, Transaction, column};

type Rows = BTreeMap<i32, i64>;

/// The database, with every state that was ever committed.
#[derive(Debug)]
pub(crate) struct Ledger {
    versions: Mutex<Vec<Rows>>,
    statements: AtomicUsize,
}

impl Ledger {
    /// A ledger that holds 10 under id 1, 20 under id 2 and so on.
    pub(crate) fn new() -> Self {
        let rows = (1..=5).map(|id| (id, i64::from(id) * 10)).collect();
        Ledger { versions: Mutex::new(vec![rows]), statements: AtomicUsize::new(0) }
    }

    pub(crate) fn statements(&self) -> usize {
        self.statements.load(Ordering::SeqCst)
    }

    /// The committed number, straight from the database.
    pub(crate) fn select(&self, id: i32) -> i64 {
        self.select_as_of(self.latest(), id)
    }

    /// The committed number through the cache.
    pub(crate) fn read(&self, cache: &Cache, id: i32) -> i64 {
        entry(cache, id).depends_on(move || row(id)).get_or_fill(|| self.select(id))
    }

    /// One write in a transaction of its own.
    pub(crate) fn write(&self, cache: &Cache, id: i32, number: i64) {
        let mut session = self.begin(cache);
        session.write(id, number).unwrap();
        session.commit();
    }

    pub(crate) fn begin<'l>(&'l self, cache: &'l Cache) -> Session<'l> {
        let levels = vec![(Transaction::begin(cache), Rows::new())];
        Session { ledger: self, cache, snapshot: self.latest(), levels }
    }

    fn latest(&self) -> usize {
        self.versions.lock().unwrap().len() - 1
    }

    fn select_as_of(&self, version: usize, id: i32) -> i64 {
        self.statements.fetch_add(1, Ordering::SeqCst);
        self.versions.lock().unwrap()[version][&id]
    }
}

fn entry(cache: &Cache, id: i32) -> Entry<'_> {
    cache.entry(Key::new("number").with(&id))
}

pub(crate) fn row(id: i32) -> Dependencies {
    Dependencies::on("ledger", column("id").eq(id))
}

/// A transaction as an adapter drives it: reads its snapshot and its own writes, and tells the cache after its commit.
#[derive(Debug)]
pub(crate) struct Session<'l> {
    ledger: &'l Ledger,
    cache: &'l Cache,
    snapshot: usize,
    levels: Vec<(Transaction, Rows)>,
}

impl Session<'_> {
    fn innermost(&mut self) -> &mut (Transaction, Rows) {
        self.levels.last_mut().expect("a level")
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.levels.last().expect("a level").0.is_clean()
    }

    pub(crate) fn savepoint(&mut self) {
        let nested = self.innermost().0.nested();
        self.levels.push((nested, Rows::new()));
    }

    /// Writes a number, which must not be negative.
    pub(crate) fn write(&mut self, id: i32, number: i64) -> Result<(), &'static str> {
        if number < 0 {
            return Err("a number is negative");
        }
        let (transaction, rows) = self.innermost();
        rows.insert(id, number);
        transaction.record(Change::updated("ledger", Row::from([("id", id)]), Row::from([("id", id)])));
        Ok(())
    }

    /// The number as this transaction sees it, straight from the database.
    pub(crate) fn select(&self, id: i32) -> i64 {
        let own = self.levels.iter().rev().find_map(|(_, rows)| rows.get(&id).copied());
        let committed = self.ledger.select_as_of(self.snapshot, id);
        own.unwrap_or(committed)
    }

    /// The number as this transaction sees it, through the cache.
    pub(crate) fn read(&self, id: i32) -> i64 {
        let (transaction, _) = self.levels.last().expect("a level");
        entry(self.cache, id)
            .depends_on(move || row(id))
            .bypass(!transaction.is_clean())
            .as_of(transaction.read_point())
            .get_or_fill(|| self.select(id))
    }

    pub(crate) fn release(&mut self) {
        let (nested, rows) = self.levels.pop().expect("a savepoint");
        self.innermost().1.extend(rows);
        nested.commit().unwrap();
    }

    pub(crate) fn rollback_to_savepoint(&mut self) {
        let (nested, _) = self.levels.pop().expect("a savepoint");
        nested.rollback();
    }

    pub(crate) fn commit(self) {
        self.commit_with(|| ());
    }

    /// Commits, with something that happens after the database has committed and before the cache knows.
    pub(crate) fn commit_with(mut self, between: impl FnOnce()) {
        let (transaction, written) = self.levels.remove(0);
        assert!(self.levels.is_empty(), "savepoints end first");
        transaction.committing();
        {
            let mut versions = self.ledger.versions.lock().unwrap();
            let mut rows = versions.last().expect("a first version").clone();
            rows.extend(written);
            versions.push(rows);
        }
        between();
        transaction.commit().unwrap();
    }

    pub(crate) fn rollback(mut self) {
        self.levels.remove(0).0.rollback();
    }
}
