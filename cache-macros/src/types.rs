//! What can be told of a type from its tokens.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use crate::errors::Errors;

const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "str", "String",
];

/// Whether a type is certainly no connection: numbers, text, and references, options and lists of them.
pub(crate) fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_plain(&reference.elem),
        Type::Slice(slice) => is_plain(&slice.elem),
        Type::Array(array) => is_plain(&array.elem),
        Type::Paren(inner) => is_plain(&inner.elem),
        Type::Group(inner) => is_plain(&inner.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Type::Path(path) if path.qself.is_none() => {
            path.path.segments.last().is_some_and(|segment| match &segment.arguments {
                PathArguments::None => path.path.segments.len() == 1 && PLAIN.contains(&&*segment.ident.to_string()),
                PathArguments::AngleBracketed(arguments) => {
                    let wraps = ["Option", "Vec", "Box", "Arc", "Rc"].contains(&&*segment.ident.to_string());
                    let plain =
                        |argument: &GenericArgument| matches!(argument, GenericArgument::Type(ty) if is_plain(ty));
                    wraps && arguments.args.iter().all(plain)
                }
                _ => false,
            })
        }
        _ => false,
    }
}

pub(crate) fn is_mutable_borrow(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_some())
}

pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}

/// Refuses return types of which nothing can be kept. Of a `Result` the error may be anything, unless it is kept too.
pub(crate) fn check_output(output: &ReturnType, keeps_errors: bool, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = output else { return };
    match &**ty {
        Type::Never(_) => errors.push(ty, "a function that never returns has nothing to cache"),
        ty => Output { keeps_errors, errors }.visit_type(ty),
    }
}

struct Output<'a> {
    keeps_errors: bool,
    errors: &'a mut Errors,
}

impl<'ast> Visit<'ast> for Output<'_> {
    fn visit_type_reference(&mut self, ty: &'ast syn::TypeReference) {
        if ty.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static") {
            let message = "a borrowed result cannot outlive the call; return an owned value, or an `Arc` of one";
            self.errors.push(ty, message);
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        if lifetime.ident != "static" {
            let message = "a borrowed result cannot outlive the call; return an owned value, or an `Arc` of one";
            self.errors.push(lifetime, message);
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        if mentions_future(ty) {
            self.errors.push(ty, "a future cannot be cached, its result can; make this an `async fn`");
        } else {
            self.errors.push(ty, "a cached result needs a type with a name; return a named type, such as a `Vec`");
        }
    }

    fn visit_type_trait_object(&mut self, ty: &'ast syn::TypeTraitObject) {
        if mentions_future(ty) {
            let message = "a future cannot be cached, its result can; cache an `async fn` that this function calls";
            self.errors.push(ty, message);
        } else if ["Iterator", "Stream"].iter().any(|name| has_ident(ty.to_token_stream(), name)) {
            self.errors.push(ty, "an iterator is used up by its first caller; collect it, and return a `Vec`");
        }
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        match &segment.arguments {
            // An error is not stored, so it may borrow.
            PathArguments::AngleBracketed(arguments) if segment.ident == "Result" && !self.keeps_errors => {
                if let Some(GenericArgument::Type(value)) = arguments.args.first() {
                    self.visit_type(value);
                }
            }
            PathArguments::Parenthesized(_) => {}
            _ => visit::visit_path_segment(self, segment),
        }
    }

    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
}

/// Whether a reference, which can only be `'static`, stands in what is kept.
///
/// Asking the compiler whether such a type can be made of bytes is an error rather than a no.
pub(crate) fn keeps_reference(output: &ReturnType, keeps_errors: bool) -> bool {
    let mut search = References { keeps_errors, found: false };
    search.visit_return_type(output);
    search.found
}

struct References {
    keeps_errors: bool,
    found: bool,
}

impl<'ast> Visit<'ast> for References {
    fn visit_type_reference(&mut self, _: &'ast syn::TypeReference) {
        self.found = true;
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        match &segment.arguments {
            // An error is not stored.
            PathArguments::AngleBracketed(arguments) if segment.ident == "Result" && !self.keeps_errors => {
                if let Some(GenericArgument::Type(value)) = arguments.args.first() {
                    self.visit_type(value);
                }
            }
            _ => visit::visit_path_segment(self, segment),
        }
    }
}

fn mentions_future(ty: &impl quote::ToTokens) -> bool {
    has_ident(ty.to_token_stream(), "Future")
}

/// Whether an identifier stands anywhere in these tokens.
pub(crate) fn has_ident(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Ident(ident) => ident == wanted,
        proc_macro2::TokenTree::Group(group) => has_ident(group.stream(), wanted),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_types_are_recognised_and_others_left_alone() {
        for ty in
            ["u64", "&str", "&'a [i32]", "Option<&str>", "Vec<String>", "(i32, bool)", "[u8; 4]", "Option<Vec<f64>>"]
        {
            assert!(is_plain(&syn::parse_str(ty).unwrap()), "{ty}");
        }
        for ty in ["&Db", "T", "Vec<Db>", "impl Copy", "&mut Conn", "db::String<u8>", "&dyn Any", "Arc<Db>"] {
            assert!(!is_plain(&syn::parse_str(ty).unwrap()), "{ty}");
        }
    }

    #[test]
    fn references_are_found_in_what_is_kept() {
        for (output, found) in [
            ("", false),
            ("-> Cow<'static, str>", false),
            ("-> Result<Vec<u8>, &'static str>", false),
            ("-> &'static str", true),
            ("-> std::io::Result<Vec<(u8, &'static str)>>", true),
            ("-> Option<[&'static [u8]; 2]>", true),
        ] {
            assert_eq!(keeps_reference(&syn::parse_str(output).unwrap(), false), found, "{output}");
        }
        assert!(keeps_reference(&syn::parse_str("-> Result<Vec<u8>, &'static str>").unwrap(), true));
    }

    #[test]
    fn results_that_cannot_be_kept_are_refused() {
        let errors = |output: &str, keeps_errors| {
            let mut errors = Errors::default();
            check_output(&syn::parse_str(output).unwrap(), keeps_errors, &mut errors);
            errors.messages().len()
        };
        for output in [
            "-> !",
            "-> &str",
            "-> Box<dyn Iterator<Item = u8>>",
            "-> Vec<&'a str>",
            "-> Cow<'a, str>",
            "-> impl Iterator<Item = u8>",
        ] {
            assert_eq!(errors(output, false), 1, "{output}");
        }
        for output in ["", "-> ()", "-> u8", "-> &'static str", "-> fn(&str) -> u8"] {
            assert_eq!(errors(output, false), 0, "{output}");
        }
        for output in ["-> Result<u8, E<'a>>", "-> Result<Vec<u8>, &'a str>"] {
            assert_eq!((errors(output, false), errors(output, true)), (0, 1), "{output}");
        }
    }
}
