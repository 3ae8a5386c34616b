//! Random schemas.

use super::choice::Choice;
use super::predicate::Scope;

/// What a column is declared to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Real,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether a value may be written to it.
    pub(super) writable: bool,
    /// Whether no two rows may share a value.
    pub(super) unique: bool,
    declaration: String,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Whether rows can be written to it: a view takes none.
    pub(super) writable: bool,
    /// Whether it has the hidden row number.
    pub(super) numbered: bool,
    pub(super) view: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    triggers: Vec<String>,
    /// Without anything that lets one write reach further than it says.
    pub(super) plain: bool,
}

impl Schema {
    pub(super) fn random(choice: &mut Choice<'_>) -> Self {
        let count = 2 + choice.below(3);
        let plain = !choice.once_in(3);
        let mut tables: Vec<Table> = (0..count).map(|number| Table::random(choice, number, plain)).collect();
        let mut triggers: Vec<String> = Vec::new();
        if !plain {
            for n in 0..choice.below(3) {
                triggers.push(trigger(choice, &tables).replace(" g0 ", &format!(" g{n} ")));
            }
        }
        for number in 0..if plain { 0 } else { choice.below(3) } {
            let base = tables[choice.below(tables.len())].clone();
            let condition = Scope::single(&base).predicate(choice, &[], 1);
            if choice.binds.is_empty() {
                let names: Vec<&str> = base.columns.iter().map(|column| &*column.name).collect();
                let view = format!("SELECT {} FROM {} WHERE {condition}", names.join(", "), base.name);
                let name = format!("v{number}");
                tables.push(Table { name, columns: base.columns, writable: false, numbered: false, view: Some(view) });
            }
            choice.binds.clear();
        }
        Schema { tables, triggers, plain }
    }

    pub(super) fn statements(&self) -> Vec<String> {
        self.tables.iter().map(Table::statement).chain(self.triggers.iter().cloned()).collect()
    }

    pub(super) fn table(&self, choice: &mut Choice<'_>) -> &Table {
        &self.tables[choice.below(self.tables.len())]
    }

    pub(super) fn writable(&self, choice: &mut Choice<'_>) -> &Table {
        let tables: Vec<&Table> = self.tables.iter().filter(|table| table.writable).collect();
        tables[choice.below(tables.len())]
    }
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

impl Table {
    fn random(choice: &mut Choice<'_>, number: usize, plain: bool) -> Self {
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
        let mut columns = vec![Column {
            name: String::from("id"),
            kind: Kind::Int,
            writable: true,
            unique: true,
            declaration: String::from(key),
        }];
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
            columns.push(Column {
                name: String::from("g"),
                kind: Kind::Int,
                writable: false,
                unique: false,
                declaration,
            });
        }
        Table { name: format!("t{number}"), columns, writable: true, numbered: true, view: None }
    }

    fn statement(&self) -> String {
        if let Some(view) = &self.view {
            return format!("CREATE VIEW {} AS {view}", self.name);
        }
        let columns = self.columns.iter().map(|column| format!("{} {}", column.name, column.declaration));
        format!("CREATE TABLE {} ({})", self.name, columns.collect::<Vec<_>>().join(", "))
    }

    pub(super) fn column(&self, choice: &mut Choice<'_>) -> &Column {
        &self.columns[choice.below(self.columns.len())]
    }

    /// A column that can be written.
    pub(super) fn written(&self, choice: &mut Choice<'_>) -> &Column {
        let columns: Vec<&Column> = self.columns.iter().filter(|column| column.writable).collect();
        columns[choice.below(columns.len())]
    }

    /// A column in which no two rows agree.
    pub(super) fn unique(&self, choice: &mut Choice<'_>) -> &Column {
        let columns: Vec<&Column> = self.columns.iter().filter(|column| column.unique).collect();
        columns[choice.below(columns.len())]
    }
}

fn column(choice: &mut Choice<'_>, number: usize, plain: bool, name: &str) -> Column {
    let kind = choice.of(&[Kind::Int, Kind::Int, Kind::Text, Kind::Text, Kind::Real]);
    let mut declaration = String::from(match kind {
        Kind::Int => choice.of(&["INTEGER", "INT", "BIGINT", "NUMERIC", "DECIMAL(10, 2)", ""]),
        Kind::Text => choice.of(&["TEXT", "VARCHAR(20)", "TEXT", "DATE", ""]),
        Kind::Real => choice.of(&["REAL", "DOUBLE", "NUMERIC", "FLOAT"]),
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
    Column { name: name.to_owned(), kind, writable: true, unique, declaration }
}
