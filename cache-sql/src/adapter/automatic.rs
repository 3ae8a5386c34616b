//! Queries that are cached because the profiles of their tables say so.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{Cache, Column, Dependencies, Operation, Policy, Table, Test};
use quick_cache::sync::Cache as Memory;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::schema::View;
use super::{Options, SchemaRequest, Session};
use crate::tokens::segments;
use crate::{Analyser, Bind, Dialect};

/// How many texts are remembered.
const TEXTS: usize = 4_096;

/// Longer texts are looked at each time.
const LONGEST: usize = 64 * 1_024;

/// Functions that make one value of many rows.
const AGGREGATES: [&str; 22] = [
    "ANY_VALUE",
    "ARRAY_AGG",
    "AVG",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "BOOL_AND",
    "BOOL_OR",
    "COUNT",
    "EVERY",
    "GROUP_CONCAT",
    "JSON_AGG",
    "JSON_ARRAYAGG",
    "JSON_GROUP_ARRAY",
    "JSONB_AGG",
    "MAX",
    "MIN",
    "STDDEV",
    "STRING_AGG",
    "SUM",
    "TOTAL",
    "VARIANCE",
];

/// What is asked of a query, as the library's method says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of its rows.
    Rows,
    /// Its first row.
    One,
    /// How many rows it has.
    Count,
    /// Whether it has a row.
    Exists,
}

/// Whether a query is cached, and how; made by [`Session::admit`] or [`Options::admit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    pub(super) policy: Option<Policy>,
}

impl Admission {
    /// The query runs uncached.
    pub const REFUSED: Admission = Admission { policy: None };

    /// What was asked for by hand is kept in every way.
    fn by_hand(ttl: Option<Duration>) -> Self {
        let mut policy = Policy::default();
        policy.ttl = ttl;
        policy.instance = true;
        policy.collections = true;
        policy.write_through = true;
        Admission { policy: Some(policy) }
    }

    /// How the result is kept; `None` where the query runs uncached.
    pub fn policy(&self) -> Option<Policy> {
        self.policy
    }
}

impl Options {
    /// Whether such a query is cached when it asks this of these tables.
    pub fn admit<T: AsRef<str>>(
        &self,
        cache: &Cache,
        tables: impl IntoIterator<Item = T>,
        operation: Operation,
    ) -> Admission {
        if self.off || self.operations.is_some_and(|only| !only.contains(operation)) {
            return Admission::REFUSED;
        }
        if !self.automatic {
            return Admission::by_hand(self.ttl);
        }
        let mut policy = cache.profiles().resolve(tables, operation);
        if let (Some(policy), Some(ttl)) = (&mut policy, self.ttl) {
            policy.ttl = Some(ttl);
        }
        Admission { policy }
    }

    /// Whether the answer is the same for every query.
    fn decides_alone(&self, cache: &Cache) -> bool {
        self.off || self.automatic && cache.profiles().is_empty() || !self.automatic && self.operations.is_none()
    }
}

impl Session {
    /// The wish to know the schema before [`Session::admit`] is asked; `None` when it is known, or not needed.
    pub fn wants_schema_to_admit(&self, cache: &Cache, options: &Options) -> Option<SchemaRequest> {
        if options.decides_alone(cache) { None } else { self.wants_schema_to_begin() }
    }

    /// Whether a query is cached: its options say so, and where they leave it to the profiles, those of its tables.
    ///
    /// A text that was seen before costs a look-up.
    pub fn admit(&self, cache: &Cache, options: &Options, asked: Asked, sql: &str) -> Admission {
        if options.decides_alone(cache) {
            return options.admit(cache, [""; 0], Operation::Fetch);
        }
        let database = self.database();
        let view = database.schema().view();
        let reading = database.readings().of(database.dialect(), &view, sql);
        let operation = match asked {
            Asked::Count => Operation::Count,
            Asked::Exists => Operation::Exists,
            Asked::Rows | Asked::One => reading.rows,
        };
        options.admit(cache, reading.tables.iter(), operation)
    }
}

/// What reading texts do, remembered by text.
#[derive(Debug)]
pub(super) struct Readings(Memory<Box<str>, Arc<Reading>>);

