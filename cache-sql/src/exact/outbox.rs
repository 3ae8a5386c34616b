//! SQLite: temporary triggers note every row that is written in a temporary table.
//!
//! Both belong to one connection and are made when they are missing there, or were made for another state of the schema.

use std::fmt::Write;

use cache_core::{Change, Row, Table, Value};

use super::literal::values;
use super::{Ask, MAX_ROWS, change, known};
use crate::Dialect;
use crate::catalogue::Catalogue;

const LOOK: &str = "SELECT CAST(schema_version AS TEXT), \
    (SELECT coalesce(group_concat(type || ' ' || name, char(10)), '') FROM sqlite_temp_schema \
     WHERE type IN ('table', 'trigger') AND name GLOB '_cache_rows_*'), \
    (SELECT CAST(count(*) AS TEXT) FROM pragma_table_list \
     WHERE schema <> 'main' AND name NOT GLOB '_cache_rows_*' AND name NOT GLOB 'sqlite_*') FROM pragma_schema_version";

const COLUMNS: &str = "SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c \
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT GLOB 'sqlite_*' AND c.hidden = 0 ORDER BY t.name, c.cid";

/// The notes of one statement.
#[derive(Debug)]
pub(super) struct Outbox {
    step: Step,
    version: String,
    /// What has to be dropped first: type and name.
    stale: Vec<String>,
    columns: Vec<(String, Vec<String>)>,
    notes: Vec<[String; 3]>,
    clears: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Look,
    Columns,
    Install,
    Clear,
    Ready,
    Drain,
    Empty,
    Done,
    Failed,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Outbox {
            step: Step::Look,
            version: String::new(),
            stale: Vec::new(),
            columns: Vec::new(),
            notes: Vec::new(),
            clears: false,
        }
    }

    /// The triggers are only put away, so that columns can be dropped.
    pub(super) fn clearing() -> Self {
        Outbox { clears: true, ..Outbox::new() }
    }

    pub(super) fn before(&mut self) -> Option<Ask> {
        match self.step {
            Step::Look => Some(Ask::query(LOOK)),
            Step::Columns => Some(Ask::query(COLUMNS)),
            Step::Install => Some(Ask::script(self.drops() + &self.definitions())),
            Step::Clear => Some(Ask::script(self.drops())),
            _ => None,
        }
    }

    pub(super) fn after(&mut self) -> Option<Ask> {
        let table = format!("temp.\"_cache_rows_{}\"", self.version);
        match self.step {
            Step::Ready => {
                self.step = Step::Drain;
                Some(Ask::query(format!("SELECT name, was, now FROM {table} LIMIT {}", MAX_ROWS + 1)))
            }
            Step::Empty => Some(Ask::script(format!("DELETE FROM {table}"))),
            _ => None,
        }
    }

    pub(super) fn answer(&mut self, rows: Option<Vec<Vec<String>>>) {
        let next = rows.and_then(|rows| self.next(rows));
        self.step = next.unwrap_or(Step::Failed);
    }

    fn next(&mut self, rows: Vec<Vec<String>>) -> Option<Step> {
        Some(match self.step {
            Step::Look => {
                let [version, found, others] = rows.into_iter().next()?.try_into().ok()?;
                if !self.clears && others != "0" {
                    // Tables of attached databases and temporary ones have no triggers, and may be meant by the statement.
                    return None;
                }
                self.version = version;
                self.stale = found.lines().map(str::to_owned).collect();
                let current = format!("table _cache_rows_{}", self.version);
                match self.clears {
                    true if self.stale.is_empty() => Step::Done,
                    true => Step::Clear,
                    false if self.stale.contains(&current) => Step::Ready,
                    false => Step::Columns,
                }
            }
            Step::Columns => {
                for row in rows {
                    let [table, column] = row.try_into().ok()?;
                    match self.columns.last_mut() {
                        Some((last, columns)) if *last == table => columns.push(column),
                        _ => self.columns.push((table, vec![column])),
                    }
                }
                Step::Install
            }
            Step::Install => Step::Ready,
            Step::Clear | Step::Empty => Step::Done,
            Step::Drain => {
                for row in rows {
                    self.notes.push(row.try_into().ok()?);
                }
                Step::Empty
            }
            other => other,
        })
    }

    fn drops(&self) -> String {
        let mut script = String::new();
        for line in self.stale.iter().filter(|line| line.starts_with("trigger ")) {
            let _ = write!(script, "DROP TRIGGER temp.{}; ", quoted(&line["trigger ".len()..]));
        }
        for line in self.stale.iter().filter(|line| line.starts_with("table ")) {
            let _ = write!(script, "DROP TABLE temp.{}; ", quoted(&line["table ".len()..]));
        }
        script
    }

    fn definitions(&self) -> String {
        let notes = format!("_cache_rows_{}", self.version);
        let mut script = format!("CREATE TEMP TABLE \"{notes}\" (name TEXT, was TEXT, now TEXT); ");
        for (at, (table, columns)) in self.columns.iter().enumerate() {
            // Each image tells the names of its columns: nobody has to remember them.
            let image = |row: &str| {
                let part = |name: &String| {
                    let (text, value) = (format!("{},", text(name)), format!("{row}.{}", quoted(name)));
                    // A text is quoted up to its first zero byte: such a value is not told.
                    let cut = format!("typeof({value}) = 'text' AND instr({value}, char(0)) > 0");
                    format!("{} || CASE WHEN {cut} THEN '?' ELSE quote({value}) END", self::text(&text))
                };
                columns.iter().map(part).collect::<Vec<_>>().join(" || ',' || ")
            };
            let (was, now) = (image("OLD"), image("NEW"));
            for (event, was, now) in
                [("INSERT", "''", now.as_str()), ("UPDATE", was.as_str(), now.as_str()), ("DELETE", was.as_str(), "''")]
            {
                let _ = write!(
                    script,
                    "CREATE TEMP TRIGGER \"{notes}_{at}_{event}\" AFTER {event} ON main.{} \
                     BEGIN INSERT INTO \"{notes}\" VALUES ({}, {was}, {now}); END; ",
                    quoted(table),
                    text(table),
                );
            }
        }
        script
    }

    pub(super) fn changes(&self, catalogue: &Catalogue) -> Option<Vec<Change>> {
        if self.step != Step::Done || self.clears || self.notes.len() > MAX_ROWS {
            return None;
        }
        let mut changes = Vec::with_capacity(self.notes.len());
        let mut written: Vec<Table> = Vec::new();
        for [name, was, now] in &self.notes {
            let table = Table::from(name.as_str());
            let row = |text: &str| match text {
                "" => Some(None),
                text => image(text).map(|row| Some(known(catalogue, Dialect::Sqlite, &table, row))),
            };
            let (was, now) = (row(was)?, row(now)?);
            changes.push(change(&table, was, now));
            if !written.contains(&table) {
                written.push(table);
            }
        }
        for table in &written {
            // Rows that make way for others go without a note, here and in what triggers do.
            catalogue.table(table).filter(|info| !info.replaces)?;
            catalogue.triggered_by(table, &mut changes);
            changes.extend(catalogue.views_over(table).into_iter().map(Change::table));
        }
        Some(changes)
    }
}

/// The row of a list of names and values that take turns.
fn image(text: &str) -> Option<Row> {
    let mut row = Row::new();
    for pair in values(text)?.chunks(2) {
        match pair {
            [Some(Value::Text(name)), Some(value)] => row.set(&**name, value.clone()),
            [Some(Value::Text(_)), None] => {}
            _ => return None,
        }
    }
    Some(row)
}

/// A name between double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text between single quotes.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
