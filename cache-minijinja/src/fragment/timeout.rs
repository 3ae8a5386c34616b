//! How long a fragment may be served.

use std::time::Duration;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::error::{Error, ErrorKind};

/// Reads seconds, or a text like `15m` or `1h30m`.
pub(super) fn timeout(value: &Value) -> Result<Option<Duration>, Error> {
    let duration = match value.kind() {
        ValueKind::None => return Ok(None),
        ValueKind::Number => {
            f64::try_from(value.clone()).ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        }
        ValueKind::String => value.as_str().and_then(text),
        _ => None,
    };
    duration.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Argument,
            format!("`timeout` is {value:?}: give seconds, or a text like \"15m\" or \"1h30m\""),
        )
    })
}

fn text(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    if let Ok(seconds) = rest.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit_and_more = rest[digits..].trim_start();
        let end = unit_and_more.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit_and_more.len());
        let milliseconds: u64 = match &unit_and_more[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(milliseconds)?))?;
        rest = unit_and_more[end..].trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (value, expected) in [
            (Value::from(60), Some(60_000)),
            (Value::from(1.5), Some(1_500)),
            (Value::from(0), Some(0)),
            (Value::from("15m"), Some(900_000)),
            (Value::from("1h30m"), Some(5_400_000)),
            (Value::from("1h 30 min"), Some(5_400_000)),
            (Value::from("500ms"), Some(500)),
            (Value::from("90"), Some(90_000)),
            (Value::from(()), None),
        ] {
            let duration = timeout(&value).expect("readable");
            assert_eq!(duration, expected.map(Duration::from_millis), "{value:?}");
        }
        for value in [
            Value::from(-1),
            Value::from(f64::NAN),
            Value::from(true),
            Value::from(""),
            Value::from("soon"),
            Value::from("5x"),
            Value::from("m"),
            Value::from("99999999999999999999s"),
            Value::UNDEFINED,
        ] {
            assert!(timeout(&value).is_err(), "{value:?}");
        }
    }
}
