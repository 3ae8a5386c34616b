//! Whatever is wrong, the function is still there, and everything is said.

use quote::ToTokens;

use super::{expand, tokens};

fn messages(item: &str) -> Vec<String> {
    let text = expand(item).to_string();
    let found = text.split("compile_error ! { \"").skip(1);
    found.map(|rest| rest.split("\" }").next().unwrap().replace("\\\"", "\"")).collect()
}

#[test]
fn the_function_stays_as_it_was() {
    for function in [
        "/// Documented.\n#[inline] pub(crate) fn top(category: i32) -> Vec<i32> { vec![category] }",
        "const fn top() -> u8 { 3 }",
        "fn top(&mut self, a: u8) { self.x = a }",
        "struct Top;",
        "fn declared(&self) -> u8;",
        "fn top(count: u8) -> u8 { let x = ; x. }",
        "async fn top(&self, count: u8) -> Result<(), E> where Self: { self. }",
    ] {
        let text = expand(&format!("#[cached_as(nothing = 3)] {function}")).to_string();
        assert!(text.starts_with(&tokens(function).to_token_stream().to_string()), "{text}");
        assert!(text.contains("compile_error"), "{text}");
    }
}

#[test]
fn a_body_that_is_being_typed_is_expanded_round() {
    let text = expand("#[cached_as(query(id))] fn top(id: u8) -> u8 { let x = id.; x + }").to_string();
    assert!(!text.contains("compile_error"), "{text}");
    assert!(text.replace(' ', "").contains("letx=id.;x+}"), "{text}");
    for body in
        ["{ self. }", "{ let x = if self.id", "{ match id { Some( => } }", "{ id.await. }", "{ #[ }", "{ x::<> }"]
    {
        // The compiler itself closes the brackets that are open.
        let Ok(body) = body.parse::<proc_macro2::TokenStream>() else { continue };
        let text =
            expand(&format!("#[cached_as(q(id), ignore(self))] async fn top(&self, id: u8) -> u8 {body}")).to_string();
        assert!(!text.contains("compile_error"), "{text}");
        assert!(text.contains("fn top") && text.contains("fn top_uncached"), "{text}");
    }
}

#[test]
fn attributes_of_the_body_stay_first() {
    let text =
        expand("#[cached_as(query(id))] fn top(id: u8) -> u8 { #![allow(unused)] #![cfg(test)] #[x] id }").to_string();
    assert!(text.replace(' ', "").contains("{#![allow(unused)]#![cfg(test)]let_=&id;#[x]id}"), "{text}");
}

#[test]
fn everything_is_said_at_once() {
    let found = messages(
        "#[cached_as(ttl = 15, tll = 3, ignore(db), extra)] const unsafe fn top(a: i32, b: &str) -> &str { b }",
    );
    for part in [
        "`ttl = 15` has no unit",
        "did you mean `ttl`?",
        "no argument `db`",
        "`extra` needs a value",
        "needs a queryset",
        "remove `const`",
        "what makes the call unsafe",
        "cannot outlive the call",
        "differ in `a`",
        "differ in `b`",
    ] {
        assert!(found.iter().any(|message| message.contains(part)), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 10, "{found:#?}");
}

#[test]
fn places_of_arguments() {
    for (item, part) in [
        ("#[cached_as(q, extra = a)] fn f(a: u8, b: u8) -> u8 {}", Some("differ in `b`")),
        ("#[cached_as(q(a, &b))] fn f(a: u8, b: String) -> u8 {}", None),
        ("#[cached_as(q(|a| a + 1))] fn f(a: u8) -> u8 {}", None),
        ("#[cached_as(q.a().b(3))] fn f(a: u8) -> u8 {}", Some("differ in `a`")),
        ("#[cached_as(q, extra = format!(\"{a}\"))] fn f(a: u8) -> u8 {}", None),
        ("#[cached_as(q)] fn f(db: &Db) -> u8 {}", None),
        ("#[cached_as(q)] fn f(_: u8) -> u8 {}", None),
        ("#[cached_as(q, extra = a)] fn f((a, b): (u8, u8)) -> u8 {}", Some("differ in `b`")),
        ("#[cached_as(q, ignore(b), extra = a)] fn f((a, b): (u8, u8)) -> u8 {}", None),
        ("#[cached_as(q, ignore(self))] fn f(&self) -> u8 {}", None),
        ("#[cached_as(q, extra = self.id)] fn f(&self) -> u8 {}", None),
        ("#[cached_as(q)] fn f(&self) -> u8 {}", Some("extra = self.id")),
        ("#[cached_as(q, key = a.len(), ignore(b))] fn f(a: &str, b: u8) -> u8 {}", None),
        ("#[cached_as(q(b), key = a)] fn f(a: u8, b: u8) -> u8 {}", Some("add it to `key`")),
        ("#[cached_as(q(b), extra = b.len(), ignore(b))] fn f(b: &str) -> u8 {}", None),
        ("#[cached_as(q, extra = &b, ignore(b))] fn f(b: &str) -> u8 {}", Some("both in `extra`")),
        ("#[cached_as(tags = a)] fn f(a: &str) -> u8 {}", None),
        ("#[cached_as(tags = [format!(\"{a}\"), \"x\"])] fn f(a: u8) -> u8 {}", None),
        ("#[cached_as(tags = \"x\")] fn f(a: u8) -> u8 {}", Some("differ in `a`")),
        ("#[cached_as(tags = \"x\")] fn f() {}", None),
        ("#[cached(tags = \"x\")] fn f() {}", Some("say how long")),
        ("#[cached_as(q, cache_err = 1)] fn f() {}", Some("is `true` or `false`")),
        ("#[cached(ttl = \"1m\")] fn f(a: u8, b: &str) -> u8 {}", None),
        ("#[cached(ttl = \"1m\")] fn f(a: &mut u8) -> u8 {}", Some("leave out what the function changes")),
    ] {
        let found = messages(item);
        match part {
            Some(part) => assert!(found.len() == 1 && found[0].contains(part), "{item}: {found:?}"),
            None => assert!(found.is_empty(), "{item}: {found:?}"),
        }
    }
}
