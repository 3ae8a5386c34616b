use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::value::Value;

fn encode(part: &(impl CacheKey + ?Sized)) -> Vec<u8> {
    let mut key = KeyWriter::new();
    key.part(part);
    key.finish().as_bytes().to_vec()
}

/// Arguments of any type, as the standard library's implementations write them.
#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Bool(bool),
    Whole(i128),
    Beyond(u128),
    Text(String),
    Bytes(Vec<u8>),
    Optional(Option<Box<Argument>>),
    Outcome(Result<Box<Argument>, Box<Argument>>),
    List(Vec<Argument>),
    Triple(Box<(Argument, Argument, Argument)>),
    Unit,
    Map(BTreeMap<u8, Argument>),
    Span(Duration),
    Address(Ipv4Addr),
    Scalar(i64),
    Nested(Vec<Argument>),
}

impl CacheKey for Argument {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            Argument::Bool(value) => key.part(value),
            Argument::Whole(value) => key.part(value),
            Argument::Beyond(value) => key.part(value),
            Argument::Text(value) => key.part(value),
            Argument::Bytes(value) => key.bytes(value),
            Argument::Optional(value) => key.part(value),
            Argument::Outcome(value) => key.part(value),
            Argument::List(value) => key.part(value),
            Argument::Triple(value) => key.part(value),
            Argument::Unit => key.part(&()),
            Argument::Map(value) => key.part(value),
            Argument::Span(value) => key.part(value),
            Argument::Address(value) => key.part(value),
            Argument::Scalar(value) => key.part(&Value::from(*value)),
            Argument::Nested(value) => key.part(&key_of(value)),
        };
    }
}

fn key_of(arguments: &[Argument]) -> Key {
    arguments.iter().fold(Key::new("f"), |key, argument| key.with(argument))
}

/// Reads arguments back from bytes: what can be read back in one way only cannot collide.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, length: usize) -> &[u8] {
        let (head, tail) = self.0.split_at(length);
        self.0 = tail;
        head
    }

    fn length(&mut self) -> usize {
        let mut length = 0;
        for shift in (0..).step_by(7) {
            let byte = self.take(1)[0];
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        length
    }

    fn delimited(&mut self) -> Vec<u8> {
        let length = self.length();
        self.take(length).to_vec()
    }

    fn many(&mut self) -> Vec<Argument> {
        let length = self.length();
        (0..length).map(|_| self.argument()).collect()
    }

    fn whole(&mut self, length: u8) -> u128 {
        let mut bytes = [0; 16];
        bytes[..usize::from(length)].copy_from_slice(self.take(usize::from(length)));
        u128::from_le_bytes(bytes)
    }

    fn small(&mut self) -> u8 {
        match self.argument() {
            Argument::Whole(value) => u8::try_from(value).unwrap(),
            other => panic!("{other:?} as the name of a member"),
        }
    }

    fn argument(&mut self) -> Argument {
        match self.take(1)[0] {
            tag::FALSE => Argument::Bool(false),
            tag::TRUE => Argument::Bool(true),
            tag::TEXT => Argument::Text(String::from_utf8(self.delimited()).unwrap()),
            tag::BYTES => Argument::Bytes(self.delimited()),
            tag::NONE => Argument::Optional(None),
            tag::SOME => Argument::Optional(Some(Box::new(self.argument()))),
            tag::OK => Argument::Outcome(Ok(Box::new(self.argument()))),
            tag::ERR => Argument::Outcome(Err(Box::new(self.argument()))),
            tag::SEQUENCE => Argument::List(self.many()),
            tag::TUPLE => match <[Argument; 3]>::try_from(self.many()) {
                Ok([a, b, c]) => Argument::Triple(Box::new((a, b, c))),
                Err(items) => {
                    assert!(items.is_empty());
                    Argument::Unit
                }
            },
            tag::MAP => {
                let length = self.length();
                Argument::Map((0..length).map(|_| (self.small(), self.argument())).collect())
            }
            tag::DURATION => {
                let seconds = u64::from_le_bytes(self.take(8).try_into().unwrap());
                Argument::Span(Duration::new(seconds, u32::from_le_bytes(self.take(4).try_into().unwrap())))
            }
            tag::IPV4 => Argument::Address(<[u8; 4]>::try_from(self.take(4)).unwrap().into()),
            tag::VALUE => {
                let bytes = self.delimited();
                let scalar = (-2..3).find(|value| Value::from(*value).canonical().as_slice() == bytes);
                Argument::Scalar(scalar.unwrap())
            }
            tag::KEY => {
                let bytes = self.delimited();
                let mut nested = Reader(&bytes);
                assert_eq!(nested.argument(), Argument::Text("f".into()));
                Argument::Nested(nested.rest())
            }
            whole @ tag::WHOLE..=0x50 => match self.whole(whole - tag::WHOLE) {
                value if value > i128::MAX as u128 => Argument::Beyond(value),
                value => Argument::Whole(value as i128),
            },
            negative @ tag::NEGATIVE..=0x70 => Argument::Whole(!(self.whole(negative - tag::NEGATIVE) as i128)),
            other => panic!("no part starts with {other}"),
        }
    }

    fn rest(&mut self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        while !self.0.is_empty() {
            arguments.push(self.argument());
        }
        arguments
    }
}

