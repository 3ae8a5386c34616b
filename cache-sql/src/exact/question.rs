//! The text that asks PostgreSQL or MySQL for the rows of an UPDATE or DELETE, and locks them.
//!
//! The table and the condition are cut out of the statement as they stand there, so that they mean the same.

use std::fmt::Write;
use std::ops::{ControlFlow, Range};

use cache_core::{Column, Table};
use sqlparser::ast::{Delete, Expr, FromTable, ObjectName, Statement as Tree, TableFactor, Update, Visit, Visitor};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Word};

use super::{Ask, MAX_ROWS};
use crate::Dialect;
use crate::catalogue::{Catalogue, ColumnInfo, Fields, Stores, TableInfo};
use crate::functions::Volatile;
use crate::lower::{Lowering, name_of};
use crate::tokens::Segment;

/// A statement's own table and condition, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    dialect: Dialect,
    /// What a row looks like in the answer: one text.
    row: String,
    /// The table, with its alias.
    from: String,
    /// The condition with its WHERE; nothing for all rows.
    filter: String,
    binds: Vec<usize>,
    /// The lock that the statement itself takes.
    lock: &'static str,
    pub(super) table: Table,
    /// Whether the statement returns rows.
    pub(super) returns: bool,
}

/// The parts of a statement that a question is made of.
struct Parts<'a> {
    table: &'a TableFactor,
    selection: Option<&'a Expr>,
    returns: bool,
    /// The words between which the table stands, from the first of the statement on.
    before: &'static [&'static str],
    after: Option<&'static str>,
    lock: &'static str,
}

impl Question {
    /// The question about a statement; `None` where its text does not tell which rows to lock.
    ///
    /// Which rows satisfy the condition may depend on nothing but these rows: then a row that is locked cannot leave.
    pub(crate) fn about(lowering: &Lowering<'_>, sql: &str, tree: &Tree, segment: &Segment) -> Option<Self> {
        let Parts { table: factor, selection, returns, before, after, lock } = match lowering.dialect {
            Dialect::Sqlite => return None,
            dialect => parts(dialect, tree)?,
        };
        let TableFactor::Table { name, alias, args: None, sample: None, .. } = factor else { return None };
        let is_odd = |word: &String| matches!(word.as_str(), "PARTITION" | "PORTION" | "TABLESAMPLE");
        if lowering.adjusts || segment.words.iter().any(is_odd) || asks_a_cursor(sql) {
            return None;
        }
        let catalogue = lowering.catalogue?;
        let table = Table::from(name_of(name));
        let info = catalogue.table(&table).filter(|info| info.locks && !info.replaces)?;
        if !catalogue.has_images(&table) || catalogue.refusal(&table).is_some() {
            return None;
        }
        if let Some(selection) = selection {
            let volatile = Volatile::find(lowering.dialect, lowering.trusted, selection);
            if volatile.reason.is_some() || !speaks_of_its_row(selection, info) {
                return None;
            }
        }
        if lowering.dialect == Dialect::MySql && !info.columns.iter().any(is_spelt) {
            return None;
        }
        let source = Source::new(sql, &segment.tokens);
        let depths = depths(&segment.tokens);
        let word = |from: usize, wanted: &str| {
            (from..segment.tokens.len()).find(|at| depths[*at] == 0 && is_word(&segment.tokens[*at], wanted))
        };
        let mut first = 0;
        for wanted in before {
            (is_word(segment.tokens.get(first)?, wanted)).then_some(())?;
            first += 1;
        }
        let end = segment.tokens.len();
        let returning = if returns { word(first, "RETURNING")? } else { end };
        let filter = match selection {
            Some(_) => word(first, "WHERE")?,
            None => returning,
        };
        let target = match after {
            Some(after) => first..word(first, after)?,
            None => first..filter,
        };
        let count = |wanted: &str| {
            let is_wanted = |at: &usize| depths[*at] == 0 && is_word(&segment.tokens[*at], wanted);
            (0..end).filter(is_wanted).count()
        };
        if count("RETURNING") != usize::from(returns) || count("WHERE") != usize::from(selection.is_some()) {
            return None;
        }
        let (condition, binds) = source.condition(lowering.dialect, filter..returning)?;
        let mut from = source.between(&target)?.to_owned();
        if lowering.dialect == Dialect::Postgres {
            // The parser did not see an ONLY that stands in front of the table.
            from = sql.get(source.end(first - 1)?..source.end(target.end - 1)?)?.trim().to_owned();
        }
        let known_as = alias.as_ref().map_or_else(|| last(name), |alias| alias.name.to_string());
        let row = match lowering.dialect {
            Dialect::Postgres => row_of_postgres(&known_as),
            _ => row_of_mysql(&known_as, info),
        };
        Some(Question { dialect: lowering.dialect, row, from, filter: condition, binds, lock, table, returns })
    }

