//! Shapes: which columns of a table are stamped, and how.

mod cover;
mod name;
mod token;

use std::fmt;

use smallvec::SmallVec;

use self::cover::{Block, TOP_LEVEL, cover, span};
pub(crate) use self::name::Named;
pub(crate) use self::token::Token;
use crate::change::Row;
use crate::dependency::{Column, Condition, Conjunction, MAX_CLAUSES, MAX_VALUES, Test};
use crate::key::ConjunctionHasher;
use crate::value::{Class, Value};

/// How one column takes part in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// Equal to a value of this class.
    Equal(Class),
    /// Inside a block of the ordered values of this class.
    Span(Class),
    Null,
    NotNull,
}

/// The columns and terms of a conjunction without its values.
///
/// The class of the values is part of the shape: a written value of another class may pass the test in
/// ways that only the database knows, and then voids every stamp of the shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    terms: SmallVec<[(Column, Term); 3]>,
}

/// One stamp's place in a shape: the level of its block (0 without a block) and the hash of its values.
pub(crate) type Slot = (u8, u64);

/// What a row image means for a shape.
pub(crate) enum Meets {
    /// The row satisfies no conjunction of this shape.
    Nothing,
    /// The row may satisfy any conjunction of this shape.
    Anything,
    /// The row satisfies the conjunctions in these slots only.
    Slots(SmallVec<[Slot; 4]>),
}

impl Shape {
    /// The shape of a conjunction and the slots that its values occupy.
    ///
    /// A list of several classes, or more combinations than the caps allow, widens the shape.
    pub(crate) fn of(conjunction: &Conjunction, key: &ConjunctionHasher) -> (Shape, Vec<Slot>) {
        let mut chosen: Vec<&Condition> = conjunction.conditions().iter().filter(|one| is_indexable(one)).collect();
        let mut spans = 0;
        chosen.retain(|condition| {
            spans += usize::from(is_span(condition.test()));
            !is_span(condition.test()) || spans == 1
        });
        loop {
            let most = if chosen.len() == 1 { MAX_VALUES } else { MAX_CLAUSES };
            if combinations(&chosen) <= most {
                break;
            }
            let longest = chosen.iter().enumerate().max_by_key(|(_, condition)| list_length(condition));
            let Some(at) = longest.map(|(at, _)| at) else { break };
            chosen.remove(at);
        }
        let shape = Shape { terms: chosen.iter().map(|one| (one.column().clone(), term(one.test()))).collect() };
        let slots = shape.slots(&chosen, key);
        (shape, slots)
    }

    /// Values are hashed in column order and a block last of all, so that a writer hashes the values once for
    /// all levels.
    fn slots(&self, chosen: &[&Condition], key: &ConjunctionHasher) -> Vec<Slot> {
        let mut hashers = vec![self.hasher(key)];
        for condition in chosen {
            if let Test::In(values) = condition.test() {
                hashers = hashers
                    .iter()
                    .flat_map(|hasher| values.iter().map(move |value| with_value(hasher, value)))
                    .collect();
            }
        }
        let Some(spanning) = chosen.iter().find(|condition| is_span(condition.test())) else {
            return hashers.into_iter().map(|hasher| (0, hasher.finish())).collect();
        };
        let (low, high) = span(spanning.test());
        let blocks = cover(low, high, MAX_VALUES / hashers.len());
        hashers
            .iter()
            .flat_map(|hasher| blocks.iter().map(move |block| (block.level, finish_block(hasher, *block))))
            .collect()
    }

