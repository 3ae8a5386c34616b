//! Generic parameters of the functions that are written beside the original.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics};

use crate::types::has_ident;

/// `::<T, N>`, or nothing.
pub(crate) fn turbofish(generics: &Generics) -> TokenStream {
    let names: Vec<TokenStream> = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(ty) => Some(ty.ident.to_token_stream()),
            GenericParam::Const(constant) => Some(constant.ident.to_token_stream()),
        })
        .collect();
    if names.is_empty() { TokenStream::new() } else { quote!(::<#(#names),*>) }
}

/// Only the type parameters that `used` or the bounds of such need, so that none is left that cannot be inferred. The
/// constants are kept if they tell calls apart, else they are chosen in the same way.
pub(crate) fn narrow(generics: &Generics, used: TokenStream, keeps_constants: bool) -> Generics {
    let mut kept = used;
    loop {
        let mut grown = false;
        for parameter in &generics.params {
            if let GenericParam::Type(ty) = parameter {
                let bounds = &ty.bounds;
                let bounds = quote!(#bounds);
                let needs_more = has_ident(kept.clone(), &ty.ident.to_string())
                    && generics.type_params().any(|other| {
                        let name = other.ident.to_string();
                        has_ident(bounds.clone(), &name) && !has_ident(kept.clone(), &name)
                    });
                if needs_more {
                    kept.extend(bounds);
                    grown = true;
                }
            }
        }
        if !grown {
            break;
        }
    }
    let is_kept = |parameter: &GenericParam| match parameter {
        GenericParam::Type(ty) => has_ident(kept.clone(), &ty.ident.to_string()),
        GenericParam::Const(constant) => keeps_constants || has_ident(kept.clone(), &constant.ident.to_string()),
        GenericParam::Lifetime(_) => true,
    };
    let dropped: Vec<String> = generics
        .params
        .iter()
        .filter(|parameter| !is_kept(parameter))
        .filter_map(|parameter| match parameter {
            GenericParam::Type(ty) => Some(ty.ident.to_string()),
            GenericParam::Const(constant) => Some(constant.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let mut narrowed = generics.clone();
    narrowed.params = generics.params.iter().filter(|parameter| is_kept(parameter)).cloned().collect();
    if let Some(clause) = &mut narrowed.where_clause {
        let is_possible = |tokens: TokenStream| !dropped.iter().any(|name| has_ident(tokens.clone(), name));
        clause.predicates =
            clause.predicates.iter().filter(|predicate| is_possible(predicate.to_token_stream())).cloned().collect();
    }
    narrowed
}