    /// Reads and locks the rows that the statement will write.
    pub(super) fn before(&self) -> Ask {
        let Question { row, from, filter, lock, .. } = self;
        let sql = format!("SELECT {row} FROM {from} {filter} LIMIT {} {lock}", MAX_ROWS + 1);
        Ask { sql, binds: self.binds.clone(), script: false }
    }

    /// Reads them again, by their keys.
    ///
    /// With a lock the current state is read, also where an older snapshot is open and MySQL has left a row as it was.
    pub(super) fn after(&self, names: &[&str], keys: &[Vec<&str>]) -> Ask {
        let Question { row, from, lock, .. } = self;
        let names = names.iter().map(|name| quoted(self.dialect, name)).collect::<Vec<_>>().join(", ");
        let keys = keys.iter().map(|key| format!("({})", key.join(", "))).collect::<Vec<_>>().join(", ");
        Ask::query(format!("SELECT {row} FROM {from} WHERE ({names}) IN ({keys}) {lock}"))
    }

    /// A row of the answer.
    pub(super) fn fields(&self, catalogue: &Catalogue, row: &str) -> Option<Fields> {
        let values = super::literal::values(row)?;
        let mut fields = Fields::new();
        for pair in values.chunks(2) {
            let [Some(cache_core::Value::Text(name)), Some(value)] = pair else { return None };
            let text = match value {
                cache_core::Value::Null => None,
                cache_core::Value::Text(text) => Some(&**text),
                _ => return None,
            };
            let text = match self.dialect {
                Dialect::Postgres => text.map(str::to_owned),
                _ => match text {
                    None => None,
                    Some(text) => Some(spelt(catalogue.table(&self.table)?.column(&Column::from(&**name))?, text)?),
                },
            };
            fields.push((name.to_string(), text));
        }
        Some(fields)
    }
}

fn parts(dialect: Dialect, tree: &Tree) -> Option<Parts<'_>> {
    match tree {
        Tree::Update(Update {
            table,
            from: None,
            selection,
            returning,
            output: None,
            or: None,
            order_by,
            limit: None,
            ..
        }) if order_by.is_empty() && table.joins.is_empty() => Some(Parts {
            table: &table.relation,
            selection: selection.as_ref(),
            returns: returning.is_some(),
            before: &["UPDATE"],
            after: Some("SET"),
            lock: if dialect == Dialect::Postgres { "FOR NO KEY UPDATE" } else { "FOR UPDATE" },
        }),
        Tree::Delete(Delete {
            tables,
            from: FromTable::WithFromKeyword(from),
            using: None,
            selection,
            returning,
            output: None,
            order_by,
            limit: None,
            ..
        }) if order_by.is_empty() && tables.is_empty() => match &from[..] {
            [only] if only.joins.is_empty() => Some(Parts {
                table: &only.relation,
                selection: selection.as_ref(),
                returns: returning.is_some(),
                before: &["DELETE", "FROM"],
                after: None,
                lock: "FOR UPDATE",
            }),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a text may say `WHERE CURRENT OF`, which the parser did not see.
fn asks_a_cursor(sql: &str) -> bool {
    let ends = |rest: &str| rest.starts_with(|next: char| next.is_whitespace() || matches!(next, '/' | '-'));
    sql.to_ascii_uppercase().split("CURRENT").skip(1).any(ends)
}

/// Whether a condition names columns of its own table only, and asks no other.
fn speaks_of_its_row(selection: &Expr, info: &TableInfo) -> bool {
    struct Search<'a>(&'a TableInfo);
    impl Visitor for Search<'_> {
        type Break = ();
        fn pre_visit_query(&mut self, _: &sqlparser::ast::Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            let name = match expression {
                Expr::Identifier(name) => name,
                Expr::CompoundIdentifier(names) => match names.last() {
                    Some(name) => name,
                    None => return ControlFlow::Break(()),
                },
                _ => return ControlFlow::Continue(()),
            };
            match self.0.has(&Column::from(name.value.as_str())) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        }
    }
    selection.visit(&mut Search(info)).is_continue()
}