fn argument() -> impl Strategy<Value = Argument> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Argument::Bool),
        prop_oneof![-300..300_i128, any::<i128>()].prop_map(Argument::Whole),
        (1 << 127..=u128::MAX).prop_map(Argument::Beyond),
        prop_oneof!["[ab\u{5}\u{c}]{0,3}", ".{0,150}"].prop_map(Argument::Text),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(Argument::Bytes),
        Just(Argument::Optional(None)),
        Just(Argument::Unit),
        (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Argument::Span(Duration::new(s, n))),
        any::<u32>().prop_map(|bits| Argument::Address(bits.into())),
        (-2..3_i64).prop_map(Argument::Scalar),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| Argument::Optional(Some(Box::new(value)))),
            inner.clone().prop_map(|value| Argument::Outcome(Ok(Box::new(value)))),
            inner.clone().prop_map(|value| Argument::Outcome(Err(Box::new(value)))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Argument::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Argument::Nested),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|parts| Argument::Triple(Box::new(parts))),
            prop::collection::btree_map(any::<u8>(), inner, 0..4).prop_map(Argument::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arguments_can_be_read_back(arguments in prop::collection::vec(argument(), 0..5)) {
        let key = key_of(&arguments);
        let mut reader = Reader(key.as_bytes());
        prop_assert_eq!(reader.argument(), Argument::Text("f".into()));
        prop_assert_eq!(reader.rest(), arguments);
    }

    #[test]
    fn no_part_is_the_start_of_another(a in argument(), b in argument()) {
        let (left, right) = (encode(&a), encode(&b));
        prop_assert_eq!(left == right, a == b);
        prop_assert!(left == right || !right.starts_with(&left));
    }

    #[test]
    fn texts_do_not_run_into_one_another(a in "[ab]{0,3}", b in "[ab]{0,3}", c in "[ab]{0,3}", d in "[ab]{0,3}") {
        let same = (&a, &b) == (&c, &d);
        prop_assert_eq!(encode(&(&a, &b)) == encode(&(&c, &d)), same);
        prop_assert_eq!(Key::new(&a).with(&b) == Key::new(&c).with(&d), same);
        prop_assert_eq!(encode(&[a, b]) == encode(&[c, d]), same);
    }

    #[test]
    fn maps_and_sets_have_no_order(members in prop::collection::hash_map(any::<i64>(), ".{0,4}", 0..8)) {
        let sorted: BTreeMap<_, _> = members.clone().into_iter().collect();
        let mut again: Vec<_> = members.clone().into_iter().collect();
        again.reverse();
        let reversed: HashMap<_, _> = again.into_iter().collect();
        prop_assert_eq!(encode(&members), encode(&sorted));
        prop_assert_eq!(encode(&members), encode(&reversed));
        let names: HashSet<i64> = members.keys().copied().collect();
        let ordered: BTreeSet<i64> = names.iter().copied().collect();
        prop_assert_eq!(encode(&names), encode(&ordered));
    }
}

