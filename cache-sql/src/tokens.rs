//! Tokens of a text: statements apart, placeholders numbered.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use crate::Dialect;
use crate::rewrite::{Dropped, rewrite};

/// More words and operators than this are not parsed: the syntax tree could get too deep for a stack.
const MAX_OPERATORS: usize = 4_000;

/// The tokens of one statement.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) tokens: Vec<TokenWithSpan>,
    /// The unquoted words and signs in order, in upper case.
    pub(crate) words: Vec<String>,
    pub(crate) dropped: Dropped,
    /// Some of it may or may not run, depending on the server.
    pub(crate) conditional: bool,
}

/// Splits a text at its semicolons and numbers the placeholders in the order of the text.
pub(crate) fn segments(dialect: Dialect, sql: &str) -> Result<Vec<Segment>, String> {
    // MariaDB runs what others take for a comment.
    if dialect == Dialect::MySql && sql.contains("/*M!") {
        return Err("a comment that may run".into());
    }
    let conditional = dialect == Dialect::MySql && sql.contains("/*!");
    let mut tokenizer = Tokenizer::new(dialect.grammar(), sql).with_unescape(dialect != Dialect::MySql);
    let mut tokens = tokenizer.tokenize_with_location().map_err(|error| error.to_string())?;
    number_placeholders(dialect, &mut tokens);
    match dialect {
        Dialect::Sqlite => {
            integers_from_hex(sql, &mut tokens);
            general_is(&mut tokens);
        }
        Dialect::MySql => plain_strings(&mut tokens),
        Dialect::Postgres => {}
    }
    let mut found = Vec::new();
    let mut current = Vec::new();
    let mut body = Body::default();
    for token in tokens {
        body.see(&token.token);
        if token.token == Token::SemiColon && !body.is_open(dialect) {
            push(dialect, conditional, &mut found, &mut current);
            body = Body::default();
        } else {
            current.push(token);
        }
    }
    push(dialect, conditional, &mut found, &mut current);
    Ok(found)
}

fn push(dialect: Dialect, conditional: bool, found: &mut Vec<Segment>, tokens: &mut Vec<TokenWithSpan>) {
    let mut tokens = std::mem::take(tokens);
    if tokens.iter().any(|token| !is_blank(&token.token)) {
        let dropped = rewrite(dialect, &mut tokens);
        let words = words(&tokens);
        found.push(Segment { tokens, words, dropped, conditional });
    }
}

fn words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let meaningful = tokens.iter().map(|token| &token.token).filter(|token| !is_blank(token));
    meaningful
        .map(|token| match token {
            Token::Word(Word { value, quote_style: None, .. }) => value.to_ascii_uppercase(),
            Token::Word(_) => String::from("\"\""),
            other => other.to_string(),
        })
        .collect()
}

/// Takes the quotes out of MySQL's strings. What a backslash means there depends on a setting, so that a
/// string with one is spelled as one of another character set, of which nothing is concluded.
fn plain_strings(tokens: &mut [TokenWithSpan]) {
    for token in tokens {
        match &mut token.token {
            Token::SingleQuotedString(text) if text.contains('\\') => {
                token.token = Token::NationalStringLiteral(std::mem::take(text));
            }
            Token::SingleQuotedString(text) => *text = text.replace("''", "'"),
            Token::Word(word) if word.quote_style == Some('`') => word.value = word.value.replace("``", "`"),
            _ => {}
        }
    }
}

pub(crate) fn is_blank(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_) | Token::EOF)
}

/// Tells when a semicolon belongs to the body of a trigger.
#[derive(Default)]
struct Body {
    words: usize,
    creates: bool,
    routine: bool,
    begun: bool,
    cases: usize,
    ended: bool,
}

