//! The place of every argument: in the key, in `ignore(..)`, or none because it is a connection.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Expr, Ident, Member};

use crate::args::Args;
use crate::arguments::Argument;
use crate::errors::Errors;
use crate::mention::{Mention, mentions};
use crate::types;

/// One part of the key.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A whole argument, unless it turns out to be a connection.
    Argument(Ident),
    /// A field of an argument.
    Field(Ident, Vec<Member>),
    /// The value of an expression.
    Value(Expr),
}

/// Where the arguments went.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) parts: Vec<Part>,
    /// Arguments that the querysets use, `self` excluded.
    pub(crate) shown: Vec<Ident>,
    /// Arguments that may be connections.
    pub(crate) asked: Vec<Ident>,
    /// Arguments that have to be connections, for they have no other place.
    pub(crate) connections: Vec<Ident>,
    /// Ignored arguments that the querysets use, which only a connection may be.
    pub(crate) ignored_but_shown: Vec<Ident>,
    /// Names that the key is made of.
    pub(crate) in_key: BTreeSet<String>,
}

/// A name that can be mentioned: of an argument, of a part of one, or `self`.
struct Name<'a> {
    ident: Ident,
    ty: Option<&'a syn::Type>,
}

pub(crate) struct Question<'a> {
    pub(crate) args: &'a Args,
    pub(crate) arguments: &'a [Argument],
    pub(crate) receiver: Option<Ident>,
    /// `#[cached]`: every argument is part of the key unless something else is said.
    pub(crate) all: bool,
}

