//! Which arguments an expression mentions.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprField, ExprPath, Ident, Index, Member};

/// An argument, or fields of it, in an expression.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) name: Ident,
    /// The fields that are read of it: `id` in `user.id`. None stands for the whole argument.
    pub(crate) fields: Vec<Member>,
}

/// The mentions of any of these names, closer to too many than to too few.
///
/// What a macro makes of its tokens cannot be known, so any identifier inside counts, also one that stands in braces
/// inside of a text. That a closure's parameter may hide an argument of the same name is not seen either.
pub(crate) fn mentions(expr: &Expr, names: &BTreeSet<String>) -> Vec<Mention> {
    let mut search = Search { names, found: Vec::new() };
    search.visit_expr(expr);
    search.found
}

struct Search<'a> {
    names: &'a BTreeSet<String>,
    found: Vec<Mention>,
}

impl Search<'_> {
    fn record(&mut self, name: &Ident, fields: Vec<Member>) {
        if self.names.contains(&name.to_string()) {
            self.found.push(Mention { name: name.clone(), fields });
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.text(&literal.to_string(), literal.span()),
                TokenTree::Ident(name) if is_variable(&trees, at) => {
                    let fields = fields_behind(&trees[at + 1..]);
                    self.record(name, fields);
                }
                _ => {}
            }
        }
    }

    /// Identifiers in the braces of a format string.
    fn text(&mut self, literal: &str, span: proc_macro2::Span) {
        if !literal.contains('"') {
            return;
        }
        for braces in literal.split('{').skip(1) {
            let inside = braces.split('}').next().unwrap_or(braces);
            for word in inside.split(|c: char| !c.is_alphanumeric() && c != '_') {
                if self.names.contains(word) {
                    self.record(&Ident::new(word, span), Vec::new());
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Verbatim(tokens) => self.tokens(tokens.clone()),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_path(&mut self, expr: &'ast ExprPath) {
        if let (None, Some(name)) = (&expr.qself, expr.path.get_ident()) {
            self.record(name, Vec::new());
        }
    }

    fn visit_expr_field(&mut self, expr: &'ast ExprField) {
        let mut fields = vec![expr.member.clone()];
        let mut base = &*expr.base;
        loop {
            base = match base {
                Expr::Field(inner) => {
                    fields.insert(0, inner.member.clone());
                    &inner.base
                }
                Expr::Paren(inner) => &inner.expr,
                Expr::Group(inner) => &inner.expr,
                _ => break,
            };
        }
        match base {
            Expr::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
                if let Some(name) = path.path.get_ident() {
                    self.record(name, fields);
                }
            }
            other => self.visit_expr(other),
        }
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
    }
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Whether an identifier may be a variable: it is none behind a single dot or a path's colons, nor before such colons.
fn is_variable(trees: &[TokenTree], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| trees.get(at));
    let behind_dot = is_punct(before(1), '.') && !is_punct(before(2), '.');
    !behind_dot && !is_path(before(2), before(1)) && !is_path(trees.get(at + 1), trees.get(at + 2))
}

fn is_path(first: Option<&TokenTree>, second: Option<&TokenTree>) -> bool {
    let joined = matches!(first, Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
    joined && is_punct(first, ':') && is_punct(second, ':')
}

/// The fields in `.a.0.b`, up to what is a method.
fn fields_behind(trees: &[TokenTree]) -> Vec<Member> {
    let mut fields = Vec::new();
    let mut rest = trees;
    while let [dot, member, after @ ..] = rest {
        if !is_punct(Some(dot), '.') {
            break;
        }
        let is_call = matches!(after.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            || is_path(after.first(), after.get(1));
        match member {
            TokenTree::Ident(name) if !is_call => fields.push(Member::Named(name.clone())),
            TokenTree::Literal(number) => match number.to_string().parse::<u32>() {
                Ok(index) => fields.push(Member::Unnamed(Index { index, span: number.span() })),
                Err(_) => break,
            },
            _ => break,
        }
        rest = after;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expr: &str) -> Vec<String> {
        let names = ["category", "self", "user"].map(String::from).into();
        let expr = syn::parse_str(expr).unwrap();
        let text = |mention: Mention| {
            let mut text = mention.name.to_string();
            for field in mention.fields {
                text += ".";
                text += &match field {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(index) => index.index.to_string(),
                };
            }
            text
        };
        mentions(&expr, &names).into_iter().map(text).collect()
    }

    #[test]
    fn expressions_are_searched_by_their_structure() {
        assert_eq!(found("Article::find().filter(Category.eq(category))"), ["category"]);
        assert_eq!(found("x.category(3)"), [""; 0]);
        assert_eq!(found("category::Column"), [""; 0]);
        assert_eq!(found("x.category"), [""; 0]);
        assert_eq!(found("Filter { category }"), ["category"]);
        assert_eq!(found("by(&category, user)"), ["category", "user"]);
        assert_eq!(found("|x| x + category"), ["category"]);
    }

    #[test]
    fn fields_are_kept_apart_from_methods() {
        assert_eq!(found("self.store.id.eq(user.0.name)"), ["self.store.id", "user.0.name"]);
        assert_eq!(found("self.id()"), ["self"]);
        assert_eq!(found("(self.id, user.name().len())"), ["self.id", "user"]);
    }

    #[test]
    fn tokens_of_macros_count_unless_they_cannot_be_variables() {
        assert_eq!(found("dependencies!(article: category_id = category)"), ["category"]);
        assert_eq!(found("m!(a.category, category::X, x::category)"), [""; 0]);
        assert_eq!(found("m!(self.store.id.eq(1), [user.name()])"), ["self.store.id", "user"]);
        assert_eq!(found("m!(0..category)"), ["category"]);
    }

    #[test]
    fn format_strings_count() {
        assert_eq!(found(r#"format!("list of {category:>w$}")"#), ["category"]);
        assert_eq!(found(r#"format!("{:1$} {x:user$}", 1)"#), ["user"]);
        assert_eq!(found(r#"format!("category")"#), [""; 0]);
    }
}
