//! Which source a column belongs to.

use cache_core::dependency::query::Source;
use cache_core::{Column, Table};
use sqlparser::ast::Expr;

use crate::catalogue::Catalogue;

/// The row sources that one SELECT, UPDATE or DELETE names.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The alias, or the table's name, in lower case; `None` for a source without a name.
    name: Option<String>,
    /// `None` for a derived table, a common table expression, a function.
    source: Option<(Source, Table)>,
}

/// A column of a known source.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) source: Source,
    pub(crate) column: Column,
    pub(crate) quoted: bool,
}

impl Scope {
    pub(crate) fn add(&mut self, name: Option<&str>, source: Option<(Source, Table)>) {
        self.entries.push(Entry { name: name.map(str::to_ascii_lowercase), source });
    }

    /// The tables in scope.
    pub(crate) fn tables(&self) -> impl Iterator<Item = Table> {
        self.entries.iter().filter_map(|entry| entry.source.as_ref().map(|(_, table)| table.clone()))
    }

    /// The column that an expression names; `None` when that is not certain.
    ///
    /// A column of an outer query may be taken for one of the only source in scope. That is harmless: no row
    /// of that source's table has such a column, so that it may match.
    pub(crate) fn resolve(&self, expression: &Expr, catalogue: Option<&Catalogue>) -> Option<Resolved> {
        match expression {
            Expr::Nested(inner) => self.resolve(inner, catalogue),
            Expr::Identifier(name) => {
                let column = Column::from(name.value.as_str());
                let source = match self.entries.as_slice() {
                    [only] => only.source.as_ref()?.0,
                    entries => unique_owner(entries, &column, catalogue?)?,
                };
                Some(Resolved { source, column, quoted: name.quote_style == Some('"') })
            }
            Expr::CompoundIdentifier(names) => {
                let [.., qualifier, name] = names.as_slice() else { return None };
                let qualifier = qualifier.value.to_ascii_lowercase();
                let mut named = self.entries.iter().filter(|entry| entry.name.as_deref() == Some(&qualifier));
                let entry = named.next()?;
                if named.next().is_some() {
                    return None;
                }
                let source = entry.source.as_ref()?.0;
                Some(Resolved { source, column: Column::from(name.value.as_str()), quoted: false })
            }
            _ => None,
        }
    }
}

/// The only one of several sources that has a column of this name, if all of them are known.
fn unique_owner(entries: &[Entry], column: &Column, catalogue: &Catalogue) -> Option<Source> {
    let mut owner = None;
    for entry in entries {
        let (source, table) = entry.source.as_ref()?;
        if catalogue.table(table)?.has(column) && owner.replace(*source).is_some() {
            return None;
        }
    }
    owner
}
