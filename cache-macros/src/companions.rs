//! `key`, `invalidate`, `refresh`, `uncached` and others, beside the function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident};

use crate::check::{Companions, Plan};
use crate::expand::{Door, without_expectation};
use crate::{explain, generics, invalidate_all};

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let name = &plan.function.signature.ident;
    let visibility = &plan.function.visibility;
    let conditions: Vec<&Attribute> = with_path(plan, &["cfg"]);
    match plan.companions {
        Companions::None => TokenStream::new(),
        Companions::Methods => functions(plan, |word| format_ident!("{name}_{word}")),
        Companions::Type => {
            let functions = functions(plan, |word| Ident::new(word, name.span()));
            let about = format!("What can be done with results of [`{name}`](fn@{name}) besides calling it.");
            quote! {
                #(#conditions)*
                #[doc = #about]
                #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub, dead_code)]
                #visibility enum #name {}

                #(#conditions)*
                impl #name {
                    #functions
                }
            }
        }
    }
}

fn with_path<'a>(plan: &'a Plan, words: &[&str]) -> Vec<&'a Attribute> {
    let is_one = |attribute: &&Attribute| words.iter().any(|word| attribute.path().is_ident(word));
    plan.function.attributes.iter().filter(is_one).collect()
}

fn functions(plan: &Plan, named: impl Fn(&str) -> Ident) -> TokenStream {
    let name = &plan.function.signature.ident;
    let visibility = &plan.function.visibility;
    let conditions = match plan.companions {
        Companions::Methods => with_path(plan, &["cfg"]),
        _ => Vec::new(),
    };
    let lints = with_path(plan, &["allow", "expect", "warn", "deny"]);
    let lints: Vec<TokenStream> = lints.into_iter().map(without_expectation).collect();
    let quiet = quote!(#[allow(dead_code, unreachable_pub, clippy::too_many_arguments)]);

    let (cache, key) = (Ident::new("__cache", Span::mixed_site()), Ident::new("__key", Span::mixed_site()));
    let preparation = plan.key(&plan.key_arguments);
    let unused = quote!(#[allow(unused_variables)]);
    let of_key = key_signature(plan, &named("key"), quote!(::cache_core::Key));
    let of_invalidate = key_signature(plan, &named("invalidate"), quote!(bool));
    let about_key = format!("The key of a call of `{name}`, for `Cache::get`, `Cache::set` and `Cache::delete`.");
    let about_invalidate = format!("Drops the result of one call of `{name}`; whether there was one.");

    let invalidate_all = invalidate_all::expand(plan, &named("invalidate_all"));
    let explain = explain::expand(plan, &named("explain"));

    let refresh_signature = plan.signature(&named("refresh"), &plan.arguments);
    let refresh = plan.call(Door::Refresh);
    let about_refresh = format!("Runs the body of `{name}` whatever is stored, and stores its result.");

    let mut uncached_signature = plan.function.signature.clone();
    uncached_signature.ident = named("uncached");
    let block = &plan.block;
    let about_uncached = format!("Runs the body of `{name}` past the cache.");
    quote! {
        #(#conditions)*
        #[doc = #about_key]
        #quiet
        #unused
        #visibility #of_key {
            #preparation
            #key
        }

        #(#conditions)*
        #[doc = #about_invalidate]
        #quiet
        #unused
        #visibility #of_invalidate {
            #preparation
            #cache.delete(&#key)
        }

        #(#conditions)*
        #[doc = #about_refresh]
        #quiet
        #visibility #refresh_signature {
            #refresh
        }

        #(#conditions)*
        #(#lints)*
        #[doc = #about_uncached]
        #quiet
        #visibility #uncached_signature #block

        #(#conditions)*
        #quiet
        #unused
        #invalidate_all

        #(#conditions)*
        #quiet
        #unused
        #explain
    }
}

/// The signature of a companion that takes what the key is made of.
pub(crate) fn key_signature(plan: &Plan, name: &Ident, output: TokenStream) -> syn::Signature {
    let mut signature = plan.signature(name, &plan.key_arguments);
    let inputs = &signature.inputs;
    let (types, returned) = (&plan.types, plan.output());
    let parts = plan.places.parts.iter().map(ToTokens::to_token_stream);
    let cache = &plan.cache;
    let used = quote!(#inputs #(#types)* #returned #(#parts;)* #cache);
    signature.generics = generics::narrow(&signature.generics, used, true);
    signature.asyncness = None;
    signature.output = syn::parse_quote!(-> #output);
    signature
}
