//! What of a returned value is kept: `cache_none` and `cache_err`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Lit, Type};

use crate::args::{Args, Spanned};
use crate::errors::Errors;

/// Which values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// `None` like any other value.
    pub(crate) none: bool,
    /// An `Err` as well.
    pub(crate) errors: bool,
}

impl Kept {
    pub(crate) fn read(args: &Args, errors: &mut Errors) -> Kept {
        Kept {
            none: flag(args.cache_none.as_ref(), true, errors),
            errors: flag(args.cache_err.as_ref(), false, errors),
        }
    }

    /// The policy for a return type. Whether an option applies to the type is said by the compiler, which sees through aliases.
    pub(crate) fn policy(self, output: &Type) -> TokenStream {
        let span = output.span();
        let returns = quote_spanned!(span=> ::cache_core::__private::Returns::<#output>::new());
        match (self.none, self.errors) {
            (true, false) => quote_spanned!(span=> (&#returns).policy()),
            (false, false) => quote_spanned!(span=> ::cache_core::__private::without_none(#returns)),
            (true, true) => quote_spanned!(span=> ::cache_core::__private::with_err(#returns)),
            (false, true) => quote_spanned!(span=> ::cache_core::__private::with_err_without_none(#returns)),
        }
    }

    /// What has to be in scope beside what every function needs.
    pub(crate) fn traits(self) -> Option<TokenStream> {
        self.errors.then(|| {
            quote!(
                #[allow(unused_imports)]
                use ::cache_core::__private::ViaOk as _;
            )
        })
    }
}

fn flag(option: Option<&Spanned<Expr>>, default: bool, errors: &mut Errors) -> bool {
    let Some(option) = option else { return default };
    if let Expr::Lit(literal) = &option.value
        && let Lit::Bool(flag) = &literal.lit
    {
        return flag.value;
    }
    let key = &option.key;
    errors.push(
        &option.value,
        format!(
            "`{key}` is `true` or `false`, for it decides on the type that is kept; for single calls there is `when`"
        ),
    );
    default
}
