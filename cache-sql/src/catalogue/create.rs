//! Reading the definitions that SQLite keeps.

use cache_core::{Column, Table};
use sqlparser::tokenizer::{Token, Tokenizer, Word};

use super::effects::Kind;
use super::stores::{Affinity, Stores};
use super::table::Action;
use super::{ColumnInfo, ForeignKey, TableInfo};
use crate::Dialect;

pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Tokenizer::new(Dialect::Sqlite.grammar(), sql).tokenize().unwrap_or_default();
    tokens.retain(|token| !matches!(token, Token::Whitespace(_) | Token::EOF));
    tokens
}

/// The module of a virtual table.
pub(super) fn module(tokens: &[Token]) -> Option<&str> {
    let using = tokens.iter().position(|token| is(Some(token), "USING"))?;
    is(tokens.get(1), "VIRTUAL").then(|| name(tokens.get(using + 1)))?
}

pub(super) fn is(token: Option<&Token>, wanted: &str) -> bool {
    matches!(token, Some(Token::Word(Word { value, quote_style: None, .. })) if value.eq_ignore_ascii_case(wanted))
}

fn is_any(token: &Token, wanted: &[&str]) -> bool {
    wanted.iter().any(|word| is(Some(token), word))
}

/// A name in any of the spellings that SQLite accepts.
fn name(token: Option<&Token>) -> Option<&str> {
    match token? {
        Token::Word(word) => Some(&word.value),
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// Every word that may name a table.
pub(super) fn names(tokens: &[Token]) -> Vec<Table> {
    tokens
        .iter()
        .filter_map(|token| name(Some(token)))
        // The arguments of a virtual table may hide a name in a longer text.
        .flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).chain([text]))
        .filter(|text| !text.is_empty())
        .map(Table::from)
        .collect()
}

/// What fires a trigger: the last word of that kind before ON, since the name may be one as well.
pub(super) fn event(tokens: &[Token]) -> Option<Kind> {
    let on = tokens.iter().position(|token| is(Some(token), "ON"))?;
    tokens[..on].iter().rev().find_map(|token| match token {
        token if is(Some(token), "INSERT") => Some(Kind::Insert),
        token if is(Some(token), "UPDATE") => Some(Kind::Update),
        token if is(Some(token), "DELETE") => Some(Kind::Delete),
        _ => None,
    })
}

/// The tables that the body of a trigger writes.
pub(super) fn written(tokens: &[Token]) -> Vec<Table> {
    let body = tokens.iter().position(|token| is(Some(token), "BEGIN")).unwrap_or(0);
    let mut tables = Vec::new();
    for at in body..tokens.len() {
        let mut target = None;
        if is(tokens.get(at), "INTO") || (is(tokens.get(at), "FROM") && at > 0 && is(tokens.get(at - 1), "DELETE")) {
            target = Some(at + 1);
        } else if is(tokens.get(at), "UPDATE") && !is(tokens.get(at + 1), "SET") {
            target = Some(if is(tokens.get(at + 1), "OR") { at + 3 } else { at + 1 });
        }
        let Some(mut target) = target else { continue };
        if tokens.get(target + 1) == Some(&Token::Period) {
            target += 2;
        }
        tables.extend(name(tokens.get(target)).map(Table::from));
    }
    tables
}

const CONSTRAINTS: [&str; 11] =
    ["CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"];

