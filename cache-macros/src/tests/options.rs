//! Snapshots of what is written, as a reviewer would like to read it.

use super::{expand, pretty, tokens};

macro_rules! snapshots {
    ($($name:ident: $item:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), pretty(expand($item)), $item);
        }
    )*};
}

snapshots! {
    function: "#[cached_as(query(category), extra = count, ttl = \"15m\")]
        /// Documented.
        #[expect(clippy::ptr_arg)]
        #[cfg(unix)]
        pub fn top(db: &Db, category: i32, count: u64) -> Result<Vec<Model>, DbErr> { db.read(category, count)? }";
    function_async: "#[cached_as(query(category), other)]
        async fn top<T: Kind, C>(db: C, category: &str, what: impl Into<T>) -> Option<T> where C: Copy { early()?; Some(T::new()) }";
    time_only: "#[cached(ttl = \"1h 30m\", idle = limit())] fn rate(from: &str) -> f64 { 1.0 }";
}

/// The function alone, without companions.
macro_rules! options {
    ($($name:ident: $item:literal;)*) => {$(
        #[test]
        fn $name() {
            let item = $item.replacen(")]", ", companions = none)]", 1);
            insta::assert_snapshot!(concat!("option_", stringify!($name)), pretty(expand(&item)), &item);
        }
    )*};
}

options! {
    cache: "#[cached_as(q, cache = db.cache())] fn f(db: &Db) -> u8 { 3 }";
    codec: "#[cached_as(q, codec = Codec::text())] fn f() -> String { s() }";
    codec_none: "#[cached_as(q, codec = none)] fn f() -> String { s() }";
    extra: "#[cached_as(q, extra = (a, b.id, c.len(), locale(), 7))] fn f(a: u8, b: &User, c: String) -> u8 { 3 }";
    ignore: "#[cached_as(q(db), ignore(db, trace))] fn f(db: &Db, trace: &str) -> u8 { 3 }";
    lock: "#[cached_as(q, lock = shared)] fn f() -> u8 { 3 }";
    key: "#[cached_as(q, key = (a.len(), b))] fn f(a: &str, b: u8) -> u8 { 3 }";
    name: "#[cached_as(q, name = \"top articles\", version = \"7\")] fn f() -> u8 { 3 }";
    version: "#[cached_as(q, version = SCHEMA)] fn f() -> u8 { 3 }";
    when: "#[cached_as(q, when = !fresh, ignore(fresh))] fn f(fresh: bool) -> u8 { 3 }";
    patterns: "#[cached_as(q(a), extra = b)] async fn f((a, mut b): (u8, u8), _: u8) -> u8 { b += 1; b }";
}

#[test]
fn method() {
    let written = expand(
        "#[cached_as(query(self.id, category), cache = &self.cache)]
        fn top<const N: usize>(&self, db: &mut Db, category: Category) -> [u8; N] { self.read(db, category) }",
    );
    let within = quote::quote!(impl Shop { #written });
    insta::assert_snapshot!(pretty(within));
}

#[test]
fn derived() {
    let written = crate::derive::expand(tokens(
        "struct Page<'a, T: Copy, I: Iterator> { number: u32, what: &'a [T], item: Option<I::Item>, #[cache_key(skip)] trace: Id }",
    ));
    insta::assert_snapshot!(pretty(written));
}

#[test]
fn derived_for_an_enum() {
    let written = crate::derive::expand(tokens(
        "enum Order { Newest, By(String, bool), Like { id: u8, #[cache_key(skip)] x: u8 } }",
    ));
    insta::assert_snapshot!(pretty(written));
}
