//! Values bound to a statement.

use cache_core::Value;

use crate::Dialect;
use crate::lower::Cast;

/// The value bound to a placeholder.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// A value.
    Value(Value),
    /// The values of an array, in their order; what `= ANY($1)` compares with.
    List(Vec<Value>),
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
    /// A bind that the text converts to a type; a value that is of this type already stays what it is.
    Cast(usize, Cast),
    /// Each value of a bind that is an array.
    Elements(usize, Option<Cast>),
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
                _ => return Known::Unknown,
            },
            Operand::Cast(at, cast) => {
                let Some(Bind::Value(value)) = self.values.get(*at) else { return Known::Unknown };
                return match cast.apply(value) {
                    Some(value) => self.known(&value),
                    None => Known::Unknown,
                };
            }
            Operand::Elements(..) | Operand::Unknown => return Known::Unknown,
        };
        self.known(value)
    }

    fn known(&self, value: &Value) -> Known {
        if matches!(value, Value::Null) {
            return Known::Null;
        }
        match self.dialect.comparable(value) {
            Some(value) => Known::Value(value),
            None => Known::Unknown,
        }
    }

    /// The value as it was written, when it was not cast.
    pub(crate) fn written<'a>(&'a self, operand: &'a Operand) -> Option<&'a Value> {
        match operand {
            Operand::Value(value) => Some(value),
            Operand::Bind(at) => match self.values.get(*at) {
                Some(Bind::Value(value)) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the array that an operand stands for is NULL.
    pub(crate) fn is_null_array(&self, operand: &Operand) -> bool {
        matches!(operand, Operand::Elements(at, _) if self.values.get(*at) == Some(&Bind::Value(Value::Null)))
    }

    /// Each value that an operand stands for; `None` where their number is not known, and for a NULL array.
    pub(crate) fn each(&self, operand: &Operand) -> Option<Vec<Known>> {
        let Operand::Elements(at, cast) = operand else { return Some(vec![self.resolve(operand)]) };
        let Some(Bind::List(values)) = self.values.get(*at) else { return None };
        let each = |value| match cast {
            None => self.known(value),
            Some(cast) => cast.apply(value).map_or(Known::Unknown, |value| self.known(&value)),
        };
        Some(values.iter().map(each).collect())
    }
}
