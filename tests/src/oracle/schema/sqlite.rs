//! Random schemas of SQLite.

use super::{Column, Kind, Schema, Table};
use crate::oracle::choice::Choice;

pub(super) fn schema(choice: &mut Choice<'_>) -> Schema {
    let count = 2 + choice.below(3);
    let plain = !choice.once_in(3);
    let tables: Vec<Table> = (0..count).map(|number| table(choice, number, plain)).collect();
    let mut triggers: Vec<String> = Vec::new();
    if !plain {
        for n in 0..choice.below(3) {
            triggers.push(trigger(choice, &tables).replace(" g0 ", &format!(" g{n} ")));
        }
    }
    let views = if plain { 0 } else { choice.below(3) };
    let mut schema = Schema { tables, before: Vec::new(), triggers, plain };
    schema.add_views(choice, views);
    schema
}

/// A trigger that writes a table when another one, or the same, is written.
fn trigger(choice: &mut Choice<'_>, tables: &[Table]) -> String {
    let on = &tables[choice.below(tables.len())];
    let target = &tables[choice.below(tables.len())];
    let event = choice.of(&[
        "AFTER INSERT",
        "AFTER UPDATE",
        "AFTER DELETE",
        "BEFORE UPDATE",
        "AFTER UPDATE OF id",
        "BEFORE INSERT",
    ]);
    let row = if event.ends_with("DELETE") { "OLD" } else { "NEW" };
    let column = target.written(choice).name.clone();
    let body = match choice.below(6) {
        4 => format!("SELECT RAISE(IGNORE) WHERE {row}.id > 3"),
        5 => format!("REPLACE INTO {} (id) VALUES ({row}.id + 7)", target.name),
        0 => format!("DELETE FROM {} WHERE id = {row}.id + 1", target.name),
        1 => format!("INSERT OR IGNORE INTO {} (id) VALUES ({row}.id + 7)", target.name),
        2 => format!("UPDATE OR IGNORE main.{} SET {column} = 2 WHERE id = {row}.id", target.name),
        _ => format!("SELECT 1; UPDATE OR IGNORE {} SET {column} = 3 WHERE id < 3", target.name),
    };
    // main. is not allowed inside a trigger.
    let body = body.replace("main.", "");
    if choice.once_in(2) {
        return format!("CREATE TEMP TRIGGER g0 {event} ON main.{} BEGIN {body}; END", on.name);
    }
    format!("CREATE TRIGGER g0 {event} ON {} BEGIN {body}; END", on.name)
}

fn table(choice: &mut Choice<'_>, number: usize, plain: bool) -> Table {
    let key = choice.of(&[
        "INTEGER PRIMARY KEY",
        "INTEGER PRIMARY KEY",
        "INT PRIMARY KEY",
        "INTEGER PRIMARY KEY AUTOINCREMENT",
        "TEXT PRIMARY KEY",
        "NUMERIC PRIMARY KEY",
        "REAL PRIMARY KEY",
        "PRIMARY KEY",
    ]);
    let mut columns = vec![Column { unique: true, ..Column::new("id", Kind::Int, key) }];
    for at in 0..2 + choice.below(3) {
        columns.push(column(choice, number, plain, ["a", "b", "c", "d"][at]));
    }
    if choice.once_in(5) {
        let declaration = choice
            .of(&[
                "INT GENERATED ALWAYS AS (id + 1)",
                "INT AS (id * 2) STORED",
                "INT AS (a) VIRTUAL",
                "TEXT AS (a || 'x') STORED",
            ])
            .to_owned();
        columns.push(Column { writable: false, ..Column::new("g", Kind::Int, declaration) });
    }
    Table { numbered: true, ..Table::new(format!("t{number}"), columns) }
}

fn column(choice: &mut Choice<'_>, number: usize, plain: bool, name: &str) -> Column {
    let kind = choice.of(&[Kind::Int, Kind::Int, Kind::Text, Kind::Text, Kind::Real]);
    let mut declaration = String::from(match kind {
        Kind::Int => choice.of(&["INTEGER", "INT", "BIGINT", "NUMERIC", "DECIMAL(10, 2)", ""]),
        Kind::Text => choice.of(&["TEXT", "VARCHAR(20)", "TEXT", "DATE", ""]),
        _ => choice.of(&["REAL", "DOUBLE", "NUMERIC", "FLOAT"]),
    });
    if kind == Kind::Text && choice.once_in(3) {
        declaration.push_str(choice.of(&[" COLLATE NOCASE", " COLLATE RTRIM", " COLLATE NOCASE", " COLLATE BINARY"]));
    }
    let mut unique = false;
    if choice.once_in(5) {
        declaration.push_str(match kind {
            Kind::Text => " NOT NULL DEFAULT 'a'",
            _ => " NOT NULL DEFAULT 1",
        });
    } else if kind == Kind::Int && !plain && number > 0 && choice.once_in(3) {
        let actions = ["CASCADE", "SET NULL", "NO ACTION", "SET DEFAULT"];
        let (delete, update) = (choice.of(&actions), choice.of(&actions));
        let parent = choice.below(number);
        let key = choice.of(&["(id)", ""]);
        declaration.push_str(&format!(" REFERENCES t{parent}{key} ON DELETE {delete} ON UPDATE {update}"));
    } else if choice.once_in(8) {
        unique = true;
        declaration.push_str(if plain { " UNIQUE" } else { choice.of(&[" UNIQUE", " UNIQUE ON CONFLICT REPLACE"]) });
    }
    Column { unique, ..Column::new(name, kind, declaration) }
}
