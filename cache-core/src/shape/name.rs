//! Names of shapes in shared stores.
//!
//! `=2:category_id,~6@12:created` is: a number equal, a date inside of a block of level 12. Terms are in the order
//! of their columns; whatever could be taken for a separator is percent-encoded in a column's name. The empty name
//! is the shape without columns: any row.

use std::fmt::{self, Write};

use smallvec::SmallVec;

use super::cover::TOP_LEVEL;
use super::{Meets, Shape, Term};
use crate::change::Row;
use crate::dependency::Column;
use crate::key::ConjunctionHasher;
use crate::value::Class;

/// A shape with the level of its blocks, as one name says it: each level is a shape of its own in a shared store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    shape: Shape,
    level: u8,
}

impl Named {
    pub(crate) fn new(shape: &Shape, level: u8) -> Self {
        Named { shape: shape.clone(), level }
    }

    /// The shape of a name; `None` for a name of another release, of which a writer has to assume the worst.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut shape = Shape::default();
        let mut level = 0;
        for term in name.split(',').filter(|_| !name.is_empty()) {
            let (kind, column) = term.split_once(':')?;
            let mut characters = kind.chars();
            let (sign, rest) = (characters.next()?, characters.as_str());
            let term = match sign {
                '=' => Term::Equal(class(rest)?),
                '~' => {
                    let (of, at) = rest.split_once('@')?;
                    level = at.parse().ok().filter(|level| *level <= TOP_LEVEL)?;
                    Term::Span(class(of)?)
                }
                '0' if rest.is_empty() => Term::Null,
                '!' if rest.is_empty() => Term::NotNull,
                _ => return None,
            };
            shape.terms.push((Column::from(decode(column)?), term));
        }
        let spans = shape.terms.iter().filter(|(_, term)| matches!(term, Term::Span(_))).count();
        (spans <= 1).then_some(Named { shape, level })
    }

    /// The columns and operators of a name, for people.
    pub(crate) fn describe(name: &str) -> String {
        Named::parse(name).map_or_else(|| name.to_owned(), |named| named.shape.to_string())
    }

    /// What a row image means for the conjunctions of this name.
    pub(crate) fn meets(&self, row: &Row, table: &ConjunctionHasher) -> Meets {
        self.shape.meets(row, 1 << self.level, &self.shape.hasher(table))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (column, term)) in self.shape.terms.iter().enumerate() {
            if at > 0 {
                f.write_char(',')?;
            }
            match term {
                Term::Equal(class) => write!(f, "={}:", *class as u8)?,
                Term::Span(class) => write!(f, "~{}@{}:", *class as u8, self.level)?,
                Term::Null => f.write_str("0:")?,
                Term::NotNull => f.write_str("!:")?,
            }
            encode(column.as_str(), f)?;
        }
        Ok(())
    }
}

/// Writes a name so that only letters, digits, `_`, `-`, `.` and `#` are left as they are.
pub(crate) fn encode(name: &str, out: &mut impl Write) -> fmt::Result {
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'#' => out.write_char(byte.into())?,
            _ => write!(out, "%{byte:02x}")?,
        }
    }
    Ok(())
}

fn decode(name: &str) -> Option<String> {
    let mut bytes = SmallVec::<[u8; 32]>::new();
    let mut rest = name.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes.into_vec()).ok()
}

fn class(number: &str) -> Option<Class> {
    let number: u8 = number.parse().ok()?;
    CLASSES.into_iter().find(|class| *class as u8 == number)
}

const CLASSES: [Class; 13] = [
    Class::Null,
    Class::Bool,
    Class::Number,
    Class::Float,
    Class::Text,
    Class::Bytes,
    Class::Date,
    Class::Time,
    Class::DateTime,
    Class::Instant,
    Class::Uuid,
    Class::Json,
    Class::Folded,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependency::{Dependencies, column};
    use crate::key::Secret;

    #[test]
    fn a_name_says_all_of_a_shape() {
        let hasher = Secret::for_namespace("x").conjunction_hasher("t");
        let predicate = column("a,b").eq(3) & column("c").gt(5) & column("d").is_null() & column("e").eq("x");
        let dependencies = Dependencies::on("t", predicate);
        let (shape, slots) = Shape::of(&dependencies.conjunctions()[0], &hasher);
        for slot in slots {
            let named = Named::new(&shape, slot.0);
            assert_eq!(Named::parse(&named.to_string()), Some(named.clone()), "{named}");
        }
    }

    #[test]
    fn the_empty_name_is_any_row() {
        assert_eq!(Named::parse(""), Some(Named::new(&Shape::default(), 0)));
        assert_eq!(Named::new(&Shape::default(), 0).to_string(), "");
    }

    #[test]
    fn names_of_other_releases_are_told_apart() {
        for name in ["?", "=2", "=99:a", "~2:a", "~2@99:a", "=2:a%", "=2:a%zz", "~2@1:a,~2@1:b", "=2:a,"] {
            assert_eq!(Named::parse(name), None, "{name}");
        }
    }
}
