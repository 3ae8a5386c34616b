//! What a query asks of its tables.

use std::fmt;
use std::ops::{BitAnd, BitOr};
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// What a query asks of its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// One row by its whole primary key.
    Get,
    /// Rows.
    Fetch,
    /// How many rows there are.
    Count,
    /// Whether there is a row.
    Exists,
    /// Sums, averages and other values made of rows.
    Aggregate,
}

impl Operation {
    const EACH: [Operation; 5] =
        [Operation::Get, Operation::Fetch, Operation::Count, Operation::Exists, Operation::Aggregate];

    /// The word for it in the text of a profile.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Get => "get",
            Operation::Fetch => "fetch",
            Operation::Count => "count",
            Operation::Exists => "exists",
            Operation::Aggregate => "aggregate",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of operations.
///
/// ```
/// use cache_core::{Operation, Operations};
///
/// let operations = Operations::GET | Operations::COUNT;
/// assert!(operations.contains(Operation::Count));
/// assert!(!operations.contains(Operation::Fetch));
/// assert_eq!("get, count".parse::<Operations>()?, operations);
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Operations(u8);

impl Operations {
    /// No operation.
    pub const NONE: Operations = Operations(0);
    /// [`Operation::Get`].
    pub const GET: Operations = Operations::only(Operation::Get);
    /// [`Operation::Fetch`].
    pub const FETCH: Operations = Operations::only(Operation::Fetch);
    /// [`Operation::Count`].
    pub const COUNT: Operations = Operations::only(Operation::Count);
    /// [`Operation::Exists`].
    pub const EXISTS: Operations = Operations::only(Operation::Exists);
    /// [`Operation::Aggregate`].
    pub const AGGREGATE: Operations = Operations::only(Operation::Aggregate);
    /// Every operation.
    pub const ALL: Operations = Operations(0b1_1111);

    const fn only(operation: Operation) -> Self {
        Operations(1 << operation as u8)
    }

    /// Whether the operation is in the set.
    #[inline]
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & Operations::only(operation).0 != 0
    }

    /// Whether no operation is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The operations of the set, in the order of [`Operation`].
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::EACH.into_iter().filter(move |operation| self.contains(*operation))
    }

    /// The operations that words stand for.
    pub(super) fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut operations = Operations::NONE;
        let mut none = false;
        let mut count = 0;
        for word in words {
            let word = word.trim();
            count += 1;
            if word.eq_ignore_ascii_case("none") {
                none = true;
            } else {
                operations = operations | Operations::of_word(word)?;
            }
        }
        match count {
            0 => Err(format!("no operation is named; known are {KNOWN}")),
            1 => Ok(operations),
            _ if none => Err("`none` stands alone; leave it out, or what is beside it".into()),
            _ => Ok(operations),
        }
    }

    fn of_word(word: &str) -> Result<Self, String> {
        if word.eq_ignore_ascii_case("all") {
            return Ok(Operations::ALL);
        }
        let named = Operation::EACH.into_iter().find(|operation| word.eq_ignore_ascii_case(operation.as_str()));
        match named {
            Some(operation) => Ok(operation.into()),
            None if word.is_empty() => Err(format!("an operation is missing beside a comma; known are {KNOWN}")),
            None => Err(format!("the operation `{word}` is not known; known are {KNOWN}")),
        }
    }
}

const KNOWN: &str = "get, fetch, count, exists, aggregate, all, none";

impl From<Operation> for Operations {
    fn from(operation: Operation) -> Self {
        Operations::only(operation)
    }
}

/// What is in one of the sets.
impl BitOr for Operations {
    type Output = Operations;

    fn bitor(self, other: Operations) -> Operations {
        Operations(self.0 | other.0)
    }
}

/// What is in both sets.
impl BitAnd for Operations {
    type Output = Operations;

    fn bitand(self, other: Operations) -> Operations {
        Operations(self.0 & other.0)
    }
}

/// Words with commas between them: `get`, `fetch`, `count`, `exists`, `aggregate`; or `all`, or `none` alone.
impl FromStr for Operations {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Operations::of_words(text.split(',')).map_err(|fault| Error::new(ErrorKind::Parse, fault))
    }
}

/// The words of the set, with commas between them.
impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Operations::NONE => return f.write_str("none"),
            Operations::ALL => return f.write_str("all"),
            _ => (),
        }
        for (place, operation) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{operation}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operations({self})")
    }
}
