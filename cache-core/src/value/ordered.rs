//! Values as ordered numbers of 64 bits, for ranges.

use super::Value;
use super::number::{Number, WholeDigits};

/// Set for numbers that are not negative.
const SIGN: u64 = 1 << 63;

const EXPONENT_SHIFT: u32 = 56;

const MANTISSA: u64 = (1 << EXPONENT_SHIFT) - 1;

const FRACTION_BITS: u32 = 16;

/// Base-100 digits of whole numbers that are told apart; larger magnitudes are one.
const WHOLE_DIGITS: i32 = 15;

const HUGE: u128 = 10u128.pow(30);

impl Value {
    /// A number that never falls as the values of a class rise.
    ///
    /// Numbers, floats and moments keep sixteen binary places, and in all 57 significant ones; their number is made of sign,
    /// exponent and mantissa, so that ranges that are open at one end are told as exactly as closed ones. Text, bytes and
    /// identifiers give their first eight bytes. Values that agree in what is kept share a number.
    ///
    /// ```
    /// use cache_core::Value;
    ///
    /// assert!(Value::from(-5).ordered_prefix() < Value::from(17).ordered_prefix());
    /// assert_eq!(Value::from("abcdefgh").ordered_prefix(), Value::from("abcdefghi").ordered_prefix());
    /// ```
    pub fn ordered_prefix(&self) -> u64 {
        match self {
            Value::Int(value) => ordered_number(&WholeDigits::new(*value).number()),
            Value::Decimal(value) => ordered_number(&value.number()),
            Value::Float(value) => ordered_float(*value),
            Value::Date(value) => ordered_seconds(i64::from(value.days()), 0),
            Value::Time(value) => value.nanoseconds() << 16,
            Value::DateTime(value) => ordered_seconds(value.seconds(), value.subsecond()),
            Value::Instant(value) => ordered_seconds(value.seconds(), value.subsecond()),
            _ => self.first_bytes(),
        }
    }

    fn first_bytes(&self) -> u64 {
        let mut prefix = [0; 8];
        let mut filled = 0;
        self.write_body(&mut |body| {
            let taken = body.len().min(prefix.len() - filled);
            prefix[filled..filled + taken].copy_from_slice(&body[..taken]);
            filled += taken;
        });
        u64::from_be_bytes(prefix)
    }
}

fn ordered_number(number: &Number<'_>) -> u64 {
    let (whole, fraction) = if number.exponent > WHOLE_DIGITS {
        (HUGE, 0)
    } else {
        let digit = |place: i32| usize::try_from(place).ok().and_then(|place| number.digits.get(place)).copied();
        let fold = |from, to| (from..to).fold(0, |sum, place| sum * 100 + u128::from(digit(place).unwrap_or(0)));
        let sixth = fold(number.exponent, number.exponent.saturating_add(3));
        (fold(0, number.exponent), (sixth << FRACTION_BITS) / 1_000_000)
    };
    signed(number.negative, whole << FRACTION_BITS | fraction)
}

fn ordered_float(value: f64) -> u64 {
    if value.is_nan() {
        return u64::MAX;
    }
    // The cast truncates and saturates, both of which keep the order.
    let fixed = (value.abs() * f64::from(1u32 << FRACTION_BITS)) as u128;
    signed(value < 0.0, fixed.min(HUGE << FRACTION_BITS))
}

fn ordered_seconds(seconds: i64, subsecond: u32) -> u64 {
    let fraction = (u128::from(subsecond) << FRACTION_BITS) / 1_000_000_000;
    match u64::try_from(seconds) {
        Ok(seconds) => signed(false, u128::from(seconds) << FRACTION_BITS | fraction),
        // Before the origin a larger fraction is a smaller distance from it.
        Err(_) => signed(true, (u128::from(seconds.unsigned_abs()) << FRACTION_BITS) - fraction),
    }
}

/// Sign, number of binary places, and the places after the leading one.
fn signed(negative: bool, fixed: u128) -> u64 {
    let places = u128::BITS - fixed.leading_zeros();
    let aligned = fixed.checked_shl(u128::BITS - places + 1).unwrap_or(0);
    let mantissa = (aligned >> (u128::BITS - EXPONENT_SHIFT)) as u64 & MANTISSA;
    let magnitude = u64::from(places) << EXPONENT_SHIFT | mantissa;
    if negative { SIGN - 1 - magnitude } else { SIGN | magnitude }
}
