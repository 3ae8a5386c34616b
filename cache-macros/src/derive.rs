//! `#[derive(CacheKey)]`: every field is a part, and a variant's name before its fields.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Generics, Ident, Member, Path, Token, Type, WherePredicate};

use crate::errors::Errors;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
        errors.push(attribute, "`#[cache_key(skip)]` belongs on a field that the result does not depend on");
    }
    let (body, parts) = match &input.data {
        Data::Struct(data) => {
            let fields = Kept::of(&data.fields, &mut errors);
            if !data.fields.is_empty() && fields.is_empty() {
                errors.push(&input.ident, "every field is skipped, so all values would share one result; keep one");
            }
            let writes = fields.iter().map(|field| {
                write(&field.ty, {
                    let member = &field.member;
                    quote!(&self.#member)
                })
            });
            (quote!(#(#writes)*), fields.iter().map(|field| field.ty.clone()).collect::<Vec<_>>())
        }
        Data::Enum(data) => {
            let mut types = Vec::new();
            let mut arms = Vec::new();
            for variant in &data.variants {
                for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
                    errors.push(
                        attribute,
                        "a variant cannot be skipped: it would share results with others; skip fields of it",
                    );
                }
                let fields = Kept::of(&variant.fields, &mut errors);
                arms.push(arm(&variant.ident, &fields));
                types.extend(fields.into_iter().map(|field| field.ty));
            }
            (quote!(match *self { #(#arms)* }), types)
        }
        Data::Union(data) => {
            errors.push(data.union_token, "a union does not say which field it holds; implement `CacheKey` by hand");
            (TokenStream::new(), Vec::new())
        }
    };
    let (body, failure) =
        if errors.is_empty() { (body, None) } else { (TokenStream::new(), Some(errors.into_tokens())) };
    let generics = with_bounds(input.generics, &parts);
    let (implemented, types, clause) = generics.split_for_impl();
    let name = &input.ident;
    quote! {
        #failure
        #[automatically_derived]
        impl #implemented ::cache_core::CacheKey for #name #types #clause {
            #[allow(unused_variables)]
            fn write_key(&self, key: &mut ::cache_core::KeyWriter) {
                #body
            }
        }
    }
}

/// A field that is part of the key.
struct Kept {
    member: Member,
    ty: Type,
}

impl Kept {
    fn of(fields: &Fields, errors: &mut Errors) -> Vec<Kept> {
        let members = fields.members();
        let kept = fields.iter().zip(members).filter(|(field, _)| !is_skipped(field, errors));
        kept.map(|(field, member)| Kept { member, ty: field.ty.clone() }).collect()
    }
}

fn is_skipped(field: &Field, errors: &mut Errors) -> bool {
    let mut skipped = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
        skipped |= is_skip(attribute, errors);
    }
    skipped
}

fn is_skip(attribute: &Attribute, errors: &mut Errors) -> bool {
    let words = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    match words {
        Ok(words) if words.len() == 1 && words[0].is_ident("skip") => true,
        _ => {
            errors.push(attribute, "the only option of a field is `#[cache_key(skip)]`");
            false
        }
    }
}

fn write(ty: &Type, place: TokenStream) -> TokenStream {
    quote_spanned!(ty.span()=> ::cache_core::CacheKey::write_key(#place, key);)
}

fn arm(variant: &Ident, fields: &[Kept]) -> TokenStream {
    let name = variant.to_string();
    let variables: Vec<Ident> = (0..fields.len()).map(|at| format_ident!("field_{at}")).collect();
    let patterns = fields.iter().zip(&variables).map(|(field, variable)| {
        let member = &field.member;
        quote!(#member: ref #variable)
    });
    let writes = fields.iter().zip(&variables).map(|(field, variable)| write(&field.ty, variable.to_token_stream()));
    quote! {
        Self::#variant { #(#patterns,)* .. } => {
            key.part(#name);
            #(#writes)*
        }
    }
}

/// Bounds for the type parameters and their associated types that kept fields use.
fn with_bounds(mut generics: Generics, parts: &[Type]) -> Generics {
    let parameters: Vec<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let mut search = Parameters { parameters: &parameters, predicates: Vec::new() };
    for ty in parts {
        search.visit_type(ty);
    }
    let mut predicates = search.predicates;
    predicates.sort_by_key(|predicate| predicate.to_token_stream().to_string());
    predicates.dedup();
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

struct Parameters<'a> {
    parameters: &'a [Ident],
    predicates: Vec<WherePredicate>,
}

impl<'ast> Visit<'ast> for Parameters<'_> {
    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        let first = ty.path.segments.first();
        let is_parameter = first.is_some_and(|segment| self.parameters.contains(&segment.ident));
        if ty.qself.is_none() && is_parameter {
            self.predicates.push(syn::parse_quote!(#ty: ::cache_core::CacheKey));
        }
        // A `PhantomData` says nothing about values.
        if ty.path.segments.last().is_none_or(|segment| segment.ident != "PhantomData") {
            visit::visit_type_path(self, ty);
        }
    }
}
