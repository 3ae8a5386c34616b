use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::{Class, Date, DateTime, Decimal, Instant, Time, Value};

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn whole() -> impl Strategy<Value = i128> {
    prop_oneof![
        -3..=3_i128,
        -10_010..=10_010_i128,
        any::<i64>().prop_map(i128::from),
        any::<i128>(),
        Just(i128::MIN),
        Just(i128::MAX),
        (any::<i8>(), 0..36_u32).prop_map(|(digit, power)| i128::from(digit) * 10_i128.pow(power)),
    ]
}

fn decimal_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+-]?[0-9]{1,4}(\\.[0-9]{0,4})?",
        "[+-]?[0-9]{0,50}\\.[0-9]{1,50}",
        "[+-]?[0-9]{1,3}[eE][+-]?[0-9]{1,3}",
        "[+-]?[0-2]{1,2}\\.[0-2]{1,2}e-?(0|1|19|20|21|22|39|40|41|119|120|121|122)",
    ]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        any::<u64>().prop_map(f64::from_bits),
        Just(0.0),
        Just(-0.0),
        Just(f64::NAN),
        Just(-f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ]
}

fn nanoseconds() -> impl Strategy<Value = i128> {
    const SECOND: i128 = 1_000_000_000;
    prop_oneof![
        -2 * SECOND..2 * SECOND,
        any::<i64>().prop_map(i128::from),
        (any::<i32>(), 0..86_400_i128).prop_map(|(day, second)| (i128::from(day) * 86_400 + second) * SECOND),
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        (-2..3_i64).prop_map(|value| json!(value)),
        (-2..3_i64).prop_map(|value| json!(value as f64)),
        "[ab\"\\\\\n,\\]]{0,3}".prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| json!(items)),
            prop::collection::btree_map("[ab\",:]{0,2}", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(prop_oneof![Just(0), Just(1), Just(255), any::<u8>()], 0..12),
        prop::collection::vec(any::<u8>(), 0..60),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c\u{0}é]{0,12}", ".{0,40}"]
}

fn numbers() -> BoxedStrategy<Value> {
    prop_oneof![
        whole().prop_map(Value::from),
        whole().prop_map(|value| Value::Decimal(value.into())),
        any::<u128>().prop_map(Value::from),
        decimal_text().prop_map(|text| Value::Decimal(decimal(&text))),
    ]
    .boxed()
}

/// Two values of which one begins as the other.
fn extended() -> impl Strategy<Value = (Value, Value)> {
    prop_oneof![
        ("-?[0-9]{1,2}", "[0-9]{0,4}", "[0-9]{0,5}").prop_map(|(whole, fraction, more)| {
            let value = |text: String| Value::Decimal(decimal(&text));
            (value(format!("{whole}.{fraction}")), value(format!("{whole}.{fraction}{more}")))
        }),
        (-99_999..99_999_i128, 0..4_u32, 0..99_i128).prop_map(|(value, places, more)| {
            let shifted = value * 10_i128.pow(places);
            (Value::from(shifted), Value::from(shifted + more * value.signum()))
        }),
        (text(), text()).prop_map(|(text, more)| (Value::from(&text), Value::from(text + &more))),
        (bytes(), bytes()).prop_map(|(bytes, more)| (Value::from(&bytes), Value::from([bytes, more].concat()))),
        nanoseconds().prop_flat_map(|time| (Just(time), 0..3_000_000_000_i128)).prop_filter_map(
            "beyond the last day",
            |(time, more)| {
                let later = Instant::from_nanoseconds(time + more)?;
                Some((Value::from(Instant::from_nanoseconds(time)?), Value::from(later)))
            },
        ),
    ]
}