impl Question<'_> {
    pub(crate) fn answer(&self, errors: &mut Errors) -> Places {
        let names = self.names();
        let texts: BTreeSet<String> = names.iter().map(|name| name.ident.to_string()).collect();
        let ignored = self.ignored(&texts, errors);
        let chosen = self.args.key.as_ref().or(self.args.extra.as_ref()).map(|option| elements(&option.value));
        let chosen = chosen.unwrap_or_default();
        let in_chosen: Vec<Mention> = chosen.iter().flat_map(|element| mentions(element, &texts)).collect();
        let in_querysets: Vec<Mention> = self.args.told_by().flat_map(|queryset| mentions(queryset, &texts)).collect();

        let mut places = Places::default();
        for name in &names {
            let of = |found: &[Mention]| -> Vec<Mention> {
                found.iter().filter(|mention| mention.name == name.ident).cloned().collect()
            };
            let (chosen, shown) = (of(&in_chosen), of(&in_querysets));
            if !shown.is_empty() {
                self.show(name, &shown, &mut places, errors);
            }
            self.place(name, &chosen, &shown, ignored.contains(&name.ident.to_string()), &mut places, errors);
        }
        for element in &chosen {
            self.element(element, &texts, &ignored, &mut places, errors);
        }
        places.in_key.extend(in_chosen.iter().map(|mention| mention.name.to_string()));
        places
    }

    fn names(&self) -> Vec<Name<'_>> {
        let receiver = self.receiver.iter().map(|ident| Name { ident: ident.clone(), ty: None });
        let bound = self.arguments.iter().flat_map(|argument| {
            let ty = (!argument.destructured || types::is_plain(&argument.ty)).then_some(&argument.ty);
            argument.names.iter().map(move |ident| Name { ident: ident.clone(), ty })
        });
        receiver.chain(bound).collect()
    }

    fn ignored(&self, names: &BTreeSet<String>, errors: &mut Errors) -> BTreeSet<String> {
        let mut ignored = BTreeSet::new();
        for ident in self.args.ignore.iter().flat_map(|ignore| &ignore.value) {
            if !names.contains(&ident.to_string()) {
                let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let known = if known.is_empty() { String::from("it has none") } else { known.join(", ") };
                errors.push(ident, format!("the function has no argument `{ident}` to ignore; its arguments: {known}"));
            } else if !ignored.insert(ident.to_string()) {
                errors.push(ident, format!("`{ident}` is ignored twice; name it once"));
            }
        }
        ignored
    }

    fn show(&self, name: &Name<'_>, shown: &[Mention], places: &mut Places, errors: &mut Errors) {
        if name.ident == "self" {
            return;
        }
        if name.ty.is_some_and(types::is_mutable_borrow) {
            errors.push(
                &shown[0].name,
                format!(
                    "the queryset cannot use `{}`, which the body borrows mutably; use what it was made from",
                    name.ident
                ),
            );
        }
        places.shown.push(name.ident.clone());
    }

    fn place(
        &self,
        name: &Name<'_>,
        chosen: &[Mention],
        shown: &[Mention],
        ignored: bool,
        places: &mut Places,
        errors: &mut Errors,
    ) {
        let ident = &name.ident;
        let plain = name.ty.is_some_and(types::is_plain);
        if !plain {
            places.asked.push(ident.clone());
        }
        let by_key = self.args.key.is_some();
        if ignored {
            if !shown.is_empty() && chosen.is_empty() {
                self.ignored_but_shown(ident, plain, places, errors);
            }
            return;
        }
        if name.ty.is_some_and(types::is_mutable_borrow) {
            if plain {
                errors.push(
                    ident,
                    format!("a hit would leave out what the function changes in `{ident}`; return it instead"),
                );
            } else {
                places.connections.push(ident.clone());
            }
            return;
        }
        if by_key {
            if chosen.is_empty() {
                self.without_place(ident, plain, places, errors);
            }
            return;
        }
        let is_self = ident == "self";
        let whole = chosen.iter().chain(shown).any(|mention| mention.fields.is_empty());
        let only_shown = chosen.is_empty() && !shown.is_empty();
        let unmentioned = chosen.is_empty() && shown.is_empty();
        if unmentioned && !self.all {
            self.without_place(ident, plain, places, errors);
            return;
        }
        places.in_key.insert(ident.to_string());
        if whole || unmentioned || only_shown && !is_self {
            places.parts.push(Part::Argument(ident.clone()));
            return;
        }
        let mut written = BTreeSet::new();
        for mention in chosen.iter().chain(shown) {
            let fields = &mention.fields;
            if written.insert(quote::quote!(#(#fields).*).to_string()) {
                places.parts.push(Part::Field(mention.name.clone(), fields.clone()));
            }
        }
    }

    fn without_place(&self, ident: &Ident, plain: bool, places: &mut Places, errors: &mut Errors) {
        let option = if self.args.key.is_some() { "key" } else { "extra" };
        if ident == "self" {
            errors.push(
                ident,
                format!(
                    "calls on two objects would share one result: add what tells the objects apart, such as \
                     `{option} = self.id`, or name it in `ignore(self)`"
                ),
            );
        } else if plain {
            errors.push(
                ident,
                format!(
                    "two calls that differ in `{ident}` would share one result: add it to `{option}`, or name it in `ignore(..)`"
                ),
            );
        } else {
            places.connections.push(ident.clone());
        }
    }

    fn ignored_but_shown(&self, ident: &Ident, plain: bool, places: &mut Places, errors: &mut Errors) {
        let ignore = self.args.ignore.iter().flat_map(|ignore| &ignore.value).find(|other| *other == ident);
        let ignore = ignore.unwrap_or(ident).clone();
        if plain {
            errors.push(
                &ignore,
                format!("two calls that differ in `{ident}` read different rows and would share one result: remove it from `ignore(..)`"),
            );
        } else if ident != "self" {
            places.ignored_but_shown.push(ignore);
        }
    }

    /// What a value in `extra` or `key` adds to the parts that its arguments are already.
    fn element(
        &self,
        element: &Expr,
        names: &BTreeSet<String>,
        ignored: &BTreeSet<String>,
        places: &mut Places,
        errors: &mut Errors,
    ) {
        let found = mentions(element, names);
        let [mention] = &found[..] else { return places.parts.push(Part::Value(element.clone())) };
        let is_bare = is_place(bare(element));
        let is_ignored = ignored.contains(&mention.name.to_string());
        let option = if self.args.key.is_some() { "key" } else { "extra" };
        match (is_bare, is_ignored, self.args.key.is_some()) {
            (true, true, _) if mention.fields.is_empty() => errors
                .push(&mention.name, format!("`{}` is both in `{option}` and in `ignore(..)`; keep one", mention.name)),
            (true, false, false) => {}
            _ => places.parts.push(Part::Value(element.clone())),
        }
    }
}

/// The values that an option lists: those of a tuple, else the one.
fn elements(expr: &Expr) -> Vec<Expr> {
    match bare(expr) {
        Expr::Tuple(tuple) => tuple.elems.iter().cloned().collect(),
        _ => vec![expr.clone()],
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        Expr::Reference(inner) if inner.mutability.is_none() => bare(&inner.expr),
        _ => expr,
    }
}

/// Whether an expression is a variable or fields of one.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => path.path.get_ident().is_some(),
        Expr::Field(field) => is_place(bare(&field.base)),
        _ => false,
    }
}

impl ToTokens for Part {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        match self {
            Part::Argument(name) => name.to_tokens(tokens),
            Part::Field(name, fields) => tokens.extend(quote::quote!(#name #(.#fields)*)),
            Part::Value(value) => value.to_tokens(tokens),
        }
    }
}
