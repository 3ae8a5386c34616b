//! Spellings that the parser takes for something else, put into ones that it knows.
//!
//! Each keeps what the statement reads and writes, or widens it.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::Dialect;
use crate::tokens::is_blank;

/// What was left out of a statement and still matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// `IGNORE`: what does not fit is stored as something that does.
    pub(crate) ignore: bool,
}

/// Rewrites the tokens of one statement.
pub(crate) fn rewrite(dialect: Dialect, tokens: &mut Vec<TokenWithSpan>) -> Dropped {
    let mut dropped = Dropped::default();
    if dialect == Dialect::Sqlite {
        conflict_targets(tokens);
        return dropped;
    }
    tokens.retain(|token| !is_blank(&token.token));
    table_alone(tokens);
    match dialect {
        Dialect::Postgres => {
            only(tokens);
            strength_of_locks(tokens);
            conflict_targets(tokens);
            cursors(tokens);
        }
        _ => {
            replace(tokens, &["LOCK", "IN", "SHARE", "MODE"], &["FOR", "SHARE"]);
            connectives(tokens);
            character_sets(tokens);
            remainders(tokens);
            dropped.ignore = modifiers(tokens);
            targets(tokens);
        }
    }
    dropped
}

fn is(tokens: &[TokenWithSpan], at: usize, wanted: &str) -> bool {
    match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(Word { value, quote_style: None, .. })) => value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

fn are(tokens: &[TokenWithSpan], at: usize, wanted: &[&str]) -> bool {
    wanted.iter().enumerate().all(|(offset, word)| is(tokens, at + offset, word))
}

fn is_token(tokens: &[TokenWithSpan], at: usize, wanted: &Token) -> bool {
    tokens.get(at).is_some_and(|token| token.token == *wanted)
}

fn keywords(words: &[&str]) -> Vec<TokenWithSpan> {
    words.iter().map(|word| TokenWithSpan::wrap(Token::make_keyword(word))).collect()
}

fn replace(tokens: &mut Vec<TokenWithSpan>, from: &[&str], to: &[&str]) {
    let mut at = 0;
    while at < tokens.len() {
        if are(tokens, at, from) {
            tokens.splice(at..at + from.len(), keywords(to));
        }
        at += 1;
    }
}

/// `TABLE t` is `SELECT * FROM t`.
fn table_alone(tokens: &mut Vec<TokenWithSpan>) {
    let first = tokens.iter().position(|token| token.token != Token::LParen).unwrap_or(0);
    if is(tokens, first, "TABLE") {
        let mut words = keywords(&["SELECT", "FROM"]);
        words.insert(1, TokenWithSpan::wrap(Token::Mul));
        tokens.splice(first..=first, words);
    }
}

/// `FROM ONLY t`, which would be a table called *only*.
fn only(tokens: &mut Vec<TokenWithSpan>) {
    const BEFORE: [&str; 7] = ["FROM", "UPDATE", "JOIN", "TABLE", "TRUNCATE", "INTO", "USING"];
    let mut at = 1;
    while at < tokens.len() {
        let follows = BEFORE.iter().any(|word| is(tokens, at - 1, word)) || is_token(tokens, at - 1, &Token::Comma);
        let names = matches!(tokens.get(at + 1).map(|token| &token.token), Some(Token::Word(_) | Token::LParen));
        if is(tokens, at, "ONLY") && follows && names {
            tokens.remove(at);
        }
        at += 1;
    }
}

fn strength_of_locks(tokens: &mut Vec<TokenWithSpan>) {
    replace(tokens, &["FOR", "NO", "KEY", "UPDATE"], &["FOR", "UPDATE"]);
    replace(tokens, &["FOR", "KEY", "SHARE"], &["FOR", "SHARE"]);
    replace(tokens, &["OVERRIDING", "SYSTEM", "VALUE"], &[]);
}

/// `ON CONFLICT (a) WHERE .. DO`, `ON CONFLICT (lower(a)) DO`.
///
/// Rows in conflict are equal in the columns named, whatever else the index asks; in an expression they may be equal
/// without their columns being so, and no target is left.
fn conflict_targets(tokens: &mut Vec<TokenWithSpan>) {
    let next = |tokens: &[TokenWithSpan], from: usize| {
        (from..tokens.len()).find(|at| !is_blank(&tokens[*at].token)).unwrap_or(tokens.len())
    };
    let mut at = 0;
    while at < tokens.len() {
        let (conflict, found) = (next(tokens, at + 1), is(tokens, at, "ON"));
        let open = next(tokens, conflict + 1);
        at += 1;
        if !found || !is(tokens, conflict, "CONFLICT") || !is_token(tokens, open, &Token::LParen) {
            continue;
        }
        let Some(close) = closing(tokens, open) else { return };
        let after = next(tokens, close + 1);
        if is(tokens, after, "WHERE") {
            let mut end = after;
            while end < tokens.len() && !is(tokens, end, "DO") {
                end = match is_token(tokens, end, &Token::LParen) {
                    true => closing(tokens, end).unwrap_or(tokens.len()),
                    false => end + 1,
                };
            }
            if end == tokens.len() {
                return;
            }
            tokens.drain(after..end);
        }
        let plain =
            |token: &TokenWithSpan| matches!(&token.token, Token::Word(_) | Token::Comma) || is_blank(&token.token);
        let words = |tokens: &[TokenWithSpan]| {
            let named = tokens.split(|token| token.token == Token::Comma);
            named.map(|one| one.iter().filter(|token| !is_blank(&token.token)).count()).max().unwrap_or(0)
        };
        let inside = &tokens[open + 1..close];
        if !inside.iter().all(plain) || words(inside) > 1 {
            tokens.drain(open..=close);
        }
    }
}

