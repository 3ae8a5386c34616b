//! Methods that async-trait has rewritten before the attribute sees them.
//!
//! They are no longer `async`, and return a boxed future with the lifetime `'async_trait`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound};

/// What the future of such a method resolves to; `None` for every other function.
pub(crate) fn output(signature: &Signature) -> Option<Type> {
    let mut lifetimes = signature.generics.lifetimes();
    lifetimes.find(|parameter| parameter.lifetime.ident == "async_trait")?;
    let ReturnType::Type(_, ty) = &signature.output else { return None };
    let Type::TraitObject(object) = argument(argument(ty, "Pin")?, "Box")? else { return None };
    object.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => resolved(bound.path.segments.last()?),
        _ => None,
    })
}

/// A future that is run when it is first polled, as one of an `async fn`.
pub(crate) fn pinned(call: &TokenStream) -> TokenStream {
    quote!(::std::boxed::Box::pin(async move { #call }))
}

/// The type in `name<type>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type in `Future<Output = type>`.
fn resolved(segment: &PathSegment) -> Option<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(output.ty.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolves_to(signature: &str) -> Option<Type> {
        output(&syn::parse_str(signature).unwrap())
    }

    #[test]
    fn only_what_async_trait_writes_is_taken_for_an_async_method() {
        let written = "fn f<'life0, 'async_trait>(&'life0 self) -> ::core::pin::Pin<Box<dyn ::core::future::Future<\
            Output = Result<u8, E> > + ::core::marker::Send + 'async_trait>> where 'life0: 'async_trait, Self: 'async_trait";
        assert_eq!(resolves_to(written), Some(syn::parse_quote!(Result<u8, E>)));
        for other in [
            "fn f() -> Pin<Box<dyn Future<Output = u8>>>",
            "fn f<'async_trait>() -> u8",
            "fn f<'async_trait>() -> Pin<Box<dyn Stream<Item = u8> + 'async_trait>>",
            "async fn f() -> u8",
        ] {
            assert_eq!(resolves_to(other), None, "{other}");
        }
    }
}
