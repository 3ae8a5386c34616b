//! Times to live as they are written: `15m`, `1h30m`, `250ms`. The macros read the same grammar.

use std::time::Duration;

const EXAMPLE: &str = "write a number and a unit, such as `15m` or `1h 30m` (ms, s, m, h, d, w)";

/// What a text stands for, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err(format!("an empty time; {EXAMPLE}"));
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit());
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        if number.is_empty() {
            return Err(format!("`{text}` is not a time; {EXAMPLE}"));
        }
        let too_long = || format!("`{text}` is longer than a time can be");
        let number: u64 = number.parse().map_err(|_| too_long())?;
        let length = number.checked_mul(milliseconds(number, unit)?).map(Duration::from_millis).ok_or_else(too_long)?;
        total = total.checked_add(length).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    Ok(total)
}

fn milliseconds(number: u64, unit: &str) -> Result<u64, String> {
    Ok(match unit {
        "ms" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 604_800_000,
        "" => return Err(format!("`{number}` has no unit; {EXAMPLE}")),
        _ => return Err(format!("`{unit}` is not a unit of time; {EXAMPLE}")),
    })
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}