/// What one text reads, and what asking for its rows is.
#[derive(Debug)]
struct Reading {
    /// The schema under which this was found.
    generation: u64,
    tables: Vec<Box<str>>,
    rows: Operation,
}

impl Default for Readings {
    fn default() -> Self {
        Readings(Memory::new(TEXTS))
    }
}

impl Readings {
    fn of(&self, dialect: Dialect, view: &View, sql: &str) -> Arc<Reading> {
        if let Some(known) = self.0.get(sql).filter(|known| known.generation == view.generation) {
            return known;
        }
        let reading = Arc::new(Reading::of(dialect, view, sql));
        let settled = view.analyser.is_some() || view.forgone;
        if settled && sql.len() <= LONGEST {
            self.0.insert(sql.into(), Arc::clone(&reading));
        }
        reading
    }
}

impl Reading {
    fn of(dialect: Dialect, view: &View, sql: &str) -> Self {
        // Which values are bound does not matter here, so long as each is one value.
        let places = sql.bytes().filter(|byte| matches!(byte, b'?' | b'$' | b':' | b'@')).count();
        let binds: Vec<Bind> = (1..=places as i64).map(Bind::from).collect();
        let dependencies = Analyser::shared(dialect).dependencies(sql, &binds);
        let text = Text::of(dialect, sql);
        let by_key = view.analyser.as_deref().is_some_and(|analyser| is_by_key(analyser, &dependencies));
        let rows = text.operation().unwrap_or(if by_key { Operation::Get } else { Operation::Fetch });
        Reading { generation: view.generation, tables: text.names(&dependencies), rows }
    }
}

/// Whether at most one row of one table is read: its whole primary key is compared with one value each.
fn is_by_key(analyser: &Analyser, dependencies: &Dependencies) -> bool {
    let [conjunction] = dependencies.conjunctions() else { return false };
    let key = analyser.primary_key(conjunction.table());
    let is_one = |column: &Column| {
        let mut conditions = conjunction.conditions().iter().filter(|condition| condition.column() == column);
        conditions.any(|condition| matches!(condition.test(), Test::In(values) if values.len() == 1))
    };
    !key.is_empty() && key.iter().all(is_one)
}

/// A text by its words. What is misread here changes which words of a profile apply, and nothing else.
struct Text(Vec<Token>);

impl Text {
    fn of(dialect: Dialect, sql: &str) -> Self {
        let tokens = segments(dialect, sql).unwrap_or_default().into_iter().flat_map(|segment| segment.tokens);
        let tokens = tokens.map(|TokenWithSpan { token, .. }| token);
        Text(tokens.filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF)).collect())
    }

    /// What the select list says: that only values made of many rows are asked for.
    fn operation(&self) -> Option<Operation> {
        let [first, rest @ ..] = &self.0[..] else { return None };
        let grouped = rest.windows(2).any(|pair| is_word(&pair[0], "GROUP") && is_word(&pair[1], "BY"));
        if !is_word(first, "SELECT") || grouped {
            return None;
        }
        let items = select_list(rest);
        match &items[..] {
            [[Token::Word(word), Token::LParen, ..]] if word.value.eq_ignore_ascii_case("EXISTS") => {
                return Some(Operation::Exists);
            }
            [[Token::Word(word), Token::LParen, Token::Mul, Token::RParen, ..]]
                if word.value.eq_ignore_ascii_case("COUNT") =>
            {
                return Some(Operation::Count);
            }
            _ => {}
        }
        let aggregate = |item: &&[Token]| match item {
            [Token::Word(word), Token::LParen, ..] => {
                AGGREGATES.iter().any(|name| word.value.eq_ignore_ascii_case(name))
                    && !item.iter().any(|token| is_word(token, "OVER"))
            }
            _ => false,
        };
        (!items.is_empty() && items.iter().all(aggregate)).then_some(Operation::Aggregate)
    }

    /// The tables of a query, with their schemas where the text names them.
    fn names(&self, dependencies: &Dependencies) -> Vec<Box<str>> {
        let mut names: Vec<(Table, Box<str>)> = Vec::new();
        let tables: Vec<&Table> = dependencies.tables().collect();
        for (at, token) in self.0.iter().enumerate() {
            if !is_word(token, "FROM") && !is_word(token, "JOIN") {
                continue;
            }
            let name = dotted(&self.0[at + 1..]);
            let table = Table::from(&*name);
            if tables.contains(&&table) && names.iter().all(|(_, known)| **known != *name) {
                names.push((table, name.into()));
            }
        }
        let unnamed = tables.into_iter().filter(|table| names.iter().all(|(known, _)| known != *table));
        let unnamed: Vec<Box<str>> = unnamed.map(|table| table.as_str().into()).collect();
        names.into_iter().map(|(_, name)| name).chain(unnamed).collect()
    }
}

