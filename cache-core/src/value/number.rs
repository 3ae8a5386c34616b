//! The common view of whole and decimal numbers, their order and their canonical bytes.

use std::cmp::Ordering;

use smallvec::SmallVec;

const ZERO: u8 = 0x80;
const TINY: u8 = 0x81;
const HUGE: u8 = 0xf0;
const TERMINATOR: u8 = 0xff;

/// Base-100 exponents that fit into the first byte, around `EXPONENT_BIAS`.
const INLINE_EXPONENTS: std::ops::RangeInclusive<i32> = -20..=60;
const EXPONENT_BIAS: i32 = 0x98;

/// `±0.d₁d₂… × 100^exponent` with base-100 digits; neither the first nor the last digit is zero,
/// so that each number has one form. Zero has no digits and no sign.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    pub(super) digits: &'a [u8],
}

impl Number<'_> {
    fn signum(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }

    pub(super) fn compare(&self, other: &Number<'_>) -> Ordering {
        let magnitudes = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(other.digits));
        self.signum().cmp(&other.signum()).then_with(|| match self.negative {
            false => magnitudes(),
            true => magnitudes().reverse(),
        })
    }

    /// Hands over bytes that sort as the numbers do, in one piece.
    ///
    /// A digit `d` is written as `d + 1`. Negative numbers are complemented and closed with a byte
    /// above every complemented digit, because there the shorter of two numbers is the greater.
    pub(super) fn encode(&self, sink: &mut impl FnMut(&[u8])) {
        if self.digits.is_empty() {
            return sink(&[ZERO]);
        }
        let mut bytes = SmallVec::<[u8; 32]>::new();
        if INLINE_EXPONENTS.contains(&self.exponent) {
            bytes.push((self.exponent + EXPONENT_BIAS) as u8);
        } else {
            bytes.push(if self.exponent < 0 { TINY } else { HUGE });
            bytes.extend_from_slice(&(self.exponent as u32 ^ (1 << 31)).to_be_bytes());
        }
        bytes.extend(self.digits.iter().map(|digit| digit + 1));
        if self.negative {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
            bytes.push(TERMINATOR);
        }
        sink(&bytes);
    }
}

/// The base-100 digits of a whole number, on the stack.
pub(super) struct WholeDigits {
    negative: bool,
    digits: [u8; Self::MOST],
    first: usize,
    end: usize,
}

impl WholeDigits {
    /// `u128::MAX` has 39 decimal digits.
    const MOST: usize = 20;

    pub(super) fn new(value: i128) -> Self {
        Self::from_magnitude(value < 0, value.unsigned_abs())
    }

    pub(super) fn from_magnitude(negative: bool, magnitude: u128) -> Self {
        let mut digits = [0; Self::MOST];
        let mut first = Self::MOST;
        let mut wide = magnitude;
        while wide > u128::from(u64::MAX) {
            first -= 1;
            digits[first] = (wide % 100) as u8;
            wide /= 100;
        }
        let mut narrow = wide as u64;
        while narrow > 0 {
            first -= 1;
            digits[first] = (narrow % 100) as u8;
            narrow /= 100;
        }
        let mut end = Self::MOST;
        while end > first && digits[end - 1] == 0 {
            end -= 1;
        }
        Self { negative, digits, first, end }
    }

    pub(super) fn number(&self) -> Number<'_> {
        Number {
            negative: self.negative,
            exponent: (Self::MOST - self.first) as i32,
            digits: &self.digits[self.first..self.end],
        }
    }
}
