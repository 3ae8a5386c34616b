//! Random writes of PostgreSQL.

use super::parts::{assignments, columns, condition, key, rows, source, target};
use crate::oracle::choice::Choice;
use crate::oracle::predicate::Scope;
use crate::oracle::schema::{Schema, Table};

pub(super) fn write(choice: &mut Choice<'_>, schema: &Schema, filled: i64) -> String {
    let table = target(choice, schema);
    let tables: Vec<&Table> = schema.tables.iter().collect();
    match choice.below(24) {
        _ if filled > 24 => delete(choice, table, &tables),
        0..9 => insert(choice, table, &tables),
        9..17 => update(choice, table, &tables),
        17 => with(choice, schema),
        18 => merge(choice, table, &tables),
        19 if choice.once_in(4) => {
            let cascade = choice.of(&["", " CASCADE", " RESTART IDENTITY", " RESTART IDENTITY CASCADE"]);
            format!("TRUNCATE {}{}{cascade}", choice.of(&["", "TABLE ", "ONLY "]), table.name)
        }
        _ => delete(choice, table, &tables),
    }
}

fn insert(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let (columns, list) = columns(choice, table);
    let mut text = match choice.below(12) {
        0 => format!("INSERT INTO {} DEFAULT VALUES", table.name),
        1 | 2 => format!("INSERT INTO {}{list} {}", table.name, source(choice, &columns, tables)),
        3 => format!("INSERT INTO {} AS i{list} VALUES {}", table.name, rows(choice, table, &columns)),
        _ => format!("INSERT INTO {}{list} VALUES {}", table.name, rows(choice, table, &columns)),
    };
    if !choice.once_in(3) {
        return text;
    }
    let name = if text.contains(" AS i") { "i" } else { &table.name };
    let conflict = match choice.below(8) {
        0 => String::from(" ON CONFLICT DO NOTHING"),
        1 => format!(" ON CONFLICT ON CONSTRAINT {}_pkey", table.name),
        _ => format!(" ON CONFLICT ({})", table.unique(choice).name),
    };
    text.push_str(&conflict);
    if conflict.ends_with("NOTHING") {
        return text;
    }
    let sets = match choice.below(3) {
        0 => {
            let written = table.written(choice).name.clone();
            format!("{written} = excluded.{written}")
        }
        1 => format!("{} = {name}.{}", table.written(choice).name, table.column(choice).name),
        _ => assignments(choice, table, name),
    };
    text.push_str(&format!(" DO UPDATE SET {sets}"));
    if choice.once_in(4) {
        text.push_str(&format!(" WHERE {name}.{} IS NOT NULL", table.column(choice).name));
    }
    text
}

fn update(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let only = if choice.once_in(12) { "ONLY " } else { "" };
    match choice.below(10) {
        0 => {
            let sets = assignments(choice, table, &table.name);
            let origin = choice.of(tables);
            let own = format!("{}.id = {}", table.name, key(choice, table));
            format!("UPDATE {only}{0} SET {sets} FROM {1} AS o WHERE o.id = {0}.id AND {own}", table.name, origin.name)
        }
        1 => {
            let sets = assignments(choice, table, "u");
            let condition = Scope { sources: vec![(String::from("u"), table)] }.predicate(choice, tables, 1);
            format!("UPDATE {only}{} AS u SET {sets} WHERE {condition}", table.name)
        }
        2 => {
            let (one, two) = (table.written(choice), table.written(choice));
            let values = format!("({}, {})", choice.written(one.kind), choice.written(two.kind));
            let condition = condition(choice, table, tables);
            format!("UPDATE {} SET ({}, {}) = {values}{condition}", table.name, one.name, two.name)
        }
        3 => {
            let column = table.written(choice);
            let origin = choice.of(tables);
            let value = format!("(SELECT max({}) FROM {})", origin.column(choice).name, origin.name);
            let condition = condition(choice, table, tables);
            format!("UPDATE {} SET {} = {value}{condition}", table.name, column.name)
        }
        _ => {
            let sets = assignments(choice, table, "");
            let condition = condition(choice, table, tables);
            format!("UPDATE {only}{} SET {sets}{condition}", table.name)
        }
    }
}

fn delete(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let only = if choice.once_in(12) { "ONLY " } else { "" };
    if choice.once_in(8) {
        let origin = choice.of(tables);
        let condition = Scope { sources: vec![(String::from("o"), origin)] }.predicate(choice, tables, 1);
        return format!("DELETE FROM {0} USING {1} AS o WHERE o.id = {0}.id AND {condition}", table.name, origin.name);
    }
    let condition = condition(choice, table, tables);
    format!("DELETE FROM {only}{}{condition}", table.name)
}

/// Writes inside of a query or of another write.
fn with(choice: &mut Choice<'_>, schema: &Schema) -> String {
    let tables: Vec<&Table> = schema.tables.iter().collect();
    let (one, two) = (schema.writable(choice), schema.writable(choice));
    let inner = match choice.below(3) {
        0 => insert(choice, one, &tables),
        1 => update(choice, one, &tables),
        _ => delete(choice, one, &tables),
    };
    let outer = match choice.below(4) {
        0 => format!("INSERT INTO {} (id) SELECT id FROM w ON CONFLICT DO NOTHING", two.name),
        1 => format!("DELETE FROM {} WHERE id IN (SELECT id FROM w)", two.name),
        2 => format!("UPDATE {} SET {} WHERE id IN (SELECT id FROM w)", two.name, assignments(choice, two, "")),
        _ => String::from("SELECT * FROM w"),
    };
    format!(
        "WITH w AS ({inner} RETURNING {}.id) {outer}",
        if inner.contains(" AS i") {
            "i"
        } else if inner.contains(" AS u ") {
            "u"
        } else {
            &one.name
        }
    )
}

fn merge(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let origin = choice.of(tables);
    let matched = match choice.once_in(2) {
        true => String::from("DELETE"),
        false => format!("UPDATE SET {}", assignments(choice, table, "m")),
    };
    let other = choice.of(&["INSERT (id) VALUES (o.id)", "DO NOTHING"]);
    format!(
        "MERGE INTO {} AS m USING {} AS o ON m.id = o.id WHEN MATCHED THEN {matched} WHEN NOT MATCHED THEN {other}",
        table.name, origin.name
    )
}
