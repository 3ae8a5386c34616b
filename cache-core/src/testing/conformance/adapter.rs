//! What an adapter offers to the suite.

use super::{Argument, Dialect, Question, Write};
use crate::Cache;

/// Why something that the suite asked for did not happen; any error turns into it by `?`.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An adapter under test, on one kind of database.
pub trait Adapter {
    /// A database with its cache.
    type Shop: Shop;

    /// How reports call it: the adapter and the database.
    fn name(&self) -> String;

    /// The dialect of the database.
    fn dialect(&self) -> Dialect;

    /// What the adapter's library can do beside the essentials.
    fn features(&self) -> Features {
        Features::default()
    }

    /// An empty database of its own in which `script` was run, statement by statement, through an *unwrapped* connection;
    /// then wrapped, with a new cache.
    ///
    /// Several connections must be able to read and write it (SQLite: a file in WAL mode). Foreign keys must be in force
    /// on each of them.
    ///
    /// # Errors
    ///
    /// When there is no such database: the case fails.
    fn open(&self, script: &[String]) -> impl Future<Output = Result<Self::Shop, Failure>>;
}

/// What the library under an adapter can do beside the essentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// [`Client::begin`] inside of a transaction begins a savepoint.
    pub savepoints: bool,
    /// `BEGIN`, `SAVEPOINT`, `COMMIT` and their kin, sent by [`Client::execute`] outside of [`Client::begin`], reach one
    /// and the same connection.
    pub text: bool,
}

impl Features {
    /// [`Features::savepoints`].
    #[must_use]
    pub fn with_savepoints(mut self) -> Self {
        self.savepoints = true;
        self
    }

    /// [`Features::text`].
    #[must_use]
    pub fn with_text(mut self) -> Self {
        self.text = true;
        self
    }
}

/// A database with its cache.
pub trait Shop {
    /// A place that statements are sent to.
    type Client: Client;

    /// The cache that the writes of all its clients invalidate.
    fn cache(&self) -> &Cache;

    /// One more client, with a connection that no open transaction of another client holds.
    ///
    /// # Errors
    ///
    /// When the database gives no connection: the case fails.
    fn client(&self) -> impl Future<Output = Result<Self::Client, Failure>>;
}

/// A wrapped connection or pool, and the transaction that is open on it.
///
/// Everything is sent through the wrapper. Between [`Client::begin`] and its end all statements belong to that transaction, whatever
/// the type is that the library gives it. The futures of a library that blocks are ready at once; see
/// [`block_on`](super::block_on).
pub trait Client {
    /// The dialect of the database.
    fn dialect(&self) -> Dialect;

    /// The cached answer to a question, in the library's own words where it has some for it; the
    /// [documentation of each question](Question) says what a line of the answer holds. The order of the lines is free.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn ask(&mut self, question: Question) -> impl Future<Output = Result<Vec<String>, Failure>> {
        async move { self.raw(&question.sql(self.dialect()), &question.arguments()).await }
    }

    /// The cached answer to a query given as SQL text, with binds for its placeholders. Its one column is text that
    /// is never NULL, and is called `line`.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn raw(&mut self, sql: &str, arguments: &[Argument]) -> impl Future<Output = Result<Vec<String>, Failure>>;

    /// The same without binds and without the cache, through the wrapped connection: what the database says at this moment, in this
    /// transaction.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn lines(&mut self, sql: &str) -> impl Future<Output = Result<Vec<String>, Failure>>;

    /// Writes, in the library's own words where it has some for it.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn write(&mut self, write: Write) -> impl Future<Output = Result<(), Failure>> {
        async move { self.execute(&write.sql(self.dialect())).await }
    }

    /// Sends SQL text without binds.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), Failure>>;

    /// Begins a transaction by the library's means; inside of one, a savepoint ([`Features::savepoints`]).
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn begin(&mut self) -> impl Future<Output = Result<(), Failure>>;

    /// Commits the innermost transaction or savepoint.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn commit(&mut self) -> impl Future<Output = Result<(), Failure>>;

    /// Rolls the innermost transaction or savepoint back.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn roll_back(&mut self) -> impl Future<Output = Result<(), Failure>>;

    /// Lets go of the transaction without ending it, as an early return does: by dropping its handle, or the
    /// connection.
    ///
    /// # Errors
    ///
    /// What the database answers.
    fn abandon(&mut self) -> impl Future<Output = Result<(), Failure>> {
        self.roll_back()
    }
}
