//! What a column stores as it is written.

use cache_core::Value;

use crate::dialect::{is_aligned, places};

/// The values that a column keeps as they are, and compares with others as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    /// A column of SQLite.
    Affinity {
        affinity: Affinity,
        /// Texts are equal when their bytes are.
        binary: bool,
    },
    Bool,
    Int {
        min: i128,
        max: i128,
        /// Zero and NULL become a new number.
        numbered: bool,
    },
    Decimal {
        /// Digits before and after the point; `None` for any number of them.
        digits: Option<(usize, usize)>,
    },
    /// Text of so many characters at most.
    Text {
        longest: Option<u64>,
    },
    /// Bytes of so many at most, or of exactly so many.
    Bytes {
        longest: Option<u64>,
        exact: bool,
    },
    Uuid,
    Date,
    /// With so many places behind the second.
    DateTime {
        places: u32,
    },
    Instant {
        places: u32,
    },
    /// Nothing of which an image may speak.
    Unknown,
}

impl Stores {
    pub(super) fn int(bits: u32, signed: bool) -> Self {
        let (min, max) =
            if signed { (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1) } else { (0, (1_i128 << bits) - 1) };
        Stores::Int { min, max, numbered: false }
    }

    pub(super) fn decimal(precision: usize, scale: usize) -> Self {
        match precision.checked_sub(scale) {
            Some(whole) => Stores::Decimal { digits: Some((whole, scale)) },
            None => Stores::Unknown,
        }
    }

    /// Whether a value other than NULL is kept.
    pub(super) fn keeps(&self, value: &Value, ignore_collation: bool) -> bool {
        let fits = |longest: &Option<u64>, length: usize| longest.is_none_or(|longest| length as u64 <= longest);
        match (self, value) {
            (Stores::Affinity { affinity, binary }, value) => affinity.keeps(value, *binary, ignore_collation),
            (Stores::Bool, Value::Bool(_)) | (Stores::Uuid, Value::Uuid(_)) | (Stores::Date, Value::Date(_)) => true,
            (Stores::Int { min, max, numbered }, Value::Int(number)) => {
                (*min..=*max).contains(number) && !(*numbered && *number == 0)
            }
            (Stores::Decimal { digits }, Value::Int(_) | Value::Decimal(_)) => match (digits, places(value)) {
                (None, Some(_)) => true,
                (Some((whole, scale)), Some((before, behind))) => before <= *whole && behind <= *scale,
                (_, None) => false,
            },
            (Stores::Text { longest }, Value::Text(text) | Value::Folded(text)) => fits(longest, text.chars().count()),
            (Stores::Bytes { longest, exact: false }, Value::Bytes(bytes)) => fits(longest, bytes.len()),
            (Stores::Bytes { longest, exact: true }, Value::Bytes(bytes)) => *longest == Some(bytes.len() as u64),
            (Stores::DateTime { places }, Value::DateTime(moment)) => is_aligned(moment.nanoseconds(), *places),
            (Stores::Instant { places }, Value::Instant(moment)) => is_aligned(moment.nanoseconds(), *places),
            (Stores::Unknown, Value::Text(_) | Value::Folded(_)) => ignore_collation,
            _ => false,
        }
    }
}

/// How SQLite converts what is stored in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affinity {
    Text,
    Numeric,
    Integer,
    Real,
    Blob,
}

impl Affinity {
    /// The rules of SQLite, in their order.
    pub(crate) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Affinity::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Affinity::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    fn keeps(self, value: &Value, binary: bool, ignore_collation: bool) -> bool {
        match (self, value) {
            (Affinity::Text | Affinity::Blob, Value::Text(_)) => binary || ignore_collation,
            (Affinity::Numeric | Affinity::Integer | Affinity::Blob, Value::Int(_)) => true,
            (Affinity::Numeric | Affinity::Integer | Affinity::Real | Affinity::Blob, Value::Float(_)) => true,
            (
                Affinity::Text | Affinity::Blob,
                Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Instant(_) | Value::Uuid(_),
            ) => binary,
            (_, Value::Bytes(_)) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::Decimal;

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse::<Decimal>().unwrap())
    }

    #[test]
    fn numbers_that_would_be_cut_or_rounded_are_not_kept() {
        let keeps = |stores: Stores, value: Value| stores.keeps(&value, false);
        assert!(keeps(Stores::int(16, true), Value::from(-32_768)));
        assert!(!keeps(Stores::int(16, true), Value::from(32_768)));
        assert!(keeps(Stores::int(64, false), Value::from(u64::MAX)));
        assert!(!keeps(Stores::int(8, false), Value::from(-1)));
        assert!(!keeps(Stores::int(32, true), decimal("1.5")));
        assert!(!keeps(Stores::Int { min: 0, max: 9, numbered: true }, Value::from(0)));
        assert!(keeps(Stores::decimal(5, 2), decimal("999.99")));
        assert!(!keeps(Stores::decimal(5, 2), decimal("0.005")));
        assert!(!keeps(Stores::decimal(5, 2), Value::from(1_000)));
        assert_eq!(Stores::decimal(2, 5), Stores::Unknown);
    }

    #[test]
    fn lengths_count_characters_of_text_and_bytes_of_bytes() {
        let text = Stores::Text { longest: Some(3) };
        assert!(text.keeps(&"äöü".into(), false));
        assert!(!text.keeps(&"abcd".into(), false));
        let exact = Stores::Bytes { longest: Some(2), exact: true };
        assert!(exact.keeps(&vec![1_u8, 2].into(), false));
        assert!(!exact.keeps(&vec![1_u8].into(), false));
        assert!(!text.keeps(&Value::from(3), false));
    }
}
