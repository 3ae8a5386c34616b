//! Random schemas of MariaDB.

use super::{Column, Kind, Schema, Table};
use crate::oracle::choice::Choice;

pub(super) fn schema(choice: &mut Choice<'_>) -> Schema {
    let plain = choice.once_in(2);
    let mode = choice.of(&["DEFAULT", "DEFAULT", "DEFAULT", "''"]);
    let mut tables: Vec<Table> = Vec::new();
    for number in 0..2 + choice.below(3) {
        let table = table(choice, number, plain, &tables);
        tables.push(table);
    }
    let mut triggers = Vec::new();
    for number in 0..if plain || choice.once_in(3) { 0 } else { choice.below(3) } {
        triggers.extend(trigger(choice, &tables, number));
    }
    let views = if plain { 0 } else { choice.below(3) };
    let mut schema = Schema { tables, before: vec![format!("SET sql_mode = {mode}")], triggers, plain };
    schema.add_views(choice, views);
    schema
}

fn table(choice: &mut Choice<'_>, number: usize, plain: bool, earlier: &[Table]) -> Table {
    let (kind, key) = choice.of(&[
        (Kind::Int, "INT PRIMARY KEY"),
        (Kind::Int, "INT PRIMARY KEY"),
        (Kind::Int, "INT AUTO_INCREMENT PRIMARY KEY"),
        (Kind::Int, "BIGINT PRIMARY KEY"),
        (Kind::Int, "BIGINT AUTO_INCREMENT PRIMARY KEY"),
        (Kind::Int, "SMALLINT UNSIGNED PRIMARY KEY"),
        (Kind::Decimal, "DECIMAL(6, 1) PRIMARY KEY"),
        (Kind::Text, "VARCHAR(4) PRIMARY KEY"),
        (Kind::Text, "VARCHAR(4) COLLATE utf8mb4_bin PRIMARY KEY"),
    ]);
    let mut columns = vec![Column { unique: true, ..Column::new("id", kind, key) }];
    let mut constraints = Vec::new();
    for name in &["a", "b", "c", "d"][..2 + choice.below(3)] {
        let keys: Vec<&Table> = earlier.iter().filter(|parent| parent.key().kind == Kind::Int).collect();
        if !plain && !keys.is_empty() && choice.once_in(3) {
            let actions = ["CASCADE", "CASCADE", "CASCADE", "SET NULL", "SET NULL", "NO ACTION", "RESTRICT"];
            let (parent, delete, update) = (choice.of(&keys), choice.of(&actions), choice.of(&actions));
            let reference = format!("REFERENCES {} (id) ON DELETE {delete} ON UPDATE {update}", parent.name);
            constraints.push(format!("FOREIGN KEY ({name}) {reference}"));
            let declared = parent.key().declaration.replace(" PRIMARY KEY", "").replace(" AUTO_INCREMENT", "");
            columns.push(Column::new(name, Kind::Key, declared));
        } else {
            columns.push(column(choice, name));
        }
    }
    if choice.once_in(6) && kind == Kind::Int && !key.contains("AUTO") {
        let declared = choice.of(&["BIGINT AS (id + 1) VIRTUAL", "BIGINT GENERATED ALWAYS AS (id * 2) STORED"]);
        columns.push(Column { writable: false, ..Column::new("g", Kind::Int, declared) });
    }
    let mut table = Table::new(format!("t{number}"), columns);
    table.constraints = constraints;
    table.tail = choice.of(&["", "", "", " COLLATE utf8mb4_bin", " COLLATE utf8mb4_unicode_ci"]).to_owned();
    table
}

