//! What was written between the parentheses of `#[cached_as(..)]` and `#[cached(..)]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Token, parenthesized};

use crate::errors::Errors;
use crate::grace::GraceArgs;

/// A value beside the word that introduced it.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// The options, as written.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) querysets: Vec<Expr>,
    pub(crate) extra: Option<Spanned<Expr>>,
    pub(crate) key: Option<Spanned<Expr>>,
    pub(crate) ttl: Option<Spanned<Expr>>,
    pub(crate) idle: Option<Spanned<Expr>>,
    pub(crate) codec: Option<Spanned<Expr>>,
    pub(crate) lock: Option<Spanned<Expr>>,
    pub(crate) grace: GraceArgs,
    pub(crate) cache: Option<Spanned<Expr>>,
    pub(crate) name: Option<Spanned<Expr>>,
    pub(crate) version: Option<Spanned<Expr>>,
    pub(crate) when: Option<Spanned<Expr>>,
    pub(crate) companions: Option<Spanned<Expr>>,
    pub(crate) cache_none: Option<Spanned<Expr>>,
    pub(crate) cache_err: Option<Spanned<Expr>>,
    pub(crate) tags: Option<Spanned<Expr>>,
    pub(crate) depends: Option<Spanned<Expr>>,
    pub(crate) verify: Option<Spanned<Expr>>,
    pub(crate) reads: Option<Ident>,
    pub(crate) ignore: Option<Spanned<Vec<Ident>>>,
}

const OPTIONS: &[&str] = &[
    "extra",
    "ttl",
    "idle",
    "codec",
    "lock",
    "cache",
    "cache_none",
    "cache_err",
    "name",
    "version",
    "when",
    "key",
    "ignore",
    "tags",
    "companions",
    "depends",
    "verify",
    "reads",
    "jitter",
    "refresh_ahead",
    "stale_while_revalidate",
    "stale_if_error",
    "soft_timeout",
    "hard_timeout",
];

/// Words of other caches, and ours for them.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("timeout", "ttl"),
    ("time", "ttl"),
    ("expires", "ttl"),
    ("duration", "ttl"),
    ("skip", "ignore"),
    ("convert", "key"),
    ("keys", "key"),
    ("condition", "when"),
    ("store", "cache"),
    ("vary", "extra"),
    ("tti", "idle"),
    ("cache_errors", "cache_err"),
    ("labels", "tags"),
    ("swr", "stale_while_revalidate"),
    ("fail_safe", "stale_if_error"),
    ("early_refresh", "refresh_ahead"),
];

impl Args {
    /// Reads everything that can be read; each mistake is an error of its own.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Args {
        let mut args = Args::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.item(input, errors) {
                    errors.add(error);
                    skip_item(input)?;
                }
                if input.is_empty() {
                    break;
                }
                if let Err(error) = input.parse::<Token![,]>() {
                    errors.add(Error::new(error.span(), "expected `,` before the next option"));
                    skip_item(input)?;
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        args
    }

    /// What tells the dependencies.
    pub(crate) fn told_by(&self) -> impl Iterator<Item = &Expr> {
        self.querysets.iter().chain(self.depends.iter().map(|option| &option.value))
    }

