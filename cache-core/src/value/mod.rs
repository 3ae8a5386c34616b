//! Typed scalar values: what conditions test and row images hold.

mod canonical;
mod convert;
mod decimal;
mod json;
mod literal;
mod number;
mod order;
mod ordered;
mod temporal;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use decimal::{Decimal, ParseDecimalError};
pub(crate) use json::{Numbers, write_json};
pub use temporal::{Date, DateTime, Instant, Time};

/// One scalar of a row, a condition or an argument, with a type.
///
/// Equality, order and hash go by [`Class`] first and by value inside a class: `Int(5)` equals a
/// `Decimal` of `5.00`, `-0.0` equals `0.0`, and there is a single NaN, which sorts last.
/// Values of different classes are never equal here; whoever matches conditions treats them as
/// "may match", because a database may convert one into the other.
///
/// ```
/// use cache_core::{Decimal, Value};
///
/// let price: Decimal = "5.00".parse()?;
/// assert_eq!(Value::from(5), Value::Decimal(price));
/// assert_ne!(Value::from(5), Value::from("5"));
/// # Ok::<(), cache_core::ParseDecimalError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// SQL `NULL`, a value of its own that equals itself.
    Null,
    /// A truth value; `false` sorts before `true`.
    Bool(bool),
    /// A whole number of any width.
    Int(i128),
    /// An exact number with a fraction, or a whole one beyond `i128`.
    Decimal(Decimal),
    /// A binary floating point number.
    Float(f64),
    /// Text, compared byte by byte.
    Text(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A day of the calendar.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and a time of day without a time zone.
    DateTime(DateTime),
    /// A point in time.
    Instant(Instant),
    /// The sixteen bytes of a UUID.
    Uuid([u8; 16]),
    /// Text in the form in which a collation compares it that tells no case apart: see [`Value::folded`].
    Folded(Arc<str>),
    /// A JSON document. Object members have no order and numbers go by value.
    Json(Arc<serde_json::Value>),
}

/// The class of a [`Value`]: only values of one class can be compared.
///
/// The order of the variants is the order of the classes, and their numbers are the first byte of
/// [`Value::canonical`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Class {
    /// [`Value::Null`].
    Null = 0,
    /// [`Value::Bool`].
    Bool = 1,
    /// [`Value::Int`] and [`Value::Decimal`], which compare by value.
    Number = 2,
    /// [`Value::Float`].
    Float = 3,
    /// [`Value::Text`].
    Text = 4,
    /// [`Value::Bytes`].
    Bytes = 5,
    /// [`Value::Date`].
    Date = 6,
    /// [`Value::Time`].
    Time = 7,
    /// [`Value::DateTime`].
    DateTime = 8,
    /// [`Value::Instant`].
    Instant = 9,
    /// [`Value::Uuid`].
    Uuid = 10,
    /// [`Value::Json`].
    Json = 11,
    /// [`Value::Folded`].
    Folded = 12,
}

impl Value {
    /// The class in which this value is compared.
    ///
    /// ```
    /// use cache_core::{Class, Value};
    ///
    /// assert_eq!(Value::from(3).class(), Class::Number);
    /// assert_eq!(Value::from("3").class(), Class::Text);
    /// ```
    pub fn class(&self) -> Class {
        match self {
            Value::Null => Class::Null,
            Value::Bool(_) => Class::Bool,
            Value::Int(_) | Value::Decimal(_) => Class::Number,
            Value::Float(_) => Class::Float,
            Value::Text(_) => Class::Text,
            Value::Bytes(_) => Class::Bytes,
            Value::Date(_) => Class::Date,
            Value::Time(_) => Class::Time,
            Value::DateTime(_) => Class::DateTime,
            Value::Instant(_) => Class::Instant,
            Value::Uuid(_) => Class::Uuid,
            Value::Json(_) => Class::Json,
            Value::Folded(_) => Class::Folded,
        }
    }

    /// A text as collations compare it that tell no case apart; `None` for a text of which that is not certain.
    ///
    /// Certain are ASCII letters, digits, and a few signs that every such collation keeps, without a blank at the end. The class is not that
    /// of [`Value::Text`], so that a text of which nobody knows how it is compared may match.
    ///
    /// ```
    /// use cache_core::Value;
    ///
    /// assert_eq!(Value::folded("Crate-Browser"), Value::folded("crate-browser"));
    /// assert_ne!(Value::folded("a"), Some(Value::from("a")));
    /// assert_eq!(Value::folded("naïve"), None);
    /// ```
    pub fn folded(text: &str) -> Option<Value> {
        let kept = |c: char| c.is_ascii_alphanumeric() || " _.:/@+-".contains(c);
        let certain = text.chars().all(kept) && !text.ends_with(' ');
        certain.then(|| Value::Folded(text.to_ascii_lowercase().into()))
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}
