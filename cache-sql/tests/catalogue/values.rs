//! Values, and how a driver would hand them to each database.

use cache_core::{Date, DateTime, Decimal, Instant, Value};
use cache_sql::Dialect;

/// Numbers that look random and repeat.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub const TEXTS: [&str; 32] = [
    "",
    "a",
    "A",
    "ab",
    "AB",
    "aB ",
    "a ",
    "b",
    "ä",
    "Ä",
    "ss",
    "ß",
    "SS",
    "1",
    "1.0",
    "01",
    "5",
    "2024-01-01",
    "2024-01-02",
    "abc",
    "abcd",
    "a%",
    "a_",
    "a\\",
    "a'b",
    "red",
    "green",
    "RED",
    "foo-bar",
    "foo.bar",
    "\u{e9}",
    "e\u{301}",
];

/// Patterns of LIKE.
pub const PATTERNS: [&str; 12] = ["a%", "A%", "ab%", "%b", "a_", "ä%", "a\\%", "s%", "", "%", "20%", "foo-%"];

/// Values of every class, close to one another.
pub fn values() -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let ints: [i128; 19] = [
        -129,
        -128,
        -1,
        0,
        1,
        2,
        5,
        127,
        128,
        255,
        256,
        1_000,
        32_767,
        32_768,
        65_535,
        2_147_483_648,
        20_240_101,
        9_007_199_254_740_993,
        9_007_199_254_740_992,
    ];
    all.extend(ints.map(Value::Int));
    let decimals = ["0.5", "1.0", "1.25", "1.005", "1.01", "99.99", "999.99", "1000.5", "-0.001", "5.00", "1e-12"];
    all.extend(decimals.map(|text| Value::Decimal(text.parse::<Decimal>().unwrap())));
    all.extend([0.5, 1.0, 5.0, 9_007_199_254_740_993.0].map(Value::Float));
    all.extend(TEXTS.map(Value::from));
    let bytes: [&[u8]; 6] = [b"", b"a", b"A", b"ab", b"a\0", b"a\0\0"];
    all.extend(bytes.map(Value::from));
    all.push(Value::Uuid([b'a'; 16]));
    all.push(Value::Uuid([0x12; 16]));
    all.push(Value::from(&[b'a'; 16][..]));
    all.extend([true, false].map(Value::Bool));
    for day in [19_723, 19_724, -719_162, -800_000] {
        all.push(Value::Date(Date::from_days(day)));
    }
    let noon = (19_723 * 86_400 + 43_200) * 1_000_000_000_i128;
    for off in [0, 1, 1_000, 400_000, 500_000_000, 1_000_000_000, 86_400_000_000_000, -43_200_000_000_000] {
        all.push(Value::DateTime(DateTime::from_nanoseconds(noon + off).unwrap()));
        all.push(Value::Instant(Instant::from_nanoseconds(noon + off).unwrap()));
    }
    all.extend([Value::Null, Value::Null, Value::Null]);
    all
}

/// The text that means this value.
pub fn literal(dialect: Dialect, value: &Value) -> String {
    let postgres = dialect == Dialect::Postgres;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => match number.to_string() {
            whole if !whole.contains('.') => format!("{whole}.0"),
            text => text,
        },
        Value::Float(number) if postgres => format!("{number}::float8"),
        Value::Float(number) => format!("{number:e}"),
        Value::Text(text) if postgres => format!("'{}'", text.replace('\'', "''")),
        Value::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Value::Bytes(bytes) if postgres => format!("'\\x{}'::bytea", hex(bytes)),
        Value::Bytes(bytes) if bytes.is_empty() => "_binary''".into(),
        Value::Bytes(bytes) => format!("x'{}'", hex(bytes)),
        Value::Uuid(bytes) if postgres => format!("'{}'::uuid", hex(bytes)),
        Value::Uuid(bytes) => format!("x'{}'", hex(bytes)),
        Value::Date(date) if postgres => match date.to_string() {
            before if before.starts_with('-') => "'0221-01-01 BC'::date".into(),
            text => format!("'{text}'::date"),
        },
        Value::Date(date) => format!("'{date}'"),
        Value::DateTime(moment) if postgres => format!("'{moment}'::timestamp"),
        Value::DateTime(moment) => format!("TIMESTAMP'{}'", moment.to_string().replace('T', " ")),
        Value::Instant(moment) => format!("'{moment}'::timestamptz"),
        other => panic!("no literal for {other:?}"),
    }
}
