//! Everything comes back; whatever else is under the name of an entry is a miss.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use super::payload::MAX_DECOMPRESSED;
use super::*;
use crate::dependency::{Dependencies, Table, column};
use crate::key::Secret;
use crate::store::shared::{Footprint, ShapeFootprint, Stamping, TableFootprint};

fn footprints() -> impl Strategy<Value = Footprint> {
    let slots = btree_set(any::<u64>(), 1..6);
    let shapes = btree_map("[=~!0-9:,a-zé]{0,8}", slots, 1..4);
    let shapes = shapes.prop_map(|shapes| {
        let shapes = shapes.into_iter();
        shapes.map(|(name, slots)| ShapeFootprint { name: name.into(), slots: slots.into_iter().collect() }).collect()
    });
    btree_map("#?[a-zé_0-9]{0,9}", shapes, 1..4).prop_map(|tables| {
        let table = |name: String| match name.strip_prefix('#') {
            Some(tag) => Table::tag(tag),
            None => Table::from(name),
        };
        let tables = tables.into_iter();
        Footprint::of(tables.map(|(name, shapes)| TableFootprint { table: table(name), shapes }).collect())
    })
}

/// The parts of an envelope that it would borrow.
#[derive(Clone, Debug)]
struct Parts {
    head: (u8, u64, [u8; 16], u64, u64, Option<u64>),
    footprint: Vec<u8>,
    value: Vec<u8>,
}

impl Parts {
    fn encode(&self, block: Option<&[u8]>) -> Vec<u8> {
        self.envelope(Payload::new(&self.value, block)).encode()
    }