#[test]
fn boundaries_count() {
    assert_ne!(encode(&("a", "bc")), encode(&("ab", "c")));
    assert_ne!(encode(&Some(None::<u8>)), encode(&None::<Option<u8>>));
    assert_ne!(encode(&Some(Some(1))), encode(&Some(1)));
    assert_ne!(encode(&Some(1)), encode(&1));
    assert_ne!(encode(&(vec![1, 2], vec![3])), encode(&(vec![1], vec![2, 3])));
    assert_ne!(encode(&vec![vec![1], vec![]]), encode(&vec![vec![], vec![1]]));
    assert_ne!(encode(&((1, 2), 3)), encode(&(1, (2, 3))));
    assert_ne!(encode(&Ok::<_, u8>(1)), encode(&Err::<u8, _>(1)));
    assert_ne!(encode(&true), encode(&1));
    assert_ne!(encode(&'a'), encode("a"));
    assert_ne!(encode("1"), encode(&1));
    assert_ne!(encode(&BTreeSet::from([1])), encode(&vec![1]));
    assert_ne!(encode(&json!(1)), encode(&json!(1.0)));
    assert_ne!(encode(&Key::new("a")), encode("a"));
    assert_ne!(encode(Path::new("a")), encode("a"));
    assert_ne!(encode(&Duration::ZERO), encode(&UNIX_EPOCH));
    assert_ne!(encode(&(UNIX_EPOCH - Duration::from_secs(1))), encode(&(UNIX_EPOCH + Duration::from_secs(1))));
    assert_ne!(Key::of::<u8>("a"), Key::new("a"));
    assert_ne!(Key::new("a").with(&()), Key::new("a"));
}

