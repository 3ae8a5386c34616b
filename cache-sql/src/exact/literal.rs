//! Lists of literals, as SQLite's `quote()` writes them.

use cache_core::Value;

/// The values of `quote(a) || ',' || quote(b) ..`; `None` for anything else.
pub(super) fn values(text: &str) -> Option<Vec<Option<Value>>> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = value(rest)?;
        values.push(value);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(values),
            None => return None,
        }
    }
}

/// One literal and what follows it; a value that cannot be told is `None` inside.
fn value(text: &str) -> Option<(Option<Value>, &str)> {
    if let Some(inside) = text.strip_prefix('\'') {
        let mut value = String::new();
        let mut parts = inside.split('\'');
        let mut rest = inside;
        loop {
            let part = parts.next()?;
            value.push_str(part);
            rest = rest.get(part.len() + 1..)?;
            if !rest.starts_with('\'') {
                return Some((Some(Value::from(value)), rest));
            }
            value.push('\'');
            rest = &rest[1..];
            parts = rest.split('\'');
        }
    }
    let end = text.find(',').unwrap_or(text.len());
    let (literal, rest) = text.split_at(end);
    let value = match literal {
        "NULL" => Some(Value::Null),
        blob if blob.starts_with("X'") => bytes(blob.strip_prefix("X'")?.strip_suffix('\'')?).map(Value::from),
        number if number.contains(['.', 'e', 'E', 'I', 'i', 'N', 'n']) => {
            number.parse::<f64>().ok().filter(|float| float.is_finite()).map(Value::Float)
        }
        number => number.parse::<i64>().ok().map(Value::from),
    };
    Some((value, rest))
}

/// The bytes of hexadecimal digits.
pub(super) fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    digits.len().is_multiple_of(2).then(|| (0..digits.len()).step_by(2).map(pair).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_they_are_quoted() {
        let text = "NULL,-3,'it''s, ''so''','',X'00FF',1.5,'''',9223372036854775807";
        let expected = [
            Value::Null,
            (-3).into(),
            "it's, 'so'".into(),
            "".into(),
            Value::from(vec![0_u8, 255]),
            Value::Float(1.5),
            "'".into(),
            i64::MAX.into(),
        ];
        assert_eq!(values(text), Some(expected.into_iter().map(Some).collect()));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["'open", "'a'b", "'a',", "X'0"] {
            let values = values(text);
            assert!(values.is_none_or(|values| values.contains(&None)), "{text}");
        }
    }
}