    fn envelope<'a>(&'a self, payload: Payload<'a>) -> Envelope<'a> {
        let (codec, check, sum, created, expires, idle) = self.head;
        Envelope { codec, check, sum, created, expires, idle, footprint: &self.footprint, payload }
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let head = any::<(u8, u64, [u8; 16], u64, u64, Option<u64>)>();
    let value = prop_oneof![vec(any::<u8>(), 0..300), (any::<u8>(), 0..9000usize).prop_map(|(byte, n)| vec![byte; n])];
    let footprint = footprints().prop_map(|footprint| encoded_footprint(&footprint).into_vec());
    (head, footprint, value).prop_map(|(head, footprint, value)| Parts { head, footprint, value })
}

proptest! {
    #[test]
    fn an_entry_comes_back(parts in parts()) {
        let block = compress(&parts.value);
        let bytes = parts.encode(block.as_deref());
        let envelope = Envelope::decode(&bytes).unwrap();
        prop_assert_eq!(envelope, parts.envelope(Payload::new(&parts.value, block.as_deref())));
        prop_assert_eq!(&*envelope.payload.open().unwrap(), &parts.value[..]);
        prop_assert!(bytes.len() <= 71 + parts.footprint.len() + parts.value.len());
    }

    #[test]
    fn a_footprint_comes_back(footprint in footprints(), other in footprints()) {
        let bytes = encoded_footprint(&footprint);
        prop_assert_eq!(&*decode_footprint(&bytes).unwrap(), &footprint);
        prop_assert_eq!(bytes == encoded_footprint(&other), footprint == other);
    }

    #[test]
    fn no_part_of_an_entry_is_one(parts in parts()) {
        let bytes = parts.encode(compress(&parts.value).as_deref());
        for end in 0..bytes.len() {
            prop_assert!(Envelope::decode(&bytes[..end]).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        prop_assert!(Envelope::decode(&longer).is_err());
        for end in 0..parts.footprint.len() {
            prop_assert!(decode_footprint(&parts.footprint[..end]).is_err());
        }
    }

    #[test]
    fn no_other_byte_goes_unseen(parts in parts(), flip in 1..=255u8) {
        let block = compress(&parts.value);
        let before = parts.envelope(Payload::new(&parts.value, block.as_deref()));
        let mut bytes = before.encode();
        for at in 0..bytes.len() {
            bytes[at] ^= flip;
            if let Ok(envelope) = Envelope::decode(&bytes) {
                prop_assert_ne!(envelope, before);
                let _ = (envelope.payload.open(), decode_footprint(envelope.footprint));
            }
            bytes[at] ^= flip;
        }
        let mut bytes = parts.footprint.clone();
        let footprint = decode_footprint(&bytes);
        for at in 0..bytes.len() {
            bytes[at] ^= flip;
            prop_assert_ne!(&decode_footprint(&bytes), &footprint);
            bytes[at] ^= flip;
        }
    }

    #[test]
    fn anything_is_an_entry_or_none(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(&envelope.encode(), &bytes);
        }
        if let Ok(footprint) = decode_footprint(&bytes) {
            prop_assert_eq!(encoded_footprint(&footprint).into_vec(), bytes);
        }
    }

    /// What is read is what would be written: there is no second form of anything.
    #[test]
    fn an_entry_has_one_form(parts in parts(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = parts.encode(None);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(&envelope.encode(), &bytes);
            if let Ok(footprint) = decode_footprint(envelope.footprint) {
                prop_assert_eq!(&*encoded_footprint(&footprint), envelope.footprint);
            }
        }
    }
}

const FOOTPRINT: &[u8] = b"\x02\x07article\x02\x00\x01\x07\0\0\0\0\0\0\0\x0e=2:category_id\x02\
    \x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x04shop\x01\x00\x01\x09\0\0\0\0\0\0\0";

const ENTRY: &[u8] = b"\xc1\x01\x02\x03\x08\x07\x06\x05\x04\x03\x02\x01sumsumsumsumsum!\
    \x15\xcd\x5b\x07\0\0\0\0\x16\xcd\x5b\x07\0\0\0\0\x60\xea\0\0\0\0\0\0\x02fp\x05value";

/// Version 1. Whoever changes this changes the version.
#[test]
fn the_bytes_of_version_1_stay() {
    let shape = |name: &str, slots: &[u64]| ShapeFootprint { name: name.into(), slots: slots.to_vec() };
    let table = |name: &str, shapes| TableFootprint { table: Table::from(name), shapes };
    let tables = vec![
        table("article", vec![shape("", &[7]), shape("=2:category_id", &[1, u64::MAX])]),
        table("shop", vec![shape("", &[9])]),
    ];
    let footprint = Footprint::of(tables);
    assert_eq!(encoded_footprint(&footprint).escape_ascii().to_string(), FOOTPRINT.escape_ascii().to_string());
    assert_eq!(*decode_footprint(FOOTPRINT).unwrap(), footprint);

    let envelope = Envelope {
        codec: 3,
        check: 0x0102_0304_0506_0708,
        sum: *b"sumsumsumsumsum!",
        created: 123_456_789,
        expires: 123_456_790,
        idle: Some(60_000),
        footprint: b"fp",
        payload: Payload::Plain(b"value"),
    };
    assert_eq!(envelope.encode().escape_ascii().to_string(), ENTRY.escape_ascii().to_string());
    assert_eq!(Envelope::decode(ENTRY), Ok(envelope));
}

#[test]
fn what_dependencies_leave_is_in_order() {
    let hasher = Secret::for_namespace("x").conjunction_hasher("");
    let many = Dependencies::on("b", column("x").is_in(0..90) & column("y").gt(5) | column("z").is_null());
    for dependencies in [
        Dependencies::none(),
        Dependencies::tag("front.Page"),
        many.clone(),
        many.union(Dependencies::table("a")).union(Dependencies::tag("c")),
    ] {
        let Stamping { footprint, .. } = Stamping::of(&dependencies, &hasher);
        assert_eq!(decode_footprint(&encoded_footprint(&footprint)), Ok(footprint));
    }
}

fn reason<T>(result: Result<T, Malformed>) -> &'static str {
    result.err().map_or("", |malformed| malformed.0)
}

#[test]
fn what_is_of_another_time_is_told_apart() {
    let mut bytes = ENTRY.to_vec();
    bytes[1] = 2;
    assert_eq!(reason(Envelope::decode(&bytes)), "it is of another version");
    let mut bytes = ENTRY.to_vec();
    bytes[2] |= 4;
    assert_eq!(reason(Envelope::decode(&bytes)), "it has flags of another version");
    assert_eq!(reason(Envelope::decode(b"{\"a\": 3}")), "it is no entry");
    assert_eq!(reason(Envelope::decode(b"")), "it ends too early");
}

/// A count is believed only as far as the bytes behind it go, so that memory is asked for in proportion to them.
#[test]
fn counts_that_lie_are_not_believed() {
    for lie in [
        &b"\xff\xff\xff\xff\x0f"[..],
        b"\x01\x01a\xff\xff\xff\xff\x0f",
        b"\x01\x01a\x01\x00\xff\xff\xff\xff\x0f\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(reason(decode_footprint(lie)), "a count is larger than what follows", "{}", lie.escape_ascii());
    }
    assert_eq!(reason(decode_footprint(b"\xff\xff\xff\xff\xff\xff")), "a length is too large");
    assert_eq!(reason(decode_footprint(b"\x81\x00")), "a length is not in its shortest form");
    assert_eq!(reason(decode_footprint(b"\x00")), "a count is zero");

    let widest = [&[0xff, 0x0f][..], &vec![0; 12 * 2047]].concat();
    assert_eq!(reason(decode_footprint(&widest)), "a count is zero");
    let too_many = [&[0x80, 0x10][..], &vec![0; 12 * 2047]].concat();
    assert_eq!(reason(decode_footprint(&too_many)), "a count is larger than what follows");
}

#[test]
fn a_footprint_is_in_order() {
    let slot = [0; 8];
    let table = |name: &[u8]| [&[1, name.len() as u8][..], name, &[1, 0, 1], &slot].concat();
    assert!(decode_footprint(&table(b"a")).is_ok());
    assert!(decode_footprint(&table(b"#A.b")).is_ok());
    for name in [&b"A"[..], b"a.b", b"\"a\""] {
        assert_eq!(reason(decode_footprint(&table(name))), "a table's name is not in its normal form");
    }
    assert_eq!(reason(decode_footprint(&table(b"\xff"))), "a name is not text");
    let one = &table(b"a")[1..];
    let twice = [&[2][..], one, one].concat();
    assert_eq!(reason(decode_footprint(&twice)), "a footprint is not in order");
    let slots = [&[1, 1, b'a', 1, 0, 2][..], &slot, &slot].concat();
    assert_eq!(reason(decode_footprint(&slots)), "a footprint is not in order");
}

#[cfg(feature = "compression")]
mod compressed {
    use super::*;