    /// What a row image means for this shape, given the levels of blocks in use (bit `k` for level `k`).
    ///
    /// `begun` is what [`Shape::hasher`] gave for this shape.
    pub(crate) fn meets(&self, row: &Row, levels: u64, begun: &ConjunctionHasher) -> Meets {
        let mut anything = false;
        for (column, term) in &self.terms {
            match (term, row.get(column)) {
                (_, None) => anything = true,
                (Term::Null, Some(Value::Null)) => {}
                (Term::Null, Some(_)) | (_, Some(Value::Null)) => return Meets::Nothing,
                (Term::NotNull, Some(_)) => {}
                (Term::Equal(class) | Term::Span(class), Some(value)) => anything |= value.class() != *class,
            }
        }
        if anything {
            return Meets::Anything;
        }
        let mut hasher = begun.clone();
        let mut spanned = None;
        for (column, term) in &self.terms {
            match (term, row.get(column)) {
                (Term::Equal(_), Some(value)) => hasher = with_value(&hasher, value),
                (Term::Span(_), value) => spanned = value.map(Value::ordered_prefix),
                _ => {}
            }
        }
        let Some(number) = spanned else { return Meets::Slots(SmallVec::from_slice(&[(0, hasher.finish())])) };
        let levels = (0..=TOP_LEVEL).filter(|level| levels & (1 << level) != 0);
        Meets::Slots(levels.map(|level| (level, finish_block(&hasher, Block::of(number, level)))).collect())
    }

    /// The beginning of every hash of this shape.
    pub(crate) fn hasher(&self, key: &ConjunctionHasher) -> ConjunctionHasher {
        let mut hasher = key.clone();
        for (column, term) in &self.terms {
            hasher.write_bytes(column.as_str().as_bytes());
            let (kind, class) = match term {
                Term::Equal(class) => (0, *class as u8),
                Term::Span(class) => (1, *class as u8),
                Term::Null => (2, 0),
                Term::NotNull => (3, 0),
            };
            hasher.write_bytes(&[kind, class]);
        }
        hasher
    }

    /// Whether this shape asks no more than `other` does, so that it can stand in for it.
    pub(crate) fn is_wider_than(&self, other: &Shape) -> bool {
        self.terms.iter().all(|term| other.terms.contains(term))
    }

    /// The conjunction without the conditions that this shape does not know.
    pub(crate) fn restrict(&self, conjunction: &Conjunction) -> Conjunction {
        let mut conjunction = conjunction.clone();
        conjunction.conditions.retain(|condition| self.terms.iter().any(|(column, _)| column == condition.column()));
        conjunction
    }

    /// How many columns it names.
    pub(crate) fn len(&self) -> usize {
        self.terms.len()
    }
}

fn is_span(test: &Test) -> bool {
    matches!(test, Test::Range { .. } | Test::Prefix(_))
}

fn is_indexable(condition: &Condition) -> bool {
    matches!(condition.test(), Test::IsNull | Test::IsNotNull) || condition.test().class().is_some()
}

fn term(test: &Test) -> Term {
    match (test, test.class()) {
        (Test::IsNull, _) => Term::Null,
        (Test::In(_), Some(class)) => Term::Equal(class),
        (Test::Range { .. } | Test::Prefix(_), Some(class)) => Term::Span(class),
        _ => Term::NotNull,
    }
}

fn list_length(condition: &Condition) -> usize {
    match condition.test() {
        Test::In(values) => values.len(),
        _ => 1,
    }
}

fn combinations(chosen: &[&Condition]) -> usize {
    chosen.iter().map(|condition| list_length(condition)).fold(1, usize::saturating_mul)
}

fn with_value(hasher: &ConjunctionHasher, value: &Value) -> ConjunctionHasher {
    let mut hasher = hasher.clone();
    hasher.write_bytes(&value.canonical());
    hasher
}

fn finish_block(hasher: &ConjunctionHasher, block: Block) -> u64 {
    let mut hasher = hasher.clone();
    hasher.write_bytes(&[block.level]);
    hasher.write_bytes(&block.digits.to_be_bytes());
    hasher.finish()
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (column, term)) in self.terms.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let operator = match term {
                Term::Equal(_) => " =",
                Term::Span(_) => " in range",
                Term::Null => " is null",
                Term::NotNull => " is not null",
            };
            write!(f, "{comma}{column}{operator}")?;
        }
        if self.terms.is_empty() { f.write_str("any row") } else { Ok(()) }
    }
}
