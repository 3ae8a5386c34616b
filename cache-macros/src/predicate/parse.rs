//! The grammar: items between `;`, predicates in which `,` binds loosest, then `||`, then `&&`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Token, bracketed, parenthesized, token};

use super::{Condition, Item, Name, Test};

impl Name {
    fn is(self, test: Test) -> Condition {
        Condition::Test(self, Box::new(test))
    }
}

pub(super) fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(item(input)?);
        if input.is_empty() {
            break;
        }
        if !input.peek(Token![;]) {
            return Err(input.error("expected `:` and a predicate, or `;` and the next table"));
        }
        input.parse::<Token![;]>()?;
    }
    Ok(items)
}

fn item(input: ParseStream<'_>) -> syn::Result<Item> {
    let is_tag = {
        let ahead = input.fork();
        ahead.call(Ident::parse_any).is_ok_and(|word| word == "tag")
            && !(ahead.is_empty() || ahead.peek(Token![;]) || ahead.peek(Token![:]) || ahead.peek(Token![.]))
    };
    if is_tag {
        input.call(Ident::parse_any)?;
        return Ok(Item::Tag(Box::new(value(input, "tag")?)));
    }
    let mut table = name(input, "a table: an identifier or a text, or `tag` with a name")?;
    while input.peek(Token![.]) {
        input.parse::<Token![.]>()?;
        table.text = format!("{}.{}", table.text, name(input, "a table behind its schema")?.text);
    }
    if !input.peek(Token![:]) {
        return Ok(Item::Table(table, None));
    }
    input.parse::<Token![:]>()?;
    Ok(Item::Table(table, Some(Box::new(conditions(input)?))))
}

fn name(input: ParseStream<'_>, what: &str) -> syn::Result<Name> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        return Ok(Name { text: text.value(), span: text.span() });
    }
    match input.call(Ident::parse_any) {
        Ok(ident) => Ok(Name { text: ident.unraw().to_string(), span: ident.span() }),
        Err(error) => Err(Error::new(error.span(), format!("expected {what}"))),
    }
}

fn conditions(input: ParseStream<'_>) -> syn::Result<Condition> {
    let mut all = vec![either(input)?];
    while input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        if input.is_empty() || input.peek(Token![;]) {
            break;
        }
        all.push(either(input)?);
    }
    if !(input.is_empty() || input.peek(Token![;])) {
        return Err(input.error(ending(input)));
    }
    Ok(one_or(all, Condition::All))
}

fn ending(input: ParseStream<'_>) -> &'static str {
    let word = input.fork().call(Ident::parse_any).map(|word| word.to_string());
    match word.as_deref() {
        Ok("and" | "AND") => "write `&&` or `,` between conditions that hold together",
        Ok("or" | "OR") => "write `||` between conditions of which one holds",
        _ => {
            "separate conditions by `,`, `&&` or `||`, and tables by `;`; a value with operators or commas needs parentheses"
        }
    }
}

fn one_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    if conditions.len() == 1 { conditions.remove(0) } else { many(conditions) }
}

fn either(input: ParseStream<'_>) -> syn::Result<Condition> {
    let mut any = vec![both(input)?];
    while input.peek(Token![||]) {
        input.parse::<Token![||]>()?;
        any.push(both(input)?);
    }
    Ok(one_or(any, Condition::Any))
}

fn both(input: ParseStream<'_>) -> syn::Result<Condition> {
    let mut all = vec![single(input)?];
    while input.peek(Token![&&]) {
        input.parse::<Token![&&]>()?;
        all.push(single(input)?);
    }
    Ok(one_or(all, Condition::All))
}

fn single(input: ParseStream<'_>) -> syn::Result<Condition> {
    if input.peek(Token![!]) {
        input.parse::<Token![!]>()?;
        return Ok(Condition::Not(Box::new(single(input)?)));
    }
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        return conditions(&content);
    }
    let column = name(input, "a condition: a column and a comparison, `!`, or parentheses")?;
    test(input, column)
}

const COMPARISONS: &str =
    "expected a comparison: =, !=, <, <=, >, >=, in, not in, between, starts_with, is null, is not null";

fn test(input: ParseStream<'_>, column: Name) -> syn::Result<Condition> {
    let binary = |method, sign| -> syn::Result<Test> { Ok(Test::Binary(method, compared(input, sign)?)) };
    let test = if input.peek(Token![==]) {
        input.parse::<Token![==]>()?;
        binary("eq", "==")?
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        binary("eq", "=")?
    } else if input.peek(Token![!=]) {
        input.parse::<Token![!=]>()?;
        binary("ne", "!=")?
    } else if input.peek(Token![<=]) {
        input.parse::<Token![<=]>()?;
        binary("le", "<=")?
    } else if input.peek(Token![<]) {
        input.parse::<Token![<]>()?;
        binary("lt", "<")?
    } else if input.peek(Token![>=]) {
        input.parse::<Token![>=]>()?;
        binary("ge", ">=")?
    } else if input.peek(Token![>]) {
        input.parse::<Token![>]>()?;
        binary("gt", ">")?
    } else {
        return worded(input, column);
    };
    Ok(column.is(test))
}

