//! Transaction words.

use crate::statement::Step;
use crate::tokens::Segment;

/// The reason of a statement whose transaction words are in an order that is not known.
pub(crate) const UNCLEAR: &str = "transaction words that are not understood";

/// What the transaction words of a statement say.
pub(crate) enum Words {
    Steps(Vec<Step>),
    /// Transaction words in an order that is not known.
    Unclear,
}

const MODES: [&str; 22] = [
    "TRANSACTION",
    "WORK",
    "DEFERRED",
    "IMMEDIATE",
    "EXCLUSIVE",
    "CONCURRENT",
    "ISOLATION",
    "LEVEL",
    "READ",
    "COMMITTED",
    "UNCOMMITTED",
    "REPEATABLE",
    "SERIALIZABLE",
    "ONLY",
    "WRITE",
    "NOT",
    "DEFERRABLE",
    "WITH",
    "CONSISTENT",
    "SNAPSHOT",
    "NO",
    ",",
];

/// Recognises the statements that begin, end or mark a transaction.
pub(crate) fn recognise(segment: &Segment) -> Option<Words> {
    let words = &segment.words;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let modes = |words: &[&str]| words.iter().all(|word| MODES.contains(word));
    let step = match words.as_slice() {
        ["BEGIN", rest @ ..] | ["START", "TRANSACTION", rest @ ..] if modes(rest) => Step::Begin,
        ["COMMIT" | "END" | "ROLLBACK" | "ABORT", "PREPARED", ..] | ["PREPARE", "TRANSACTION", ..] => {
            return Some(Words::Unclear);
        }
        // These end a transaction of MySQL that is open, or one that other words tell about.
        ["XA", ..] => return Some(Words::Unclear),
        [end @ ("COMMIT" | "END" | "ROLLBACK" | "ABORT"), rest @ ..] if chains(rest) => {
            let ended = if matches!(*end, "COMMIT" | "END") { Step::Commit } else { Step::Rollback };
            return Some(Words::Steps(vec![ended, Step::Begin]));
        }
        ["ROLLBACK", .., "SAVEPOINT", _] | ["ROLLBACK", .., "TO", _] => Step::RollbackTo(last_name(segment)),
        ["COMMIT" | "END", rest @ ..] if ends(rest) => Step::Commit,
        ["ROLLBACK" | "ABORT", rest @ ..] if ends(rest) => Step::Rollback,
        ["SAVEPOINT", _] => Step::Savepoint(last_name(segment)),
        ["RELEASE", _] | ["RELEASE", "SAVEPOINT", _] => Step::Release(last_name(segment)),
        ["BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE", ..] => {
            return Some(Words::Unclear);
        }
        _ => return None,
    };
    Some(Words::Steps(vec![step]))
}

/// `[TRANSACTION | WORK] [AND NO CHAIN] [[NO] RELEASE]`
fn ends(rest: &[&str]) -> bool {
    let rest = after_noise(rest);
    let rest = rest.strip_prefix(&["AND", "NO", "CHAIN"]).unwrap_or(rest);
    matches!(rest, [] | ["RELEASE"] | ["NO", "RELEASE"])
}

/// `[TRANSACTION | WORK] AND CHAIN [NO RELEASE]`
fn chains(rest: &[&str]) -> bool {
    matches!(after_noise(rest), ["AND", "CHAIN"] | ["AND", "CHAIN", "NO", "RELEASE"])
}

fn after_noise<'a, 'w>(rest: &'a [&'w str]) -> &'a [&'w str] {
    match rest {
        ["TRANSACTION" | "WORK", rest @ ..] => rest,
        rest => rest,
    }
}

fn last_name(segment: &Segment) -> String {
    use sqlparser::tokenizer::Token;
    match segment.meaningful().last() {
        Some(Token::Word(word)) => word.value.to_ascii_lowercase(),
        Some(Token::SingleQuotedString(text)) => text.to_ascii_lowercase(),
        _ => String::new(),
    }
}
