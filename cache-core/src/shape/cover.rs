//! Covers of ranges by aligned blocks.
//!
//! A value's ordered prefix is a number of 64 bits. Blocks of level `k` hold the numbers that agree
//! in all but the last `k` pairs of bits. A reader's range is covered by a few blocks of mixed levels; a writer's
//! value lies in exactly one block of each level. So a range is answered by as many look-ups as there are
//! levels in use, however many ranges there are (dyadic cover, radix 4).

use std::ops::Bound;

use smallvec::SmallVec;

use crate::dependency::{Test, bound_value};
use crate::value::Value;

/// Most blocks that one range is covered by; fewer, larger blocks cover too much, never too little.
pub(super) const MAX_BLOCKS: usize = 16;

const RADIX_BITS: u32 = 2;
const LAST_DIGIT: u64 = (1 << RADIX_BITS) - 1;
pub(super) const TOP_LEVEL: u8 = 32;

/// An aligned block: a level and the digits that its numbers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Block {
    pub(super) level: u8,
    pub(super) digits: u64,
}

impl Block {
    /// The block of a level that a number lies in.
    pub(super) fn of(number: u64, level: u8) -> Block {
        Block { level, digits: shift(number, level) }
    }
}

fn shift(number: u64, level: u8) -> u64 {
    if level >= TOP_LEVEL { 0 } else { number >> (u32::from(level) * RADIX_BITS) }
}

/// The ordered numbers that values passing `test` may have, both ends included.
pub(super) fn span(test: &Test) -> (u64, u64) {
    match test {
        Test::Range { lower, upper } => {
            let low = bound_value(lower).map_or(0, Value::ordered_prefix);
            let high = match upper {
                Bound::Unbounded => u64::MAX,
                bound => bound_value(bound).map_or(u64::MAX, Value::ordered_prefix),
            };
            (low, high)
        }
        Test::Prefix(prefix) => {
            let bytes: &[u8] = match prefix {
                Value::Text(text) | Value::Folded(text) => text.as_bytes(),
                Value::Bytes(bytes) => bytes,
                _ => &[],
            };
            let mut low = [0; 8];
            let mut high = [0xff; 8];
            for (at, byte) in bytes.iter().take(8).enumerate() {
                low[at] = *byte;
                high[at] = *byte;
            }
            (u64::from_be_bytes(low), u64::from_be_bytes(high))
        }
        _ => (0, u64::MAX),
    }
}

/// At most `max` blocks that together hold every number from `low` to `high`.
pub(super) fn cover(low: u64, high: u64, max: usize) -> SmallVec<[Block; MAX_BLOCKS]> {
    let max = max.clamp(2, MAX_BLOCKS);
    let mut finest = 0;
    loop {
        let blocks = exact_from(low, high, finest);
        if let Some(blocks) = blocks.filter(|blocks| blocks.len() <= max) {
            return blocks;
        }
        finest += 1;
    }
}

/// The canonical cover with no block finer than `finest`; `None` when it has more than [`MAX_BLOCKS`].
fn exact_from(low: u64, high: u64, finest: u8) -> Option<SmallVec<[Block; MAX_BLOCKS]>> {
    let mut blocks = SmallVec::new();
    if finest >= TOP_LEVEL || low > high {
        blocks.push(Block { level: TOP_LEVEL, digits: 0 });
        return Some(blocks);
    }
    let (mut first, mut last) = (shift(low, finest), shift(high, finest));
    let mut level = finest;
    loop {
        let mut push = |digits| {
            if blocks.len() == MAX_BLOCKS {
                return None;
            }
            blocks.push(Block { level, digits });
            Some(())
        };
        if first >> RADIX_BITS == last >> RADIX_BITS {
            if first & LAST_DIGIT == 0 && last & LAST_DIGIT == LAST_DIGIT {
                push_whole(&mut blocks, level + 1, first >> RADIX_BITS)?;
                return Some(blocks);
            }
            for digits in first..=last {
                push(digits)?;
            }
            return Some(blocks);
        }
        if first & LAST_DIGIT != 0 {
            for digits in first..=(first | LAST_DIGIT) {
                push(digits)?;
            }
            first = (first >> RADIX_BITS) + 1;
        } else {
            first >>= RADIX_BITS;
        }
        if last & LAST_DIGIT != LAST_DIGIT {
            for digits in (last & !LAST_DIGIT)..=last {
                push(digits)?;
            }
            last = (last >> RADIX_BITS) - 1;
        } else {
            last >>= RADIX_BITS;
        }
        level += 1;
        if first > last {
            return Some(blocks);
        }
    }
}

fn push_whole(blocks: &mut SmallVec<[Block; MAX_BLOCKS]>, level: u8, digits: u64) -> Option<()> {
    if blocks.len() == MAX_BLOCKS {
        return None;
    }
    blocks.push(Block { level, digits });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(blocks: &[Block], number: u64) -> bool {
        blocks.iter().any(|block| Block::of(number, block.level) == *block)
    }

    proptest! {
        #[test]
        fn every_number_of_the_range_lies_in_a_block(a: u64, b: u64, at: u64, shrink in 0u32..64, max in 2usize..=16) {
            let (low, high) = (a.min(b) >> shrink, a.max(b) >> shrink);
            let blocks = cover(low, high, max);
            prop_assert!(blocks.len() <= max);
            let inside = if high == u64::MAX && low == 0 { at } else { low + at % (high - low + 1) };
            for number in [low, high, inside] {
                prop_assert!(holds(&blocks, number), "{number} outside {blocks:?}");
            }
        }

        #[test]
        fn a_cover_with_sixteen_blocks_is_hardly_too_wide(low: u32, length in 0u32..1_000_000) {
            let (low, high) = (u64::from(low), u64::from(low) + u64::from(length));
            let blocks = cover(low, high, MAX_BLOCKS);
            let width: u128 = blocks.iter().map(|block| 1u128 << (u32::from(block.level) * RADIX_BITS)).sum();
            prop_assert!(4 * width <= 5 * (u128::from(high - low) + 1), "{width}");
        }
    }

    #[test]
    fn the_whole_domain_is_one_block() {
        assert_eq!(&cover(0, u64::MAX, MAX_BLOCKS)[..], [Block { level: TOP_LEVEL, digits: 0 }]);
    }

    #[test]
    fn a_single_number_is_one_block() {
        assert_eq!(&cover(77, 77, MAX_BLOCKS)[..], [Block { level: 0, digits: 77 }]);
    }
}
