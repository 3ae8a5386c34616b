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
    cache_err: "#[cached_as(q, cache_err = true)] fn f() -> Result<u8, E> { Ok(3) }";
    cache_err_without_none: "#[cached_as(q, cache_err = true, cache_none = false)] fn f() -> Answer { Ok(None) }";
    cache_none: "#[cached_as(q, cache_none = false)] async fn f() -> Option<u8> { None }";
    tags: "#[cached_as(q, tags = [\"front\", format!(\"user-{a}\"), b])] fn f(a: u8, b: &str) -> u8 { 3 }";
    tags_alone: "#[cached(ttl = \"1m\", tags = names(a))] fn f(a: u8) {}";
    cache: "#[cached_as(q, cache = db.cache())] fn f(db: &Db) -> u8 { 3 }";
    codec: "#[cached_as(q, codec = Codec::text())] fn f() -> String { s() }";
    codec_none: "#[cached_as(q, codec = none)] fn f() -> String { s() }";
    extra: "#[cached_as(q, extra = (a, b.id, c.len(), locale(), 7))] fn f(a: u8, b: &User, c: String) -> u8 { 3 }";
    ignore: "#[cached_as(q(db), ignore(db, trace))] fn f(db: &Db, trace: &str) -> u8 { 3 }";
    lock: "#[cached_as(q, lock = shared)] fn f() -> u8 { 3 }";
    lock_none: "#[cached_as(q, lock = none)] fn f() -> u8 { 3 }";
    jitter: "#[cached_as(q, ttl = \"1h\", jitter = spread())] fn f() -> u8 { 3 }";
    stale_if_error: "#[cached_as(q(db), stale_if_error = \"10m\")] fn f(db: &Db) -> Result<u8, E> { db.read() }";
    refresh_ahead: "#[cached_as(q(a, &b), ttl = \"1h\", refresh_ahead = \"5m\")] fn f(a: u8, b: &str) -> u8 { 3 }";
    stale_while_revalidate: "#[cached_as(q(db, &kind), extra = a, stale_while_revalidate = \"30s\")] async fn f(db: &Db, kind: impl Kind, (a, _): (u8, u8)) -> u8 { 3 }";
    soft_timeout: "#[cached_as(q, soft_timeout = \"1s\", stale_if_error = limit)] fn f(db: &impl Db) -> Result<u8, E> { db.read() }";
    hard_timeout: "#[cached_as(q, hard_timeout = \"1s\")] fn f(what: &'static str) -> Result<u8, E> { 3 }";
    depends_in_background: "#[cached_as(depends = |r| q(r, b), extra = a, stale_while_revalidate = \"30s\")] async fn f(a: u8, b: &str) -> u8 { 3 }";
    key: "#[cached_as(q, key = (a.len(), b))] fn f(a: &str, b: u8) -> u8 { 3 }";
    name: "#[cached_as(q, name = \"top articles\", version = \"7\")] fn f() -> u8 { 3 }";
    version: "#[cached_as(q, version = SCHEMA)] fn f() -> u8 { 3 }";
    when: "#[cached_as(q, when = !fresh, ignore(fresh))] fn f(fresh: bool) -> u8 { 3 }";
    reads: "#[cached_as(reads, extra = id)] async fn f(db: &Db, id: u8) -> Result<u8, Error> { db.read(id).await }";
    depends: "#[cached_as(q(a), depends = |found| rows(found, b.id))] async fn f(db: &Db, a: u8, b: &User) -> Option<u8> { read(db, a, b).await }";
    depends_alone: "#[cached_as(depends = |found: &Vec<u8>| { let ids = found.iter(); tagged(ids) })] fn f() -> Vec<u8> { vec![] }";
    verify: "#[cached_as(q, verify = \"log\")] fn f() -> u8 { 3 }";
    verify_given: "#[cached_as(q, verify = Verify::compare().one_in(9))] fn f() -> u8 { 3 }";
    table: "#[cached_as(\"article\", Article)] fn f() -> u8 { 3 }";
    branches: "#[cached_as(if a > 3 { q(a) } else if a > 2 { \"article\" } else { match a { 1 => r(), _ => return none() } })] fn f(a: u8) -> u8 { 3 }";
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
fn companions_of_an_associated_function() {
    let written = expand(
        "#[cached(ttl = \"1m\", companions = methods, cache = cache.0, ignore(cache))]
        pub async fn settled<T: Id>(cache: (&Cache,), (id, _): (T, u8)) -> usize { 3 }",
    );
    let within = quote::quote!(impl Shop { #written });
    insta::assert_snapshot!(pretty(within));
}

#[test]
fn method_in_background() {
    let written = expand(
        "#[cached_as(query(self.id, category), stale_while_revalidate = \"30s\")]
        async fn top(&self, db: &Db, category: &[u8]) -> Result<u8, E> { self.read(db, category) }",
    );
    let within = quote::quote!(impl Shop { #written });
    insta::assert_snapshot!(pretty(within));
}

#[test]
fn rewritten_by_async_trait() {
    let written = expand(
        "#[cached_as(query(self.id, what), cache_none = false)]
        fn find<'life0, 'life1, 'async_trait>(&'life0 self, what: &'life1 str)
            -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Option<u8>> + ::core::marker::Send + 'async_trait>>
        where 'life0: 'async_trait, 'life1: 'async_trait, Self: 'async_trait
        { Box::pin(async move { let __self = self; __self.read(what).await }) }",
    );
    let within = quote::quote!(impl Shops for Shop { #written });
    insta::assert_snapshot!(pretty(within));
}

/// Options that say what holds without them leave nothing behind.
#[test]
fn what_is_not_used_is_not_paid_for() {
    for function in [
        "fn f(id: u8) -> Result<Option<u8>, E> { Ok(None) }",
        "async fn f(id: u8) -> u8 { 3 }",
        "fn f<T: Kind>(&self, id: T) {}",
    ] {
        let bare = expand(&format!("#[cached_as(q(id), extra = self.id)] {function}")).to_string();
        let said = "cache_none = true, cache_err = false, lock = local";
        let told = expand(&format!("#[cached_as(q(id), extra = self.id, {said})] {function}")).to_string();
        assert_eq!(bare, told);
        let hit = bare.split("fn key").next().unwrap().split("fn f_key").next().unwrap();
        for foreign in ["without_none", "with_err", "ViaOk", "tags", "explain", "invalidate_all"] {
            assert!(!hit.contains(foreign), "{foreign}: {hit}");
        }
    }
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
