//! Which change takes which entry.

use cache_core::{Cache, Change, Date, DateTime, Decimal, Dependencies, Key, Predicate, Row, Time, Value, column};
use serde_json::json;

/// Entries under names, each with what it depends on.
struct Entries {
    cache: Cache,
    names: Vec<&'static str>,
}

impl Entries {
    fn new<const N: usize>(entries: [(&'static str, Dependencies); N]) -> Self {
        let cache = Cache::in_memory();
        let names = entries.iter().map(|(name, _)| *name).collect();
        for (name, dependencies) in entries {
            cache.entry(Key::new(name)).depends_on(move || dependencies).get_or_fill(|| ());
        }
        let entries = Entries { cache, names };
        assert_eq!(entries.left(), entries.names);
        entries
    }

    fn left(&self) -> Vec<&'static str> {
        let is_left = |name: &&'static str| self.cache.get::<()>(&Key::new(name)).is_some();
        self.names.iter().copied().filter(is_left).collect()
    }

    fn after(&self, change: Change) -> Vec<&'static str> {
        self.cache.invalidate(change).unwrap();
        self.left()
    }
}

fn article(predicate: Predicate) -> Dependencies {
    Dependencies::on("article", predicate)
}

fn is_taken(predicate: Predicate, change: Change) -> bool {
    Entries::new([("entry", article(predicate))]).after(change).is_empty()
}

fn inserted(column: &str, value: impl Into<Value>) -> Change {
    Change::inserted("article", Row::new().with(column, value))
}

#[test]
fn saving_a_row_takes_its_entry_and_no_other() {
    let row = |id: i32| Dependencies::row("article", [("id", id)]);
    let entries = Entries::new([("one", row(1)), ("two", row(2)), ("table", Dependencies::table("article"))]);
    let saved = Row::new().with("id", 1).with("title", "after");
    assert_eq!(
        entries.after(Change::updated("article", Row::new().with("id", 1).with("title", "before"), saved)),
        ["two"]
    );
}

#[test]
fn a_child_takes_the_lists_of_its_parents_old_and_new() {
    let of = |id: i32| article(column("category_id").eq(id));
    let entries = Entries::new([("one", of(1)), ("two", of(2)), ("three", of(3)), ("four", of(4))]);
    assert_eq!(entries.after(inserted("category_id", 4)), ["one", "two", "three"]);
    let moved = Change::updated("article", Row::from([("category_id", 1)]), Row::from([("category_id", 2)]));
    assert_eq!(entries.after(moved), ["three"]);
}

#[test]
fn flipping_a_flag_takes_both_lists() {
    let is = |flag: bool| article(column("published").eq(flag));
    let flipped = Change::updated("article", Row::from([("published", true)]), Row::from([("published", false)]));
    assert_eq!(Entries::new([("yes", is(true)), ("no", is(false))]).after(flipped), [""; 0]);
    assert_eq!(Entries::new([("yes", is(true)), ("no", is(false))]).after(inserted("published", true)), ["no"]);
}

#[test]
fn an_excluded_list_or_null_takes_what_it_should() {
    let stars = || column("stars").not_in([3, 4]) | column("stars").is_null();
    assert!(is_taken(stars(), inserted("stars", 5)));
    assert!(is_taken(stars(), inserted("stars", Value::Null)));
    let with_null = || column("stars").is_in([Some(5), None, Some(3)]) & column("stars").eq(5);
    assert!(is_taken(with_null(), inserted("stars", 5)));
    assert!(!is_taken(with_null(), inserted("stars", 3)));
    assert!(!is_taken(with_null(), inserted("stars", Value::Null)));
}

#[test]
fn a_condition_that_cannot_be_expressed_coarsens_to_the_rest() {
    let compared = || Predicate::Any & column("category_id").eq(3);
    assert!(is_taken(compared(), Change::inserted("article", Row::new().with("category_id", 3).with("stars", 1))));
    assert!(!is_taken(compared(), inserted("category_id", 4)));
    assert!(is_taken(Predicate::Any, inserted("category_id", 4)));
    let or = || Predicate::Any | column("category_id").eq(3);
    assert!(is_taken(or(), inserted("category_id", 4)), "an alternative that may always hold");
}

#[test]
fn a_column_whose_new_value_is_not_known_matches_all_its_conditions() {
    let stars = |n: i32| article(column("stars").eq(n) & column("id").eq(1));
    let entries = Entries::new([("five", stars(5)), ("six", stars(6)), ("row two", article(column("id").eq(2)))]);
    let raised = Change::updated("article", Row::new().with("id", 1).with("stars", 5), Row::new().with("id", 1));
    assert_eq!(entries.after(raised), ["row two"]);
}

#[test]
fn equal_values_match_in_whatever_notation() {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    for value in [Value::from(decimal("5")), decimal("5.000").into(), 5_u8.into(), 5_i64.into()] {
        assert!(is_taken(column("price").eq(5), inserted("price", value.clone())), "{value}");
        assert!(is_taken(column("price").eq(value.clone()), inserted("price", 5)), "{value}");
    }
    assert!(!is_taken(column("price").eq(decimal("5.01")), inserted("price", 5)));
    assert!(is_taken(column("level").eq(0.0), inserted("level", -0.0)));
}

