//! Random writes of SQLite.

use crate::oracle::choice::Choice;
use crate::oracle::predicate::Scope;
use crate::oracle::schema::{Kind, Schema, Table};

pub(super) fn write(choice: &mut Choice<'_>, schema: &Schema, rows: i64) -> String {
    let table = schema.writable(choice).clone();
    let tables: Vec<&Table> = schema.tables.iter().collect();
    match choice.below(10) {
        _ if rows > 24 => delete(choice, &table, &tables),
        0..4 => insert(choice, &table, &tables, schema.plain),
        4..8 => update(choice, &table, &tables),
        _ => delete(choice, &table, &tables),
    }
}

fn insert(choice: &mut Choice<'_>, table: &Table, tables: &[&Table], plain: bool) -> String {
    let verb = match choice.below(if plain { 24 } else { 8 }) {
        0 => "INSERT OR REPLACE",
        1 => "INSERT OR IGNORE",
        2 => "REPLACE",
        _ => "INSERT",
    };
    let all: Vec<(String, Kind)> = table
        .columns
        .iter()
        .filter(|column| column.writable)
        .map(|column| (column.name.clone(), column.kind))
        .collect();
    let chosen: Vec<(String, Kind)> = match choice.once_in(3) {
        true => all.clone(),
        false => all.iter().filter(|_| !choice.once_in(4)).cloned().collect(),
    };
    let chosen = if chosen.is_empty() { all.clone() } else { chosen };
    let names: Vec<&str> = chosen.iter().map(|(name, _)| &**name).collect();
    let list =
        if chosen.len() == all.len() && choice.once_in(3) { String::new() } else { format!(" ({})", names.join(", ")) };
    if choice.once_in(8) {
        let source = choice.of(tables);
        let picked: Vec<String> = chosen
            .iter()
            .map(|(_, kind)| match choice.once_in(2) {
                true => source.column(choice).name.clone(),
                false => choice.written(*kind),
            })
            .collect();
        let condition = Scope::single(source).predicate(choice, tables, 1);
        return format!(
            "{verb} INTO {}{list} SELECT {} FROM {} WHERE {condition}",
            table.name,
            picked.join(", "),
            source.name
        );
    }
    let rows: Vec<String> = (0..1 + choice.below(3))
        .map(|_| {
            let values: Vec<String> = chosen
                .iter()
                .map(|(name, kind)| match name.as_str() {
                    "id" => identifier(choice),
                    _ if choice.once_in(10) => String::from("1 + 1"),
                    _ => choice.written(*kind),
                })
                .collect();
            format!("({})", values.join(", "))
        })
        .collect();
    let mut text = format!("{verb} INTO {}{list} VALUES {}", table.name, rows.join(", "));
    if verb == "INSERT" && choice.once_in(4) {
        if choice.once_in(4) {
            text.push_str(" ON CONFLICT DO NOTHING");
            return text;
        }
        let target = table.unique(choice).name.clone();
        let mut sets = Vec::new();
        for _ in 0..1 + choice.below(2) {
            let column = table.written(choice);
            let value = match choice.once_in(3) {
                true => format!("excluded.{}", table.column(choice).name),
                false => choice.written(column.kind),
            };
            sets.push(format!("{} = {value}", column.name));
        }
        text.push_str(&format!(" ON CONFLICT ({target}) DO UPDATE SET {}", sets.join(", ")));
        if choice.once_in(4) {
            text.push_str(&format!(" WHERE {}.{} IS NOT NULL", table.name, table.column(choice).name));
        }
    }
    text
}

fn identifier(choice: &mut Choice<'_>) -> String {
    if choice.once_in(3) {
        return String::from("NULL");
    }
    let number = 1 + choice.below(12);
    if choice.once_in(2) { choice.bound(cache_core::Value::from(number)) } else { number.to_string() }
}

fn update(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let verb = match choice.below(10) {
        0 => "UPDATE OR REPLACE",
        1 => "UPDATE OR IGNORE",
        _ => "UPDATE",
    };
    let mut sets = Vec::new();
    for _ in 0..1 + choice.below(2) {
        let column = table.written(choice);
        let value = match choice.below(8) {
            0 => format!("{} + 1", column.name),
            1 => table.column(choice).name.clone(),
            _ => choice.written(column.kind),
        };
        sets.push(match choice.below(30) {
            0 => format!("(\"{}\") = ({value})", column.name),
            1 if table.numbered => format!("rowid = {}", 1 + choice.below(12)),
            _ => format!("{} = {value}", column.name),
        });
    }
    let sets = sets.join(", ");
    if choice.once_in(10) {
        let origin = choice.of(tables).name.clone();
        let key = table.column(choice).name.clone();
        let own = format!("{}.{key} = {}", table.name, choice.written(Kind::Int));
        return format!("{verb} {} SET {sets} FROM {origin} AS o WHERE o.id = {}.id AND {own}", table.name, table.name);
    }
    if choice.once_in(8) {
        let condition = Scope { sources: vec![(String::from("u"), table)] }.predicate(choice, tables, 1);
        return format!("{verb} {} AS u SET {sets} WHERE {condition}", table.name);
    }
    let condition = condition(choice, table, tables);
    format!("{verb} {} SET {sets}{condition}", table.name)
}

fn delete(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let condition = condition(choice, table, tables);
    format!("DELETE FROM {}{condition}", table.name)
}

fn condition(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    match choice.below(12) {
        0 => String::new(),
        1 if table.numbered => format!(" WHERE rowid = {}", identifier(choice)),
        2 if choice.once_in(3) => String::from(" WHERE id IS NULL"),
        1..6 => format!(" WHERE id = {}", identifier(choice)),
        _ => format!(" WHERE {}", Scope::single(table).predicate(choice, tables, 1)),
    }
}
