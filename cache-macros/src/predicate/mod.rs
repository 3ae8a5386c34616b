//! `dependencies! { article: category_id = 3 && status in [1, 2]; comment; tag "x" }`

mod expand;
mod parse;

use proc_macro2::TokenStream;
use syn::parse::Parser;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match parse::items.parse2(input) {
        Ok(items) => expand::items(&items),
        Err(error) => {
            let error = error.into_compile_error();
            quote::quote!({ #error ::cache_core::Dependencies::none() })
        }
    }
}

/// One table with a predicate, or a tag.
#[derive(Debug)]
pub(crate) enum Item {
    Table(Name, Option<Box<Condition>>),
    Tag(Box<syn::Expr>),
}

/// A table or column, as an identifier or as text.
#[derive(Debug)]
pub(crate) struct Name {
    text: String,
    span: proc_macro2::Span,
}

#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test(Name, Box<Test>),
}

/// What is asked of a column; the name is that of the method of `ColumnRef`.
#[derive(Debug)]
pub(crate) enum Test {
    Unary(&'static str),
    Binary(&'static str, syn::Expr),
    List(&'static str, Vec<syn::Expr>),
    Each(&'static str, syn::Expr),
    Between(syn::Expr, syn::Expr),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(input: &str) -> String {
        expand(input.parse().unwrap()).to_string().replace(' ', "")
    }

    fn error(input: &str) -> String {
        parse::items.parse2(input.parse().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn commas_bind_loosest_then_or_then_and() {
        let text = expanded("t: a = 1 || b = 2 && c = 3, d = 4");
        let (a, b, c, d) =
            (r#"column("a").eq(1)"#, r#"column("b").eq(2)"#, r#"column("c").eq(3)"#, r#"column("d").eq(4)"#);
        let either = text.find("Either").unwrap();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} in {text}"));
        assert!(
            text.find("All").unwrap() < either && either < at(a) && at(a) < at(b) && at(b) < at(c) && at(c) < at(d)
        );
        assert_eq!(text.matches("All").count(), 2);
    }

    #[test]
    fn every_operator_has_its_method() {
        for (input, method) in [
            ("t: a = 1", "eq(1)"),
            ("t: a == x.y()", "eq(x.y())"),
            ("t: a != 1", "ne(1)"),
            ("t: a < -1", "lt(-1)"),
            ("t: a <= 1", "le(1)"),
            ("t: a > 1", "gt(1)"),
            ("t: a >= 1 + 2", "ge(1+2)"),
            ("t: a between 1 and x", "between(1,x)"),
            ("t: a not between 1 and x", "Not"),
            ("t: a starts_with \"x\"", "starts_with(\"x\")"),
            ("t: a is null", "is_null()"),
            ("t: a is not null", "is_not_null()"),
            ("t: a in (list)", "is_in(list)"),
            ("t: a in list.iter()", "is_in(list.iter())"),
            ("t: a not in (list)", "not_in(list)"),
            ("t: a in [1, x]", "is_in([::cache_core::Value::from(1),::cache_core::Value::from(x)])"),
            ("t: a in []", "is_in([]as[::cache_core::Value;0])"),
            ("t: !(a = 1)", "Not"),
            ("\"my table\": \"my column\" = 1", "column(\"mycolumn\")"),
            ("public.article", "table(\"public.article\")"),
            ("tag \"x\"", "tag(\"x\")"),
            ("tag format!(\"user {id}\")", "tag(format!"),
            ("tag", "table(\"tag\")"),
            ("tag: id = 1", "on(\"tag\""),
        ] {
            let text = expanded(input);
            assert!(text.contains(method), "{input}: {text}");
        }
        assert!(expanded("").contains("none()"));
        assert_eq!(expanded("a; b;").matches("table(").count(), 2);
    }

    #[test]
    fn mistakes_name_their_remedy() {
        for (input, part) in [
            ("t: a", "expected a comparison"),
            ("t: a =", "expected a value after `=`"),
            ("t: a = null", "write `is null`"),
            ("t: a != null", "write `is not null`"),
            ("t: a like \"x%\"", "starts_with"),
            ("t: a between 1", "`between` has two ends"),
            ("t: a is 3", "expected `null` or `not null`"),
            ("t: ", "expected a condition"),
            ("t: a = 1 b = 2", "separate conditions"),
            ("t a = 1", "expected `:`"),
            ("t: a = 1 and b = 2", "write `&&`"),
            ("t: a = 1 or b = 2", "write `||`"),
            ("3", "expected a table"),
            ("t: a = foo::<A, B>()", "parentheses"),
            ("t: a is null b", "separate conditions"),
        ] {
            let message = error(input);
            assert!(message.contains(part), "{input}: {message}");
        }
    }
}
