//! The macros of `cache-core`, which re-exports them; use them from there.
//!
//! With the environment variable `CACHE_MACROS_DEBUG=1` the compiler prints what they write; any other
//! value chooses functions by a part of their names.

#![deny(missing_docs)]

mod args;
mod arguments;
mod attribute;
mod boxed;
mod check;
mod companions;
mod debug;
mod derive;
mod errors;
mod expand;
mod explain;
mod function;
mod generics;
mod grace;
mod invalidate_all;
mod kept;
mod lifetime;
mod mention;
mod owned;
mod place;
mod predicate;
mod queryset;
mod reading;
mod tags;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/cached_as.md")]
#[proc_macro_attribute]
pub fn cached_as(options: TokenStream, function: TokenStream) -> TokenStream {
    attribute::expand(check::Attribute::CachedAs, options.into(), function.into()).into()
}

#[doc = include_str!("../docs/cached.md")]
#[proc_macro_attribute]
pub fn cached(options: TokenStream, function: TokenStream) -> TokenStream {
    attribute::expand(check::Attribute::Cached, options.into(), function.into()).into()
}

#[doc = include_str!("../docs/dependencies.md")]
#[proc_macro]
pub fn dependencies(input: TokenStream) -> TokenStream {
    predicate::expand(input.into()).into()
}

#[doc = include_str!("../docs/cache_key.md")]
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn cache_key(input: TokenStream) -> TokenStream {
    derive::expand(input.into()).into()
}
