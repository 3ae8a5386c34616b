//! What is encoded comes back, and bytes from anywhere do no harm.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

fn through<T: Any + Send + Sync + Clone>(codec: Codec, value: &T) -> Result<T, String> {
    let decoded = codec.decode(&codec.encode(value)?)?;
    let decoded: Arc<T> = decoded.downcast().map_err(|_| "another type".to_owned())?;
    Ok((*decoded).clone())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    New,
    By(String),
    Pair(i64, bool),
    Like { id: u32, of: Option<Box<Article>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Article {
    id: i32,
    title: String,
    price: Option<u64>,
    kind: Kind,
    words: BTreeMap<String, i128>,
    bytes: Vec<u8>,
    letter: char,
    unit: (),
}

fn articles() -> impl Strategy<Value = Article> {
    let leaf = prop_oneof![
        Just(Kind::New),
        any::<String>().prop_map(Kind::By),
        any::<(i64, bool)>().prop_map(|(a, b)| Kind::Pair(a, b)),
    ];
    let article = |kind: BoxedStrategy<Kind>| {
        let words = btree_map(any::<String>(), any::<i128>(), 0..3);
        let rest = (words, vec(any::<u8>(), 0..40), any::<char>());
        (any::<(i32, String, Option<u64>)>(), kind, rest).prop_map(
            |((id, title, price), kind, (words, bytes, letter))| Article {
                id,
                title,
                price,
                kind,
                words,
                bytes,
                letter,
                unit: (),
            },
        )
    };
    article(leaf.boxed()).prop_recursive(3, 6, 1, move |inner| {
        let kind = (any::<u32>(), prop::option::of(inner)).prop_map(|(id, of)| Kind::Like { id, of: of.map(Box::new) });
        article(kind.boxed())
    })
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

#[cfg(feature = "shared")]
fn deep(levels: usize) -> Deep {
    (1..levels).fold(Deep::default(), |deep, _| Deep(vec![deep]))
}

#[test]
fn a_codec_knows_its_type() {
    let codec = Codec::json::<Vec<u8>>();
    assert!(codec.is_for::<Vec<u8>>());
    assert!(!codec.is_for::<Vec<i8>>());
    assert!(codec.encode(&3u8).unwrap_err().contains("of another type"));
    assert_eq!(format!("{codec:?}"), "Codec { id: 2, of: \"alloc::vec::Vec<u8>\" }");
}

#[test]
fn numbers_of_codecs_stay() {
    let custom = Codec::custom(&Coding::<u8, String> { id: 5, encode: |_| Ok(Vec::new()), decode: |_| Ok(0) });
    let ids = [Codec::serde::<u8>(), Codec::json::<u8>(), Codec::text(), custom].map(|codec| codec.id());
    assert_eq!(ids, [1, 2, 3, 0x85]);
}

#[test]
fn errors_name_the_type() {
    let refuse = Codec::custom(&Coding::<u8, &str> { id: 5, encode: |_| Err("odd"), decode: |_| Err("worse") });
    assert_eq!(refuse.encode(&3u8).unwrap_err(), "a `u8` cannot be encoded: odd");
    assert_eq!(refuse.decode(&[]).unwrap_err(), "the bytes are no `u8`: worse");
}

#[test]
fn text_is_what_it_was() {
    assert_eq!(through(Codec::text(), &String::from("Größe")), Ok(String::from("Größe")));
    assert!(Codec::text().decode(b"Gr\xf6\xdfe").is_err());
}

#[test]
fn json_ends_where_its_value_does() {
    let codec = Codec::json::<Deep>();
    assert!(codec.decode(b"[[]]").is_ok());
    for bytes in [&b"[[]] []"[..], b"[[]", b"", b"[[1]]", b"\xff"] {
        assert!(codec.decode(bytes).is_err(), "{bytes:?}");
    }
    assert!(codec.decode(&[b'['; 1 << 20]).is_err());
}

proptest! {
    #[test]
    fn json_comes_back(article in articles()) {
        prop_assert_eq!(through(Codec::json::<Article>(), &article), Ok(article));
    }
}

/// What a codec without types would give back as something else.
fn refuses_a_some_of_nothing(codecs: [Codec; 4]) {
    let [twice, unit, json, inside] = codecs;
    assert!(twice.is_for::<Option<Option<u8>>>());
    assert!(twice.encode(&Some(None::<u8>)).unwrap_err().contains("would come back as `None`"));
    for value in [None, Some(Some(3u8))] {
        assert_eq!(through(twice, &value), Ok(value));
    }
    assert!(unit.encode(&Some(())).is_err());
    assert!(json.encode(&Some(serde_json::Value::Null)).is_err());
    for value in [None, Some(serde_json::json!({"a": null, "b": [null, 1.5, "x"]})), Some(serde_json::json!([]))] {
        assert_eq!(through(json, &value), Ok(value));
    }
    assert!(inside.encode(&vec![("a".to_owned(), Some(Some(Kind::New))), ("b".to_owned(), Some(None))]).is_err());
    let whole = vec![("a".to_owned(), Some(Some(Kind::Pair(3, true)))), ("b".to_owned(), None)];
    assert_eq!(through(inside, &whole), Ok(whole));
}

type Inside = Vec<(String, Option<Option<Kind>>)>;

#[test]
fn json_tells_some_from_none() {
    refuses_a_some_of_nothing([
        Codec::json::<Option<Option<u8>>>(),
        Codec::json::<Option<()>>(),
        Codec::json::<Option<serde_json::Value>>(),
        Codec::json::<Inside>(),
    ]);
}

#[cfg(feature = "shared")]
mod message_pack {
    use super::*;
    use crate::codec::skim;

    proptest! {
        #[test]
        fn values_come_back(articles in vec(articles(), 0..4)) {
            prop_assert_eq!(through(Codec::serde::<Vec<Article>>(), &articles), Ok(articles));
        }

        #[test]
        fn no_part_of_a_value_is_one(article in articles(), flip in 1..=255u8) {
            let codec = Codec::serde::<Article>();
            let mut bytes = codec.encode(&article).unwrap();
            for end in 0..bytes.len() {
                prop_assert!(codec.decode(&bytes[..end]).is_err());
            }
            for at in 0..bytes.len() {
                bytes[at] ^= flip;
                let _ = codec.decode(&bytes);
                bytes[at] ^= flip;
            }
            bytes.push(0xc0);
            prop_assert!(codec.decode(&bytes).is_err());
        }

        #[test]
        fn anything_is_a_value_or_none(bytes in vec(any::<u8>(), 0..100)) {
            let _ = Codec::serde::<Article>().decode(&bytes);
            let _ = Codec::serde::<Deep>().decode(&bytes);
            let _ = Codec::serde::<serde_json::Value>().decode(&bytes);
        }

        /// What the look-over lets pass has no lengths that lie, so that a decoder of anything goes to the end of it.
        #[test]
        fn the_look_over_agrees_with_the_decoder(bytes in vec(any::<u8>(), 0..40)) {
            let ignored = rmp_serde::from_slice::<serde::de::IgnoredAny>(&bytes);
            if skim::check(&bytes).is_ok() {
                prop_assert!(ignored.is_ok(), "{ignored:?}");
            }
        }
    }

    #[test]
    fn some_is_told_from_none() {
        refuses_a_some_of_nothing([
            Codec::serde::<Option<Option<u8>>>(),
            Codec::serde::<Option<()>>(),
            Codec::serde::<Option<serde_json::Value>>(),
            Codec::serde::<Inside>(),
        ]);
    }

    proptest! {
        #[test]
        fn nothing_but_some_is_changed(article in articles()) {
            let plain = rmp_serde::to_vec_named(&article).unwrap();
            prop_assert_eq!(Codec::serde::<Article>().encode(&article).unwrap(), plain);
        }
    }

    #[test]
    fn fields_go_by_their_names() {
        #[derive(Serialize)]
        struct Before {
            title: &'static str,
            id: i32,
            gone: bool,
        }
        let bytes = rmp_serde::to_vec_named(&Before { title: "a", id: 3, gone: true }).unwrap();
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct After {
            id: i64,
            title: String,
            new: Option<u8>,
        }
        let after = Codec::serde::<After>().decode(&bytes).unwrap().downcast::<After>().unwrap();
        assert_eq!(*after, After { id: 3, title: "a".to_owned(), new: None });
    }

    #[test]
    fn bytes_of_values_stay() {
        let encoded = Codec::serde::<Kind>().encode(&Kind::Like { id: 7, of: None }).unwrap();
        assert_eq!(encoded, b"\x81\xa4Like\x82\xa2id\x07\xa2of\xc0");
    }

    #[test]
    fn lengths_that_lie_are_not_believed() {
        for lie in [
            &b"\xdd\xff\xff\xff\xff"[..],
            b"\xdf\xff\xff\xff\xff\xc0",
            b"\xc6\xff\xff\xff\xff",
            b"\xdb\xff\xff\xff\xff",
            b"\xc9\xff\xff\xff\xff\x01",
            b"\xdc\xff\xff\x01",
            b"\x92\x01",
            b"\x81\x01",
            b"\xc1",
            b"\xca\0",
        ] {
            assert!(skim::check(lie).is_err(), "{lie:?}");
            assert!(Codec::serde::<Vec<u64>>().decode(lie).is_err(), "{lie:?}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let codec = Codec::serde::<Deep>();
        assert_eq!(through(codec, &deep(skim::MAX_DEPTH)), Ok(deep(skim::MAX_DEPTH)));
        assert!(codec.encode(&deep(skim::MAX_DEPTH + 1)).unwrap_err().contains("too deep"));
        let bytes = [&[0x91; 1 << 20][..], &[0x90]].concat();
        assert!(codec.decode(&bytes).unwrap_err().contains("too deep"));
    }
}

#[cfg(not(feature = "shared"))]
#[test]
fn message_pack_names_its_feature() {
    assert!(Codec::serde::<u8>().encode(&3u8).unwrap_err().contains("feature `shared`"));
    assert!(Codec::serde::<u8>().decode(&[3]).unwrap_err().contains("feature `shared`"));
}