impl Body {
    fn see(&mut self, token: &Token) {
        let Token::Word(word) = token else { return };
        if word.quote_style.is_some() {
            return;
        }
        self.words += 1;
        let is = |text: &str| word.value.eq_ignore_ascii_case(text);
        match self.words {
            1 => self.creates = is("CREATE"),
            2..=6 if self.creates && ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"].into_iter().any(is) => {
                self.routine = true;
            }
            _ => {}
        }
        if !self.routine {
            return;
        }
        if is("BEGIN") {
            self.begun = true;
        } else if is("CASE") {
            self.cases += 1;
        } else if is("END") && self.begun {
            match self.cases {
                0 => self.ended = true,
                _ => self.cases -= 1,
            }
        }
    }

    fn is_open(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => self.routine && self.begun && !self.ended,
            // A compound statement nests in more ways than can be told from its words.
            _ => self.routine && self.begun,
        }
    }
}

/// Gives every placeholder its number, counted from 1, the way the database counts.
fn number_placeholders(dialect: Dialect, tokens: &mut Vec<TokenWithSpan>) {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut largest = 0;
    let mut at = 0;
    while at < tokens.len() {
        let named = named_placeholder(dialect, tokens, at);
        let number = match (&tokens[at].token, named) {
            (Token::Placeholder(text), _) if text == "?" => Some(largest + 1),
            (Token::Placeholder(text), _) => match text.get(1..).and_then(|digits| digits.parse().ok()) {
                Some(number) => Some(number),
                None => Some(number_of(&mut names, text, largest)),
            },
            (_, Some(name)) => {
                tokens.remove(at + 1);
                Some(number_of(&mut names, &name, largest))
            }
            _ => None,
        };
        if let Some(number) = number {
            largest = largest.max(number);
            tokens[at].token = Token::Placeholder(format!("?{number}"));
        }
        at += 1;
    }
}

fn number_of(names: &mut Vec<(String, usize)>, name: &str, largest: usize) -> usize {
    if let Some((_, number)) = names.iter().find(|(known, _)| known == name) {
        return *number;
    }
    names.push((name.to_owned(), largest + 1));
    largest + 1
}

/// SQLite's `:name` and `@name`, which come as two tokens.
fn named_placeholder(dialect: Dialect, tokens: &[TokenWithSpan], at: usize) -> Option<String> {
    let sign = match (&tokens[at].token, dialect) {
        (Token::Colon, Dialect::Sqlite) => ':',
        (Token::AtSign, Dialect::Sqlite) => '@',
        _ => return None,
    };
    match &tokens.get(at + 1)?.token {
        Token::Word(Word { value, quote_style: None, .. }) => Some(format!("{sign}{value}")),
        _ => None,
    }
}

/// `0x1f` arrives as a string of bytes, which it is not.
fn integers_from_hex(sql: &str, tokens: &mut [TokenWithSpan]) {
    for token in tokens {
        let Token::HexStringLiteral(digits) = &token.token else { continue };
        let start = token.span.start;
        let line = sql.split('\n').nth((start.line as usize).saturating_sub(1)).unwrap_or_default();
        let first = line.chars().nth((start.column as usize).saturating_sub(1));
        if !matches!(first, Some('x' | 'X')) {
            let number = i64::from_str_radix(digits, 16).map_or_else(|_| format!("0x{digits}"), |n| n.to_string());
            token.token = Token::Number(number, false);
        }
    }
}

