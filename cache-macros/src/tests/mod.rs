//! Tests of whole expansions: what is written for every option, and what is left when something is wrong.

mod mistakes;
mod options;

use proc_macro2::TokenStream;

use crate::attribute;
use crate::check::Attribute;

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// What becomes of the first function in `item`, whose attribute is `#[cached_as(..)]` or `#[cached(..)]`.
fn expand(item: &str) -> TokenStream {
    let rest = item.trim_start().strip_prefix("#[").unwrap();
    let (attribute, rest) = match rest.strip_prefix("cached_as(") {
        Some(rest) => (Attribute::CachedAs, rest),
        None => (Attribute::Cached, rest.strip_prefix("cached(").unwrap()),
    };
    let (options, function) = rest.split_once(")]").unwrap();
    attribute::expand(attribute, tokens(options), tokens(function))
}

fn pretty(tokens: TokenStream) -> String {
    let file: syn::File = syn::parse2(tokens).unwrap();
    prettyplease::unparse(&file)
}
