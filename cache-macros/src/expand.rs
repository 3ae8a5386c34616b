//! The function that looks into the cache first.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ReturnType, Type};

use crate::arguments::Argument;
use crate::boxed;
use crate::check::{Codec, Companions, Lock, Plan, Version};
use crate::companions;
use crate::generics;
use crate::place::Part;
use crate::queryset::asked;
use crate::reading::{Reading, Told, Verify};
use crate::types;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let attributes = &plan.function.attributes;
    let attributes = attributes.iter().map(without_expectation);
    let visibility = &plan.function.visibility;
    let signature = plan.signature(&plan.function.signature.ident, &plan.arguments);
    let call = plan.call(Door::Lookup);
    let companions = companions::expand(plan);
    quote! {
        #(#attributes)*
        #visibility #signature {
            #call
        }
        #companions
    }
}

/// An expectation may come true no more: the body stands elsewhere, and the arguments of the key count as used in it.
pub(crate) fn without_expectation(attribute: &Attribute) -> TokenStream {
    if attribute.path().is_ident("expect")
        && let syn::Meta::List(list) = &attribute.meta
    {
        let lints = &list.tokens;
        return quote!(#[allow(#lints)]);
    }
    quote!(#attribute)
}

/// What happens with what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Lookup,
    Refresh,
}

/// Takes copies of arguments apart, so that their parts can be named.
pub(crate) fn patterns(arguments: &[Argument]) -> impl Iterator<Item = TokenStream> {
    arguments.iter().filter(|argument| argument.destructured).map(|argument| {
        let Argument { variable, pattern, ty, .. } = argument;
        let copy = quote_spanned!(ty.span()=> ::core::clone::Clone::clone(&#variable));
        quote!(#[allow(unused_variables, unused_mut)] let #pattern = #copy;)
    })
}

pub(crate) fn internal(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Plan {
    pub(crate) fn is_async(&self) -> bool {
        self.function.signature.asyncness.is_some() || self.boxed.is_some()
    }

    pub(crate) fn output(&self) -> Type {
        if let Some(ty) = &self.boxed {
            return ty.clone();
        }
        match &self.function.signature.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => syn::parse_quote!(()),
        }
    }

    /// The function's signature under another name, its patterns replaced by variables.
    pub(crate) fn signature(&self, name: &Ident, arguments: &[Argument]) -> syn::Signature {
        let mut signature = self.function.signature.clone();
        signature.ident = name.clone();
        let receiver = self.receiver.iter().cloned().map(syn::FnArg::Receiver);
        let typed =
            arguments.iter().map(|Argument { variable, ty, .. }| -> syn::FnArg { syn::parse_quote!(#variable: #ty) });
        signature.inputs = receiver.chain(typed).collect();
        signature
    }

    /// Everything up to the key: the site, the policy, the cache, and the key itself.
    pub(crate) fn key(&self, arguments: &[Argument]) -> TokenStream {
        let (policy, cache, key) = (internal("__policy"), internal("__cache"), internal("__key"));
        let returns = self.policy();
        let site = self.site();
        let cache_tokens = self.cache(&cache);
        let patterns = patterns(arguments);
        let of_options = self.kept.traits();
        let types = self.type_names();
        let parts = self.parts(&key);
        quote! {
            #[allow(unused_imports)]
            use ::cache_core::__private::{
                PlainReturn as _, ResultReturn as _, ViaConnection as _, ViaItems as _, ViaKey as _,
                ViaSerde as _, ViaShallow as _, ViaWeigh as _, Without as _,
            };
            #of_options
            #site
            let #policy = #returns;
            #(#patterns)*
            #cache_tokens
            let mut #key = __CACHE_SITE.key(&[#policy.stored_name(), #(#types),*]);
            #(#parts)*
            let #key = #key.finish();
        }
    }

    /// The cache, under this name.
    pub(crate) fn cache(&self, name: &Ident) -> TokenStream {
        match &self.cache {
            None => quote!(let #name: &::cache_core::Cache = ::cache_core::Cache::global();),
            Some(expr) => {
                let source = Ident::new("__cache_source", expr.span());
                let call = quote_spanned!(expr.span()=> ::cache_core::__private::cache(#source));
                quote!(let #source = &(#expr); let #name: &::cache_core::Cache = #call;)
            }
        }
    }

    fn policy(&self) -> TokenStream {
        self.kept.policy(&self.output())
    }

    pub(crate) fn site(&self) -> TokenStream {
        let version = match &self.version {
            Version::OfCrate => quote! {
                match ::core::option_env!("CARGO_PKG_VERSION") {
                    ::core::option::Option::Some(version) => version,
                    ::core::option::Option::None => "",
                }
            },
            Version::Fixed(text) => quote!(#text),
            Version::Given(_) => quote!(""),
        };
        let function = self.function.signature.ident.to_string();
        let site = match &self.name {
            Some(name) => quote!(::cache_core::__private::Site::named(#name, #version)),
            None => quote! {
                ::cache_core::__private::Site::new(
                    ::core::concat!(::core::module_path!(), "::", #function),
                    #version,
                    ::core::line!(),
                    ::core::column!(),
                )
            },
        };
        quote!(static __CACHE_SITE: ::cache_core::__private::Site = #site;)
    }

    fn type_names(&self) -> Vec<TokenStream> {
        let mut names = Vec::new();
        if self.is_method {
            names.push(quote!(::core::any::type_name::<Self>()));
        } else if self.companions == Companions::None {
            // It may stand in an `impl` for all that is known; the name of a closure tells which.
            names.push(quote!(::core::any::type_name_of_val(&|| ())));
        }
        names.extend(self.types.iter().map(|ty| quote!(::core::any::type_name::<#ty>())));
        names.extend(self.unnamed_types().map(|name| quote!(::core::any::type_name_of_val(&#name))));
        names
    }

    fn parts(&self, key: &Ident) -> Vec<TokenStream> {
        let mut parts = Vec::new();
        if let Version::Given(version) = &self.version {
            parts.push(quote_spanned!(version.span()=> #key.part(&(#version));));
        }
        parts.extend(self.constants.iter().map(|constant| quote!(#key.part(&#constant);)));
        for part in &self.places.parts {
            parts.push(match part {
                Part::Value(value) => quote_spanned!(value.span()=> #key.part(&(#value));),
                _ => quote_spanned!(part.span()=> (&::cache_core::__private::Probe(&#part)).role().part(&mut #key);),
            });
        }
        parts
    }

    /// The body of the function and of `refresh`.
    pub(crate) fn call(&self, door: Door) -> TokenStream {
        let (policy, cache, key, call) =
            (internal("__policy"), internal("__cache"), internal("__key"), internal("__call"));
        let preparation = self.key(&self.arguments);
        let places = &self.places;
        let limits = [("ttl", &self.ttl), ("idle", &self.idle)].into_iter().filter_map(|(method, time)| {
            let method = format_ident!("{method}");
            time.as_ref().map(|time| time.call(&method))
        });
        let codec = match &self.codec {
            Codec::OfType => {
                // What cannot be asked is said at the type that the user wrote.
                let ask = quote_spanned!(self.output().span()=> (&&#policy.stored()).codec());
                quote!(.codec(#ask))
            }
            Codec::Given(expr) => quote_spanned!(expr.span()=> .codec(::core::option::Option::Some(#expr))),
            Codec::None => TokenStream::new(),
        };
        let lock = match self.lock {
            Lock::Local => TokenStream::new(),
            Lock::Shared => quote!(.lock_shared()),
            Lock::None => quote!(.lock_none()),
        };
        let grace = self.grace.call(&policy);
        let watch = self.watch();
        let when = self.when.iter().map(|expr| quote_spanned!(expr.span()=> .when(#expr)));
        let connections = places.connections.iter().map(|name| {
            let is_mutable = |argument: &Argument| argument.variable == *name && types::is_mutable_borrow(&argument.ty);
            // What is borrowed is what the compiler shall speak of.
            let place = if self.arguments.iter().any(is_mutable) {
                quote_spanned!(name.span()=> *#name)
            } else {
                quote!(#name)
            };
            quote_spanned!(name.span()=> .state(::cache_core::__private::without_place(&#place)))
        });
        let asked = places.asked.iter().filter(|name| !places.connections.contains(name));
        let asked = asked
            .map(|name| quote_spanned!(name.span()=> .state((&::cache_core::__private::Probe(&#name)).role().state())));
        let refused = places.ignored_but_shown.iter();
        let refused =
            refused.map(|name| quote_spanned!(name.span()=> ::cache_core::__private::ignored_in_queryset(&#name);));
        let run = match (door, self.is_async()) {
            (Door::Lookup, false) if self.is_owned() => quote!(run_owned),
            (Door::Lookup, true) if self.is_owned() => quote!(run_owned_async),
            (Door::Lookup, false) => quote!(run),
            (Door::Lookup, true) => quote!(run_async),
            (Door::Refresh, false) => quote!(refresh),
            (Door::Refresh, true) => quote!(refresh_async),
        };
        let wait = self.is_async().then(|| quote!(.await));
        let variables: Vec<&Ident> = self.arguments.iter().map(|argument| &argument.variable).collect();
        let (arguments, queryset, body) = match door == Door::Lookup && self.is_owned() {
            true => {
                let (arguments, own) = (self.owned_arguments(), self.own());
                (quote!(#arguments, #own), self.owned_queryset(), self.owned_body())
            }
            false => (quote!((#(#variables,)*)), self.queryset(), self.body(&variables)),
        };
        let body = self.told.as_ref().map_or(body.clone(), |told| match door == Door::Lookup && self.is_owned() {
            true => self.owned_telling(told, &body),
            false => self.telling(told, &body),
        });
        // A result that cannot be kept is refused here, at the type that the user wrote.
        let run = quote_spanned!(self.output().span()=> ::cache_core::__private::#run);
        let kept = self.policy();
        let given = quote! {
                #kept,
                #call,
                (&&&#policy.stored()).weight(),
                #arguments,
                #queryset,
                #body,
        };
        let mut given = Group::new(Delimiter::Parenthesis, given);
        given.set_span(self.output().span());
        let mine = if door == Door::Lookup { self.owned_cache() } else { TokenStream::new() };
        let call = quote! {
            #preparation
            #mine
            #(#refused)*
            let #call = ::cache_core::__private::Call::new(#cache, #key, &__CACHE_SITE)
                #codec #lock #watch #(#limits)* #grace #(#when)* #(#connections)* #(#asked)*;
            #run #given #wait
        };
        match self.boxed {
            Some(_) => boxed::pinned(&call),
            None => call,
        }
    }

    fn watch(&self) -> TokenStream {
        let reading = match self.reading {
            Reading::Declared => TokenStream::new(),
            Reading::Recorded => quote!(.reads()),
            Reading::Timed => quote!(.by_time()),
        };
        let policy = internal("__policy");
        let verify = self.verify.iter().map(|verify| {
            let verify = match verify {
                Verify::Named(word) => quote!(::cache_core::Verify::#word()),
                Verify::Given(expr) => quote_spanned!(expr.span()=> #expr),
            };
            quote! {
                .verify(#verify, {
                    #[allow(unused_imports)]
                    use ::cache_core::__private::{Incomparable as _, ViaPartialEq as _};
                    (&&#policy.stored()).equality()
                })
            }
        });
        quote!(#reading #(#verify)*)
    }

    /// The body, after which its result is asked what it depends on.
    fn telling(&self, told: &Told, body: &TokenStream) -> TokenStream {
        let (policy, cache) = (internal("__policy"), internal("__cache"));
        let (arguments, depends, returned) = (internal("__arguments"), internal("__depends"), internal("__returned"));
        let (patterns, copies) = self.copies();
        let (result, asked) = (&told.result, asked(&told.queryset));
        let after = match self.is_async() {
            true => quote!(async move { #depends.after_async(#returned.await).await }),
            false => quote!(#depends.after(#returned)),
        };
        quote! {
            |#arguments| {
                let #depends = ::cache_core::__private::Depends::before(#policy, #cache, &#arguments, |#patterns| {
                    #copies
                    move |#result| {
                        #[allow(unused_imports)]
                        use ::cache_core::__private::{ViaItself as _, ViaOption as _};
                        #asked
                    }
                });
                let #returned = ::cache_core::__private::given(#arguments, #body);
                #after
            }
        }
    }

    /// The arguments that tell the dependencies, copied out of all of them.
    fn copies(&self) -> (TokenStream, TokenStream) {
        let is_shown = |name: &Ident| self.places.shown.contains(name);
        let patterns = self.arguments.iter().map(|argument| match is_shown(&argument.variable) {
            true => {
                let variable = &argument.variable;
                quote!(#variable)
            }
            false => quote!(_),
        });
        let copies = self.arguments.iter().flat_map(|argument| {
            let shown = argument.names.iter().filter(|name| is_shown(name));
            shown.map(|name| {
                let place = if argument.destructured { quote!(&#name) } else { quote!(#name) };
                let copy = quote_spanned!(argument.ty.span()=> ::cache_core::__private::queryset_argument(#place));
                quote!(#[allow(unused_variables)] let #name = #copy;)
            })
        });
        (quote!((#(#patterns,)*)), quote!(#(#copies)*))
    }

    /// A closure that builds the dependencies beside the arguments, which stay for the body.
    fn queryset(&self) -> TokenStream {
        if self.querysets.is_empty() {
            return quote!(|_| ::cache_core::Dependencies::none());
        }
        let (patterns, copies) = self.copies();
        let all = internal("__all");
        let querysets = self.querysets.iter().map(|queryset| {
            let asked = asked(queryset);
            quote!(#all = ::cache_core::Dependencies::union(#all, #asked);)
        });
        quote! {
            |#patterns| {
                #[allow(unused_imports)]
                use ::cache_core::__private::{ViaItself as _, ViaOption as _};
                #copies
                let mut #all = ::cache_core::Dependencies::none();
                #(#querysets)*
                #all
            }
        }
    }

    /// A closure that runs the original body.
    fn body(&self, variables: &[&Ident]) -> TokenStream {
        let turbofish = generics::turbofish(&self.function.signature.generics);
        let receiver = self.receiver.iter().map(|receiver| &receiver.self_token);
        let name = &self.function.signature.ident;
        match self.companions {
            Companions::Type => quote!(|(#(#variables,)*)| #name::uncached #turbofish (#(#variables),*)),
            Companions::Methods => {
                let uncached = format_ident!("{}_uncached", name);
                quote!(|(#(#variables,)*)| Self::#uncached #turbofish (#(#receiver,)* #(#variables),*))
            }
            Companions::None => {
                let patterns = self.arguments.iter().map(|argument| &argument.pattern);
                let output = self.output();
                let block = &self.block;
                if self.boxed.is_some() {
                    let future = &self.function.signature.output;
                    return quote!(|(#(#patterns,)*)| #future #block);
                }
                if !self.is_async() {
                    return quote!(|(#(#patterns,)*)| -> #output #block);
                }
                let edge = self.edge();
                quote!(|(#(#patterns,)*)| async move { #edge #block })
            }
        }
    }

    /// Never runs; it tells the type of an async block, and errors land on the function's own.
    pub(crate) fn edge(&self) -> TokenStream {
        let output = self.output();
        let typed = Ident::new("__cache_returned", output.span());
        quote_spanned! {output.span()=>
            #[allow(unreachable_code, unused_variables, clippy::diverging_sub_expression, clippy::empty_loop)]
            if false {
                let #typed: #output = loop {};
                return #typed;
            }
        }
    }
}