/// Two values of one class, often equal or close to each other.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let classes: Vec<BoxedStrategy<Value>> = vec![
        Just(Value::Null).boxed(),
        any::<bool>().prop_map(Value::from).boxed(),
        numbers(),
        numbers(),
        float().prop_map(Value::from).boxed(),
        text().prop_map(Value::from).boxed(),
        text().prop_map(|text| Value::Folded(text.into())).boxed(),
        bytes().prop_map(Value::from).boxed(),
        any::<i32>().prop_map(|days| Value::from(Date::from_days(days))).boxed(),
        (0..86_401_000_000_000_u64).prop_map(|time| Value::from(Time::from_nanoseconds(time).unwrap())).boxed(),
        nanoseconds().prop_map(|time| Value::from(DateTime::from_nanoseconds(time).unwrap())).boxed(),
        nanoseconds().prop_map(|time| Value::from(Instant::from_nanoseconds(time).unwrap())).boxed(),
        any::<[u8; 16]>().prop_map(Value::Uuid).boxed(),
        json().prop_map(Value::from).boxed(),
    ];
    let mut pairs: Vec<_> = classes.into_iter().map(|class| (class.clone(), class).boxed()).collect();
    pairs.push(extended().boxed());
    proptest::strategy::Union::new(pairs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn bytes_sort_and_equal_as_values_do((a, b) in pair()) {
        prop_assert_eq!(a.class(), b.class());
        prop_assert_eq!(a.cmp(&b), a.canonical().cmp(&b.canonical()), "{} and {}", a, b);
        prop_assert_eq!(a == b, a.canonical() == b.canonical());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        if a == b {
            prop_assert_eq!(hash(&a), hash(&b));
        }
    }

    #[test]
    fn ordered_prefix_is_monotone((a, b) in pair()) {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        prop_assert!(low.ordered_prefix() <= high.ordered_prefix(), "{} and {}", low, high);
    }

    #[test]
    fn order_is_total_across_classes((a, b) in pair(), (c, _) in pair()) {
        let mut sorted = [a.clone(), b.clone(), c.clone()];
        sorted.sort();
        prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
        prop_assert_eq!(a == c, a.canonical() == c.canonical());
        prop_assert_eq!(a.cmp(&c), a.canonical().cmp(&c.canonical()));
    }

    #[test]
    fn written_bytes_are_the_canonical_ones((a, _) in pair()) {
        let mut written = Vec::new();
        a.write_canonical(&mut written);
        prop_assert_eq!(&written, &a.canonical().to_vec());
    }

    #[test]
    fn numbers_order_as_integers_do(a in whole(), b in whole(), scale in 0..9_usize) {
        let scaled = |value: i128| Value::Decimal(decimal(&format!("{value}.{:0<scale$}", "")));
        prop_assert_eq!(Value::from(a).cmp(&Value::from(b)), a.cmp(&b));
        prop_assert_eq!(Value::from(a).cmp(&scaled(b)), a.cmp(&b));
        prop_assert_eq!(scaled(a).cmp(&Value::from(b)), a.cmp(&b));
        prop_assert_eq!(scaled(a).cmp(&scaled(b)), a.cmp(&b));
        prop_assert_eq!(Value::from(a).canonical().cmp(&scaled(b).canonical()), a.cmp(&b));
        prop_assert_eq!(Decimal::from(a).to_string(), a.to_string());
    }

    /// The reference shifts both numbers to whole ones.
    #[test]
    fn decimals_order_by_value(
        a in -100_000..100_000_i64, a_scale in 0..8_u32,
        b in -100_000..100_000_i64, b_scale in 0..8_u32,
    ) {
        let left = decimal(&format!("{a}e-{a_scale}"));
        let right = decimal(&format!("{b}e-{b_scale}"));
        let reference = (i128::from(a) * 10_i128.pow(8 - a_scale))
            .cmp(&(i128::from(b) * 10_i128.pow(8 - b_scale)));
        prop_assert_eq!(left.cmp(&right), reference);
        prop_assert_eq!(Value::from(left).canonical().cmp(&Value::from(right).canonical()), reference);
    }

    #[test]
    fn decimals_survive_their_text(text in decimal_text()) {
        let value = decimal(&text);
        let printed = value.to_string();
        prop_assert_eq!(&decimal(&printed), &value);
        prop_assert_eq!(decimal(&printed).to_string(), printed.clone());
        prop_assert!(!printed.starts_with('+') && !printed.ends_with('.'), "{}", printed);
        prop_assert_eq!(Value::from(value.clone()).canonical(), Value::from(decimal(&printed)).canonical());
        if let (Ok(exact), Ok(again)) = (text.parse::<f64>(), printed.parse::<f64>()) {
            prop_assert_eq!(exact, again, "{} printed as {}", text, printed);
        }
    }

    #[test]
    fn floats_order_as_numbers_do(a in float(), b in float()) {
        if let Some(order) = a.partial_cmp(&b) {
            prop_assert_eq!(Value::from(a).cmp(&Value::from(b)), order);
        } else {
            prop_assert_eq!(Value::from(a).cmp(&Value::from(b)), a.is_nan().cmp(&b.is_nan()));
        }
    }

    #[test]
    fn texts_order_by_their_bytes(a in text(), b in text()) {
        prop_assert_eq!(Value::from(&a).cmp(&Value::from(&b)), a.as_bytes().cmp(b.as_bytes()));
    }

    #[test]
    fn moments_order_as_their_nanoseconds(a in nanoseconds(), b in nanoseconds()) {
        let value = |time| Value::from(Instant::from_nanoseconds(time).unwrap());
        prop_assert_eq!(value(a).cmp(&value(b)), a.cmp(&b));
    }

    #[test]
    fn dates_survive_their_parts(days in any::<i32>()) {
        let text = Date::from_days(days).to_string();
        let (head, day) = text.rsplit_once('-').unwrap();
        let (year, month) = head.rsplit_once('-').unwrap();
        let again = Date::from_ymd(year.parse().unwrap(), month.parse().unwrap(), day.parse().unwrap());
        prop_assert_eq!(again, Some(Date::from_days(days)));
    }

    #[test]
    fn json_member_order_and_number_form_do_not_count(value in json()) {
        let text = value.to_string().replace(' ', "");
        let again: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Value::from(value), Value::from(again));
    }
}