fn column(choice: &mut Choice<'_>, name: &str) -> Column {
    let (kind, declared) = choice.of(&[
        (Kind::Int, &["INT", "INT", "BIGINT", "TINYINT", "SMALLINT UNSIGNED", "TINYINT UNSIGNED"][..]),
        (Kind::Int, &["INT", "INT", "BIGINT", "INT UNSIGNED"]),
        (Kind::Text, &["VARCHAR(20)", "VARCHAR(20)", "TEXT", "VARCHAR(2)", "CHAR(3)", "TINYTEXT"]),
        (
            Kind::Text,
            &[
                "VARCHAR(20) COLLATE utf8mb4_general_ci",
                "VARCHAR(20) COLLATE utf8mb4_bin",
                "CHAR(4) COLLATE utf8mb4_unicode_ci",
                "VARCHAR(20) COLLATE utf8mb4_uca1400_ai_ci",
                "VARCHAR(20) COLLATE utf8mb4_uca1400_as_cs",
                "VARCHAR(20) COLLATE utf8mb4_nopad_bin",
                "VARCHAR(20) COLLATE utf8mb4_general_nopad_ci",
                "VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
                "TEXT CHARACTER SET latin1 COLLATE latin1_german2_ci",
                "VARBINARY(20)",
                "BINARY(3)",
            ],
        ),
        (Kind::Text, &["VARCHAR(20)", "TEXT", "VARCHAR(20) COLLATE utf8mb4_unicode_ci"]),
        (Kind::Decimal, &["DECIMAL(6, 2)", "DECIMAL(4, 0)", "DECIMAL(10, 4) UNSIGNED"]),
        (Kind::Real, &["DOUBLE", "FLOAT"]),
        (Kind::Bool, &["BOOLEAN"]),
        (Kind::Date, &["DATE"]),
        (Kind::Moment, &["DATETIME", "DATETIME(6)", "DATETIME(3)", "TIMESTAMP NULL", "TIMESTAMP(6) NULL"]),
        (Kind::Moment, &["DATETIME(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)", "TIMESTAMP(6)"]),
        (Kind::Uuid, &["UUID", "CHAR(36)", "VARCHAR(36) COLLATE utf8mb4_bin"]),
        (
            Kind::Label,
            &["ENUM('a', 'b', 'ab')", "ENUM('a', 'A', 'b', 'ab') COLLATE utf8mb4_bin", "SET('a', 'b', 'ab')"],
        ),
    ]);
    let mut column = Column::new(name, kind, choice.of(declared));
    if choice.once_in(5) {
        let default = column.literal(choice);
        column.declaration.push_str(&format!(" NOT NULL DEFAULT {default}"));
    } else if choice.once_in(8) && kind != Kind::Bool && !column.declaration.contains("TEXT") {
        column.declaration.push_str(" UNIQUE");
        column.unique = true;
    }
    column
}

fn trigger(choice: &mut Choice<'_>, tables: &[Table], number: usize) -> Vec<String> {
    let (on, target) = (&tables[choice.below(tables.len())], &tables[choice.below(tables.len())]);
    let event =
        choice.of(&["AFTER INSERT", "AFTER UPDATE", "AFTER DELETE", "BEFORE INSERT", "BEFORE UPDATE", "BEFORE DELETE"]);
    let row = if event.ends_with("DELETE") { "OLD" } else { "NEW" };
    let column = target.written(choice);
    let (set, other) = (format!("{} = {}", column.name, column.literal(choice)), target.name.as_str());
    let mut statements = Vec::new();
    // A trigger that writes its own table is made, and refused when it runs.
    let body = match choice.below(8) {
        0 | 1 => format!("DELETE FROM {other} WHERE id = {row}.id + 1"),
        2 => format!("INSERT IGNORE INTO {other} (id) VALUES ({row}.id + 7)"),
        3 => format!("UPDATE IGNORE {other} SET {set} WHERE id = {row}.id"),
        4 => format!("BEGIN UPDATE IGNORE {other} SET {set} WHERE id < 3; SET @seen = 1; END"),
        5 => {
            statements.push(format!("CREATE PROCEDURE p{number}() DELETE FROM {other} WHERE id = 2"));
            format!("CALL p{number}()")
        }
        _ if event.starts_with("BEFORE") && row == "NEW" => {
            let own = on.written(choice);
            format!("SET NEW.{} = {}", own.name, own.literal(choice))
        }
        _ => format!("UPDATE IGNORE {other} SET {set}"),
    };
    statements.push(format!("CREATE TRIGGER g{number} {event} ON {} FOR EACH ROW {body}", on.name));
    statements
}
