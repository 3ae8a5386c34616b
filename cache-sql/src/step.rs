//! Transaction words.

use crate::statement::Step;
use crate::tokens::Segment;

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
    let words = segment.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let modes = |words: &[&str]| words.iter().all(|word| MODES.contains(word));
    let step = match words.as_slice() {
        ["BEGIN", rest @ ..] | ["START", "TRANSACTION", rest @ ..] if modes(rest) => Step::Begin,
        ["COMMIT" | "END" | "ROLLBACK" | "ABORT", "PREPARED", ..] | ["PREPARE", "TRANSACTION", ..] => {
            return Some(Words::Unclear);
        }
        [end, "AND", "CHAIN"] | [end, "TRANSACTION" | "WORK", "AND", "CHAIN"] => match *end {
            "COMMIT" | "END" => return Some(Words::Steps(vec![Step::Commit, Step::Begin])),
            "ROLLBACK" | "ABORT" => return Some(Words::Steps(vec![Step::Rollback, Step::Begin])),
            _ => return None,
        },
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

fn ends(rest: &[&str]) -> bool {
    rest.iter().all(|word| matches!(*word, "TRANSACTION" | "WORK" | "AND" | "NO" | "CHAIN" | "RELEASE"))
}

fn last_name(segment: &Segment) -> String {
    use sqlparser::tokenizer::Token;
    match segment.meaningful().last() {
        Some(Token::Word(word)) => word.value.to_ascii_lowercase(),
        Some(Token::SingleQuotedString(text)) => text.to_ascii_lowercase(),
        _ => String::new(),
    }
}
