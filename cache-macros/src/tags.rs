//! Free tags: `tags = ..`.

use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit};

use crate::args::Spanned;
use crate::errors::Errors;

/// Tags as querysets: built on a miss, from the arguments, which become part of the key.
pub(crate) fn querysets(option: Option<&Spanned<Expr>>, errors: &mut Errors) -> Vec<Expr> {
    let Some(option) = option else { return Vec::new() };
    let tags: Vec<&Expr> = match &option.value {
        Expr::Array(list) => list.elems.iter().collect(),
        Expr::Tuple(tuple) => {
            errors.push(tuple, "several tags are a list: `tags = [a, b]`");
            return Vec::new();
        }
        one => vec![one],
    };
    if tags.is_empty() {
        errors.push(&option.value, "`tags = []` names no tag; name one or remove it");
    }
    tags.into_iter().filter_map(|tag| queryset(tag, errors)).collect()
}

fn queryset(tag: &Expr, errors: &mut Errors) -> Option<Expr> {
    if let Expr::Lit(ExprLit { lit, .. }) = tag {
        match lit {
            Lit::Str(text) if text.value().is_empty() => {
                errors.push(text, "an empty tag is invalidated by nobody; write the name of one");
                return None;
            }
            Lit::Str(_) => {}
            other => {
                errors.push(other, "a tag is a text, such as `\"front-page\"` or `format!(\"shop-{shop}\")`");
                return None;
            }
        }
    }
    let tokens = quote_spanned!(tag.span()=> ::cache_core::__private::tags(&(#tag)));
    match syn::parse2(tokens) {
        Ok(queryset) => Some(queryset),
        Err(error) => {
            errors.add(error);
            None
        }
    }
}
