//! Calls whose body may go on without the caller, and therefore has arguments of its own.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Receiver, Type};

use crate::arguments::Argument;
use crate::check::{Companions, Plan};
use crate::errors::Errors;
use crate::generics;
use crate::grace::Grace;
use crate::queryset::asked;
use crate::reading::Told;
use crate::types;

/// Refuses what cannot be kept for a run that may outlive the call.
pub(crate) fn check(
    grace: &Grace,
    arguments: &[Argument],
    receiver: Option<&Receiver>,
    companions: Companions,
    errors: &mut Errors,
) {
    let Some(option) = grace.background() else { return };
    if let Some(receiver) = receiver
        && companions == Companions::None
    {
        errors.push(
            receiver.self_token,
            format!(
                "a method with `{option}` runs by its companion `uncached`, and this one has none: remove `companions = none`; \
                 in the `impl` of a trait, call a function of its own that has the option"
            ),
        );
    }
    for argument in arguments {
        let name = &argument.pattern;
        let name = quote!(#name).to_string();
        let why = format!("the body may run after the call has ended, because of `{option}`");
        match &argument.ty {
            ty if types::is_mutable_borrow(ty) => errors.push(
                ty,
                format!(
                    "{why}, and `{name}` is borrowed mutably until then; take a handle that is `Clone`, such as a pool"
                ),
            ),
            ty if argument.destructured && kept_by_reference(ty).is_some() => errors.push(
                &argument.pattern,
                format!("{why}, and what a pattern takes out of a reference cannot be kept; take the argument whole"),
            ),
            ty if borrows(kept_by_reference(ty).unwrap_or(ty)) => errors.push(
                ty,
                format!(
                    "{why}, and what `{name}` borrows cannot be kept; take an owned type, or a plain reference to one"
                ),
            ),
            _ => {}
        }
    }
}

/// What a plain reference refers to; one for ever is kept as it is.
fn kept_by_reference(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(reference) if reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static") => {
            Some(&reference.elem)
        }
        Type::Paren(inner) => kept_by_reference(&inner.elem),
        Type::Group(inner) => kept_by_reference(&inner.elem),
        _ => None,
    }
}

/// Whether a type is seen to borrow for less than ever.
fn borrows(ty: &Type) -> bool {
    let mut search = Borrows(false);
    search.visit_type(ty);
    search.0
}

struct Borrows(bool);

impl<'ast> Visit<'ast> for Borrows {
    fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
        self.0 |= reference.lifetime.is_none();
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        self.0 |= lifetime.ident != "static";
    }

    // A bound says `for<'a> Fn(&'a str)` without borrowing anything.
    fn visit_type_param_bound(&mut self, bound: &'ast syn::TypeParamBound) {
        if let syn::TypeParamBound::Lifetime(lifetime) = bound {
            self.visit_lifetime(lifetime);
        }
    }

    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
}

fn this() -> Ident {
    Ident::new("__this", Span::mixed_site())
}