#[test]
fn numbers_are_one_class_and_other_classes_differ() {
    assert_eq!(Value::from(5), Value::Decimal(decimal("5.00")));
    assert_eq!(Value::Int(0), Value::Decimal(decimal("-0.0e7")));
    assert_ne!(Value::from(5), Value::from(5.0));
    assert_ne!(Value::from("5"), Value::from(5));
    assert_ne!(Value::Null, Value::from(false));
    assert!(matches!(Value::from(u128::MAX), Value::Decimal(_)));
    assert_eq!(Value::from(u128::MAX).to_string(), u128::MAX.to_string());
    assert_eq!(Value::from(i128::MAX as u128), Value::Int(i128::MAX));
}

#[test]
fn nan_is_one_value_and_sorts_last() {
    assert_eq!(Value::from(f64::NAN), Value::from(-f64::NAN));
    assert_eq!(Value::from(0.0), Value::from(-0.0));
    assert!(Value::from(f64::NAN) > Value::from(f64::INFINITY));
}

#[test]
fn json_compares_by_content() {
    let value = |text: &str| Value::Json(Arc::new(serde_json::from_str(text).unwrap()));
    assert_eq!(value(r#"{"a":1,"b":[2.50]}"#), value(r#"{"b":[2.5],"a":1.0}"#));
    assert_ne!(value(r#"["a,b"]"#), value(r#"["a","b"]"#));
    assert_ne!(value(r#""1""#), value("1"));
    assert_ne!(Value::from(json!(null)), Value::Null);
}

/// The bytes are shared between processes and releases: a change here breaks every shared store.
#[test]
fn canonical_bytes_stay_as_they_are() {
    let cases: &[(Value, &[u8])] = &[
        (Value::Null, &[0]),
        (Value::from(true), &[1, 1]),
        (Value::from(0), &[2, 0x80]),
        (Value::from(3), &[2, 0x99, 4]),
        (Value::from(-3), &[2, 0x66, 0xfb, 0xff]),
        (Value::from(1234), &[2, 0x9a, 13, 35]),
        (Value::from(1200), &[2, 0x9a, 13]),
        (Value::Decimal(decimal("0.05")), &[2, 0x98, 6]),
        (Value::Decimal(decimal("12.5")), &[2, 0x99, 13, 51]),
        (Value::Decimal(decimal("1e200")), &[2, 0xf0, 0x80, 0, 0, 101, 2]),
        (Value::Decimal(decimal("-1e-200")), &[2, 0x7e, 0x80, 0, 0, 98, 0xfd, 0xff]),
        (Value::from(1.0), &[3, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0]),
        (Value::from(f64::NAN), &[3, 255, 255, 255, 255, 255, 255, 255, 255]),
        (Value::from("a\0b"), b"\x04a\0b"),
        (Value::from(vec![0_u8, 255]), &[5, 0, 255]),
        (Value::from(Date::from_days(-1)), &[6, 0x7f, 255, 255, 255]),
        (Value::from(Time::from_nanoseconds(258).unwrap()), &[7, 0, 0, 0, 0, 0, 0, 1, 2]),
        (
            Value::from(DateTime::from_nanoseconds(-1).unwrap()),
            &[8, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0x3b, 0x9a, 0xc9, 0xff],
        ),
        (Value::from(Instant::from_nanoseconds(1_000_000_001).unwrap()), &[9, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
        (Value::Uuid([7; 16]), &[10, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]),
        (Value::from(json!({"b": 1.0, "a": "\n"})), b"\x0b{\"a\":\"\\u000a\",\"b\":1}"),
    ];
    for (value, bytes) in cases {
        assert_eq!(value.canonical().as_slice(), *bytes, "{value}");
    }
}

#[test]
fn small_values_need_no_allocation() {
    for value in [Value::from(i64::MIN), Value::from(i128::MIN), Value::Uuid([1; 16])] {
        assert!(!value.canonical().spilled(), "{value}");
    }
}

#[test]
fn literals_read_like_sql() {
    let date = Date::from_ymd(2024, 1, 2).unwrap();
    let time = Time::from_hms(3, 4, 5, 60_000_000).unwrap();
    let moment = DateTime::new(date, time).unwrap();
    let cases = [
        (Value::Null, "NULL"),
        (Value::from(true), "TRUE"),
        (Value::from(-3), "-3"),
        (Value::Decimal(decimal("-0.250")), "-0.25"),
        (Value::from(3.0), "3.0"),
        (Value::from("it's"), "'it''s'"),
        (Value::from(&[0_u8, 255][..]), "x'00ff'"),
        (Value::from(date), "2024-01-02"),
        (Value::from(time), "03:04:05.06"),
        (Value::from(moment), "2024-01-02T03:04:05.06"),
        (Value::from(Instant::from_nanoseconds(-1).unwrap()), "1969-12-31T23:59:59.999999999Z"),
        (Value::Uuid([0x1f; 16]), "1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f"),
        (Value::from(json!({"it": "'"})), "'{\"it\":\"''\"}'"),
    ];
    for (value, literal) in cases {
        assert_eq!(value.to_string(), literal);
    }
}

#[test]
fn decimals_print_short_forms() {
    for (text, printed) in [
        ("0", "0"),
        ("-0.00", "0"),
        ("007", "7"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("-12.340", "-12.34"),
        ("1e3", "1000"),
        ("0.001", "0.001"),
        ("1.50e-2", "0.015"),
        ("12e100", "1.2e101"),
        ("1e-60", "1e-60"),
        ("0e99999999999999999999", "0"),
    ] {
        assert_eq!(decimal(text).to_string(), printed, "{text}");
    }
    for fault in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "NaN", "inf", " 1", "1 ", "1_0", "--1", "1e99999999999"] {
        assert!(fault.parse::<Decimal>().is_err(), "{fault}");
    }
}

#[test]
fn calendars_refuse_what_does_not_exist() {
    assert_eq!(Date::from_ymd(1970, 1, 1).map(Date::days), Some(0));
    assert_eq!(Date::from_ymd(2000, 3, 1).map(Date::days), Some(11_017));
    assert_eq!(Date::from_ymd(1900, 2, 29), None);
    assert_eq!(Date::from_ymd(2024, 13, 1), None);
    assert_eq!(Date::from_ymd(i32::MAX, 1, 1), None);
    assert_eq!(Date::from_ymd(-44, 3, 15).unwrap().to_string(), "-0044-03-15");
    assert_eq!(Time::from_hms(25, 0, 0, 0), None);
    assert_eq!(Time::from_nanoseconds(86_401_000_000_000), None);
    assert_eq!(Instant::from_nanoseconds(i128::MAX), None);
    let midnight = DateTime::new(Date::from_days(0), Time::from_hms(24, 0, 0, 0).unwrap()).unwrap();
    assert_eq!(midnight.to_string(), "1970-01-02T00:00:00");
}

#[test]
fn conversions_keep_the_class() {
    assert_eq!(Value::from(&3_u8), Value::Int(3));
    assert_eq!(Value::from(&&"a"), Value::from("a"));
    assert_eq!(Value::from(Some("a".to_owned())), Value::from('a'));
    assert_eq!(Value::from(None::<&str>), Value::Null);
    assert_eq!(Value::from(&Value::from(1)), Value::from(1));
    assert_eq!(Value::from(0.1_f32), Value::from(f64::from(0.1_f32)));
    assert_eq!(Value::from(json!(1)).class(), Class::Json);
}

#[cfg(feature = "chrono")]
#[test]
fn chrono_types_convert() {
    use chrono::{FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};

    let date = NaiveDate::from_ymd_opt(1969, 12, 31).unwrap();
    assert_eq!(Value::from(date), Value::from(Date::from_days(-1)));
    assert_eq!(Value::from(NaiveDate::MIN).to_string(), NaiveDate::MIN.to_string());
    let time = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
    assert_eq!(Value::from(time).to_string(), "24:00:00.5");
    let moment = date.and_hms_milli_opt(23, 59, 59, 250).unwrap();
    assert_eq!(Value::from(moment).to_string(), "1969-12-31T23:59:59.25");
    let berlin = FixedOffset::east_opt(3_600).unwrap().with_ymd_and_hms(2024, 1, 1, 1, 0, 0).unwrap();
    assert_eq!(Value::from(berlin), Value::from(berlin.with_timezone(&Utc)));
    assert_eq!(Value::from(berlin).to_string(), "2024-01-01T00:00:00Z");
}

#[cfg(feature = "uuid")]
#[test]
fn uuids_convert() {
    let id = uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    assert_eq!(Value::from(id).to_string(), id.to_string());
}
