//! The arguments of a function, by the names that they bind.

use proc_macro2::Span;
use syn::visit::Visit;
use syn::{FnArg, Ident, Pat, PatIdent, ReceiverKind, Signature, Type};

use crate::errors::Errors;
use crate::types;

/// One argument beside `self`.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// What it is called in the signatures that are written.
    pub(crate) variable: Ident,
    /// The names that its pattern binds.
    pub(crate) names: Vec<Ident>,
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
    /// Whether the pattern takes the argument apart.
    pub(crate) destructured: bool,
}

/// Reads the arguments, and refuses what a cached function cannot take.
pub(crate) fn read(signature: &Signature, errors: &mut Errors) -> Vec<Argument> {
    if let Some(variadic) = &signature.variadic {
        errors.push(variadic, "a variadic function cannot be cached; pass a slice");
    }
    let mut arguments = Vec::new();
    for (at, input) in signature.inputs.iter().enumerate() {
        match input {
            FnArg::Receiver(receiver) => check_receiver(receiver, errors),
            FnArg::Typed(typed) => {
                for attribute in &typed.attrs {
                    if attribute.path().is_ident("cfg") {
                        errors.push(
                            attribute,
                            "an argument that exists only sometimes cannot be cached by; put `#[cfg]` on two functions",
                        );
                    }
                }
                arguments.push(argument(at, &typed.pat, &typed.ty));
            }
        }
    }
    arguments
}

fn argument(at: usize, pattern: &Pat, ty: &Type) -> Argument {
    if let Pat::Ident(PatIdent { ident, subpat: None, .. }) = pattern {
        return Argument {
            variable: ident.clone(),
            names: vec![ident.clone()],
            pattern: pattern.clone(),
            ty: ty.clone(),
            destructured: false,
        };
    }
    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    Argument {
        variable: Ident::new(&format!("__argument_{at}"), Span::mixed_site()),
        destructured: !names.0.is_empty(),
        names: names.0,
        pattern: pattern.clone(),
        ty: ty.clone(),
    }
}

struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        // In upper case it is a constant or a variant.
        if !pattern.ident.to_string().starts_with(char::is_uppercase) {
            self.0.push(pattern.ident.clone());
        }
        syn::visit::visit_pat_ident(self, pattern);
    }
}

fn check_receiver(receiver: &syn::Receiver, errors: &mut Errors) {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {}
        ReceiverKind::Reference(_, _, Some(_)) => {
            errors.push(receiver, "a hit would leave out what the method changes in `self`; take `&self`");
        }
        ReceiverKind::Typed(_, ty) if matches!(&**ty, Type::Reference(_)) && !types::is_mutable_borrow(ty) => {}
        _ => errors.push(receiver, "a cached method cannot consume `self`; take `&self`"),
    }
}
