//! Where dependencies come from beside querysets: what the body reads, what its result says; and how they are checked.

use syn::{Expr, ExprClosure, Ident, Lit, Pat};

use crate::args::{Args, Spanned};
use crate::check::Attribute;
use crate::errors::Errors;
use crate::queryset::lower;

/// Where dependencies come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Declared,
    /// From what the body reads.
    Recorded,
    /// There are none.
    Timed,
}

/// What the result says that it depends on.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) result: Pat,
    pub(crate) queryset: Expr,
}

/// How much is checked.
#[derive(Clone, Debug)]
pub(crate) enum Verify {
    /// A function of `cache_core::Verify`.
    Named(Ident),
    Given(Expr),
}

pub(crate) fn reading(attribute: Attribute, args: &Args, errors: &mut Errors) -> Reading {
    let Some(word) = &args.reads else {
        return if attribute == Attribute::Cached { Reading::Timed } else { Reading::Declared };
    };
    if attribute == Attribute::Cached {
        errors
            .push(word, "`#[cached]` goes by time alone; what the body reads is recorded by `#[cached_as(reads, ..)]`");
    }
    for queryset in &args.querysets {
        errors.push(
            queryset,
            "`reads` records what the body reads, so a queryset has nothing to add: remove one of the two; \
             `depends = |result| ..` adds what is not read through a connection",
        );
    }
    Reading::Recorded
}

pub(crate) fn told(attribute: Attribute, option: Option<&Spanned<Expr>>, errors: &mut Errors) -> Option<Told> {
    let option = option?;
    if attribute == Attribute::Cached {
        errors.push(
            &option.key,
            "`#[cached]` goes by time alone; what the result depends on is said in `#[cached_as(..)]`",
        );
    }
    let Expr::Closure(closure) = &option.value else {
        errors.push(
            &option.value,
            "`depends` is a closure that looks at the result: `depends = |result| ..`; without it, write a queryset",
        );
        return None;
    };
    let inputs = closure.inputs.len();
    match closure {
        ExprClosure { asyncness: Some(word), .. } => {
            errors.push(word, "the closure of `depends` looks at the result and awaits nothing; remove `async`");
            None
        }
        _ if inputs != 1 => {
            errors.push(
                &option.value,
                format!(
                    "the closure of `depends` takes the result, and this one takes {inputs} arguments: `|result| ..`"
                ),
            );
            None
        }
        _ => Some(Told { result: closure.inputs[0].clone(), queryset: lower((*closure.body).clone(), errors) }),
    }
}

pub(crate) fn verify(
    attribute: Attribute,
    option: Option<&Spanned<Expr>>,
    reading: Reading,
    errors: &mut Errors,
) -> Option<Verify> {
    let option = option?;
    if attribute == Attribute::Cached {
        errors.push(&option.key, "a result that goes by time may be another than a fresh one, so there is nothing to verify; remove `verify`");
        return None;
    }
    let Expr::Lit(literal) = &option.value else { return Some(Verify::Given(option.value.clone())) };
    let word = match &literal.lit {
        Lit::Str(text) => text.value(),
        _ => String::new(),
    };
    match &*word {
        "panic" | "log" if reading == Reading::Recorded => {
            errors.push(
                literal,
                format!("`reads` declares nothing that `verify = \"{word}\"` could check; remove one of the two"),
            );
            None
        }
        "panic" | "log" | "compare" | "off" => Some(Verify::Named(Ident::new(&word, literal.lit.span()))),
        _ => {
            errors.push(
                literal,
                "`verify` is \"panic\" or \"log\", for what is read and not declared, \"compare\", for what is kept, \"off\", or a `Verify`",
            );
            None
        }
    }
}