    fn item(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let ahead = input.fork();
        let Ok(word) = Ident::parse_any(&ahead) else { return self.queryset(input) };
        if ahead.peek(Token![=]) && !ahead.peek(Token![==]) && !ahead.peek(Token![=>]) {
            let key = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(Error::new(key.span(), format!("`{key}` needs a value: `{key} = ..`")));
            }
            return self.option(key, input, errors);
        }
        if word == "ignore" && ahead.peek(syn::token::Paren) {
            let key = Ident::parse_any(input)?;
            return self.ignore(key, input, errors);
        }
        if word == "reads" && (ahead.is_empty() || ahead.peek(Token![,])) {
            return self.reads(input, errors);
        }
        let stands_alone = ahead.is_empty() || ahead.peek(Token![,]);
        if stands_alone && OPTIONS.contains(&&*word.to_string()) {
            Ident::parse_any(input)?;
            let how = if word == "ignore" { "ignore(..)" } else { &*format!("{word} = ..") };
            return Err(Error::new(word.span(), format!("`{word}` needs a value: `{how}`")));
        }
        self.queryset(input)
    }

    fn queryset(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        self.querysets.push(input.parse()?);
        Ok(())
    }

    fn reads(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let word = Ident::parse_any(input)?;
        if self.reads.is_some() {
            errors.push(&word, "`reads` given twice; keep one");
        }
        self.reads = Some(word);
        Ok(())
    }

    fn option(&mut self, key: Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let slot = match &*key.to_string() {
            "extra" => &mut self.extra,
            "ttl" => &mut self.ttl,
            "idle" => &mut self.idle,
            "codec" => &mut self.codec,
            "lock" => &mut self.lock,
            "cache" => &mut self.cache,
            "name" => &mut self.name,
            "version" => &mut self.version,
            "when" => &mut self.when,
            "key" => &mut self.key,
            "companions" => &mut self.companions,
            "cache_none" => &mut self.cache_none,
            "cache_err" => &mut self.cache_err,
            "tags" => &mut self.tags,
            "depends" => &mut self.depends,
            "verify" => &mut self.verify,
            "reads" => {
                let message = "`reads` stands alone: what the body reads is what its result depends on";
                let error = Error::new(key.span(), message);
                self.reads = Some(key);
                return Err(error);
            }
            "ignore" => return Err(Error::new(key.span(), "`ignore` is a list of arguments: `ignore(a, b)`")),
            other => match self.grace.slot(other) {
                Some(slot) => slot,
                None => return Err(Error::new(key.span(), unknown(other))),
            },
        };
        let value = input.parse()?;
        if slot.is_some() {
            let remedy = match &*key.to_string() {
                "extra" | "key" => "combine the values in a tuple",
                "tags" => "combine them in a list",
                _ => "keep one",
            };
            errors.push(&key, format!("`{key}` given twice; {remedy}"));
            return Ok(());
        }
        *slot = Some(Spanned { key, value });
        Ok(())
    }

    fn ignore(&mut self, key: Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let content;
        parenthesized!(content in input);
        let names: Punctuated<Ident, Token![,]> =
            content.call(|content| Punctuated::parse_terminated_with(content, Ident::parse_any)).map_err(|error| {
                // What is left unread would be an error of its own.
                let _: syn::Result<TokenStream> = content.parse();
                Error::new(error.span(), "`ignore(..)` lists arguments by their names: `ignore(a, b)`")
            })?;
        if names.is_empty() {
            errors.push(&key, "`ignore()` names no argument; name one or remove it");
        }
        match &mut self.ignore {
            Some(earlier) => earlier.value.extend(names),
            None => self.ignore = Some(Spanned { key, value: names.into_iter().collect() }),
        }
        Ok(())
    }
}

fn unknown(word: &str) -> String {
    let nearest = OTHER_WORDS.iter().find(|(other, _)| *other == word).map(|(_, ours)| *ours).or_else(|| {
        OPTIONS.iter().copied().filter(|option| distance(option, word) <= 2).min_by_key(|o| distance(o, word))
    });
    match nearest {
        _ if word == "result" => {
            String::from("there is no option `result`: an `Err` is not kept anyway, unless `cache_err = true`")
        }
        _ if word == "option" => {
            String::from("there is no option `option`: `None` is kept, unless `cache_none = false`")
        }
        Some(nearest) => format!("there is no option `{word}`; did you mean `{nearest}`?"),
        None => format!("there is no option `{word}`; the options are {}", OPTIONS.join(", ")),
    }
}

/// How many letters have to be changed, added or removed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

/// Goes on behind a mistake, at the next comma.
fn skip_item(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