#[test]
fn equal_meaning_gives_equal_bytes() {
    let text = encode("ab");
    assert_eq!(encode(&String::from("ab")), text);
    assert_eq!(encode(&Cow::from("ab")), text);
    assert_eq!(encode(&Box::<str>::from("ab")), text);
    assert_eq!(encode(&Arc::<str>::from("ab")), text);
    assert_eq!(encode(&Rc::new(&&"ab")), text);
    assert_eq!(encode(&3_i8), encode(&3_u128));
    assert_eq!(encode(&-3_i8), encode(&-3_i128));
    assert_eq!(encode(&1.5_f32), encode(&1.5_f64));
    assert_eq!(encode(&-0.0), encode(&0.0));
    assert_eq!(encode(&-f64::NAN), encode(&f32::NAN));
    assert_ne!(encode(&f64::NAN), encode(&f64::INFINITY));
    assert_ne!(encode(&1.0), encode(&2.0));
    assert_eq!(encode(&[1, 2]), encode(&VecDeque::from([1, 2])));
    assert_eq!(encode(&vec![1, 2]), encode(&[1, 2][..]));
    assert_eq!(encode(&IpAddr::V6(Ipv6Addr::LOCALHOST)), encode(&Ipv6Addr::LOCALHOST));
    assert_eq!(
        encode(&json!({"a": 1, "b": 2})),
        encode(&serde_json::from_str::<serde_json::Value>(r#"{"b":2,"a":1}"#).unwrap())
    );
    assert_eq!(encode(&PhantomData::<u8>), encode(&PhantomData::<u16>));
    assert_eq!(Key::new("a").with(&1).with("b"), KeyWriter::new().part("a").part(&1).part("b").clone().finish());
}

#[test]
fn keys_hash_and_show_themselves() {
    let hash = |key: &Key| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    };
    let long = "x".repeat(300);
    let (a, b) = (Key::new("a").with(&long), Key::new("a").with(&long));
    assert_eq!(hash(&a), hash(&b));
    assert_eq!(a.to_string(), b.to_string());
    assert_ne!(a.to_string(), Key::new("a").to_string());
    assert!(!format!("{:?}", Key::new("s3cret")).contains("s3cret"));
    assert!(!format!("{:?}", Secret::new("shop", Some(b"s3cret"))).contains(char::is_numeric));
}

#[test]
fn types_have_numbers() {
    assert_eq!(type_fingerprint::<Vec<u8>>(), type_fingerprint::<Vec<u8>>());
    assert_ne!(type_fingerprint::<Vec<u8>>(), type_fingerprint::<Vec<i8>>());
    assert_eq!(type_token::<str>(), type_token::<str>());
    assert_ne!(type_token::<u8>(), type_token::<i8>());
}

#[test]
fn namespaces_and_secrets_keep_digests_apart() {
    let key = Key::new("a");
    let secrets = [
        Secret::for_namespace(""),
        Secret::for_namespace("shop"),
        Secret::new("shop", Some(b"")),
        Secret::new("shop", Some(b"1")),
        Secret::new("shop1", None),
    ];
    let digests: HashSet<_> = secrets.iter().map(|secret| entry_digest(secret, &key)).collect();
    let hashes: HashSet<_> = secrets.iter().map(|secret| conjunction_hash(secret, "t", b"s", b"v")).collect();
    assert_eq!((digests.len(), hashes.len()), (secrets.len(), secrets.len()));
    let secret = &secrets[0];
    assert_ne!(conjunction_hash(secret, "ab", b"c", b""), conjunction_hash(secret, "a", b"bc", b""));
    assert_ne!(conjunction_hash(secret, "a", b"b", b"c"), conjunction_hash(secret, "a", b"", b"bc"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn golden_key() -> Key {
    Key::new("articles").with(&3).with(&-1).with(&Some("en")).with(&(true, 1.5)).with(&vec![300_u16])
}

/// Keys and digests are shared between processes and releases: a change here breaks every store.
#[test]
fn bytes_and_digests_stay_as_they_are() {
    let key = golden_key();
    let secret = Secret::new("shop", Some(b"secret"));
    let digest = entry_digest(&secret, &key);
    assert_eq!(hex(key.as_bytes()), "050861727469636c6573410360080502656e0b020204000000000000f83f0c01422c01");
    assert_eq!(key.to_string(), "9f3157ab3d92ba4a");
    assert_eq!(hex(&digest.id), "df8e96e4b1c6941729da7515f904b7c2");
    assert_eq!(format!("{:016x}", digest.check), "4afe248578142da5");
    assert_eq!(
        format!("{:016x}", conjunction_hash(&secret, "article", b"category_id =", &Value::from(3).canonical())),
        "e4ed34eed575a39b"
    );
}

#[cfg(feature = "chrono")]
#[test]
fn chrono_types_are_parts() {
    use chrono::{FixedOffset, NaiveDate, TimeZone, Utc};

    let utc = Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap();
    let east = utc.with_timezone(&FixedOffset::east_opt(3_600).unwrap());
    assert_eq!(utc, east);
    assert_ne!(encode(&utc), encode(&east));
    assert_eq!(encode(&utc), encode(&utc.fixed_offset()));
    assert_ne!(encode(&utc), encode(&utc.naive_utc()));
    let date = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    assert_ne!(encode(&date), encode(&date.succ_opt().unwrap()));
    assert_ne!(encode(&utc.time()), encode(&date));
}

#[cfg(feature = "uuid")]
#[test]
fn uuids_are_parts() {
    assert_ne!(encode(&uuid::Uuid::nil()), encode(&uuid::Uuid::max()));
}
