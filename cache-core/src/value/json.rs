//! One text for each JSON document: members sorted, no white space.

use std::fmt::Write;

use super::Decimal;

/// How [`write_json`] treats numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// `1`, `1.0` and `1e0` are one number, as databases compare them.
    ByValue,
    /// They differ, as they do for code that reads them.
    AsWritten,
}

pub(crate) fn write_json(value: &serde_json::Value, numbers: Numbers, out: &mut String) {
    match value {
        serde_json::Value::Null => out.push_str("null"),
        serde_json::Value::Bool(true) => out.push_str("true"),
        serde_json::Value::Bool(false) => out.push_str("false"),
        serde_json::Value::Number(number) => write_number(number, numbers, out),
        serde_json::Value::String(text) => write_string(text, out),
        serde_json::Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, numbers, out);
            }
            out.push(']');
        }
        serde_json::Value::Object(members) => {
            // A map keeps the order of insertion when some crate of the build asks for it.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write_json(member, numbers, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &serde_json::Number, numbers: Numbers, out: &mut String) {
    let text = number.to_string();
    match (numbers, text.parse::<Decimal>()) {
        (Numbers::ByValue, Ok(decimal)) => write!(out, "{decimal}").unwrap_or_default(),
        _ => out.push_str(&text),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\x1f' => {
                write!(out, "\\u{:04x}", u32::from(character)).unwrap_or_default();
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