    #[test]
    fn only_what_gets_shorter_is_compressed() {
        assert_eq!(compress(&[b'a'; 1000]), None);
        assert!(compress(&[b'a'; 2000]).unwrap().len() < 100);
        let noise: Vec<u8> = (0..200u32).flat_map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes()).collect();
        assert_eq!(compress(&noise), None);
    }

    #[test]
    fn a_block_longer_or_shorter_than_it_says_is_broken() {
        let block = compress(&[b'a'; 2000]).unwrap();
        assert_eq!(&*Payload::compressed(2000, &block).unwrap().open().unwrap(), &[b'a'; 2000]);
        for length in [0, 1, 1999, 2001] {
            let opened = Payload::compressed(length, &block).and_then(|payload| payload.open());
            assert_eq!(reason(opened), "its value cannot be decompressed", "{length}");
        }
    }

    #[test]
    fn the_length_of_a_block_is_not_believed() {
        for (length, block) in [(MAX_DECOMPRESSED + 1, 1 << 20), (MAX_DECOMPRESSED, 1000), (usize::MAX, 9), (512, 1)] {
            assert_eq!(reason(Payload::compressed(length, &vec![0; block])), "its value would be too long");
        }
        assert!(Payload::compressed(MAX_DECOMPRESSED, &vec![0; 1 << 18]).is_ok());
    }

    #[test]
    fn the_most_that_a_block_can_grow_is_allowed() {
        for length in [1 << 10, 1 << 16, 1 << 20, MAX_DECOMPRESSED] {
            let value = vec![0; length];
            let block = compress(&value).unwrap();
            assert_eq!(Payload::compressed(length, &block).unwrap().open().unwrap().len(), length);
        }
    }
}

#[cfg(not(feature = "compression"))]
#[test]
fn what_is_compressed_is_a_miss_without_the_feature() {
    let mut bytes = ENTRY.to_vec();
    bytes[2] |= COMPRESSED;
    bytes.splice(ENTRY.len() - 6.., *b"\x05\x05value");
    assert_eq!(reason(Envelope::decode(&bytes)), "it is compressed, and the feature `compression` is off");
    assert_eq!(compress(&vec![0; MAX_DECOMPRESSED]), None);
}

#[test]
fn nothing_is_a_footprint_too() {
    let nothing = Footprint::nothing(&Secret::for_namespace("x").conjunction_hasher(""));
    assert_eq!(decode_footprint(&encoded_footprint(&nothing)), Ok(Arc::new(nothing)));
}
