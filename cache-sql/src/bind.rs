//! Values bound to a statement.

use cache_core::Value;

use crate::Dialect;

/// The value bound to a placeholder.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// A value.
    Value(Value),
    /// A value that could not be read: may be anything.
    Unknown,
}

impl<V: Into<Value>> From<V> for Bind {
    fn from(value: V) -> Self {
        Bind::Value(value.into())
    }
}

/// A literal, or the place of a bind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Value(Value),
    /// Counted from 0.
    Bind(usize),
    /// A constant that cannot be compared here.
    Unknown,
}

/// An operand once its value is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    Null,
    Value(Value),
    Unknown,
}

/// The binds of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binds<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) values: &'a [Bind],
}

impl Binds<'_> {
    pub(crate) fn resolve(&self, operand: &Operand) -> Known {
        let value = match operand {
            Operand::Value(value) => value,
            Operand::Bind(at) => match self.values.get(*at) {
                Some(Bind::Value(value)) => value,
                Some(Bind::Unknown) | None => return Known::Unknown,
            },
            Operand::Unknown => return Known::Unknown,
        };
        if matches!(value, Value::Null) {
            return Known::Null;
        }
        match self.dialect.comparable(value) {
            Some(value) => Known::Value(value),
            None => Known::Unknown,
        }
    }
}
