//! Random choices, and the values that texts of SQL are made of.

use cache_core::{Date, DateTime, Value};
use cache_sql::Dialect;
use fastrand::Rng;

use super::schema::Kind;

/// A text of SQL in the making, with the values bound to its placeholders in their order.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) dialect: Dialect,
    pub(super) binds: Vec<Value>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(rng: &'a mut Rng, dialect: Dialect) -> Self {
        Choice { rng, dialect, binds: Vec::new() }
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
        if self.dialect == Dialect::Sqlite {
            let kind = if self.once_in(25) { self.of(&[Kind::Int, Kind::Text, Kind::Real]) } else { kind };
            return match kind {
                _ if self.once_in(12) => Value::Null,
                Kind::Text => Value::from(self.of(&["", "a", "A", "b", "ab", "Ab", "abc", "1", "10", "it's"])),
                Kind::Real => Value::from(self.of(&[-0.5f64, 0.0, 0.5, 1.0, 2.0, 2.5])),
                _ => Value::from(self.of(&[-1i64, 0, 1, 2, 3, 10])),
            };
        }
        // PostgreSQL refuses most of what is of another kind.
        let strange = self.once_in(if self.dialect == Dialect::Postgres { 60 } else { 15 });
        let kind = if strange { self.of(&Kind::ALL) } else { kind };
        if self.once_in(14) { Value::Null } else { self.typed(kind) }
    }

    fn typed(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Int => Value::from(self.of(&[-1i64, 0, 1, 1, 2, 2, 3, 10, 200])),
            Kind::Real => Value::from(self.of(&[-0.5f64, 0.0, 0.5, 1.0, 2.0, 2.5])),
            Kind::Decimal => {
                let text = self.of(&["-1", "0", "0.5", "1", "1.005", "1.01", "2", "2.5", "10"]);
                Value::Decimal(text.parse().expect("a number"))
            }
            Kind::Key => Value::from(1 + self.below(12)),
            // Often what differs in case only.
            Kind::Text if self.once_in(2) => Value::from(self.of(&["a", "A", "ab", "Ab"])),
            Kind::Text => Value::from(self.of(&["", "b", "abc", "1", "10", "it's", "a ", "é", "e", "ss", "ß", " a"])),
            Kind::Label => Value::from(self.of(&["a", "A", "b", "ab"])),
            Kind::Bool => Value::from(self.once_in(2)),
            Kind::Date => Value::Date(Date::from_days(self.of(&[19_781, 19_782, 19_783]))),
            Kind::Moment => {
                let day = i128::from(self.of(&[19_781, 19_782]));
                let micros = self.of(&[0, 0, 400_000, 500_000, 43_200_000_000, 43_200_123_456]);
                Value::DateTime(DateTime::from_nanoseconds((day * 86_400_000_000 + micros) * 1_000).expect("in range"))
            }
            Kind::Uuid => Value::Uuid([self.of(&[0, 1, 0xab]); 16]),
        }
    }

    /// A value as SQL: a literal or a placeholder.
    pub(super) fn written(&mut self, kind: Kind) -> String {
        let value = self.value(kind);
        if self.once_in(2) { self.bound(value) } else { literal(&value) }
    }

    pub(super) fn bound(&mut self, value: Value) -> String {
        self.binds.push(value);
        match self.dialect {
            Dialect::Postgres => format!("${}", self.binds.len()),
            _ => String::from("?"),
        }
    }
}

pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Date(_) | Value::DateTime(_) | Value::Uuid(_) => format!("'{value}'"),
        other => other.to_string(),
    }
}

/// A text with its values in the place of its placeholders.
pub(super) fn shown(dialect: Dialect, text: &str, binds: &[Value]) -> String {
    if dialect == Dialect::Postgres {
        let binds = binds.iter().enumerate().rev();
        return binds.fold(text.to_owned(), |text, (at, bind)| text.replace(&format!("${}", at + 1), &literal(bind)));
    }
    let mut binds = binds.iter();
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '?' => shown.push_str(&binds.next().map(literal).unwrap_or_default()),
            other => shown.push(other),
        }
    }
    shown
}
