//! Exact decimal numbers of any precision.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::number::{Number, WholeDigits};

/// Positions of the decimal point that [`Decimal`]'s `Display` writes out with zeros.
const PLAIN_POINTS: std::ops::RangeInclusive<i64> = -40..=80;

/// An exact decimal number of arbitrary precision, compared by value.
///
/// The scale is not kept: `5`, `5.0` and `5e0` are one number. Cloning shares the digits.
///
/// ```
/// use cache_core::Decimal;
///
/// let a: Decimal = "120.50".parse()?;
/// let b: Decimal = "1.205e2".parse()?;
/// assert_eq!(a, b);
/// assert_eq!(a.to_string(), "120.5");
/// assert!(a > Decimal::from(-7_i128));
/// # Ok::<(), cache_core::ParseDecimalError>(())
/// ```
#[derive(Clone)]
pub struct Decimal {
    parts: Arc<Parts>,
}

struct Parts {
    negative: bool,
    exponent: i32,
    digits: Box<[u8]>,
}

impl Decimal {
    pub(super) fn number(&self) -> Number<'_> {
        Number { negative: self.parts.negative, exponent: self.parts.exponent, digits: &self.parts.digits }
    }

    fn from_number(number: Number<'_>) -> Self {
        let zero = number.digits.is_empty();
        Self {
            parts: Arc::new(Parts {
                negative: number.negative && !zero,
                exponent: if zero { 0 } else { number.exponent },
                digits: number.digits.into(),
            }),
        }
    }
}

impl From<i128> for Decimal {
    fn from(value: i128) -> Self {
        Self::from_number(WholeDigits::new(value).number())
    }
}

impl From<u128> for Decimal {
    fn from(value: u128) -> Self {
        Self::from_number(WholeDigits::from_magnitude(false, value).number())
    }
}

/// Text that is not a decimal number, or one whose exponent is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDecimalError {
    fault: &'static str,
}

impl ParseDecimalError {
    const SYNTAX: Self =
        Self { fault: "not a decimal number; expected digits with an optional sign, point and exponent" };
    const RANGE: Self = Self { fault: "the exponent of this decimal number is out of range" };
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault)
    }
}

impl Error for ParseDecimalError {}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads `12`, `-0.50`, `.5`, `5.` and `1.5e-3`.
    ///
    /// # Errors
    ///
    /// Anything else, `NaN` and infinities among it, and exponents beyond about two thousand
    /// million.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mantissa, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        let mut digits = Vec::with_capacity(whole.len() + fraction.len() + 2);
        for byte in whole.iter().chain(fraction) {
            match byte {
                b'0'..=b'9' => digits.push(byte - b'0'),
                _ => return Err(ParseDecimalError::SYNTAX),
            }
        }
        if digits.is_empty() {
            return Err(ParseDecimalError::SYNTAX);
        }
        let exponent = exponent.map_or(Ok(0), parse_exponent)?;

        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        let trailing = digits.iter().rev().take_while(|digit| **digit == 0).count();
        if leading == digits.len() {
            return Ok(Self::from(0_i128));
        }
        let point = i64::try_from(whole.len())
            .and_then(|whole| Ok(whole - i64::try_from(leading)?))
            .ok()
            .and_then(|point| point.checked_add(exponent))
            .ok_or(ParseDecimalError::RANGE)?;
        digits.truncate(digits.len() - trailing);
        digits.drain(..leading);
        // Pairs are counted from the decimal point.
        let odd = point.rem_euclid(2) == 1;
        if odd {
            digits.insert(0, 0);
        }
        if digits.len() % 2 == 1 {
            digits.push(0);
        }
        let pairs: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] * 10 + pair[1]).collect();
        let exponent = i32::try_from(point.div_euclid(2) + i64::from(odd)).map_err(|_| ParseDecimalError::RANGE)?;
        Ok(Self::from_number(Number { negative, exponent, digits: &pairs }))
    }
}

/// Exponents too long for an `i64` saturate: they only matter if there is a digit other than zero,
/// and are refused then.
fn parse_exponent(text: &[u8]) -> Result<i64, ParseDecimalError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ParseDecimalError::SYNTAX);
    }
    let magnitude =
        digits.iter().fold(0_i64, |sum, byte| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
    Ok(if negative { -magnitude } else { magnitude })
}

impl fmt::Display for Decimal {
    /// Writes the shortest form: no trailing zeros, and an exponent only for numbers so large or so
    /// small that the zeros would hide them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        let Some(first) = number.digits.first() else {
            return f.write_str("0");
        };
        let mut text = String::with_capacity(number.digits.len() * 2);
        for pair in number.digits {
            text.push(char::from(b'0' + pair / 10));
            text.push(char::from(b'0' + pair % 10));
        }
        let digits = text.trim_matches('0');
        let point = i64::from(number.exponent) * 2 - i64::from(*first < 10);

        if number.negative {
            f.write_str("-")?;
        }
        if !PLAIN_POINTS.contains(&point) {
            let (head, tail) = digits.split_at(1);
            let dot = if tail.is_empty() { "" } else { "." };
            return write!(f, "{head}{dot}{tail}e{}", point - 1);
        }
        match usize::try_from(point) {
            Err(_) | Ok(0) => write!(f, "0.{:0<1$}{digits}", "", point.unsigned_abs() as usize),
            Ok(point) if point >= digits.len() => {
                write!(f, "{digits}{:0<1$}", "", point - digits.len())
            }
            Ok(point) => {
                let (whole, fraction) = digits.split_at(point);
                write!(f, "{whole}.{fraction}")
            }
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().compare(&other.number())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number().encode(&mut |bytes| bytes.hash(state));
    }
}
