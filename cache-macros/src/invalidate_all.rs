//! The companion `invalidate_all`.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::arguments::Argument;
use crate::check::Plan;
use crate::expand::{internal, patterns};
use crate::generics;
use crate::mention::mentions;

pub(crate) fn expand(plan: &Plan, name: &Ident) -> TokenStream {
    let (function, visibility) = (&plan.function.signature.ident, &plan.function.visibility);
    let about = format!("Drops the results of all calls of `{function}`; how many there were.");
    let arguments = arguments(plan);
    let mut signature = plan.signature(name, &arguments);
    let (inputs, expr) = (&signature.inputs, &plan.cache);
    signature.generics = generics::narrow(&signature.generics, quote!(#inputs #expr), false);
    signature.asyncness = None;
    signature.output = syn::parse_quote!(-> ::core::result::Result<u64, ::cache_core::Error>);
    let (site, cache) = (plan.site(), internal("__cache"));
    let (patterns, source) = (patterns(&arguments), plan.cache(&cache));
    let dropped = if plan.is_async() {
        signature.asyncness = Some(Default::default());
        quote!(::cache_core::__private::invalidate_all_async(#cache, &__CACHE_SITE).await)
    } else {
        quote!(::cache_core::__private::invalidate_all(#cache, &__CACHE_SITE))
    };
    quote! {
        #[doc = #about]
        #visibility #signature {
            #site
            #(#patterns)*
            #source
            #dropped
        }
    }
}

/// Those that say which cache it is.
fn arguments(plan: &Plan) -> Vec<Argument> {
    let Some(cache) = &plan.cache else { return Vec::new() };
    let names = plan.arguments.iter().flat_map(|argument| argument.names.iter().map(ToString::to_string));
    let mentioned = mentions(cache, &names.collect());
    let mentioned: BTreeSet<String> = mentioned.iter().map(|mention| mention.name.to_string()).collect();
    let is_needed = |argument: &&Argument| argument.names.iter().any(|name| mentioned.contains(&name.to_string()));
    plan.arguments.iter().filter(is_needed).cloned().collect()
}
