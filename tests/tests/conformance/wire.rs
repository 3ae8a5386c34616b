//! A driver that sends text, and the client that the contract makes of it.

use cache_core::Cache;
use cache_core::testing::conformance::{Argument, Client, Dialect, Failure};
use cache_core::{Key, KeyWriter};
use cache_sql::Bind;
use cache_sql::adapter::{Database, Lookup, Options, Outcome, Session};

/// A connection of a driver.
pub(crate) trait Wire {
    const DIALECT: Dialect;

    /// Runs one statement, prepared when it has arguments.
    fn run(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<Vec<String>>, Failure>;

    fn is_violation(error: &Failure) -> bool;
}

/// A connection with its session.
pub(crate) struct Handle<W> {
    wire: W,
    session: Session,
    depth: usize,
}

impl<W: Wire> Handle<W> {
    pub(crate) fn new(wire: W, database: &Database) -> Self {
        Handle { wire, session: Session::connection(database), depth: 0 }
    }

    fn learn_schema(&mut self, sql: &str) {
        if let Some(request) = self.session.wants_schema(sql) {
            let rows = self.wire.run(request.sql(), &[]);
            request.answer(rows);
        }
    }

    fn announced(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
        self.learn_schema(sql);
        let mut announcement = self.session.announce(sql, Vec::new);
        announcement.permission().wait()?;
        let result = self.wire.run(sql, &[]);
        announcement.over(Outcome::of(&result, W::is_violation), None).wait()?;
        Ok(result?.into_iter().flatten().collect())
    }

    fn words(&mut self, outermost: &str, inner: &str) -> Result<(), Failure> {
        let text = match self.depth {
            0 => outermost.to_owned(),
            depth => format!("{inner} level_{depth}"),
        };
        self.announced(&text).map(drop)
    }
}

impl<W: Wire> Client for Handle<W> {
    fn dialect(&self) -> Dialect {
        W::DIALECT
    }

    async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
        let binds: Vec<Bind> = arguments.iter().map(bind).collect();
        let mut key = KeyWriter::new();
        key.part(sql).part(format!("{arguments:?}").as_str());
        let key = Key::of::<Vec<String>>("wire").with(&key.finish());
        let session = self.session.clone();
        let database = session.database();
        let place = Place(session.clone());
        Lookup::new(database.cache(), &Options::new(), key).run(
            &place,
            |lines: &Vec<String>| lines.iter().map(String::len).sum::<usize>() as u64,
            || database.dependencies(sql, &binds),
            || {
                self.learn_schema(sql);
                let announcement = session.announce_lookup(sql);
                let result = self.wire.run(sql, arguments);
                announcement.over(Outcome::of(&result, W::is_violation), None).wait()?;
                Ok(result?.into_iter().flatten().collect())
            },
        )
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
        self.announced(sql)
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        self.announced(sql).map(drop)
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        self.words("BEGIN", "SAVEPOINT")?;
        self.depth += 1;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Failure> {
        self.depth -= 1;
        self.words("COMMIT", "RELEASE SAVEPOINT")
    }

    async fn roll_back(&mut self) -> Result<(), Failure> {
        self.depth -= 1;
        self.words("ROLLBACK", "ROLLBACK TO SAVEPOINT")
    }
}

/// The session as a connection to be asked about its transaction.
struct Place(Session);

impl cache_core::Connection for Place {
    fn bypass(&self) -> bool {
        self.0.bypass()
    }

    fn read_point(&self) -> Option<cache_core::ReadPoint> {
        self.0.read_point()
    }

    fn cache_id(&self) -> Option<cache_core::CacheId> {
        Some(self.0.cache_id())
    }
}

fn bind(argument: &Argument) -> Bind {
    match argument {
        Argument::Int(number) => Bind::from(i64::from(*number)),
        Argument::Text(text) => Bind::from(text.as_str()),
    }
}

/// A database of a server, wrapped.
pub(crate) struct Wrapped {
    pub(crate) database: Database,
    pub(crate) url: String,
}

impl Wrapped {
    pub(crate) fn new(dialect: cache_sql::Dialect, url: String) -> Self {
        Wrapped { database: Database::new(dialect, &Cache::in_memory()), url }
    }
}