/// The text of a statement by its tokens.
struct Source<'a> {
    sql: &'a str,
    tokens: &'a [TokenWithSpan],
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    fn new(sql: &'a str, tokens: &'a [TokenWithSpan]) -> Self {
        let breaks = sql.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Source { sql, tokens, lines: std::iter::once(0).chain(breaks).collect() }
    }

    fn offset(&self, place: Location) -> Option<usize> {
        let start = *self.lines.get(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let rest = self.sql.get(start..)?;
        let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column)?;
        Some(start + within)
    }

    fn start(&self, token: usize) -> Option<usize> {
        self.offset(self.tokens.get(token)?.span.start)
    }

    fn end(&self, token: usize) -> Option<usize> {
        self.offset(self.tokens.get(token)?.span.end)
    }

    fn between(&self, tokens: &Range<usize>) -> Option<&'a str> {
        self.sql.get(self.start(tokens.start)?..self.end(tokens.end.checked_sub(1)?)?)
    }

    /// A condition whose binds count from its own first one, and which binds of the statement they are.
    fn condition(&self, dialect: Dialect, tokens: Range<usize>) -> Option<(String, Vec<usize>)> {
        if tokens.is_empty() {
            return Some((String::new(), Vec::new()));
        }
        let number = |token: &TokenWithSpan| match &token.token {
            Token::Placeholder(text) => Some(text.get(1..)?.parse::<usize>().ok()?.checked_sub(1)),
            _ => None,
        };
        let mut text = String::new();
        let mut binds = Vec::new();
        let mut from = self.start(tokens.start)?;
        for at in tokens.clone() {
            let Some(bind) = number(&self.tokens[at]) else { continue };
            let bind = bind?;
            let (start, end) = (self.start(at)?, self.end(at)?);
            text.push_str(self.sql.get(from..start)?);
            from = end;
            if dialect == Dialect::Postgres {
                // A bind has one type; here it could get another one than there, where it may stand in other company.
                let outside = |(other, token)| !tokens.contains(&other) && number(token) == Some(Some(bind));
                if self.tokens.iter().enumerate().any(outside) {
                    return None;
                }
                let place = binds.iter().position(|known| *known == bind).unwrap_or_else(|| {
                    binds.push(bind);
                    binds.len() - 1
                });
                write!(text, "${}", place + 1).ok()?;
            } else {
                binds.push(bind);
                text.push('?');
            }
        }
        text.push_str(self.sql.get(from..self.end(tokens.end - 1)?)?);
        Some((text, binds))
    }
}

/// How many parentheses are open before each token.
fn depths(tokens: &[TokenWithSpan]) -> Vec<usize> {
    let mut depth = 0usize;
    let mut depths = Vec::with_capacity(tokens.len());
    for token in tokens {
        depths.push(depth);
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depths
}

fn is_word(token: &TokenWithSpan, wanted: &str) -> bool {
    matches!(&token.token, Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(wanted))
}

/// The last part of a name, with its quotes.
fn last(name: &ObjectName) -> String {
    name.0.last().map(ToString::to_string).unwrap_or_default()
}

fn quoted(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Names and values in turns, all of them as JSON spells them: that depends on no setting of the connection.
fn row_of_postgres(known_as: &str) -> String {
    format!(
        "coalesce((SELECT pg_catalog.string_agg('''' || pg_catalog.replace(key, '''', '''''') || ''',' || \
         coalesce('''' || pg_catalog.replace(value, '''', '''''') || '''', 'NULL'), ',') \
         FROM pg_catalog.jsonb_each_text(pg_catalog.to_jsonb({known_as}.*))), '''')"
    )
}

/// The same of those columns whose texts can be read; texts in hexadecimal digits, which every connection spells alike.
fn row_of_mysql(known_as: &str, info: &TableInfo) -> String {
    let mut parts = vec!["','".to_owned()];
    for column in info.columns.iter().filter(|column| is_spelt(column)) {
        let name = column.name.as_str();
        let place = format!("{known_as}.{}", quoted(Dialect::MySql, name));
        let text = match column.stores {
            Stores::Text { .. } => format!("HEX(CONVERT({place} USING utf8mb4))"),
            _ => format!("CAST({place} AS CHAR)"),
        };
        parts.push(format!("'''{name}'''"));
        parts.push(format!("COALESCE(CONCAT('''', {text}, ''''), 'NULL')"));
    }
    format!("CONCAT_WS({})", parts.join(", "))
}

fn is_spelt(column: &ColumnInfo) -> bool {
    let is_plain = column.name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_text = matches!(
        column.stores,
        Stores::Int { .. } | Stores::Decimal { .. } | Stores::Text { .. } | Stores::Date | Stores::DateTime { .. }
    );
    is_plain && is_text && !column.generated
}

/// What MySQL has told, as JSON would spell it.
fn spelt(column: &ColumnInfo, text: &str) -> Option<String> {
    Some(match column.stores {
        Stores::Text { .. } => String::from_utf8(super::literal::bytes(text)?).ok()?,
        Stores::DateTime { .. } => text.replacen(' ', "T", 1),
        _ => text.to_owned(),
    })
}
