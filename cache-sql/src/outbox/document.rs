//! Changes as text.

use cache_core::{Change, Changes, Kind, Row, Table, Value};
use serde_json::{Map, Value as Json, json};

/// The text of changes, as [`changes`] reads it.
///
/// Columns whose values have no exact form in it are left out; that makes the change wider.
pub fn document(changes: &Changes) -> String {
    let parts = changes.as_slice().iter().map(|change| match (change.kind(), change.table_name()) {
        (Kind::Everything, _) | (_, None) => json!({ "everything": true }),
        (_, Some(table)) => match table.as_tag() {
            Some(tag) => json!({ "tag": tag }),
            None if change.images().iter().any(Row::is_empty) => json!({ "table": table.as_str() }),
            None => {
                let rows: Vec<Json> = change.images().iter().map(image).collect();
                json!({ "table": table.as_str(), "rows": rows })
            }
        },
    });
    Json::Array(parts.collect()).to_string()
}

fn image(row: &Row) -> Json {
    let known = row.iter().filter_map(|(column, value)| Some((column.as_str().to_owned(), scalar(value)?)));
    Json::Object(known.collect())
}

fn scalar(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => match i64::try_from(*number) {
            Ok(number) => json!(number),
            Err(_) => json!({ "number": number.to_string() }),
        },
        Value::Decimal(number) => json!({ "number": number.to_string() }),
        Value::Text(text) => json!(&**text),
        Value::Folded(text) => json!({ "folded": &**text }),
        Value::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
        Value::Uuid(bytes) => json!({ "uuid": hex(bytes) }),
        _ => return None,
    })
}

/// What a row of the outbox tells.
///
/// - A text that does not begin with `[` is the name of a table.
/// - Else it is a JSON array of objects: `{"table": "article", "rows": [..]}` with the images of rows before and after, each an object of the
///   columns that are known; without `rows` any row of the table; `{"tag": "front page"}`; `{"everything": true}`.
///
/// A column's value is as it is stored: `null`, a truth value, a whole number, a text; `{"number": "1.50"}`, `{"bytes": "00ff"}`,
/// `{"uuid": "…32 digits…"}`. Whatever is not understood may be anything, up to the whole database: rather too much is dropped than too little.
pub fn changes(text: &str) -> Changes {
    let text = text.trim();
    if !text.starts_with('[') {
        return match text.is_empty() || text.starts_with(['{', '"', '#']) {
            true => Change::everything().into(),
            false => Change::table(text).into(),
        };
    }
    let Ok(Json::Array(parts)) = serde_json::from_str(text) else { return Change::everything().into() };
    parts.iter().flat_map(part).collect()
}

fn part(part: &Json) -> Vec<Change> {
    if let Some(tag) = part.get("tag").and_then(Json::as_str) {
        return vec![Change::tag(tag)];
    }
    let Some(name) = part.get("table").and_then(Json::as_str) else { return vec![Change::everything()] };
    let table = Table::from(name);
    let rows = match part.get("rows") {
        Some(Json::Array(rows)) => rows,
        _ => return vec![Change::table(table)],
    };
    let images = rows.iter().map(|row| match row {
        Json::Object(columns) => Change::inserted(&table, known(columns)),
        _ => Change::table(&table),
    });
    images.collect()
}

fn known(columns: &Map<String, Json>) -> Row {
    columns.iter().filter_map(|(column, value)| Some((column.as_str(), stored(value)?))).collect()
}

fn stored(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        // One with a fraction may have been rounded on its way here.
        Json::Number(number) => Value::Int(number.as_i64().map(i128::from).or(number.as_u64().map(i128::from))?),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(_) => return None,
        Json::Object(typed) => {
            let mut typed = typed.iter();
            let (Some((kind, Json::String(text))), None) = (typed.next(), typed.next()) else { return None };
            match kind.as_str() {
                "number" => Value::Decimal(text.parse().ok()?),
                "folded" => Value::folded(text)?,
                "bytes" => Value::from(bytes(text)?),
                "uuid" => Value::Uuid(bytes(text)?.try_into().ok()?),
                _ => return None,
            }
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    match digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit) {
        true => digits.chunks(2).map(pair).collect(),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use cache_core::Decimal;
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i128>().prop_map(Value::Int),
            any::<i64>().prop_map(Value::from),
            (any::<i32>(), 0..6_u32).prop_map(|(number, scale)| {
                let text = format!("{number}e-{scale}");
                Value::Decimal(text.parse().unwrap_or_else(|_| Decimal::from(i128::from(number))))
            }),
            ".*".prop_map(Value::from),
            "[a-z]{0,6}".prop_map(|text| Value::folded(&text).unwrap()),
            any::<Vec<u8>>().prop_map(Value::from),
            any::<[u8; 16]>().prop_map(Value::Uuid),
            any::<f64>().prop_map(Value::from),
        ]
    }

    fn image() -> impl Strategy<Value = Row> {
        proptest::collection::vec(("[a-z_]{1,5}", value()), 0..4).prop_map(|columns| columns.into_iter().collect())
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            image().prop_map(|row| Change::inserted("article", row)),
            (image(), image()).prop_map(|(before, after)| Change::updated("article", before, after)),
            image().prop_map(|row| Change::deleted("comment", row)),
            Just(Change::table("article")),
            Just(Change::tag("front page")),
            Just(Change::everything()),
        ]
    }

    /// Whether every row of `told` may be one of `read`, which may know less of it.
    fn covers(read: &Row, told: &Row) -> bool {
        read.iter().all(|(column, value)| told.get(column) == Some(value))
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written_or_wider(told in change()) {
            let read = changes(&document(&told.clone().into()));
            prop_assert!(!read.is_empty());
            for image in told.images() {
                let covered = read.as_slice().iter().any(|change| {
                    change.table_name() == told.table_name() && change.images().iter().any(|read| covers(read, image))
                });
                prop_assert!(covered, "{image} is not among {read:?}");
            }
            if told.table_name().is_none() {
                prop_assert_eq!(read.as_slice(), &[Change::everything()]);
            }
        }

        #[test]
        fn anything_else_is_a_change(text in ".*") {
            prop_assert!(text.trim() == "[]" || !changes(&text).is_empty());
        }
    }

    #[test]
    fn exact_values_stay_exact() {
        let row = Row::new()
            .with("a", i128::MAX)
            .with("b", "text")
            .with("c", Value::Null)
            .with("d", true)
            .with("e", Value::Decimal("1.50".parse().unwrap()))
            .with("f", Value::Uuid([7; 16]));
        let told = Change::inserted("article", row);
        assert_eq!(changes(&document(&told.clone().into())).as_slice(), [told]);
    }

    #[test]
    fn what_is_not_understood_is_wider() {
        assert_eq!(changes("Shop.Article").as_slice(), [Change::table("article")]);
        for everything in ["", "{}", "[{}]", "[1]", "[", "#tag", "\"article\""] {
            assert_eq!(changes(everything).as_slice(), [Change::everything()], "{everything}");
        }
        let table = [Change::table("article")];
        for rows in ["1", "{}", "null", "[1]"] {
            assert_eq!(changes(&format!(r#"[{{"table": "article", "rows": {rows}}}]"#)).as_slice(), table, "{rows}");
        }
        let partly = changes(r#"[{"table": "article", "rows": [{"id": 7, "price": 1.1, "made": {"date": "x"}}]}]"#);
        assert_eq!(partly.as_slice(), [Change::inserted("article", Row::from([("id", 7)]))]);
    }
}
