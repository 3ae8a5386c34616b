//! The schema of SQLite.

use cache_core::Table;

use super::create::{event, is, module, names, table, tokens, written};
use super::{Catalogue, Trigger, refusal};
use crate::Dialect;

pub(super) const QUERY: &str = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master \
UNION ALL SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_temp_master";

/// Modules whose tables change by their own writes only, or by those of tables that their definitions name.
const MODULES: [&str; 9] =
    ["fts3", "fts4", "fts5", "fts4aux", "fts5vocab", "rtree", "rtree_i32", "geopoly", "spellfix1"];

pub(super) fn read_rows<'a>(rows: impl Iterator<Item = &'a [String]>) -> Catalogue {
    let text = |row: &'a [String], at: usize| row.get(at).map_or("", String::as_str);
    let mut catalogue = read(rows.map(|row| (text(row, 0), text(row, 1), text(row, 2), text(row, 3))));
    catalogue.databases = Some(["main", "temp"].map(String::from).into());
    catalogue
}

pub(super) fn read<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a str)>) -> Catalogue {
    let mut catalogue = Catalogue::new(Dialect::Sqlite);
    let mut virtual_tables = Vec::new();
    let mut definitions = Vec::new();
    for (kind, name, on, sql) in rows {
        let name = Table::from(name);
        let tokens = tokens(sql);
        let kind = kind.to_ascii_lowercase();
        if matches!(kind.as_str(), "table" | "view") {
            let is_shadowed = catalogue.relations.contains_key(&name);
            let reason = is_shadowed.then(|| format!("there are several relations of the name {name}").into());
            catalogue.relations.insert(name.clone(), reason);
        }
        match (kind.as_str(), module(&tokens)) {
            ("view", _) => {
                definitions.push((name.clone(), selected(sql)));
                catalogue.derived.push((name, names(&tokens)));
            }
            ("table", Some(module)) => {
                if !MODULES.iter().any(|known| known.eq_ignore_ascii_case(module)) {
                    let reason = format!("the virtual table {name} is of the module {module}, which may read anything");
                    catalogue.relations.insert(name.clone(), Some(reason.into()));
                }
                virtual_tables.push(name.clone());
                catalogue.derived.push((name, names(&tokens)));
            }
            ("table", None) => {
                if let Some(info) = table(&tokens) {
                    catalogue.tables.insert(name, info);
                }
            }
            ("trigger", _) => {
                let says = |word| tokens.iter().any(|token| is(Some(token), word));
                if says("RAISE") && says("IGNORE") {
                    catalogue.withholding.push(Table::from(on));
                }
                let event = event(&tokens);
                let trigger = |written| Trigger { on: Table::from(on), event, written: Some(written) };
                catalogue.triggers.extend(written(&tokens).into_iter().map(trigger));
            }
            _ => {}
        }
    }
    // A virtual table keeps its data in tables that are named after it.
    for owner in virtual_tables {
        let shadow = format!("{owner}_");
        for table in catalogue.tables.keys().filter(|table| table.as_str().starts_with(&shadow)) {
            catalogue.triggers.push(Trigger { on: owner.clone(), event: None, written: Some(table.clone()) });
            catalogue.derived.push((owner.clone(), vec![table.clone()]));
        }
    }
    refusal::of_views(&mut catalogue, definitions);
    catalogue
}

/// The query behind `CREATE VIEW .. AS`; empty when there is none.
fn selected(sql: &str) -> String {
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in sql.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '-') if sql[at..].starts_with("--") => quote = Some('\n'),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && c.is_whitespace() => {
                let behind = &sql[at + c.len_utf8()..];
                let is_as = behind.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("as"));
                if is_as && behind[2..].starts_with(|c: char| c.is_whitespace() || c == '(' || c == '/' || c == '-') {
                    return behind[2..].to_owned();
                }
            }
            _ => {}
        }
    }
    String::new()
}