/// The place of the parenthesis that closes the one at `open`.
fn closing(tokens: &[TokenWithSpan], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth <= 1 => return Some(at),
            Token::RParen => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `WHERE CURRENT OF c` may be any row.
fn cursors(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at + 3 < tokens.len() {
        if are(tokens, at, &["WHERE", "CURRENT", "OF"]) && matches!(tokens[at + 3].token, Token::Word(_)) {
            tokens.drain(at..at + 4);
        }
        at += 1;
    }
}

/// `&&`, `||` and `XOR`, which the parser takes for operators that bind like those of arithmetic.
///
/// What `||` means depends on a setting. It and `XOR` become an OR with an alternative of which nothing is known, so that nothing is
/// concluded from what they join.
fn connectives(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        if is_token(tokens, at, &Token::Overlap) {
            tokens.splice(at..=at, keywords(&["AND"]));
        } else if is_token(tokens, at, &Token::StringConcat) || is(tokens, at, "XOR") {
            let mut words = keywords(&["OR", "OR"]);
            words.insert(1, TokenWithSpan::wrap(Token::SingleQuotedString(String::new())));
            tokens.splice(at..=at, words);
        }
        at += 1;
    }
}

/// `CAST(a AS CHAR CHARSET x)` and `CHAR(65 USING x)`, as MariaDB spells them in the definitions of views.
///
/// Texts that are equal here in one character set are so in any other.
fn character_sets(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        at += 1;
        if !is(tokens, at - 1, "CHAR") {
            continue;
        }
        let close = if is_token(tokens, at, &Token::LParen) { closing(tokens, at) } else { None };
        if let Some(close) = close.filter(|close| is(tokens, close.saturating_sub(2), "USING")) {
            tokens.drain(close - 2..close);
            continue;
        }
        let end = close.map_or(at, |close| close + 1);
        let words = [&["CHARSET"][..], &["CHARACTER", "SET"]].into_iter().find(|words| are(tokens, end, words));
        let cast = at > 1 && is(tokens, at - 2, "AS");
        if let Some(words) = words.filter(|_| cast) {
            tokens.drain(end..(end + words.len() + 1).min(tokens.len()));
        }
    }
}

/// `a MOD b`, as MariaDB spells it in the definitions of views.
fn remainders(tokens: &mut [TokenWithSpan]) {
    for at in 1..tokens.len() {
        let calls = is_token(tokens, at + 1, &Token::LParen) && !is_token(tokens, at - 1, &Token::RParen);
        if is(tokens, at, "MOD") && !calls && !is_token(tokens, at - 1, &Token::Period) {
            tokens[at].token = Token::Mod;
        }
    }
}

/// `UPDATE IGNORE t`, which would be a table called *ignore*; whether it was there.
fn modifiers(tokens: &mut Vec<TokenWithSpan>) -> bool {
    let mut ignore = false;
    let mut at = 0;
    while at < tokens.len() {
        if is(tokens, at, "UPDATE") || is(tokens, at, "DELETE") {
            while ["LOW_PRIORITY", "QUICK", "IGNORE"].iter().any(|word| is(tokens, at + 1, word)) {
                ignore |= is(tokens, at + 1, "IGNORE");
                tokens.remove(at + 1);
            }
        }
        at += 1;
    }
    ignore
}

/// `UPDATE a, b SET ..` and `DELETE a.*, b.* FROM ..`
fn targets(tokens: &mut Vec<TokenWithSpan>) {
    let begins = |tokens: &[TokenWithSpan], at: usize| at == 0 || is_token(tokens, at - 1, &Token::RParen);
    let mut at = 0;
    while at < tokens.len() {
        let (updates, deletes) = (is(tokens, at, "UPDATE"), is(tokens, at, "DELETE"));
        let start = begins(tokens, at);
        at += 1;
        if !start || !(updates || deletes) {
            continue;
        }
        let mut depth = 0usize;
        let mut place = at;
        while place < tokens.len() && !(depth == 0 && (is(tokens, place, "SET") || is(tokens, place, "FROM"))) {
            match tokens[place].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Comma if depth == 0 && updates => {
                    tokens.splice(place..=place, keywords(&["CROSS", "JOIN"]));
                }
                Token::Period if depth == 0 && deletes && is_token(tokens, place + 1, &Token::Mul) => {
                    tokens.drain(place..place + 2);
                    continue;
                }
                _ => {}
            }
            place += 1;
        }
    }
}