/// A plain table; `None` when its definition is not understood.
pub(super) fn table(tokens: &[Token]) -> Option<TableInfo> {
    let open = tokens.iter().position(|token| *token == Token::LParen)?;
    let mut info = TableInfo::default();
    for definition in definitions(&tokens[open + 1..])? {
        let first = definition.first()?;
        if is_any(first, &["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]) {
            table_constraint(definition, &mut info)?;
        } else {
            column(definition, &mut info)?;
        }
    }
    if let [key] = &info.primary_key[..]
        && let Some(column) = info.columns.iter_mut().find(|column| column.name == *key)
    {
        // INTEGER and nothing else makes a row number; what is not one loses little by being taken for it.
        if matches!(column.stores, Stores::Affinity { affinity: Affinity::Integer, .. }) {
            column.nullable = false;
        }
    }
    (!info.columns.is_empty()).then_some(info)
}

/// The parts between commas up to the closing parenthesis.
fn definitions(tokens: &[Token]) -> Option<Vec<&[Token]>> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => {
                parts.push(&tokens[start..at]);
                return Some(parts);
            }
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn column(definition: &[Token], info: &mut TableInfo) -> Option<()> {
    let column = Column::from(name(definition.first())?);
    let mut declared = String::new();
    let mut at = 1;
    while let Some(token) = definition.get(at) {
        if is_any(token, &CONSTRAINTS) {
            break;
        }
        if *token == Token::LParen {
            at += group(&definition[at..]);
            continue;
        }
        declared.push_str(name(Some(token)).unwrap_or_default());
        declared.push(' ');
        at += 1;
    }
    let affinity = Affinity::of(declared.trim());
    let mut known = ColumnInfo {
        name: column.clone(),
        stores: Stores::Affinity { affinity, binary: true },
        generated: false,
        nullable: true,
        positional: true,
    };
    while let Some(token) = definition.get(at) {
        if *token == Token::LParen {
            at += group(&definition[at..]);
            continue;
        }
        if is(Some(token), "COLLATE") {
            let binary = name(definition.get(at + 1))?.eq_ignore_ascii_case("BINARY");
            known.stores = Stores::Affinity { affinity, binary };
        } else if is_any(token, &["GENERATED", "AS"]) {
            known.generated = true;
            known.positional = false;
        } else if is(Some(token), "PRIMARY") {
            info.primary_key = vec![column.clone()];
        } else if is(Some(token), "REFERENCES") {
            info.foreign_keys.push(reference(&definition[at..], vec![column.clone()])?);
        } else if is(Some(token), "REPLACE") {
            info.replaces = true;
        }
        at += 1;
    }
    info.columns.push(known);
    Some(())
}

fn table_constraint(definition: &[Token], info: &mut TableInfo) -> Option<()> {
    let at = definition.iter().position(|token| is_any(token, &["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]))?;
    let kind = &definition[at];
    let open = definition.iter().position(|token| *token == Token::LParen)?;
    let columns = columns(&definition[open..]);
    let rest = &definition[open + group(&definition[open..])..];
    if is(Some(kind), "PRIMARY") {
        info.primary_key = columns;
    } else if is(Some(kind), "FOREIGN") {
        let at = rest.iter().position(|token| is(Some(token), "REFERENCES"))?;
        info.foreign_keys.push(reference(&rest[at..], columns)?);
    }
    info.replaces |= rest.iter().any(|token| is(Some(token), "REPLACE"));
    Some(())
}

/// `REFERENCES parent (columns) ON DELETE .. ON UPDATE ..`
fn reference(tokens: &[Token], own: Vec<Column>) -> Option<ForeignKey> {
    let parent = Table::from(name(tokens.get(1))?);
    let referred = match tokens.get(2) {
        Some(Token::LParen) => columns(&tokens[2..]),
        _ => Vec::new(),
    };
    let action = |event: &str| {
        let at = tokens.windows(2).position(|pair| is(pair.first(), "ON") && is(pair.get(1), event));
        match at.and_then(|at| tokens.get(at + 2)) {
            Some(token) if is(Some(token), "CASCADE") => Action::Cascade,
            Some(token) if is(Some(token), "SET") => Action::Set,
            _ => Action::Nothing,
        }
    };
    let (on_delete, on_update) = (action("DELETE"), action("UPDATE"));
    Some(ForeignKey { columns: own, parent, parent_columns: referred, on_delete, on_update })
}

/// The names in a parenthesis.
fn columns(tokens: &[Token]) -> Vec<Column> {
    let inside = &tokens[1..group(tokens).saturating_sub(1).max(1)];
    inside.split(|token| *token == Token::Comma).filter_map(|part| name(part.first())).map(Column::from).collect()
}

/// How many tokens a parenthesis takes, both of its ends included.
fn group(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}
