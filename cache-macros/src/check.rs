//! What the options and the function mean together, and every mistake in them.

use std::collections::BTreeSet;
use std::time::Duration;

use proc_macro2::TokenTree;
use quote::{ToTokens, quote};
use syn::{Expr, FnArg, GenericParam, Ident, Lit, LitStr, Safety};

use crate::args::{Args, Spanned};
use crate::arguments::{self, Argument};
use crate::boxed;
use crate::errors::Errors;
use crate::function::{Body, Function};
use crate::grace::Grace;
use crate::kept::Kept;
use crate::mention::mentions;
use crate::owned;
use crate::place::{Part, Places, Question};
use crate::queryset;
use crate::reading::{self, Reading, Told, Verify};
use crate::tags;
use crate::types::{self, has_ident};

/// Which attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    CachedAs,
    Cached,
}

/// A cached function that makes sense.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) function: Function,
    pub(crate) block: proc_macro2::Group,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) receiver: Option<syn::Receiver>,
    pub(crate) places: Places,
    pub(crate) querysets: Vec<Expr>,
    pub(crate) reading: Reading,
    pub(crate) told: Option<Told>,
    pub(crate) verify: Option<Verify>,
    pub(crate) ttl: Option<Time>,
    pub(crate) idle: Option<Time>,
    pub(crate) codec: Codec,
    pub(crate) lock: Lock,
    pub(crate) grace: Grace,
    pub(crate) cache: Option<Expr>,
    pub(crate) when: Option<Expr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Version,
    pub(crate) companions: Companions,
    pub(crate) kept: Kept,
    /// What the future resolves to that an `async fn` was made to return.
    pub(crate) boxed: Option<syn::Type>,
    /// Whether the function is known to stand in an `impl` or a trait.
    pub(crate) is_method: bool,
    /// The type parameters that tell calls apart.
    pub(crate) types: Vec<Ident>,
    /// The constant parameters, which always do.
    pub(crate) constants: Vec<Ident>,
    /// Which arguments `key` and `invalidate` take.
    pub(crate) key_arguments: Vec<Argument>,
}

#[derive(Clone, Debug)]
pub(crate) enum Time {
    Fixed(Duration),
    Given(Expr),
}

#[derive(Clone, Debug)]
pub(crate) enum Version {
    OfCrate,
    Fixed(LitStr),
    Given(Expr),
}

/// How results become bytes.
#[derive(Clone, Debug)]
pub(crate) enum Codec {
    /// As the compiler finds out from the type.
    OfType,
    Given(Expr),
    None,
}

/// Among whom simultaneous misses run the body once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Local,
    Shared,
    None,
}

/// Where the companions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Companions {
    /// Functions of a type with the function's name.
    Type,
    /// Methods beside the method.
    Methods,
    None,
}

