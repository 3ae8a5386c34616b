//! The companion `explain`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::check::Plan;
use crate::companions::key_signature;
use crate::expand::internal;

pub(crate) fn expand(plan: &Plan, name: &Ident) -> TokenStream {
    let (function, visibility) = (&plan.function.signature.ident, &plan.function.visibility);
    let about = format!("What is held of one call of `{function}`, where, since when, and whether it would be served.");
    let mut signature = key_signature(plan, name, quote!(::cache_core::observe::Explanation));
    let (cache, key) = (internal("__cache"), internal("__key"));
    let preparation = plan.key(&plan.key_arguments);
    let explained = if plan.is_async() {
        signature.asyncness = Some(Default::default());
        quote!(#cache.explain_async(&#key).await)
    } else {
        quote!(#cache.explain(&#key))
    };
    quote! {
        #[doc = #about]
        #visibility #signature {
            #preparation
            #explained
        }
    }
}