/// Spells SQLite's general `IS` and `IS NOT` the standard way: `IS [NOT] DISTINCT FROM`.
fn general_is(tokens: &mut Vec<TokenWithSpan>) {
    const SPECIAL: [&str; 8] = ["NULL", "NOT", "TRUE", "FALSE", "UNKNOWN", "DISTINCT", "JSON", "NORMALIZED"];
    let next = |tokens: &[TokenWithSpan], from: usize| {
        (from..tokens.len()).find(|at| !is_blank(&tokens[*at].token)).unwrap_or(tokens.len())
    };
    let is = |tokens: &[TokenWithSpan], at: usize, word: &str| match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(found)) => found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word),
        _ => false,
    };
    let mut at = 0;
    while at < tokens.len() {
        if is(tokens, at, "ISNULL") {
            let words = ["IS", "NULL"].map(|word| TokenWithSpan::wrap(Token::make_keyword(word)));
            tokens.splice(at..=at, words);
        } else if is(tokens, at, "IS") {
            let after = next(tokens, at + 1);
            let negated = is(tokens, after, "NOT");
            let operand = if negated { next(tokens, after + 1) } else { after };
            let special = SPECIAL.iter().any(|word| is(tokens, operand, word));
            if operand < tokens.len() && !special {
                let words: &[&str] = if negated { &["DISTINCT", "FROM"] } else { &["NOT", "DISTINCT", "FROM"] };
                let words = words.iter().map(|word| TokenWithSpan::wrap(Token::make_keyword(word)));
                tokens.splice(at + 1..operand, words);
            }
        }
        at += 1;
    }
}

impl Segment {
    /// The tokens that mean something.
    pub(crate) fn meaningful(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().map(|token| &token.token).filter(|token| !is_blank(token))
    }

    /// The first word, in upper case, after opening parentheses.
    pub(crate) fn first_word(&self) -> String {
        self.meaningful()
            .find(|token| **token != Token::LParen)
            .map(|token| token.to_string().to_ascii_uppercase())
            .unwrap_or_default()
    }

    /// Whether its words may write: as words of their own, not as functions or as the strength of a lock.
    pub(crate) fn writes(&self) -> bool {
        let words = &self.words;
        words.iter().enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
            let called = words.get(at + 1).is_some_and(|next| next == "(");
            match word.as_str() {
                "INSERT" | "REPLACE" => !called,
                "DELETE" | "MERGE" | "TRUNCATE" if called => false,
                "DELETE" | "MERGE" | "TRUNCATE" | "CALL" | "EXECUTE" => true,
                "UPDATE" => !matches!(before, "FOR" | "KEY"),
                _ => false,
            }
        })
    }

    /// Whether a query of these words puts its rows into a table, and not into a file or into variables of MySQL.
    pub(crate) fn makes_a_table(&self) -> bool {
        let words = &self.words;
        let aside = |next: &String| matches!(next.as_str(), "OUTFILE" | "DUMPFILE") || next.starts_with('@');
        let is_into = |(at, word): (usize, &String)| word == "INTO" && !words.get(at + 1).is_some_and(aside);
        words.iter().enumerate().any(is_into)
    }

    /// Whether the tree of this statement could get too deep.
    pub(crate) fn is_too_complex(&self) -> bool {
        let operators = self.meaningful().filter(|token| match token {
            Token::Comma | Token::LParen | Token::RParen | Token::Placeholder(_) | Token::Number(..) => false,
            Token::SingleQuotedString(_) | Token::HexStringLiteral(_) | Token::Period => false,
            Token::Word(word) => word.keyword != Keyword::NoKeyword && word.keyword != Keyword::NULL,
            _ => true,
        });
        operators.count() > MAX_OPERATORS
    }

    /// Names that could be those of tables: every word but the reserved ones.
    pub(crate) fn possible_tables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for token in self.meaningful() {
            let name = match token {
                Token::Word(word) if word.quote_style.is_some() || !is_reserved(&word.value) => &word.value,
                Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => text,
                _ => continue,
            };
            let name = name.to_ascii_lowercase();
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 36] = [
        "INSERT", "INTO", "VALUES", "SELECT", "FROM", "WHERE", "SET", "AND", "OR", "NOT", "NULL", "UPDATE", "DELETE",
        "CREATE", "DROP", "ALTER", "TABLE", "AS", "IN", "IS", "ON", "JOIN", "GROUP", "ORDER", "BY", "HAVING", "LIMIT",
        "UNION", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "DEFAULT", "UNIQUE", "PRIMARY",
    ];
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}
