//! Canonical bytes: one class byte, then a body that sorts as the values do.

use smallvec::SmallVec;

use super::number::WholeDigits;
use super::{Numbers, Value, write_json};

impl Value {
    /// The canonical bytes of this value: its class, then a body.
    ///
    /// Equal values have equal bytes, unequal ones have unequal bytes, and inside one class the
    /// bytes sort as the values do. They do not change between releases, processes or platforms.
    /// Values of up to 31 bytes need no allocation.
    ///
    /// ```
    /// use cache_core::Value;
    ///
    /// assert_eq!(Value::from("ab").canonical().as_slice(), b"\x04ab");
    /// assert!(Value::from(-12).canonical() < Value::from(3).canonical());
    /// ```
    pub fn canonical(&self) -> SmallVec<[u8; 32]> {
        let mut bytes = SmallVec::new();
        bytes.push(self.class() as u8);
        self.write_body(&mut |body| bytes.extend_from_slice(body));
        bytes
    }

    /// Appends the bytes of [`canonical`](Self::canonical) to a collection.
    ///
    /// They have no length in front: only as the last component do they sort as the values do, and
    /// whoever appends more must delimit them.
    pub fn write_canonical(&self, out: &mut impl Extend<u8>) {
        out.extend([self.class() as u8]);
        self.write_body(&mut |body| out.extend(body.iter().copied()));
    }

    pub(super) fn write_body(&self, sink: &mut impl FnMut(&[u8])) {
        match self {
            Value::Null => {}
            Value::Bool(value) => sink(&[u8::from(*value)]),
            Value::Int(value) => WholeDigits::new(*value).number().encode(sink),
            Value::Decimal(value) => value.number().encode(sink),
            Value::Float(value) => sink(&ordered_float(*value).to_be_bytes()),
            Value::Text(value) => sink(value.as_bytes()),
            Value::Folded(value) => sink(value.as_bytes()),
            Value::Bytes(value) => sink(value),
            Value::Date(value) => sink(&(value.days() as u32 ^ (1 << 31)).to_be_bytes()),
            Value::Time(value) => sink(&value.nanoseconds().to_be_bytes()),
            Value::DateTime(value) => sink(&moment(value.seconds(), value.subsecond())),
            Value::Instant(value) => sink(&moment(value.seconds(), value.subsecond())),
            Value::Uuid(value) => sink(value),
            Value::Json(value) => sink(canonical_json(value).as_bytes()),
        }
    }
}

fn moment(seconds: i64, subsecond: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&(seconds as u64 ^ (1 << 63)).to_be_bytes());
    bytes[8..].copy_from_slice(&subsecond.to_be_bytes());
    bytes
}

/// A number that sorts as the floats do, with one zero, and one NaN above everything.
pub(super) fn ordered_float(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    if value.is_nan() {
        return u64::MAX;
    }
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

pub(super) fn canonical_json(value: &serde_json::Value) -> String {
    let mut text = String::new();
    write_json(value, Numbers::ByValue, &mut text);
    text
}