/// The items between SELECT and its FROM.
fn select_list(tokens: &[Token]) -> Vec<&[Token]> {
    let mut items = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    let mut end = tokens.len();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => {
                items.push(&tokens[start..at]);
                start = at + 1;
            }
            token if depth == 0 && is_word(token, "FROM") => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    items.push(&tokens[start..end]);
    items
}

/// The name that the tokens begin with.
fn dotted(tokens: &[Token]) -> String {
    let mut name = String::new();
    let mut tokens = tokens.iter().skip_while(|token| is_word(token, "ONLY"));
    loop {
        let Some(Token::Word(word)) = tokens.next() else { return name };
        name.push_str(&word.value);
        let Some(Token::Period) = tokens.next() else { return name };
        name.push('.');
    }
}

fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use cache_core::{Operations, Profile, Profiles};

    use super::*;
    use crate::adapter::Database;

    const SCHEMA: [[&str; 4]; 2] = [
        ["table", "article", "article", "CREATE TABLE article (id INTEGER PRIMARY KEY, category_id INTEGER)"],
        [
            "table",
            "tagging",
            "tagging",
            "CREATE TABLE tagging (article_id INTEGER, tag TEXT, PRIMARY KEY (article_id, tag))",
        ],
    ];

    fn session(profiles: impl IntoIterator<Item = (&'static str, Profile)>) -> Session {
        let mut builder = Profiles::builder();
        for (pattern, profile) in profiles {
            builder = builder.set(pattern, profile);
        }
        let cache = Cache::builder().profiles(builder.build().unwrap()).build();
        let session = Session::pool(&Database::new(Dialect::Sqlite, &cache));
        let rows = SCHEMA.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        session.wants_schema_to_begin().unwrap().answer(Ok::<Vec<Vec<String>>, String>(rows));
        session
    }

    /// The only operation for which a query is admitted.
    fn operation(asked: Asked, sql: &str) -> Operation {
        let each = [Operation::Get, Operation::Fetch, Operation::Count, Operation::Exists, Operation::Aggregate];
        let admits = |operation: &Operation| {
            let session = session([("*", Profile::new((*operation).into()))]);
            let options = Options::new().auto();
            session.admit(session.database().cache(), &options, asked, sql).policy().is_some()
        };
        let admitted: Vec<Operation> = each.into_iter().filter(admits).collect();
        assert_eq!(admitted.len(), 1, "{sql}: {admitted:?}");
        admitted[0]
    }

    #[test]
    fn what_is_asked_is_told_from_the_text() {
        for (operation_of, sql) in [
            (Operation::Get, "SELECT * FROM article WHERE id = ?"),
            (Operation::Get, "SELECT * FROM article WHERE article.id = 7 AND category_id = ? LIMIT 1"),
            (Operation::Get, "SELECT * FROM tagging WHERE tag = ? AND article_id = ?"),
            (Operation::Fetch, "SELECT * FROM tagging WHERE article_id = ?"),
            (Operation::Fetch, "SELECT * FROM article WHERE id IN (?, ?)"),
            (Operation::Fetch, "SELECT * FROM article WHERE id > ?"),
            (Operation::Fetch, "SELECT * FROM article WHERE id = ? OR category_id = ?"),
            (Operation::Fetch, "SELECT * FROM article JOIN tagging ON article_id = id WHERE id = ?"),
            (Operation::Fetch, "SELECT * FROM unheard_of WHERE id = ?"),
            (Operation::Aggregate, "SELECT sum(id), max(id) AS \"last\" FROM article"),
            (Operation::Aggregate, "SELECT COUNT(DISTINCT id) FROM article"),
            (Operation::Count, "SELECT COUNT(*) AS n FROM article WHERE id > ?"),
            (Operation::Exists, "SELECT EXISTS (SELECT 1 FROM article WHERE id = ?)"),
            (Operation::Fetch, "SELECT category_id, sum(id) FROM article GROUP BY category_id"),
            (Operation::Fetch, "SELECT sum(id) FROM article GROUP BY category_id"),
            (Operation::Fetch, "SELECT sum(id) OVER () FROM article"),
            (Operation::Fetch, "SELECT id, max(category_id) FROM article"),
        ] {
            assert_eq!(operation(Asked::Rows, sql), operation_of, "{sql}");
            assert_eq!(operation(Asked::One, sql), operation_of, "{sql}");
            assert_eq!(operation(Asked::Count, sql), Operation::Count, "{sql}");
            assert_eq!(operation(Asked::Exists, sql), Operation::Exists, "{sql}");
        }
    }

    fn admitted(session: &Session, options: &Options, sql: &str) -> Option<Policy> {
        session.admit(session.database().cache(), options, Asked::Rows, sql).policy()
    }

    #[test]
    fn every_table_of_a_join_has_to_allow_it() {
        let session = session([
            ("article", Profile::new(Operations::ALL).ttl(Duration::from_secs(60))),
            ("tagging", Profile::new(Operations::GET)),
        ]);
        let options = Options::new().auto();
        let alone = admitted(&session, &options, "SELECT * FROM article");
        assert_eq!(alone.and_then(|policy| policy.ttl), Some(Duration::from_secs(60)));
        assert_eq!(admitted(&session, &options, "SELECT * FROM article, tagging"), None);
        assert_eq!(admitted(&session, &options, "SELECT 1"), None, "no table");
    }

    #[test]
    fn a_schema_that_the_text_names_counts() {
        let session = session([("shop.*", Profile::new(Operations::ALL)), ("old.article", Profile::none())]);
        let options = Options::new().auto();
        assert!(admitted(&session, &options, "SELECT * FROM \"shop\".\"article\"").is_some());
        assert_eq!(admitted(&session, &options, "SELECT * FROM old.article"), None);
        assert_eq!(admitted(&session, &options, "SELECT * FROM article"), None);
        assert_eq!(admitted(&session, &options, "SELECT * FROM shop.article JOIN old.article AS o ON true"), None);
    }

    #[test]
    fn options_narrow_what_profiles_allow() {
        let session = session([("article", Profile::new(Operations::FETCH).ttl(Duration::from_secs(60)))]);
        let sql = "SELECT * FROM article";
        let count = |options: &Options| session.admit(session.database().cache(), options, Asked::Count, sql).policy();
        assert!(count(&Options::new()).is_some(), "by hand the profiles do not matter");
        assert!(count(&Options::new().auto()).is_none());
        assert!(count(&Options::new().operations([Operation::Fetch])).is_none());
        assert!(count(&Options::new().operations([Operation::Count])).is_some());
        assert!(count(&Options::new().uncached()).is_none());
        let longer = Options::new().auto().ttl(Duration::from_secs(90));
        assert_eq!(admitted(&session, &longer, sql).and_then(|policy| policy.ttl), Some(Duration::from_secs(90)));
    }

    #[test]
    fn what_is_known_of_a_text_goes_with_the_schema() {
        let session = session([("article", Profile::new(Operations::GET))]);
        let (options, sql) = (Options::new().auto(), "SELECT * FROM article WHERE id = ?");
        assert!(admitted(&session, &options, sql).is_some());
        session.database().forget_schema();
        let request = session.wants_schema_to_admit(session.database().cache(), &options).unwrap();
        let table = "CREATE TABLE article (id INTEGER, name TEXT PRIMARY KEY)";
        let row = ["table", "article", "article", table].map(String::from).to_vec();
        request.answer(Ok::<_, String>(vec![row]));
        assert!(admitted(&session, &options, sql).is_none(), "the key is another one now");
    }
}
