//! Every mistake of an item, told at once.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects errors while the stages go on.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    first: Option<Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(place, message));
    }

    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.first {
            Some(first) => first.combine(error),
            None => self.first = Some(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// One `compile_error!` for each.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.first.map(Error::into_compile_error).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn messages(self) -> Vec<String> {
        self.first.into_iter().flatten().map(|error| error.to_string()).collect()
    }
}
