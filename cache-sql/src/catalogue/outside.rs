//! What a text names that the rows of the schema do not answer for: other databases, and the users' own routines.

use std::ops::ControlFlow;
use std::sync::Arc;

use cache_core::Table;
use sqlparser::ast::{ObjectName, Query, SetExpr, Visit, Visitor};
use sqlparser::tokenizer::Token;

use super::Catalogue;
use crate::Dialect;
use crate::tokens::Segment;

impl Catalogue {
    /// Why the result of a statement must not be cached, whatever is known of the relations that it reads.
    pub(crate) fn leads_outside(&self, tree: &impl Visit, segment: &Segment, trusted: &[String]) -> Option<Arc<str>> {
        if let Some(name) = self.elsewhere(tree) {
            return Some(format!("{name} is in another database than the one whose schema is known").into());
        }
        let name = self.called(segment, trusted)?;
        Some(format!("it calls {name}(), which may read anything").into())
    }

    /// A table that a statement qualifies with a database whose schema was not read.
    pub(crate) fn elsewhere(&self, tree: &impl Visit) -> Option<String> {
        let known = self.databases.as_deref()?;
        match tree.visit(&mut Search { dialect: self.dialect, known }) {
            ControlFlow::Break(name) => Some(name),
            ControlFlow::Continue(()) => None,
        }
    }

    /// The tables whose rows a write in another database may reach through foreign keys; none where there is no such key.
    pub(crate) fn reached_from_elsewhere(&self) -> &[Table] {
        &self.outward
    }

    /// A routine of the users' own that a text calls, or may call.
    fn called(&self, segment: &Segment, trusted: &[String]) -> Option<Table> {
        let tokens: Vec<&Token> = segment.meaningful().collect();
        tokens.iter().enumerate().find_map(|(at, token)| {
            let Token::Word(word) = token else { return None };
            let name = Table::from(word.value.as_str());
            let qualified = at > 0 && *tokens[at - 1] == Token::Period;
            let calls = match tokens.get(at + 1) {
                Some(Token::LParen) => {
                    self.routines.contains(&name) && !(qualified && is_system(tokens[..at - 1].last()))
                }
                // PostgreSQL takes `a.f` for `f(a)` where `a` has no such column.
                _ => qualified && self.attributes.contains(&name),
            };
            (calls && !trusted.iter().any(|trusted| trusted == name.as_str())).then_some(name)
        })
    }
}

fn is_system(schema: Option<&&Token>) -> bool {
    matches!(schema, Some(Token::Word(word)) if word.value.eq_ignore_ascii_case("pg_catalog"))
}

/// Looks for a table that is not in a known database.
struct Search<'a> {
    dialect: Dialect,
    known: &'a [String],
}

impl Search<'_> {
    fn is_known(&self, database: &str) -> bool {
        self.known.iter().any(|known| match self.dialect {
            Dialect::Sqlite => known.eq_ignore_ascii_case(database),
            // Whether case counts depends on the server.
            _ => known == database,
        })
    }

    fn table(&self, database: Option<&str>, table: impl FnOnce() -> String) -> ControlFlow<String> {
        match database {
            Some(database) if !self.is_known(database) => ControlFlow::Break(table()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn set(&self, body: &SetExpr) -> ControlFlow<String> {
        match body {
            SetExpr::Table(table) => self.table(table.schema_name.as_deref(), || table.to_string()),
            SetExpr::SetOperation { left, right, .. } => {
                self.set(left)?;
                self.set(right)
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Visitor for Search<'_> {
    type Break = String;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<String> {
        let database = relation.0.iter().rev().nth(1).map(|part| match part.as_ident() {
            Some(ident) => ident.value.clone(),
            None => part.to_string(),
        });
        self.table(database.as_deref(), || relation.to_string())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        self.set(&query.body)
    }
}