impl Plan {
    /// `None` when something was wrong; the errors say what.
    pub(crate) fn new(attribute: Attribute, mut args: Args, function: Function, errors: &mut Errors) -> Option<Plan> {
        let block = check_function(attribute, &function, errors);
        let signature = &function.signature;
        let arguments = arguments::read(signature, errors);
        let (kept, boxed) = (Kept::read(&args, errors), boxed::output(signature));
        let output = boxed.clone().map_or_else(|| signature.output.clone(), |ty| syn::parse_quote!(-> #ty));
        types::check_output(&output, kept.errors, errors);
        check_querysets(attribute, &args, errors);
        check_time_only(attribute, &args, errors);
        let reading = reading::reading(attribute, &args, errors);
        let told = reading::told(attribute, args.depends.as_ref(), errors);
        let verify = reading::verify(attribute, args.verify.as_ref(), reading, errors);
        // Tags are querysets of their own kind, once what was written as a queryset has been looked at.
        args.querysets.extend(tags::querysets(args.tags.as_ref(), errors));
        if let (Some(key), Some(_)) = (&args.key, &args.extra) {
            errors.push(&key.key, "`key` replaces the arguments and `extra`; put all of it into one tuple in `key`");
        }
        let ttl = args.ttl.as_ref().and_then(|ttl| time(ttl, errors));
        let idle = args.idle.as_ref().and_then(|idle| time(idle, errors));
        let name = args.name.as_ref().and_then(|name| text(name, errors));
        let version = version(args.version.as_ref());
        let lock = lock(args.lock.as_ref(), errors);
        let grace = Grace::new(&args, ttl.as_ref(), errors);
        let receiver = match signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Some(receiver.clone()),
            _ => None,
        };
        let question = Question {
            args: &args,
            arguments: &arguments,
            receiver: receiver.as_ref().map(|receiver| Ident::new("self", receiver.self_token.span)),
            all: attribute == Attribute::Cached,
        };
        let places = question.answer(errors);
        let mentions_self =
            [function.to_token_stream(), all_expressions(&args)].into_iter().any(|t| has_ident(t, "Self"));
        let is_method = receiver.is_some() || mentions_self;
        let companions = companions(args.companions.as_ref(), is_method, boxed.is_some(), errors);
        owned::check(&grace, &arguments, receiver.as_ref(), companions, errors);
        let (types, constants) = parameters(&function, &args, &arguments, &places);
        let key_arguments = key_arguments(&args, &arguments, &places);
        let querysets = args.querysets.into_iter().map(|queryset| queryset::lower(queryset, errors)).collect();
        if !errors.is_empty() {
            return None;
        }
        Some(Plan {
            block: using(block?, &arguments, &places),
            arguments,
            receiver,
            places,
            querysets,
            reading,
            told,
            verify,
            ttl,
            idle,
            codec: codec(args.codec.as_ref(), &output, kept.errors),
            lock,
            grace,
            cache: args.cache.map(|cache| cache.value),
            when: args.when.map(|when| when.value),
            name,
            version,
            companions,
            kept,
            boxed,
            is_method: is_method || companions == Companions::Methods,
            types,
            constants,
            key_arguments,
            function,
        })
    }
}

fn check_function(attribute: Attribute, function: &Function, errors: &mut Errors) -> Option<proc_macro2::Group> {
    let signature = &function.signature;
    if let Some(word) = &signature.constness {
        errors.push(word, "a `const fn` has no cache while it is compiled; remove `const`");
    }
    if let Safety::Unsafe(word) = &signature.safety {
        errors.push(word, "a hit would skip what makes the call unsafe; cache a safe function that calls this one");
    }
    if let Some(abi) = &signature.abi {
        errors.push(abi, "a function for other languages cannot be cached; cache a Rust function that it calls");
    }
    if signature.ident == "main" && signature.inputs.is_empty() {
        errors.push(&signature.ident, "`main` runs once, so there is nothing to cache; cache a function that it calls");
    }
    for other in &function.attributes {
        let last = other.path().segments.last().map(|segment| segment.ident.to_string());
        match (last.as_deref(), attribute) {
            (Some("cached_as"), Attribute::CachedAs) => {
                errors.push(other, "`#[cached_as]` given twice; several querysets go into one: `#[cached_as(a, b)]`");
            }
            (Some("cached" | "cached_as"), _) => {
                errors.push(other, "a function is cached once; keep one of the two attributes");
            }
            _ => {}
        }
    }
    match &function.body {
        Body::Block(block) if block.delimiter() == proc_macro2::Delimiter::Brace => Some(block.clone()),
        Body::Block(block) => {
            errors.add(syn::Error::new(block.span(), "expected the function's body in braces"));
            None
        }
        Body::Missing(semicolon) => {
            errors.push(
                semicolon,
                "a method without a body has nothing to cache; put the attribute on its implementation",
            );
            None
        }
    }
}

/// The body, in which arguments of the key count as used: the queryset is a use.
fn using(block: proc_macro2::Group, arguments: &[Argument], places: &Places) -> proc_macro2::Group {
    let names = arguments.iter().flat_map(|argument| &argument.names);
    let used = names.filter(|name| places.in_key.contains(&name.to_string()));
    let body: Vec<TokenTree> = block.stream().into_iter().collect();
    let is_sign =
        |tree: Option<&TokenTree>, sign| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let mut first = 0;
    // `#![..]` is allowed at the beginning only.
    while is_sign(body.get(first), '#') && is_sign(body.get(first + 1), '!') {
        first += 3;
    }
    let (attributes, body) = body.split_at(first.min(body.len()));
    let mut using =
        proc_macro2::Group::new(proc_macro2::Delimiter::Brace, quote!(#(#attributes)* #(let _ = &#used;)* #(#body)*));
    using.set_span(block.span());
    using
}

fn check_querysets(attribute: Attribute, args: &Args, errors: &mut Errors) {
    match attribute {
        Attribute::CachedAs
            if args.querysets.is_empty() && args.tags.is_none() && args.reads.is_none() && args.depends.is_none() =>
        {
            errors.add(syn::Error::new(
            proc_macro2::Span::call_site(),
            "`#[cached_as]` needs a queryset that says what the result depends on; for time alone use `#[cached(ttl = ..)]`",
        ))},
        Attribute::Cached => {
            for queryset in &args.querysets {
                errors.push(queryset, "`#[cached]` goes by time alone; for a queryset use `#[cached_as(..)]`");
            }
        }
        Attribute::CachedAs => {}
    }
    for queryset in &args.querysets {
        if let Expr::Assign(assign) = queryset {
            errors.push(
                &assign.left,
                "an option is one word, `option = value`; anything else before `=` means nothing here",
            );
        }
    }
}

fn check_time_only(attribute: Attribute, args: &Args, errors: &mut Errors) {
    if attribute == Attribute::Cached && args.ttl.is_none() && args.idle.is_none() && args.querysets.is_empty() {
        match &args.tags {
            Some(tags) => {
                errors.push(&tags.key, "`#[cached]` goes by time, so say how long as well: `ttl = \"15m\"`; for tags alone use `#[cached_as(tags = ..)]`");
            }
            None => errors.add(syn::Error::new(
                proc_macro2::Span::call_site(),
                "`#[cached]` goes by time alone, so say how long: `#[cached(ttl = \"15m\")]`",
            )),
        }
    }
}

pub(crate) fn time(option: &Spanned<Expr>, errors: &mut Errors) -> Option<Time> {
    let key = &option.key;
    let Expr::Lit(literal) = &option.value else { return Some(Time::Given(option.value.clone())) };
    match &literal.lit {
        Lit::Str(text) => match crate::lifetime::parse(&text.value()) {
            Ok(duration) => return Some(Time::Fixed(duration)),
            Err(message) => errors.push(text, message),
        },
        Lit::Int(number) => {
            let message = format!(
                "`{key} = {number}` has no unit; write `{key} = \"{}s\"`, or a `Duration`",
                number.base10_digits()
            );
            errors.push(number, message);
        }
        other => errors.push(other, format!("`{key}` is a text such as \"15m\", or a `Duration`")),
    }
    None
}

fn text(option: &Spanned<Expr>, errors: &mut Errors) -> Option<LitStr> {
    let key = &option.key;
    if let Expr::Lit(literal) = &option.value
        && let Lit::Str(text) = &literal.lit
    {
        if text.value().is_empty() {
            errors.push(text, format!("an empty `{key}` cannot tell functions apart; remove it or write one"));
        }
        return Some(text.clone());
    }
    errors.push(&option.value, format!("`{key}` is known when the program is compiled: a text in quotes"));
    None
}

fn version(option: Option<&Spanned<Expr>>) -> Version {
    match option.map(|option| &option.value) {
        None => Version::OfCrate,
        Some(Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. })) => Version::Fixed(text.clone()),
        Some(value) => Version::Given(value.clone()),
    }
}

fn codec(option: Option<&Spanned<Expr>>, output: &syn::ReturnType, keeps_errors: bool) -> Codec {
    match option.map(|option| &option.value) {
        None if types::keeps_reference(output, keeps_errors) => Codec::None,
        None => Codec::OfType,
        Some(Expr::Path(path)) if path.path.is_ident("none") => Codec::None,
        Some(value) => Codec::Given(value.clone()),
    }
}

fn lock(option: Option<&Spanned<Expr>>, errors: &mut Errors) -> Lock {
    let Some(option) = option else { return Lock::Local };
    let word = match &option.value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    match word.as_deref() {
        Some("local") => Lock::Local,
        Some("shared") => Lock::Shared,
        Some("none") => Lock::None,
        _ => {
            errors.push(
                &option.value,
                "`lock` is `shared`, for one execution among all processes, `local`, for one in each of them, or `none`",
            );
            Lock::Local
        }
    }
}

fn companions(option: Option<&Spanned<Expr>>, is_method: bool, is_of_trait: bool, errors: &mut Errors) -> Companions {
    let Some(option) = option else {
        return match (is_of_trait, is_method) {
            (true, _) => Companions::None,
            (_, true) => Companions::Methods,
            _ => Companions::Type,
        };
    };
    let word = match &option.value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    match word.as_deref() {
        Some("none") => Companions::None,
        Some("methods") => Companions::Methods,
        _ => {
            errors.push(&option.value, "`companions` is `none`, or `methods` for a function of a type without `self`");
            Companions::None
        }
    }
}

fn all_expressions(args: &Args) -> proc_macro2::TokenStream {
    let querysets = &args.querysets;
    let options = [&args.extra, &args.key, &args.cache, &args.version, &args.when, &args.ttl, &args.idle, &args.codec];
    let options = options.into_iter().chain([&args.depends, &args.verify]).flatten().chain(args.grace.all());
    let options = options.map(|option| &option.value);
    quote!(#(#querysets;)* #(#options;)*)
}

/// The generic parameters that tell calls apart: all but the types that only ignored arguments and connections have.
fn parameters(function: &Function, args: &Args, arguments: &[Argument], places: &Places) -> (Vec<Ident>, Vec<Ident>) {
    let body = &function.body;
    let output = &function.signature.output;
    let has_place = |argument: &&Argument| argument.names.iter().any(|name| places.in_key.contains(&name.to_string()));
    let placed = arguments.iter().filter(has_place).map(|argument| &argument.ty);
    let expressions = all_expressions(args);
    let telling = quote!(#body #output #(#placed;)* #expressions);
    let rest = arguments.iter().map(|argument| &argument.ty);
    let rest = quote!(#(#rest;)*);
    let (mut types, mut constants) = (Vec::new(), Vec::new());
    for parameter in &function.signature.generics.params {
        match parameter {
            GenericParam::Type(ty) => {
                let name = ty.ident.to_string();
                if has_ident(telling.clone(), &name) || !has_ident(rest.clone(), &name) {
                    types.push(ty.ident.clone());
                }
            }
            GenericParam::Const(constant) => constants.push(constant.ident.clone()),
            GenericParam::Lifetime(_) => {}
        }
    }
    (types, constants)
}

/// Those that the key is made of, and those that say which cache or version it is.
fn key_arguments(args: &Args, arguments: &[Argument], places: &Places) -> Vec<Argument> {
    let names: BTreeSet<String> =
        arguments.iter().flat_map(|argument| argument.names.iter().map(ToString::to_string)).collect();
    let others = [&args.cache, &args.version].into_iter().flatten();
    let mut needed: BTreeSet<String> =
        others.flat_map(|option| mentions(&option.value, &names)).map(|mention| mention.name.to_string()).collect();
    needed.extend(places.in_key.iter().cloned());
    let is_needed = |argument: &&Argument| argument.names.iter().any(|name| needed.contains(&name.to_string()));
    arguments.iter().filter(is_needed).cloned().collect()
}

impl Plan {
    /// The names of `impl Trait` arguments in the key, whose types have no names.
    pub(crate) fn unnamed_types(&self) -> impl Iterator<Item = &Ident> {
        let has_unnamed = |name: &Ident| {
            let mut of = self.arguments.iter().filter(|argument| argument.variable == *name);
            of.any(|argument| types::has_impl_trait(&argument.ty))
        };
        self.places.parts.iter().filter_map(move |part| match part {
            Part::Argument(name) if has_unnamed(name) => Some(name),
            _ => None,
        })
    }
}