/// An argument that was kept, as the body takes it.
fn lent(argument: &Argument, place: &TokenStream) -> TokenStream {
    match kept_by_reference(&argument.ty) {
        // What is cloned for an unnamed type is of that type.
        Some(ty) if types::has_impl_trait(ty) => quote!(#place),
        Some(ty) => quote_spanned!(ty.span()=> ::cache_core::__private::lent::<#ty>(#place)),
        None => TokenStream::new(),
    }
}

impl Plan {
    /// Whether the body may go on without its caller.
    pub(crate) fn is_owned(&self) -> bool {
        self.grace.background().is_some()
    }

    fn owned_variables(&self) -> Vec<Ident> {
        let receiver = self.receiver.iter().map(|_| this());
        receiver.chain(self.arguments.iter().map(|argument| argument.variable.clone())).collect()
    }

    /// The arguments as they come, `self` first.
    pub(crate) fn owned_arguments(&self) -> TokenStream {
        let receiver = self.receiver.iter().map(|receiver| &receiver.self_token);
        let variables = self.arguments.iter().map(|argument| &argument.variable);
        quote!((#(#receiver,)* #(#variables,)*))
    }

    /// A closure that makes arguments of one's own of them.
    pub(crate) fn own(&self) -> TokenStream {
        let variables = self.owned_variables();
        let receiver = self.receiver.iter().map(|receiver| {
            let this = Ident::new("__this", Span::mixed_site().located_at(receiver.self_token.span));
            quote_spanned!(receiver.self_token.span=> ::cache_core::__private::kept(#this))
        });
        let kept = self.arguments.iter().map(|argument| {
            let variable = &argument.variable;
            match kept_by_reference(&argument.ty) {
                Some(_) => quote_spanned!(argument.ty.span()=> ::cache_core::__private::kept(#variable)),
                None => quote!(#variable),
            }
        });
        quote!(|(#(#variables,)*)| (#(#receiver,)* #(#kept,)*))
    }

    /// A closure that builds the dependencies beside arguments of one's own.
    pub(crate) fn owned_queryset(&self) -> TokenStream {
        if self.querysets.is_empty() {
            return quote!(|_| ::cache_core::Dependencies::none());
        }
        let is_shown = |name: &Ident| self.places.shown.contains(name);
        let receiver = self.receiver.iter().map(|_| this());
        let patterns = self.arguments.iter().map(|argument| match is_shown(&argument.variable) {
            true => argument.variable.to_token_stream(),
            false => quote!(_),
        });
        let copies = self.arguments.iter().flat_map(|argument| {
            let shown = argument.names.iter().filter(|name| is_shown(name));
            shown.map(|name| {
                let place = if argument.destructured { quote!(&#name) } else { quote!(#name) };
                let copy = match kept_by_reference(&argument.ty) {
                    Some(_) => lent(argument, &place),
                    None => quote_spanned!(argument.ty.span()=> ::cache_core::__private::queryset_argument(#place)),
                };
                quote!(#[allow(unused_variables)] let #name = #copy;)
            })
        });
        let all = Ident::new("__all", Span::mixed_site());
        let querysets = self.querysets.iter().map(|queryset| {
            let asked = with_this(asked(queryset).to_token_stream());
            quote!(#all = ::cache_core::Dependencies::union(#all, #asked);)
        });
        quote! {
            #[allow(unused_variables)]
            move |(#(#receiver,)* #(#patterns,)*)| {
                #[allow(unused_imports)]
                use ::cache_core::__private::{ViaItself as _, ViaOption as _};
                #(#copies)*
                let mut #all = ::cache_core::Dependencies::none();
                #(#querysets)*
                #all
            }
        }
    }

    /// The cache that a result tells its dependencies to, which may be after the call.
    pub(crate) fn owned_cache(&self) -> TokenStream {
        if self.told.is_none() || !self.is_owned() {
            return TokenStream::new();
        }
        let internal = |name| Ident::new(name, Span::mixed_site());
        let (cache, mine) = (internal("__cache"), internal("__mine"));
        quote!(let #mine = ::core::clone::Clone::clone(#cache);)
    }

    /// What [`Plan::owned_body`] makes, after which its result is asked what it depends on.
    pub(crate) fn owned_telling(&self, told: &Told, body: &TokenStream) -> TokenStream {
        let internal = |name| Ident::new(name, Span::mixed_site());
        let (policy, mine) = (internal("__policy"), internal("__mine"));
        let (arguments, depends, returned) = (internal("__arguments"), internal("__depends"), internal("__returned"));
        let is_shown = |name: &Ident| self.places.shown.contains(name);
        let receiver = self.receiver.iter().map(|_| this());
        let patterns = self.arguments.iter().map(|argument| match is_shown(&argument.variable) {
            true => argument.variable.to_token_stream(),
            false => quote!(_),
        });
        let this = self.receiver.iter().map(|receiver| {
            let this = this();
            quote_spanned!(receiver.self_token.span=> let #this = ::core::clone::Clone::clone(#this);)
        });
        let shown = || {
            let names =
                self.arguments.iter().flat_map(|argument| argument.names.iter().map(move |name| (argument, name)));
            names.filter(|(_, name)| is_shown(name))
        };
        let copies = shown().map(|(argument, name)| {
            let place = if argument.destructured { quote!(&#name) } else { quote!(#name) };
            quote_spanned!(argument.ty.span()=> let #name = ::cache_core::__private::queryset_argument(#place);)
        });
        let lent = shown().map(|(argument, name)| match kept_by_reference(&argument.ty) {
            Some(_) => {
                let value = lent(argument, &quote!(&#name));
                quote!(let #name = #value;)
            }
            None => TokenStream::new(),
        });
        let result = &told.result;
        let asked = with_this(asked(&told.queryset).to_token_stream());
        let after = match self.is_async() {
            true => quote!(async move { #depends.after_async(#returned.await).await }),
            false => quote!(#depends.after(#returned)),
        };
        quote! {
            #[allow(unused_variables)]
            move |#arguments| {
                let #depends = ::cache_core::__private::Depends::before(
                    #policy,
                    &#mine,
                    &#arguments,
                    |(#(#receiver,)* #(#patterns,)*)| {
                        #(#this)*
                        #(#copies)*
                        move |#result| {
                            #[allow(unused_imports)]
                            use ::cache_core::__private::{ViaItself as _, ViaOption as _};
                            #(#lent)*
                            #asked
                        }
                    },
                );
                let #returned = ::cache_core::__private::given(#arguments, #body);
                #after
            }
        }
    }

    /// A closure that runs the original body with arguments of its own.
    pub(crate) fn owned_body(&self) -> TokenStream {
        let turbofish = generics::turbofish(&self.function.signature.generics);
        let name = &self.function.signature.ident;
        let variables = self.owned_variables();
        let given = |argument: &Argument| {
            let variable = &argument.variable;
            match kept_by_reference(&argument.ty) {
                Some(_) => lent(argument, &quote!(&#variable)),
                None => quote!(#variable),
            }
        };
        let call = match self.companions {
            Companions::Type => {
                let given = self.arguments.iter().map(given);
                quote!(#name::uncached #turbofish (#(#given),*))
            }
            Companions::Methods => {
                let uncached = format_ident!("{}_uncached", name);
                let receiver = self.receiver.iter().map(|_| {
                    let this = this();
                    quote!(&#this)
                });
                let given = receiver.chain(self.arguments.iter().map(given));
                quote!(Self::#uncached #turbofish (#(#given),*))
            }
            Companions::None => return self.owned_block(&variables, given),
        };
        match self.is_async() {
            true => quote!(|(#(#variables,)*)| async move { #call.await }),
            false => quote!(|(#(#variables,)*)| #call),
        }
    }

    fn owned_block(&self, variables: &[Ident], given: impl Fn(&Argument) -> TokenStream) -> TokenStream {
        let (output, block) = (self.output(), &self.block);
        let bound = self.arguments.iter().map(|argument| {
            let (pattern, value) = (&argument.pattern, given(argument));
            quote!(let #pattern = #value;)
        });
        if !self.is_async() {
            return quote!(|(#(#variables,)*)| -> #output { #(#bound)* #block });
        }
        let edge = self.edge();
        quote!(|(#(#variables,)*)| async move { #(#bound)* #edge #block })
    }
}

/// The tokens with `__this` in the place of `self`.
fn with_this(tokens: TokenStream) -> TokenStream {
    let replace = |tree: TokenTree| match tree {
        TokenTree::Ident(ident) if ident == "self" => TokenTree::Ident(this()),
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), with_this(group.stream()));
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}