#[test]
fn a_value_told_as_another_type_takes_the_entry_whatever_it_says() {
    let uuid = Value::Uuid([0xab; 16]);
    assert!(is_taken(column("uid").eq(uuid.clone()), inserted("uid", "abababab-abab-abab-abab-abababababab")));
    assert!(is_taken(column("uid").eq("ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB"), inserted("uid", uuid.clone())));
    assert!(is_taken(column("uid").eq(vec![0xab_u8; 16]), inserted("uid", uuid.clone())));
    assert!(!is_taken(column("uid").eq(Value::Uuid([1; 16])), inserted("uid", uuid)));
    assert!(is_taken(column("version").eq("1.10"), inserted("version", 1.1)), "a type with a text form of its own");
    assert!(is_taken(column("price").lt(3), inserted("price", "2.50 €")));
}

#[test]
fn lists_and_documents_as_values_do_not_fail() {
    let tags = |value: serde_json::Value| Value::from(value);
    assert!(is_taken(column("tags").eq(tags(json!([1, 2]))), inserted("tags", tags(json!([1.0, 2])))));
    assert!(!is_taken(column("tags").eq(tags(json!({ "a": 1 }))), inserted("tags", tags(json!({ "a": 2 })))));
    assert!(is_taken(column("tags").eq(tags(json!([1, 2]))), inserted("tags", "[1, 2]")));
}

#[test]
fn dates_times_and_moments_are_conditions() {
    let day = |day| Value::Date(Date::from_ymd(2024, 2, day).unwrap());
    assert!(is_taken(column("day").eq(day(29)), inserted("day", day(29))));
    assert!(!is_taken(column("day").eq(day(29)), inserted("day", day(28))));
    assert!(is_taken(column("day").ge(day(10)) & column("day").lt(day(20)), inserted("day", day(19))));
    assert!(!is_taken(column("day").ge(day(10)) & column("day").lt(day(20)), inserted("day", day(21))));
    let time = |hour| Value::Time(Time::from_hms(hour, 0, 0, 0).unwrap());
    assert!(is_taken(column("opens").le(time(9)), inserted("opens", time(9))));
    assert!(!is_taken(column("opens").le(time(9)), inserted("opens", time(10))));
    let moment = |second: i128| Value::DateTime(DateTime::from_nanoseconds(second * 1_000_000_000).unwrap());
    assert!(is_taken(column("at").between(moment(5), moment(7)), inserted("at", moment(7))));
    assert!(!is_taken(column("at").between(moment(5), moment(7)), inserted("at", moment(8))));
}

#[test]
fn bytes_are_conditions_and_results() {
    let bytes = |text: &[u8]| Value::from(text.to_vec());
    assert!(is_taken(column("hash").eq(bytes(b"\x00\xff")), inserted("hash", bytes(b"\x00\xff"))));
    assert!(!is_taken(column("hash").eq(bytes(b"\x00\xff")), inserted("hash", bytes(b"\x00"))));
    let cache = Cache::in_memory();
    let read = |all: Vec<u8>| cache.entry(Key::new("blob")).get_or_fill(move || all);
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(read(all.clone()), all);
    assert_eq!(read(Vec::new()), all);
}

#[test]
fn conditions_on_the_same_row_narrow_together() {
    let comment = |predicate| Dependencies::on("comment", predicate);
    let both = || comment(column("stars").eq(5) & column("author_id").eq(1));
    let either = || comment(column("stars").eq(5)) | comment(column("author_id").eq(1));
    let entries = Entries::new([("both", both()), ("either", either())]);
    let change = Change::inserted("comment", Row::from([("stars", 5), ("author_id", 2)]));
    assert_eq!(entries.after(change), ["both"]);
    assert_eq!(entries.after(Change::inserted("comment", Row::from([("stars", 5), ("author_id", 1)]))), [""; 0]);
}

#[test]
fn every_table_takes_and_a_prefix_of_its_name_does_not() {
    let entries = Entries::new([
        ("both", Dependencies::table("test") | Dependencies::table("author")),
        ("longer", Dependencies::table("testparent")),
        ("shorter", Dependencies::table("tes")),
    ]);
    assert_eq!(entries.after(Change::table("test")), ["longer", "shorter"]);
    assert_eq!(entries.after(Change::table("testparent")), ["shorter"]);
}

#[test]
fn dependencies_by_hand_are_taken_at_their_word() {
    let entries = Entries::new([("titles", Dependencies::row("article", [("kind", "news")]))]);
    assert_eq!(entries.after(Change::table("comment")), ["titles"]);
    assert_eq!(entries.after(inserted("kind", "essay")), ["titles"]);
    assert_eq!(entries.after(inserted("kind", "news")), [""; 0]);
}

#[test]
fn rows_described_by_a_condition_take_what_they_may_have_been() {
    let stars = |n: i32| article(column("stars").eq(n));
    let entries = Entries::new([("one", stars(1)), ("two", stars(2)), ("null", article(column("stars").is_null()))]);
    let change = Change::matching("article", column("stars").is_in([2, 9]));
    assert_eq!(entries.after(change), ["one", "null"]);
    assert_eq!(entries.after(Change::matching("article", column("stars").is_null())), ["one"]);
}

#[test]
fn what_no_row_satisfies_depends_on_nothing() {
    assert!(column("stars").eq(Value::Null).is_never());
    assert!(column("id").is_in(Vec::<i32>::new()).is_never());
    assert!(column("id").not_in([Some(1), None]).is_never());
    assert!(!is_taken(column("id").is_in(Vec::<i32>::new()), Change::table("article")));
}
