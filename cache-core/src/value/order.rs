//! Equality, order and hash by typed value.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Value;
use super::canonical::{canonical_json, ordered_float};
use super::number::WholeDigits;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (a, b) => a.cmp(b).is_eq(),
        }
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// By class, then by value; JSON documents have the arbitrary order of their canonical bytes.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
            (Value::Int(a), Value::Decimal(b)) => WholeDigits::new(*a).number().compare(&b.number()),
            (Value::Decimal(a), Value::Int(b)) => a.number().compare(&WholeDigits::new(*b).number()),
            (Value::Float(a), Value::Float(b)) => ordered_float(*a).cmp(&ordered_float(*b)),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
            (Value::Folded(a), Value::Folded(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Time(a), Value::Time(b)) => a.cmp(b),
            (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
            (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
            (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            (Value::Json(a), Value::Json(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
            (Value::Json(a), Value::Json(b)) => canonical_json(a).cmp(&canonical_json(b)),
            (a, b) => a.class().cmp(&b.class()),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.class().hash(state);
        self.write_body(&mut |body| body.hash(state));
    }
}
