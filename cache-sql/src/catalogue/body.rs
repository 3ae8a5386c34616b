//! The bodies of triggers, rules and routines: which tables they may write.

use std::collections::{HashMap, HashSet};

use cache_core::Table;

use crate::Dialect;

/// What runs when a trigger fires or a routine is called.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(String),
    /// In a language that is not read, or out of sight.
    Opaque,
}

/// A word or a sign of a body, without regard to what is quoted or commented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'a> {
    Word(&'a str),
    Sign(char),
}

/// The words and signs of a text.
pub(super) fn lexemes(text: &str) -> Vec<Lexeme<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii() && !c.is_whitespace();
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (is_word(c), start) {
            (true, None) => start = Some(at),
            (true, Some(_)) => {}
            (false, from) => {
                if let Some(from) = from {
                    found.push(Lexeme::Word(&text[from..at]));
                    start = None;
                }
                // Quotes stand round one name only.
                if !c.is_whitespace() && !matches!(c, '"' | '`') {
                    found.push(Lexeme::Sign(c));
                }
            }
        }
    }
    if let Some(from) = start {
        found.push(Lexeme::Word(&text[from..]));
    }
    found
}

/// The relations and routines of a schema, by which bodies are read.
#[derive(Debug)]
pub(super) struct Bodies<'a> {
    pub(super) dialect: Dialect,
    pub(super) relations: &'a HashSet<Table>,
    /// Several routines may share a name.
    pub(super) routines: &'a HashMap<Table, Vec<Body>>,
}

impl Bodies<'_> {
    /// The tables that a body may write, itself or through the routines that it may call; `None` for any.
    ///
    /// Every relation counts whose name stands in it, wherever that is.
    pub(super) fn written(&self, body: &Body) -> Option<Vec<Table>> {
        let mut tables = Vec::new();
        let mut called: Vec<Table> = Vec::new();
        let mut queue = vec![body];
        while let Some(body) = queue.pop() {
            let Body::Text(text) = body else { return None };
            let words = lexemes(text);
            if self.may_do_anything(text, &words) {
                return None;
            }
            for word in &words {
                let Lexeme::Word(word) = word else { continue };
                let name = Table::from(*word);
                if self.relations.contains(&name) && !tables.contains(&name) {
                    tables.push(name.clone());
                }
                if let Some(bodies) = self.routines.get(&name)
                    && !called.contains(&name)
                {
                    called.push(name);
                    queue.extend(bodies);
                }
            }
            let text = text.to_ascii_lowercase();
            for name in self.relations.iter().chain(self.routines.keys()).filter(|name| !is_one_word(name)) {
                if text.contains(name.as_str()) {
                    match self.routines.get(name) {
                        Some(bodies) if !called.contains(name) => {
                            called.push(name.clone());
                            queue.extend(bodies);
                        }
                        _ => {}
                    }
                    if self.relations.contains(name) && !tables.contains(name) {
                        tables.push(name.clone());
                    }
                }
            }
        }
        Some(tables)
    }

    fn may_do_anything(&self, text: &str, words: &[Lexeme<'_>]) -> bool {
        let is =
            |word: &Lexeme<'_>, wanted: &str| matches!(word, Lexeme::Word(word) if word.eq_ignore_ascii_case(wanted));
        if words.iter().any(|word| is(word, "EXECUTE") || is(word, "PREPARE")) {
            return true;
        }
        match self.dialect {
            // Names may be spelt in escapes.
            Dialect::Postgres => text.to_ascii_lowercase().contains("u&\""),
            Dialect::MySql => {
                let is_call_elsewhere = |at: usize| {
                    matches!(words[at..], [Lexeme::Word(_), Lexeme::Sign('.'), Lexeme::Word(_), Lexeme::Sign('('), ..])
                        && !(at > 0 && is(&words[at - 1], "INTO"))
                };
                let is_unknown_call = |at: usize| {
                    let name = match words[at + 1..] {
                        [Lexeme::Word(_), Lexeme::Sign('.'), ..] => return true,
                        [Lexeme::Word(name), ..] => Table::from(name),
                        _ => return false,
                    };
                    !self.routines.contains_key(&name)
                };
                (0..words.len()).any(|at| is_call_elsewhere(at) || is(&words[at], "CALL") && is_unknown_call(at))
            }
            Dialect::Sqlite => false,
        }
    }
}

fn is_one_word(name: &Table) -> bool {
    matches!(lexemes(name.as_str())[..], [Lexeme::Word(word)] if word == name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(dialect: Dialect, body: &str) -> Option<Vec<String>> {
        let relations = ["article", "log", "odd name", "count"].map(Table::from).into();
        let routine = |name: &str, body: &str| (Table::from(name), vec![Body::Text(body.into())]);
        let mut routines = HashMap::from([
            routine("note", "insert into log values (1)"),
            routine("again", "perform again(); perform note()"),
            routine("any", "execute 'x'"),
        ]);
        routines.insert(Table::from("opaque"), vec![Body::Text(String::new()), Body::Opaque]);
        let bodies = Bodies { dialect, relations: &relations, routines: &routines };
        let mut tables: Vec<String> =
            bodies.written(&Body::Text(body.into()))?.iter().map(|table| table.as_str().to_owned()).collect();
        tables.sort();
        Some(tables)
    }

    #[test]
    fn bodies_write_what_they_mention() {
        let of = |body| written(Dialect::Postgres, body).map(|tables| tables.join(" "));
        assert_eq!(of("update public.\"Article\" set n = 1"), Some("article".into()));
        assert_eq!(of("begin perform again(); end"), Some("log".into()));
        assert_eq!(of("delete from \"Odd Name\""), Some("odd name".into()));
        assert_eq!(of("new.n := articles + count_of"), Some(String::new()));
        assert_eq!(of("perform any()"), None);
        assert_eq!(of("select opaque(1)"), None);
        assert_eq!(of("return query execute q"), None);
        assert_eq!(of("delete from U&\"\\0061rticle\""), None);
    }

    #[test]
    fn calls_that_leave_the_database_may_do_anything() {
        let of = |body| written(Dialect::MySql, body).map(|tables| tables.join(" "));
        assert_eq!(of("CALL note()"), Some("log".into()));
        assert_eq!(of("CALL elsewhere.note()"), None);
        assert_eq!(of("CALL unheard()"), None);
        assert_eq!(of("SET NEW.a = `other`.`f`(1)"), None);
        assert_eq!(of("INSERT INTO shop.log (a) VALUES (NEW.a)"), Some("log".into()));
    }
}
