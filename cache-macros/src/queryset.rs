//! The forms of a queryset: a table by its name, and branches that choose between querysets of different types.

use proc_macro2::Span;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprBlock, Ident, Lit, Stmt, parse_quote, parse_quote_spanned};

use crate::errors::Errors;

/// Macros whose value is never there.
const DIVERGING: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];

/// A queryset in a form that has a method `dependencies`.
pub(crate) fn lower(queryset: Expr, errors: &mut Errors) -> Expr {
    match queryset {
        Expr::Lit(literal) => table(literal, errors),
        Expr::If(_) | Expr::Match(_) => branches(queryset, errors),
        Expr::Block(block) if is_plain(&block) => branches(Expr::Block(block), errors),
        Expr::Paren(mut inner) => {
            inner.expr = Box::new(lower(*inner.expr, errors));
            Expr::Paren(inner)
        }
        Expr::Group(mut inner) => {
            inner.expr = Box::new(lower(*inner.expr, errors));
            Expr::Group(inner)
        }
        other => other,
    }
}

fn table(literal: syn::ExprLit, errors: &mut Errors) -> Expr {
    match &literal.lit {
        Lit::Str(name) if name.value().trim().is_empty() => {
            errors.push(name, "a table has a name: `#[cached_as(\"article\")]`");
        }
        Lit::Str(name) => return parse_quote_spanned!(name.span()=> ::cache_core::Dependencies::table(#name)),
        other => errors.push(
            other,
            "a literal is no queryset, except for a text that names a table, such as \"article\"; for a tag write `Dependencies::tag(\"front-page\")`",
        ),
    }
    Expr::Lit(literal)
}

/// Rows of several types have one type of dependencies: each branch is asked for them.
fn branches(queryset: Expr, errors: &mut Errors) -> Expr {
    match queryset {
        Expr::If(mut chosen) => {
            block(&mut chosen.then_branch, errors);
            let span = chosen.if_token.span();
            chosen.else_branch = Some(match chosen.else_branch.take() {
                Some((word, otherwise)) => (word, Box::new(branches(*otherwise, errors))),
                None => {
                    let none = none(span);
                    (syn::token::Else { span }, Box::new(parse_quote_spanned!(span=> { #none })))
                }
            });
            Expr::If(chosen)
        }
        Expr::Match(mut chosen) => {
            for arm in &mut chosen.arms {
                let body = std::mem::replace(&mut *arm.body, Expr::Verbatim(Default::default()));
                *arm.body = branches(body, errors);
            }
            Expr::Match(chosen)
        }
        Expr::Block(mut chosen) if is_plain(&chosen) => {
            block(&mut chosen.block, errors);
            Expr::Block(chosen)
        }
        end if is_diverging(&end) => end,
        end => asked(&lower(end, errors)),
    }
}

fn block(block: &mut Block, errors: &mut Errors) {
    let span = block.brace_token.span.join();
    match block.stmts.pop() {
        None => block.stmts.push(Stmt::Expr(none(span), None)),
        Some(Stmt::Expr(end, None)) => block.stmts.push(Stmt::Expr(branches(end, errors), None)),
        Some(Stmt::Macro(end)) if end.semi_token.is_none() => {
            let end = Expr::Macro(syn::ExprMacro { attrs: end.attrs, mac: end.mac });
            block.stmts.push(Stmt::Expr(branches(end, errors), None));
        }
        Some(end) => {
            let diverges = match &end {
                Stmt::Expr(end, _) => is_diverging(end),
                Stmt::Macro(end) => diverges(&end.mac),
                _ => false,
            };
            if !diverges {
                errors.push(
                    &end,
                    "a branch of a queryset ends with a queryset; where nothing is depended on, with `Dependencies::none()`",
                );
            }
            block.stmts.push(end);
        }
    }
}

fn is_plain(block: &ExprBlock) -> bool {
    block.label.is_none() && block.attrs.is_empty()
}

fn is_diverging(end: &Expr) -> bool {
    match end {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Macro(end) => diverges(&end.mac),
        _ => false,
    }
}

fn diverges(mac: &syn::Macro) -> bool {
    mac.path.segments.last().is_some_and(|word| DIVERGING.iter().any(|one| word.ident == one))
}

fn none(span: Span) -> Expr {
    parse_quote_spanned!(span=> ::cache_core::Dependencies::none())
}

/// The dependencies of a queryset, or of one in an `Option`.
pub(crate) fn asked(queryset: &Expr) -> Expr {
    let query = Ident::new("__cache_query", queryset.span());
    let dependencies = quote_spanned!(queryset.span()=> #query.dependencies());
    parse_quote! {
        match (&::cache_core::__private::Each(&(#queryset))).each() {
            ::core::option::Option::Some(#query) => #dependencies,
            ::core::option::Option::None => ::cache_core::Dependencies::none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn text(expr: &Expr) -> String {
        expr.to_token_stream().to_string()
    }

    fn lowered(queryset: &str) -> Result<String, Vec<String>> {
        let mut errors = Errors::default();
        let expr = lower(syn::parse_str(queryset).unwrap(), &mut errors);
        let messages = errors.messages();
        if messages.is_empty() { Ok(text(&expr)) } else { Err(messages) }
    }

    #[test]
    fn what_is_no_form_stays_as_it_is() {
        for queryset in ["Article :: find ()", "query (category)", "{ 'a : { q } }"] {
            let expr: Expr = syn::parse_str(queryset).unwrap();
            let expected =
                if queryset.starts_with('{') { text(&branches(expr, &mut Errors::default())) } else { text(&expr) };
            assert_eq!(lowered(queryset), Ok(expected));
        }
    }

    #[test]
    fn every_branch_is_asked() {
        let found =
            lowered("if a { q } else if b { \"article\" } else { match c { 1 => r, _ => return none } }").unwrap();
        assert_eq!(found.matches("each ()").count(), 3, "{found}");
        assert!(found.contains("table (\"article\")"), "{found}");
        assert!(found.contains("_ => return none"), "{found}");
    }

    #[test]
    fn a_missing_branch_depends_on_nothing() {
        for queryset in ["if a { q }", "if a { q } else { }"] {
            assert!(lowered(queryset).unwrap().contains("none ()"), "{queryset}");
        }
    }

    #[test]
    fn a_branch_has_to_end_with_a_queryset() {
        assert!(lowered("if a { q; } else { r }").is_err());
        assert!(lowered("if a { panic!(); } else { r }").is_ok());
        assert!(lowered("if a { 7 } else { r }").is_err());
    }
}
