//! Random writes of MariaDB.

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
        17 if choice.once_in(4) => format!("TRUNCATE {}{}", choice.of(&["", "TABLE "]), table.name),
        _ => delete(choice, table, &tables),
    }
}

fn insert(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let verb = match choice.below(12) {
        0 | 1 => "INSERT IGNORE INTO",
        2 => "REPLACE INTO",
        3 => "INSERT",
        4 => "REPLACE",
        _ => "INSERT INTO",
    };
    let (columns, list) = columns(choice, table);
    let mut text = match choice.below(14) {
        0 => format!("{verb} {} () VALUES ()", table.name),
        1 | 2 => format!("{verb} {}{list} {}", table.name, source(choice, &columns, tables)),
        3 => {
            let sets: Vec<String> = columns
                .iter()
                .map(|(name, kind)| match *name {
                    "id" => format!("id = {}", key(choice, table)),
                    _ => format!("{name} = {}", choice.written(*kind)),
                })
                .collect();
            format!("{verb} {} SET {}", table.name, sets.join(", "))
        }
        4 => format!("{verb} {}{list} VALUE {}", table.name, rows(choice, table, &columns)),
        _ => format!("{verb} {}{list} VALUES {}", table.name, rows(choice, table, &columns)),
    };
    if verb.starts_with("INSERT") && choice.once_in(3) {
        let sets = match choice.below(3) {
            0 => {
                let written = table.written(choice).name.clone();
                format!("{written} = VALUES({written})")
            }
            1 => format!("{} = {}", table.written(choice).name, table.column(choice).name),
            _ => assignments(choice, table, ""),
        };
        text.push_str(&format!(" ON DUPLICATE KEY UPDATE {sets}"));
    }
    text
}

fn update(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    let verb = if choice.once_in(6) { "UPDATE IGNORE" } else { "UPDATE" };
    match choice.below(10) {
        0 => {
            let other = choice.of(tables);
            let (one, two) = (table.written(choice), other.written(choice));
            let sets = match choice.below(3) {
                0 => format!("x.{} = {}", one.name, choice.written(one.kind)),
                1 => format!("y.{} = {}", two.name, choice.written(two.kind)),
                _ => format!(
                    "x.{} = {}, y.{} = {}",
                    one.name,
                    choice.written(one.kind),
                    two.name,
                    choice.written(two.kind)
                ),
            };
            let scope = Scope { sources: vec![(String::from("x"), table), (String::from("y"), other)] };
            let condition = qualified(choice, &scope, tables);
            let join = choice.of(&["JOIN", "LEFT JOIN", "INNER JOIN"]);
            format!("{verb} {} AS x {join} {} AS y ON x.id = y.id SET {sets} WHERE {condition}", table.name, other.name)
        }
        1 => {
            let other = choice.of(tables);
            let sets = assignments(choice, table, "x").replacen("", "x.", 1);
            format!(
                "{verb} {} x, {} y SET {sets} WHERE x.id = y.id AND y.id = {}",
                table.name,
                other.name,
                key(choice, other)
            )
        }
        2 => {
            let sets = assignments(choice, table, "u");
            let scope = Scope { sources: vec![(String::from("u"), table)] };
            let condition = scope.predicate(choice, tables, 1);
            format!("{verb} {} AS u SET {sets} WHERE {condition}", table.name)
        }
        _ => {
            let sets = assignments(choice, table, "");
            let condition = condition(choice, table, tables);
            format!("{verb} {} SET {sets}{condition}{}", table.name, limit(choice))
        }
    }
}

fn delete(choice: &mut Choice<'_>, table: &Table, tables: &[&Table]) -> String {
    if choice.once_in(7) {
        let other = choice.of(tables);
        let scope = Scope { sources: vec![(String::from("x"), table), (String::from("y"), other)] };
        let condition = qualified(choice, &scope, tables);
        let gone = choice.of(&["x", "y", "x, y"]);
        let from = format!("{} AS x JOIN {} AS y ON x.id = y.id WHERE {condition}", table.name, other.name);
        return match choice.once_in(2) {
            true => format!("DELETE {gone} FROM {from}"),
            false => format!("DELETE FROM {gone} USING {from}"),
        };
    }
    let ignore = if choice.once_in(8) { "IGNORE " } else { "" };
    let condition = condition(choice, table, tables);
    format!("DELETE {ignore}FROM {}{condition}{}", table.name, limit(choice))
}

fn qualified(choice: &mut Choice<'_>, scope: &Scope<'_>, tables: &[&Table]) -> String {
    let (alias, table) = &scope.sources[choice.below(scope.sources.len())];
    match choice.once_in(2) {
        true => format!("{alias}.id = {}", key(choice, table)),
        false => scope.predicate(choice, tables, 0),
    }
}

fn limit(choice: &mut Choice<'_>) -> &'static str {
    choice.of(&["", "", "", "", "", " LIMIT 1", " ORDER BY id LIMIT 2"])
}
