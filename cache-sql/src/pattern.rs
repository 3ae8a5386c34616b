//! Conditions whose values may still be open binds.

use cache_core::dependency::query::{Atom, OnNull};
use cache_core::{Column, Predicate, Value, column};

use crate::bind::{Binds, Known, Operand};

/// A column and what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) column: Column,
    pub(crate) probe: Probe,
    /// Written between double quotes, which SQLite takes for a string when there is no such column.
    pub(crate) quoted: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Probe {
    Compare(Comparison, Operand),
    /// One bound of BETWEEN in MySQL, and the other one, which has a say in the type that both are compared as.
    Bound(Comparison, Operand, Operand),
    In(Vec<Operand>),
    /// Equality that holds between NULLs.
    Same(Operand),
    Starts(Wildcards, Operand),
    IsNull,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The comparison with its sides exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        }
    }
}

/// The pattern language of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wildcards {
    /// `LIKE` that tells letters of different case apart.
    Like,
    /// `LIKE` that does not.
    LikeFolded,
    /// `GLOB`.
    Glob,
}

impl Wildcards {
    /// What every text that matches starts with.
    fn prefix(self, pattern: &str) -> &str {
        let ends = |c: char| match self {
            Wildcards::Like => matches!(c, '%' | '_' | '\\'),
            Wildcards::LikeFolded => matches!(c, '%' | '_') || c.is_ascii_alphabetic() || !c.is_ascii(),
            Wildcards::Glob => matches!(c, '*' | '?' | '['),
        };
        &pattern[..pattern.find(ends).unwrap_or(pattern.len())]
    }
}

fn of_one_class(binds: &Binds<'_>, one: &Operand, other: &Operand) -> bool {
    match (binds.resolve(one), binds.resolve(other)) {
        (Known::Value(one), Known::Value(other)) => one.class() == other.class(),
        (Known::Null, _) => true,
        _ => false,
    }
}

impl Atom for Pattern {
    fn on_null(&self) -> OnNull {
        match &self.probe {
            Probe::IsNull => OnNull::True,
            Probe::Same(_) => OnNull::Either,
            // Membership in an empty array is false, even for NULL.
            Probe::In(operands) if operands.iter().any(|one| matches!(one, Operand::Elements(..))) => OnNull::False,
            _ => OnNull::Unknown,
        }
    }
}

impl Pattern {
    /// This pattern, or its negation, with the binds filled in; never narrower than the SQL.
    pub(crate) fn predicate(&self, negated: bool, binds: &Binds<'_>) -> Predicate {
        let name = column(&self.column);
        match &self.probe {
            Probe::IsNull if negated => name.is_not_null(),
            Probe::IsNull => name.is_null(),
            Probe::Same(operand) => match (binds.resolve(operand), negated) {
                (Known::Null, false) => name.is_null(),
                (Known::Null, true) => name.is_not_null(),
                // What MySQL cannot convert is NULL, and thereby the same as NULL.
                (Known::Value(value), false) if !self.may_be_text(&value) && binds.dialect != crate::Dialect::MySql => {
                    name.eq(value)
                }
                _ => Predicate::Any,
            },
            Probe::Compare(Comparison::Equal, operand) => self.equal(std::slice::from_ref(operand), negated, binds),
            Probe::In(operands) => self.equal(operands, negated, binds),
            Probe::Bound(_, operand, other) if !of_one_class(binds, operand, other) => name.is_not_null(),
            Probe::Compare(comparison, operand) | Probe::Bound(comparison, operand, _) => {
                match binds.resolve(operand) {
                    Known::Null => Predicate::Never,
                    Known::Unknown => name.is_not_null(),
                    Known::Value(value) if self.may_be_text(&value) => Predicate::Any,
                    Known::Value(value) if !binds.dialect.ordered(&value) => name.is_not_null(),
                    Known::Value(value) => match (comparison, negated) {
                        (Comparison::Less, false) | (Comparison::GreaterOrEqual, true) => name.lt(value),
                        (Comparison::LessOrEqual, false) | (Comparison::Greater, true) => name.le(value),
                        (Comparison::Greater, false) | (Comparison::LessOrEqual, true) => name.gt(value),
                        (Comparison::GreaterOrEqual, false) | (Comparison::Less, true) => name.ge(value),
                        (Comparison::Equal, _) => name.is_not_null(),
                    },
                }
            }
            Probe::Starts(wildcards, operand) => match binds.written(operand) {
                Some(Value::Null) => Predicate::Never,
                Some(Value::Text(pattern)) if !negated => match wildcards.prefix(pattern) {
                    "" => name.is_not_null(),
                    prefix => binds
                        .dialect
                        .prefix(prefix)
                        .map_or_else(|| name.is_not_null(), |prefix| name.starts_with(prefix)),
                },
                _ => name.is_not_null(),
            },
        }
    }

    fn equal(&self, operands: &[Operand], negated: bool, binds: &Binds<'_>) -> Predicate {
        let mut values = Vec::with_capacity(operands.len());
        let (mut certain, mut empty) = (true, true);
        for operand in operands {
            let array = matches!(operand, Operand::Elements(..));
            let Some(found) = binds.each(operand) else {
                if binds.is_null_array(operand) {
                    return Predicate::Never;
                }
                certain = false;
                continue;
            };
            empty &= array && found.is_empty();
            for known in found {
                match known {
                    Known::Null if negated => return Predicate::Never,
                    Known::Null => {}
                    Known::Value(value) if self.may_be_text(&value) => return Predicate::Any,
                    Known::Value(value) => values.push(value),
                    Known::Unknown => certain = false,
                }
            }
        }
        let name = column(&self.column);
        match (negated, certain) {
            // An empty list is false even for NULL.
            (true, _) if empty => Predicate::Any,
            (false, true) => name.is_in(values),
            _ => name.is_not_null(),
        }
    }

    fn may_be_text(&self, value: &Value) -> bool {
        self.quoted && matches!(value, Value::Text(text) if text.eq_ignore_ascii_case(self.column.as_str()))
    }
}
