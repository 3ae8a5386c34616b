//! Random choices, and the values that texts of SQL are made of.

use cache_core::Value;
use fastrand::Rng;

use super::schema::Kind;

/// A text of SQL in the making, with the values bound to its placeholders in their order.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) binds: Vec<Value>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(rng: &'a mut Rng) -> Self {
        Choice { rng, binds: Vec::new() }
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        self.rng.usize(0..count.max(1))
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A value that columns of a kind hold, now and then of another kind or NULL.
    pub(super) fn value(&mut self, kind: Kind) -> Value {
        let kind = if self.once_in(25) { self.of(&[Kind::Int, Kind::Text, Kind::Real]) } else { kind };
        match kind {
            _ if self.once_in(12) => Value::Null,
            Kind::Int => Value::from(self.of(&[-1i64, 0, 1, 2, 3, 10])),
            Kind::Text => Value::from(self.of(&["", "a", "A", "b", "ab", "Ab", "abc", "1", "10", "it's"])),
            Kind::Real => Value::from(self.of(&[-0.5f64, 0.0, 0.5, 1.0, 2.0, 2.5])),
        }
    }

    /// A value as SQL: a literal or a placeholder.
    pub(super) fn written(&mut self, kind: Kind) -> String {
        let value = self.value(kind);
        if self.once_in(2) { self.bound(value) } else { literal(&value) }
    }

    pub(super) fn bound(&mut self, value: Value) -> String {
        self.binds.push(value);
        String::from("?")
    }
}

pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => String::from("NULL"),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        other => unreachable!("the generator does not make {other}"),
    }
}
