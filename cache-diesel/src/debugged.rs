//! Reading back what `derive(Debug)` wrote of a value that is bound to a statement of SQLite.
//!
//! Whatever is not exactly of the expected form is unknown.

use cache_core::Value;

/// The value behind `I32(5)`, `I64(5)`, `F64(0.5)`, `String("..")`, `Binary([1, 2])` and `Null`.
pub(crate) fn value(shown: &str) -> Option<Value> {
    if shown == "Null" {
        return Some(Value::Null);
    }
    let (variant, inner) = shown.strip_suffix(')')?.split_once('(')?;
    match variant {
        "I32" => whole(inner, inner.parse::<i32>().ok()?.into()),
        "I64" => whole(inner, inner.parse().ok()?),
        "F64" => float(inner),
        "String" => text(inner).map(Value::from),
        "Binary" => bytes(inner).map(Value::from),
        _ => None,
    }
}

fn whole(shown: &str, value: i64) -> Option<Value> {
    (value.to_string() == shown).then(|| Value::from(value))
}

/// SQLite binds NaN as NULL.
fn float(shown: &str) -> Option<Value> {
    let value: f64 = shown.parse().ok()?;
    if value.is_nan() {
        return Some(Value::Null);
    }
    (format!("{value:?}") == shown).then(|| Value::from(value))
}

fn bytes(shown: &str) -> Option<Vec<u8>> {
    let inner = shown.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    inner.split(", ").map(|byte| byte.parse().ok()).collect()
}

/// The text behind a literal as `str`'s `Debug` writes it.
fn text(shown: &str) -> Option<String> {
    let inner = shown.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(next) = rest.next() {
        match next {
            '"' => return None,
            '\\' => text.push(escaped(&mut rest)?),
            other => text.push(other),
        }
    }
    // The proof that nothing was misread.
    (format!("{text:?}") == shown).then_some(text)
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '0' => Some('\0'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'n' => Some('\n'),
        '\\' => Some('\\'),
        '\'' => Some('\''),
        '"' => Some('"'),
        'u' => {
            let braced = rest.as_str().strip_prefix('{')?;
            let (digits, _) = braced.split_once('}')?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            rest.nth(digits.chars().count() + 1)?;
            char::from_u32(code)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cache_core::Value;
    use diesel::query_builder::QueryFragment;
    use diesel::sql_types::{BigInt, Binary, Bool, Double, Integer, Nullable, SmallInt, Text};
    use diesel::sqlite::Sqlite;
    use diesel::{IntoSql, select};
    use proptest::prelude::*;

    use super::value;
    use crate::backend::CachedBackend;
    use cache_sql::Bind;

    fn bound<Q: QueryFragment<Sqlite>>(query: &Q) -> Bind {
        let mut binds = Sqlite::binds(query).expect("binds");
        assert_eq!(binds.values.len(), 1);
        binds.values.remove(0)
    }

    proptest! {
        #[test]
        fn what_was_bound_is_read_back(
            text in ".*", any_text in any::<String>(), bytes: Vec<u8>, long: i64, int: i32, small: i16, float: f64, flag: bool,
        ) {
            let null: Option<&str> = None;
            prop_assert_eq!(bound(&select(text.as_str().into_sql::<Text>())), Bind::from(text.as_str()));
            prop_assert_eq!(bound(&select(any_text.as_str().into_sql::<Text>())), Bind::from(any_text.as_str()));
            prop_assert_eq!(bound(&select(null.into_sql::<Nullable<Text>>())), Bind::Value(Value::Null));
            prop_assert_eq!(bound(&select(bytes.as_slice().into_sql::<Binary>())), Bind::from(bytes.as_slice()));
            prop_assert_eq!(bound(&select(long.into_sql::<BigInt>())), Bind::from(long));
            prop_assert_eq!(bound(&select(int.into_sql::<Integer>())), Bind::from(int));
            prop_assert_eq!(bound(&select(small.into_sql::<SmallInt>())), Bind::from(small));
            prop_assert_eq!(bound(&select(flag.into_sql::<Bool>())), Bind::from(i64::from(flag)));
            let expected = if float.is_nan() { Bind::Value(Value::Null) } else { Bind::from(float) };
            prop_assert_eq!(bound(&select(float.into_sql::<Double>())), expected);
        }

        #[test]
        fn different_binds_make_different_keys(one in any::<String>(), other in any::<String>(), a: i64, b: i64) {
            let key = |text: &str, number: i64| {
                Sqlite::binds(&select((text.into_sql::<Text>(), number.into_sql::<BigInt>()))).expect("binds").key
            };
            prop_assert_eq!(key(&one, a) == key(&other, b), (one, a) == (other, b));
        }
    }

    #[test]
    fn strange_forms_are_unknown() {
        for strange in [
            "",
            "I32()",
            "I32(x)",
            "I32(5",
            "I64(+5)",
            "F64(x)",
            "String(\"a\"b\")",
            "String(\"\\x\")",
            "String(a)",
            "String(\"\\u{110000}\")",
            "Binary(1)",
            "Binary([256])",
            "Blob([1])",
            "null",
            "I32(05)",
        ] {
            assert_eq!(value(strange), None, "{strange}");
        }
    }
}
