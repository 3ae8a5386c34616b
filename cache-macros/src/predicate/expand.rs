//! The expression that builds the dependencies.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::{Condition, Item, Name, Test};

pub(super) fn items(items: &[Item]) -> TokenStream {
    let mut each = items.iter().map(item);
    match (each.len(), each.next()) {
        (0, _) | (_, None) => quote!(::cache_core::Dependencies::none()),
        (1, Some(only)) => only,
        (_, Some(first)) => each.fold(first, |all, next| quote!(::cache_core::Dependencies::union(#all, #next))),
    }
}

fn item(item: &Item) -> TokenStream {
    match item {
        Item::Table(table, None) => {
            let table = literal(table);
            quote!(::cache_core::Dependencies::table(#table))
        }
        Item::Table(table, Some(predicate)) => {
            let (table, predicate) = (literal(table), condition(predicate));
            quote!(::cache_core::Dependencies::on(#table, #predicate))
        }
        Item::Tag(name) => quote_spanned!(name.span()=> ::cache_core::Dependencies::tag(#name)),
    }
}

fn literal(name: &Name) -> proc_macro2::Literal {
    let mut literal = proc_macro2::Literal::string(&name.text);
    literal.set_span(name.span);
    literal
}

fn condition(written: &Condition) -> TokenStream {
    match written {
        Condition::All(all) => {
            let all = all.iter().map(condition);
            quote!(::cache_core::Predicate::All(::std::vec![#(#all),*]))
        }
        Condition::Any(any) => {
            let any = any.iter().map(condition);
            quote!(::cache_core::Predicate::Either(::std::vec![#(#any),*]))
        }
        Condition::Not(inner) => {
            let inner = condition(inner);
            quote!(::cache_core::Predicate::Not(::std::boxed::Box::new(#inner)))
        }
        Condition::Test(column, wanted) => {
            let column_name = literal(column);
            let test = test(column, wanted);
            quote!(::cache_core::column(#column_name).#test)
        }
    }
}

fn test(column: &Name, test: &Test) -> TokenStream {
    match test {
        Test::Unary(method) => {
            let method = Ident::new(method, column.span);
            quote!(#method())
        }
        Test::Binary(method, value) | Test::Each(method, value) => {
            let method = Ident::new(method, column.span);
            quote_spanned!(value.span()=> #method(#value))
        }
        Test::List(method, values) => {
            let method = Ident::new(method, column.span);
            if values.is_empty() {
                return quote!(#method([] as [::cache_core::Value; 0]));
            }
            let values = values.iter().map(|value| quote_spanned!(value.span()=> ::cache_core::Value::from(#value)));
            quote!(#method([#(#values),*]))
        }
        Test::Between(low, high) => quote!(between(#low, #high)),
    }
}
