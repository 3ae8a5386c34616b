//! Times to live as they are written: `"15m"`, `"1h 30m"`, `"250ms"`.

use std::time::Duration;

/// What a text stands for, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let example = "write a number and a unit, such as \"15m\" or \"1h 30m\" (ms, s, m, h, d, w)";
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err(format!("an empty time; {example}"));
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        if number.is_empty() {
            return Err(format!("`{text}` is not a time; {example}"));
        }
        let too_long = || format!("`{text}` is longer than a time can be");
        let number: u64 = number.parse().map_err(|_| too_long())?;
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" | "sec" | "second" | "seconds" => 1_000,
            "m" | "min" | "minute" | "minutes" => 60_000,
            "h" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "w" | "week" | "weeks" => 604_800_000,
            "" => return Err(format!("`{number}` has no unit; {example}")),
            _ => return Err(format!("`{unit}` is not a unit of time; {example}")),
        };
        let length = number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(too_long)?;
        total = total.checked_add(length).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_add_up() {
        for (text, seconds) in
            [("15m", 900.0), ("1h 30m", 5400.0), ("1h30m", 5400.0), ("250ms", 0.25), ("2 days", 172800.0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("", "empty"),
            ("15", "`15` has no unit"),
            ("15 lightyears", "`lightyears` is not a unit"),
            ("soon", "`soon` is not a time"),
            ("-3s", "`-3s` is not a time"),
            ("99999999999999999999s", "longer than"),
            ("9999999999999999999w", "longer than"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
