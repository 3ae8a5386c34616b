//! Random conditions.

use super::choice::Choice;
use super::query::subquery;
use super::schema::{Column, Kind, Table};

/// The tables that a condition may name, each under an alias.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) sources: Vec<(String, &'a Table)>,
}

impl<'a> Scope<'a> {
    /// One table under its own name.
    pub(super) fn single(table: &'a Table) -> Self {
        Scope { sources: vec![(table.name.clone(), table)] }
    }

    /// A column of the scope, qualified unless the scope is a single table and chance says so.
    pub(super) fn column(&self, choice: &mut Choice<'_>) -> (String, &'a Column) {
        let (alias, table) = &self.sources[choice.below(self.sources.len())];
        let column = table.column(choice);
        if self.sources.len() == 1 && choice.once_in(2) {
            return (column.name.clone(), column);
        }
        (format!("{alias}.{}", column.name), column)
    }

    /// A condition over this scope; `tables` are those that subqueries may read, none of them without.
    pub(super) fn predicate(&self, choice: &mut Choice<'_>, tables: &[&'a Table], depth: usize) -> String {
        match choice.below(if depth == 0 { 12 } else { 20 }) {
            0..12 => self.comparison(choice, tables, depth),
            12 | 13 => format!("NOT ({})", self.predicate(choice, tables, depth - 1)),
            14..17 => self.joined(choice, tables, depth, "AND"),
            _ => self.joined(choice, tables, depth, "OR"),
        }
    }

    fn joined(&self, choice: &mut Choice<'_>, tables: &[&'a Table], depth: usize, word: &str) -> String {
        let left = self.predicate(choice, tables, depth - 1);
        let right = self.predicate(choice, tables, depth - 1);
        format!("({left} {word} {right})")
    }

    fn comparison(&self, choice: &mut Choice<'_>, tables: &[&'a Table], depth: usize) -> String {
        let (name, column) = self.column(choice);
        let kind = column.kind;
        if choice.once_in(4) {
            // The key, so that there is something to tell apart.
            let (alias, table) = &self.sources[choice.below(self.sources.len())];
            let key = if table.numbered && choice.once_in(8) { "rowid" } else { "id" };
            return format!("{alias}.{key} = {}", 1 + choice.below(12));
        }
        match choice.below(if tables.is_empty() || depth == 0 { 20 } else { 25 }) {
            0..6 => format!("{name} = {}", choice.written(kind)),
            6 => format!("{} {} {name}", choice.written(kind), choice.of(&["=", "<", ">="])),
            7 | 8 => format!("{name} {} {}", choice.of(&["<>", "<", "<=", ">", ">=", "!="]), choice.written(kind)),
            9 => format!("{name} {} {}", choice.of(&["IS", "IS NOT"]), choice.written(kind)),
            10 => format!("{name} {}", choice.of(&["IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL"])),
            11 => {
                let not = choice.of(&["", "NOT "]);
                format!("{name} {not}BETWEEN {} AND {}", choice.written(kind), choice.written(kind))
            }
            12 | 13 => {
                let not = choice.of(&["", "", "NOT "]);
                let values: Vec<String> = (0..choice.below(4)).map(|_| choice.written(kind)).collect();
                format!("{name} {not}IN ({})", values.join(", "))
            }
            14 => {
                let pattern = choice.of(&["'a%'", "'A%'", "'%b'", "'a_'", "'1%'", "''", "'ab'"]);
                format!("{name} {}LIKE {pattern}", choice.of(&["", "NOT "]))
            }
            15 => format!("{name} GLOB {}", choice.of(&["'a*'", "'A*'", "'*b'", "'[ab]*'", "'1*'"])),
            16 => {
                let (other, _) = self.column(choice);
                format!("{name} {} {other}", choice.of(&["=", "<", "<>", "IS"]))
            }
            17 => match kind {
                Kind::Text => format!("{name} = {} COLLATE NOCASE", choice.written(kind)),
                _ => format!("{name} + 1 = {}", choice.written(kind)),
            },
            18 => choice.of(&["1", "0", "NULL", "1 = 1", "1 = 0", "TRUE"]).to_owned(),
            19 => format!("CASE WHEN {name} = {} THEN 1 ELSE 0 END", choice.written(kind)),
            20 | 21 => {
                let (text, _) = subquery(choice, tables, self, depth - 1, true);
                format!("{}EXISTS ({text})", choice.of(&["", "NOT "]))
            }
            22 | 23 => {
                let (text, _) = subquery(choice, tables, self, depth - 1, false);
                format!("{name} {}IN ({text})", choice.of(&["", "NOT "]))
            }
            _ => {
                let (text, _) = subquery(choice, tables, self, depth - 1, false);
                format!("{name} {} ({text} LIMIT 1)", choice.of(&["=", "<"]))
            }
        }
    }
}