fn worded(input: ParseStream<'_>, column: Name) -> syn::Result<Condition> {
    let place = input.span();
    let word = match input.call(Ident::parse_any) {
        Ok(word) => word,
        Err(_) if input.is_empty() => return Err(Error::new(column.span, COMPARISONS)),
        Err(_) => return Err(Error::new(place, COMPARISONS)),
    };
    match &*word.to_string() {
        "in" => Ok(column.is(list(input, "is_in")?)),
        "between" => Ok(column.is(between(input)?)),
        "starts_with" => Ok(column.is(Test::Binary("starts_with", value(input, "starts_with")?))),
        "is" => is(input, column, &word),
        "not" => match input.call(Ident::parse_any) {
            Ok(next) if next == "in" => Ok(column.is(list(input, "not_in")?)),
            Ok(next) if next == "between" => Ok(Condition::Not(Box::new(column.is(between(input)?)))),
            _ => Err(Error::new(word.span(), "expected `not in` or `not between`")),
        },
        "like" => Err(Error::new(
            word.span(),
            "there is no `like`; for a prefix write `starts_with \"ab\"`, else leave the condition out",
        )),
        other => Err(Error::new(word.span(), format!("`{other}` is no comparison; {COMPARISONS}"))),
    }
}

fn is(input: ParseStream<'_>, column: Name, word: &Ident) -> syn::Result<Condition> {
    let expected = || Error::new(word.span(), "expected `null` or `not null` after `is`");
    let next = input.call(Ident::parse_any).map_err(|_| expected())?;
    if next == "null" {
        return Ok(column.is(Test::Unary("is_null")));
    }
    let null = input.call(Ident::parse_any).map_err(|_| expected())?;
    if next != "not" || null != "null" {
        return Err(expected());
    }
    Ok(column.is(Test::Unary("is_not_null")))
}

fn list(input: ParseStream<'_>, method: &'static str) -> syn::Result<Test> {
    if input.peek(token::Bracket) {
        let ahead = input.fork();
        ahead.parse::<TokenTree>()?;
        if is_end(&ahead) {
            let content;
            bracketed!(content in input);
            let values = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
            return Ok(Test::List(method, values.into_iter().collect()));
        }
    }
    let expr = value(input, "in")?;
    Ok(Test::Each(
        method,
        match expr {
            Expr::Paren(inner) => *inner.expr,
            expr => expr,
        },
    ))
}

fn between(input: ParseStream<'_>) -> syn::Result<Test> {
    let low = value(input, "between")?;
    let place = if input.is_empty() { low.span() } else { input.span() };
    match input.call(Ident::parse_any) {
        Ok(word) if word == "and" => Ok(Test::Between(low, value(input, "and")?)),
        _ => Err(Error::new(place, "`between` has two ends: `between low and high`")),
    }
}

fn compared(input: ParseStream<'_>, sign: &str) -> syn::Result<Expr> {
    let expr = value(input, sign)?;
    match &expr {
        Expr::Path(path) if path.path.is_ident("null") || path.path.is_ident("NULL") => {
            let remedy = if sign == "!=" { "is not null" } else { "is null" };
            Err(Error::new_spanned(path, format!("a comparison with null never holds; write `{remedy}`")))
        }
        _ => Ok(expr),
    }
}

fn is_end(input: ParseStream<'_>) -> bool {
    let is_and = input.fork().call(Ident::parse_any).is_ok_and(|word| word == "and" || word == "or");
    input.is_empty()
        || is_and
        || input.peek(Token![,])
        || input.peek(Token![;])
        || input.peek(Token![&&])
        || input.peek(Token![||])
}

/// A Rust expression up to what belongs to the predicate.
fn value(input: ParseStream<'_>, behind: &str) -> syn::Result<Expr> {
    let place = input.span();
    let mut tokens = TokenStream::new();
    while !is_end(input) {
        input.parse::<TokenTree>()?.to_tokens(&mut tokens);
    }
    if tokens.is_empty() {
        return Err(Error::new(place, format!("expected a value after `{behind}`")));
    }
    let whole = |input: ParseStream<'_>| -> syn::Result<Expr> {
        let expr = input.parse()?;
        if input.is_empty() { Ok(expr) } else { Err(input.error(ending(input))) }
    };
    whole.parse2(tokens.clone()).map_err(|error| {
        if error.to_string() == ending(input) || tokens.clone().into_iter().count() == 1 {
            return error;
        }
        Error::new(error.span(), format!("{error}; a value with operators or commas needs parentheses"))
    })
}
