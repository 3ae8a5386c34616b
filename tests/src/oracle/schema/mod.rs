//! Random schemas.

mod mysql;
mod postgres;
mod sqlite;

use cache_sql::Dialect;

use super::choice::Choice;
use super::predicate::Scope;

/// What a column is declared to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Real,
    Decimal,
    Bool,
    Date,
    /// A date with a time of day.
    Moment,
    Uuid,
    /// One of a few texts.
    Label,
    /// The key of another row.
    Key,
}

impl Kind {
    pub(super) const ALL: [Kind; 10] = [
        Kind::Int,
        Kind::Text,
        Kind::Real,
        Kind::Decimal,
        Kind::Bool,
        Kind::Date,
        Kind::Moment,
        Kind::Uuid,
        Kind::Label,
        Kind::Key,
    ];
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether a value may be written to it.
    pub(super) writable: bool,
    /// Whether no two rows may share a value.
    pub(super) unique: bool,
    pub(super) declaration: String,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Whether rows can be written to it: a view takes none.
    pub(super) writable: bool,
    /// Whether it has the hidden row number.
    pub(super) numbered: bool,
    /// The statement that makes it, where that is not a list of columns.
    pub(super) made_by: Option<String>,
    /// Constraints behind the columns.
    pub(super) constraints: Vec<String>,
    /// What stands behind the list.
    pub(super) tail: String,
}

#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    /// Statements that come before the tables.
    before: Vec<String>,
    /// Statements that come behind them.
    triggers: Vec<String>,
    /// Without anything that lets one write reach further than it says.
    pub(super) plain: bool,
}

impl Schema {
    pub(super) fn random(choice: &mut Choice<'_>) -> Self {
        match choice.dialect {
            Dialect::Postgres => postgres::schema(choice),
            Dialect::MySql => mysql::schema(choice),
            _ => sqlite::schema(choice),
        }
    }

    pub(super) fn statements(&self) -> Vec<String> {
        let tables = self.tables.iter().map(Table::statement);
        self.before.iter().cloned().chain(tables).chain(self.triggers.iter().cloned()).collect()
    }

    pub(super) fn table(&self, choice: &mut Choice<'_>) -> &Table {
        &self.tables[choice.below(self.tables.len())]
    }

    pub(super) fn writable(&self, choice: &mut Choice<'_>) -> &Table {
        let tables: Vec<&Table> = self.tables.iter().filter(|table| table.writable).collect();
        tables[choice.below(tables.len())]
    }

    /// Adds views of tables, some of them of views.
    fn add_views(&mut self, choice: &mut Choice<'_>, count: usize) {
        for number in 0..count {
            let base = self.table(choice).clone();
            let condition = Scope::single(&base).predicate(choice, &[], 1);
            if choice.binds.is_empty() {
                let names: Vec<&str> = base.columns.iter().map(|column| &*column.name).collect();
                let name = format!("v{number}");
                let names = names.join(", ");
                let made_by = format!("CREATE VIEW {name} AS SELECT {names} FROM {} WHERE {condition}", base.name);
                self.tables.push(Table { writable: false, ..base.lookalike(name, made_by) });
            }
            choice.binds.clear();
        }
    }
}

impl Table {
    fn new(name: String, columns: Vec<Column>) -> Self {
        Table {
            name,
            columns,
            writable: true,
            numbered: false,
            made_by: None,
            constraints: Vec::new(),
            tail: String::new(),
        }
    }

    /// A relation with the same columns, made by a statement of its own.
    fn lookalike(&self, name: String, made_by: String) -> Self {
        Table { made_by: Some(made_by), ..Table::new(name, self.columns.clone()) }
    }

    fn statement(&self) -> String {
        if let Some(statement) = &self.made_by {
            return statement.clone();
        }
        let columns = self.columns.iter().map(|column| format!("{} {}", column.name, column.declaration));
        let parts: Vec<String> = columns.chain(self.constraints.iter().cloned()).collect();
        format!("CREATE TABLE {} ({}){}", self.name, parts.join(", "), self.tail)
    }

    pub(super) fn column(&self, choice: &mut Choice<'_>) -> &Column {
        &self.columns[choice.below(self.columns.len())]
    }

    /// The column `id` that every table has.
    pub(super) fn key(&self) -> &Column {
        &self.columns[0]
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

impl Column {
    /// A random value of its kind as a literal, NULL left out.
    fn literal(&self, choice: &mut Choice<'_>) -> String {
        loop {
            let value = choice.value(self.kind);
            if value != cache_core::Value::Null {
                return super::choice::literal(&value);
            }
        }
    }

    fn new(name: &str, kind: Kind, declaration: impl Into<String>) -> Self {
        Column { name: name.to_owned(), kind, writable: true, unique: false, declaration: declaration.into() }
    }
}
