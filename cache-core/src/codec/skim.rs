//! A look over MessagePack before it is decoded: what is left needs no trust in any length.

use smallvec::SmallVec;

/// How deep arrays and maps may be nested.
pub(super) const MAX_DEPTH: usize = 128;

/// Whether the bytes are one value and nothing else, nested no deeper than [`MAX_DEPTH`], with no length that goes past
/// their end. Elements have a byte at least, so that none of the arrays announces more of them than there are bytes.
pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut rest = bytes;
    // How many values are still to come in each of the arrays and maps that are open.
    let mut open: SmallVec<[u64; 16]> = SmallVec::from_slice(&[1]);
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let (marker, after) = rest.split_first().ok_or(ENDS)?;
        rest = after;
        let values = match *marker {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => continue,
            0x80..=0x8f => 2 * u64::from(marker & 0x0f),
            0x90..=0x9f => u64::from(marker & 0x0f),
            0xdc => number(&mut rest, 2)?,
            0xdd => number(&mut rest, 4)?,
            0xde => 2 * number(&mut rest, 2)?,
            0xdf => 2 * number(&mut rest, 4)?,
            scalar => {
                let length = length(scalar, &mut rest)?;
                rest = usize::try_from(length).ok().and_then(|length| rest.get(length..)).ok_or(ENDS)?;
                continue;
            }
        };
        if values > rest.len() as u64 {
            return Err("an array or map announces more than there is");
        }
        if open.len() > MAX_DEPTH {
            return Err("it is nested too deep");
        }
        open.push(values);
    }
    if rest.is_empty() { Ok(()) } else { Err("something follows the value") }
}

const ENDS: &str = "it ends too early";

/// How many bytes follow the marker of a scalar and its length.
fn length(marker: u8, rest: &mut &[u8]) -> Result<u64, &'static str> {
    match marker {
        0xa0..=0xbf => Ok(u64::from(marker & 0x1f)),
        0xc4 | 0xd9 => number(rest, 1),
        0xc5 | 0xda => number(rest, 2),
        0xc6 | 0xdb => number(rest, 4),
        0xc7 => Ok(1 + number(rest, 1)?),
        0xc8 => Ok(1 + number(rest, 2)?),
        0xc9 => Ok(1 + number(rest, 4)?),
        0xcc | 0xd0 => Ok(1),
        0xcd | 0xd1 => Ok(2),
        0xca | 0xce | 0xd2 => Ok(4),
        0xcb | 0xcf | 0xd3 => Ok(8),
        0xd4..=0xd8 => Ok(1 + (1 << (marker - 0xd4))),
        _ => Err("it has a marker that MessagePack does not know"),
    }
}

fn number(rest: &mut &[u8], width: usize) -> Result<u64, &'static str> {
    let (digits, after) = rest.split_at_checked(width).ok_or(ENDS)?;
    *rest = after;
    Ok(digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)))
}
