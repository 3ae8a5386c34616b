//! What the writes of PostgreSQL and MariaDB are made of.

use cache_core::Value;

use crate::oracle::choice::Choice;
use crate::oracle::predicate::{Scope, identifier};
use crate::oracle::schema::{Kind, Schema, Table};

/// A table to write, now and then a view.
pub(super) fn target<'a>(choice: &mut Choice<'_>, schema: &'a Schema) -> &'a Table {
    if choice.once_in(15) { schema.table(choice) } else { schema.writable(choice) }
}

/// A key as a literal or a bind.
pub(super) fn key(choice: &mut Choice<'_>, table: &Table) -> String {
    if choice.once_in(2) {
        return identifier(choice, table);
    }
    let number = 1 + choice.below(12);
    match table.key().kind {
        Kind::Text => choice.bound(Value::from(number.to_string())),
        _ => choice.bound(Value::from(number)),
    }
}

/// Columns to insert into with their kinds, and the list that names them: empty where all are meant.
pub(super) fn columns<'a>(choice: &mut Choice<'_>, table: &'a Table) -> (Vec<(&'a str, Kind)>, String) {
    let all: Vec<(&str, Kind)> =
        table.columns.iter().filter(|column| column.writable).map(|column| (&*column.name, column.kind)).collect();
    let whole = all.len() == table.columns.len();
    let chosen: Vec<(&str, Kind)> = match choice.once_in(3) {
        true => all.clone(),
        // Rows without a key are refused, but for a few.
        false => all.iter().filter(|(name, _)| !choice.once_in(if *name == "id" { 12 } else { 4 })).copied().collect(),
    };
    let chosen = if chosen.is_empty() { all.clone() } else { chosen };
    if whole && chosen.len() == all.len() && choice.once_in(3) {
        return (chosen, String::new());
    }
    let names: Vec<&str> = chosen.iter().map(|(name, _)| *name).collect();
    let list = format!(" ({})", names.join(", "));
    (chosen, list)
}

/// Rows of values behind the word VALUES.
pub(super) fn rows(choice: &mut Choice<'_>, table: &Table, columns: &[(&str, Kind)]) -> String {
    let row = |choice: &mut Choice<'_>| {
        let values: Vec<String> = columns
            .iter()
            .map(|(name, kind)| match *name {
                "id" => key(choice, table),
                _ if choice.once_in(12) => String::from("DEFAULT"),
                _ if choice.once_in(12) && *kind == Kind::Int => String::from("1 + 1"),
                _ => choice.written(*kind),
            })
            .collect();
        format!("({})", values.join(", "))
    };
    let rows: Vec<String> = (0..1 + choice.below(3)).map(|_| row(choice)).collect();
    rows.join(", ")
}

/// A query whose rows fit these columns, more or less.
pub(super) fn source(choice: &mut Choice<'_>, columns: &[(&str, Kind)], tables: &[&Table]) -> String {
    let source = choice.of(tables);
    let mut picked = Vec::new();
    for (name, kind) in columns {
        let fitting: Vec<&str> =
            source.columns.iter().filter(|column| column.kind == *kind).map(|column| &*column.name).collect();
        picked.push(match (fitting.is_empty(), *name) {
            (_, "id") if source.key().kind == Kind::Int => format!("id + {}", choice.below(8)),
            (false, _) if choice.once_in(2) => choice.of(&fitting).to_owned(),
            _ => choice.written(*kind),
        });
    }
    let condition = Scope::single(source).predicate(choice, tables, 1);
    format!("SELECT {} FROM {} WHERE {condition}", picked.join(", "), source.name)
}

/// Assignments of an update; the columns on the right are those of `alias`, unless that is empty.
pub(super) fn assignments(choice: &mut Choice<'_>, table: &Table, alias: &str) -> String {
    let dot = if alias.is_empty() { String::new() } else { format!("{alias}.") };
    let mut sets: Vec<(String, String)> = Vec::new();
    for _ in 0..1 + choice.below(2) {
        let column = table.written(choice);
        if sets.iter().any(|(name, _)| *name == column.name) {
            continue;
        }
        let value = match choice.below(9) {
            0 if matches!(column.kind, Kind::Int | Kind::Decimal) => format!("{dot}{} + 1", column.name),
            1 => format!("{dot}{}", table.column(choice).name),
            2 => String::from("DEFAULT"),
            _ if column.name == "id" => key(choice, table),
            _ => choice.written(column.kind),
        };
        sets.push((column.name.clone(), value));
    }
    let sets: Vec<String> = sets.into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
    sets.join(", ")
}

/// A WHERE clause, or none.
pub(super) fn condition(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    match choice.below(12) {
        0 => String::new(),
        1..6 => format!(" WHERE id = {}", key(choice, table)),
        _ => format!(" WHERE {}", Scope::single(table).predicate(choice, tables, 1)),
    }
}
