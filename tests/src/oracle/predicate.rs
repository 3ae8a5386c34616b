//! Random conditions.

use cache_sql::Dialect;

use super::choice::Choice;
use super::query::{first, subquery};
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
            return format!("{alias}.{key} = {}", identifier(choice, table));
        }
        match choice.below(if tables.is_empty() || depth == 0 { 20 } else { 25 }) {
            0..6 => format!("{name} = {}", choice.written(kind)),
            6 => format!("{} {} {name}", choice.written(kind), choice.of(&["=", "<", ">="])),
            7 | 8 => format!("{name} {} {}", choice.of(&["<>", "<", "<=", ">", ">=", "!="]), choice.written(kind)),
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
            20 | 21 => {
                let (text, _) = subquery(choice, tables, self, depth - 1, true);
                format!("{}EXISTS ({text})", choice.of(&["", "NOT "]))
            }
            22 | 23 => {
                let (text, _) = subquery(choice, tables, self, depth - 1, false);
                format!("{name} {}IN ({text})", choice.of(&["", "NOT "]))
            }
            24 => {
                let (text, _) = subquery(choice, tables, self, depth - 1, false);
                format!("{name} {} ({})", choice.of(&["=", "<"]), first(choice, text))
            }
            special => match choice.dialect {
                Dialect::Postgres => self.postgres(choice, &name, kind),
                Dialect::MySql => self.mysql(choice, &name, kind),
                _ => self.sqlite(choice, &name, kind, special),
            },
        }
    }

    /// What SQLite has of its own, and what is written otherwise elsewhere.
    fn sqlite(&self, choice: &mut Choice<'_>, name: &str, kind: Kind, special: usize) -> String {
        match special {
            9 => format!("{name} {} {}", choice.of(&["IS", "IS NOT"]), choice.written(kind)),
            10 => format!("{name} {}", choice.of(&["IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL"])),
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
            _ => format!("CASE WHEN {name} = {} THEN 1 ELSE 0 END", choice.written(kind)),
        }
    }

    /// What PostgreSQL has of its own.
    fn postgres(&self, choice: &mut Choice<'_>, name: &str, kind: Kind) -> String {
        let (other, second) = self.column(choice);
        match choice.below(17) {
            0 => format!("{name} IS {}DISTINCT FROM {}", choice.of(&["", "NOT "]), choice.written(kind)),
            1 => format!("{name} {}", choice.of(&["IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL"])),
            2 => format!("{name} {} {other}", choice.of(&["=", "<", "<>", "IS NOT DISTINCT FROM"])),
            3 | 4 => {
                let values: Vec<String> = (0..1 + choice.below(3)).map(|_| choice.written(kind)).collect();
                let (test, values) = (choice.of(&["= ANY", "= ANY", "<> ALL", "< ANY", "= SOME"]), values.join(", "));
                format!("{name} {test} (ARRAY[{values}])")
            }
            5 => format!("{name} ILIKE {}", choice.of(&["'a%'", "'A'", "'ab'", "'%B'", "'SS'"])),
            6 => {
                let pattern = choice.of(&["~ '^a'", "~* '^A$'", "SIMILAR TO 'a%'", "LIKE 'a!%%' ESCAPE '!'", "^@ 'a'"]);
                format!("{name} {pattern}")
            }
            7 => format!("{name}::text = {}", choice.of(&["'a'", "'a  '", "'1'", "'1.00'", "'true'", "'2024-02-29'"])),
            8 => format!("CAST({name} AS {}) = 1", choice.of(&["int", "numeric", "bigint"])),
            9 => {
                let cast = match kind {
                    Kind::Text => choice.of(&["text", "varchar(1)", "citext", "char(3)", "varchar"]),
                    Kind::Int | Kind::Key => choice.of(&["int", "bigint", "numeric", "text"]),
                    Kind::Decimal => choice.of(&["numeric", "numeric(4, 1)", "float8", "int"]),
                    Kind::Date | Kind::Moment => choice.of(&["date", "timestamp", "timestamp(0)", "timestamptz"]),
                    Kind::Uuid => "uuid",
                    Kind::Label => choice.of(&["label", "text"]),
                    _ => "text",
                };
                format!("{name} = {}::{cast}", choice.written(kind))
            }
            10 => {
                let collation = choice.of(&["\"C\"", "caseless", "\"default\"", "\"en-x-icu\""]);
                format!("{name} {} {} COLLATE {collation}", choice.of(&["=", "<"]), choice.written(kind))
            }
            11 => format!("({name}, {other}) = ({}, {})", choice.written(kind), choice.written(second.kind)),
            12 => {
                let mut pair = || format!("({}, {})", choice.written(kind), choice.written(second.kind));
                let (one, two) = (pair(), pair());
                format!("({name}, {other}) IN ({one}, {two})")
            }
            13 => match kind {
                Kind::Bool => choice.of(&["{}", "NOT {}", "{} IS TRUE", "{} IS NOT FALSE"]).replace("{}", name),
                _ => format!("({name} = {}) IS NOT TRUE", choice.written(kind)),
            },
            14 => choice.of(&["TRUE", "FALSE", "NULL", "1 = 1", "1 = 0", "NULL::boolean"]).to_owned(),
            15 => format!("CASE WHEN {name} = {} THEN TRUE ELSE FALSE END", choice.written(kind)),
            _ => format!("{name} BETWEEN SYMMETRIC {} AND {}", choice.written(kind), choice.written(kind)),
        }
    }

    /// What MariaDB has of its own.
    fn mysql(&self, choice: &mut Choice<'_>, name: &str, kind: Kind) -> String {
        let (other, second) = self.column(choice);
        match choice.below(16) {
            0 | 1 => format!("{name} <=> {}", choice.written(kind)),
            2 => format!("{name} {}", choice.of(&["IS NULL", "IS NOT NULL", "<=> NULL", "IS TRUE", "IS NOT FALSE"])),
            3 => format!("{name} {} {other}", choice.of(&["=", "<", "<>", "<=>"])),
            4 => format!("{name} REGEXP {}", choice.of(&["'^a'", "'B$'", "'s+'"])),
            5 => format!("{} {name} = {}", choice.of(&["BINARY", "BINARY", "!", "NOT", "-"]), choice.written(kind)),
            6 => {
                let collation = choice.of(&["utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci"]);
                format!("{name} {} {} COLLATE {collation}", choice.of(&["=", "<"]), choice.written(kind))
            }
            7 => format!("CAST({name} AS CHAR) = {}", choice.of(&["'a'", "'1'", "'1.00'", "'2024-02-29'"])),
            8 => format!("{name} + 0 = {}", choice.of(&["0", "1", "2", "0.5"])),
            9 => format!(
                "{name} = {} {} {other} = {}",
                choice.written(kind),
                choice.of(&["||", "&&", "XOR"]),
                choice.written(second.kind)
            ),
            10 => format!("({name}, {other}) = ({}, {})", choice.written(kind), choice.written(second.kind)),
            11 => {
                let mut pair = || format!("({}, {})", choice.written(kind), choice.written(second.kind));
                let (one, two) = (pair(), pair());
                format!("({name}, {other}) IN ({one}, {two})")
            }
            12 => choice.of(&["1", "0", "NULL", "1 = 1", "1 = 0", "TRUE", "'a'", "'1a'"]).to_owned(),
            13 => format!("CASE WHEN {name} = {} THEN 1 ELSE 0 END", choice.written(kind)),
            14 => {
                let text = choice.of(&[
                    "'a'",
                    "\"a\"",
                    "'1'",
                    "'1.0'",
                    "' 1'",
                    "'1a'",
                    "0",
                    "1e0",
                    "_latin1'a'",
                    "x'61'",
                    "'a' 'b'",
                ]);
                format!("{name} {} {text}", choice.of(&["=", "=", "<", "IN ('b', 1) OR 0 ="]))
            }
            _ => format!("{}({name} = {})", choice.of(&["NOT ", "!", "-"]), choice.written(kind)),
        }
    }
}

/// A value that keys of a table may have, as a literal.
pub(super) fn identifier(choice: &mut Choice<'_>, table: &Table) -> String {
    let number = 1 + choice.below(12);
    match table.key().kind {
        Kind::Text => format!("'{number}'"),
        _ => number.to_string(),
    }
}
