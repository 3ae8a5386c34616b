//! A look at what was written: `CACHE_MACROS_DEBUG=1`, or a part of the function's name.

use proc_macro2::TokenStream;

pub(crate) fn print(name: &str, tokens: &TokenStream) {
    let Ok(wanted) = std::env::var("CACHE_MACROS_DEBUG") else { return };
    if wanted == "1" || !wanted.is_empty() && name.contains(&wanted) {
        eprintln!("// what was written for `{name}`\n{tokens}\n");
    }
}
