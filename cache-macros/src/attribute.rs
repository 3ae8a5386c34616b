//! `#[cached_as]` and `#[cached]` from end to end: read, check, expand.

use proc_macro2::TokenStream;
use quote::quote;

use crate::args::Args;
use crate::check::{Attribute, Plan};
use crate::errors::Errors;
use crate::function::Function;
use crate::{debug, expand};

/// The cached function, or the original beside everything that is wrong.
pub(crate) fn expand(attribute: Attribute, options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::read(options, &mut errors);
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.add(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let name = function.signature.ident.to_string();
    match Plan::new(attribute, args, function, &mut errors) {
        Some(plan) if errors.is_empty() => {
            let tokens = expand::expand(&plan);
            debug::print(&name, &tokens);
            tokens
        }
        _ => {
            let errors = errors.into_tokens();
            quote!(#item #errors)
        }
    }
}
