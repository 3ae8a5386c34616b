//! The text of a fragment as bytes: whether it is safe, then itself.

use cache_core::{Codec, Coding};
use minijinja::Value;
use minijinja::value::ValueKind;

pub(super) const CODEC: Codec = Codec::custom(&Coding { id: 1, encode, decode });

const PLAIN: u8 = 0;
const SAFE: u8 = 1;

fn encode(text: &Value) -> Result<Vec<u8>, &'static str> {
    let Some(body) = text.as_str().filter(|_| text.kind() == ValueKind::String) else {
        return Err("a block left something other than text");
    };
    let mut bytes = Vec::with_capacity(body.len() + 1);
    bytes.push(if text.is_safe() { SAFE } else { PLAIN });
    bytes.extend_from_slice(body.as_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Value, &'static str> {
    let [safe @ (PLAIN | SAFE), body @ ..] = bytes else {
        return Err("it does not begin as a fragment does");
    };
    let body = std::str::from_utf8(body).map_err(|_| "it is not text")?;
    Ok(if *safe == SAFE { Value::from_safe_string(body.to_owned()) } else { Value::from(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_safe_as_it_was() {
        for text in ["", "short", "a text that is too long to be kept inside of a value, with <b>umläuts</b>"] {
            for value in [Value::from(text), Value::from_safe_string(text.to_owned())] {
                let decoded = decode(&encode(&value).unwrap()).unwrap();
                assert_eq!((decoded.as_str(), decoded.is_safe()), (Some(text), value.is_safe()));
            }
        }
    }

    #[test]
    fn nothing_else_is_a_text() {
        for value in [Value::from(3), Value::from(()), Value::from_bytes(b"a".to_vec()), Value::from(vec![1])] {
            assert!(encode(&value).is_err(), "{value:?}");
        }
        for bytes in [&b""[..], b"\x02a", b"\x00\xff"] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }
}
