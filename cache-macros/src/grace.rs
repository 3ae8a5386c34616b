//! The options of time and failure: how they are written, what is wrong with them, what they become.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident};

use crate::args::{Args, Spanned};
use crate::check::{Time, time};
use crate::errors::Errors;

macro_rules! options {
    ($($name:ident),*) => {
        /// The options, as written.
        #[derive(Debug, Default)]
        pub(crate) struct GraceArgs {
            $($name: Option<Spanned<Expr>>,)*
        }

        /// The options, as they are meant.
        #[derive(Debug, Default)]
        pub(crate) struct Grace {
            $($name: Option<Spanned<Time>>,)*
        }

        impl GraceArgs {
            /// Where the value of an option goes.
            pub(crate) fn slot(&mut self, word: &str) -> Option<&mut Option<Spanned<Expr>>> {
                match word {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }

            pub(crate) fn all(&self) -> impl Iterator<Item = &Spanned<Expr>> {
                [$(&self.$name),*].into_iter().flatten()
            }
        }

        impl Grace {
            pub(crate) fn new(args: &Args, ttl: Option<&Time>, errors: &mut Errors) -> Grace {
                let grace = Grace { $($name: args.grace.$name.as_ref().and_then(|option| some_time(option, errors)),)* };
                grace.check(args, ttl, errors);
                grace
            }

            fn is_empty(&self) -> bool {
                [$(&self.$name),*].into_iter().all(Option::is_none)
            }
        }
    };
}

options!(jitter, refresh_ahead, stale_while_revalidate, stale_if_error, soft_timeout, hard_timeout);

fn some_time(option: &Spanned<Expr>, errors: &mut Errors) -> Option<Spanned<Time>> {
    let value = time(option, errors)?;
    if matches!(value, Time::Fixed(time) if time.is_zero()) {
        errors.push(&option.value, format!("`{}` of no time does nothing; remove it", option.key));
    }
    Some(Spanned { key: option.key.clone(), value })
}

impl Grace {
    fn check(&self, args: &Args, ttl: Option<&Time>, errors: &mut Errors) {
        let reaches = |option: &Spanned<Time>, limit: Option<&Time>| match (&option.value, limit) {
            (Time::Fixed(time), Some(Time::Fixed(limit))) => time >= limit,
            _ => false,
        };
        if let Some(jitter) = self.jitter.as_ref().filter(|jitter| reaches(jitter, ttl)) {
            errors
                .push(&jitter.key, "`jitter` shortens `ttl`, and may leave nothing of it; make it shorter than `ttl`");
        }
        if let Some(ahead) = self.refresh_ahead.as_ref().filter(|ahead| reaches(ahead, ttl)) {
            errors.push(&ahead.key, "each hit would refresh the result; make `refresh_ahead` shorter than `ttl`");
        }
        let Some(soft) = &self.soft_timeout else { return };
        if args.grace.stale_if_error.is_none() {
            errors.push(
                &soft.key,
                "`soft_timeout` serves the last result, so say how stale it may be: `stale_if_error = \"10m\"`",
            );
        }
        if reaches(soft, self.hard_timeout.as_ref().map(|hard| &hard.value)) {
            errors.push(&soft.key, "`hard_timeout` would always come first; make `soft_timeout` the shorter one");
        }
    }

    /// The word of an option that has the body go on without its caller, if there is one.
    pub(crate) fn background(&self) -> Option<&Ident> {
        let options = [&self.stale_while_revalidate, &self.refresh_ahead, &self.soft_timeout, &self.hard_timeout];
        options.into_iter().flatten().map(|option| &option.key).next()
    }

    /// What hands the options to a call; nothing where there are none.
    pub(crate) fn call(&self, policy: &Ident) -> TokenStream {
        if self.is_empty() {
            return TokenStream::new();
        }
        let plain = [&self.jitter, &self.refresh_ahead, &self.stale_while_revalidate, &self.soft_timeout];
        let plain = plain.into_iter().flatten().map(|option| option.value.call(&option.key));
        let stale_if_error = self.stale_if_error.iter().map(|option| {
            let time = option.value.value();
            let fails = quote_spanned!(option.key.span()=> ::cache_core::__private::fails(#policy));
            quote! {
                .stale_if_error(#time, {
                    use ::cache_core::__private::{ViaDebug as _, ViaDisplay as _, ViaSilence as _};
                    #fails;
                    (&&&#policy).describe()
                })
            }
        });
        let hard_timeout = self.hard_timeout.iter().map(|option| {
            let time = option.value.value();
            let error = quote_spanned!(option.key.span()=> ::cache_core::__private::timed_out(#policy));
            quote!(.hard_timeout(#time, #error))
        });
        quote! {
            .grace(::cache_core::__private::Graces::of(#policy) #(#plain)* #(#stale_if_error)* #(#hard_timeout)*)
        }
    }
}

impl Time {
    fn value(&self) -> TokenStream {
        match self {
            Time::Fixed(duration) => {
                let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
                quote!(::core::time::Duration::new(#seconds, #nanoseconds))
            }
            Time::Given(expr) => quote!(#expr),
        }
    }

    /// A call of the method that sets it.
    pub(crate) fn call(&self, method: &Ident) -> TokenStream {
        let value = self.value();
        match self {
            Time::Fixed(_) => {
                let method = format_ident!("{}", method);
                quote!(.#method(#value))
            }
            Time::Given(expr) => {
                let method = Ident::new(&method.to_string(), method.span());
                quote_spanned!(expr.span()=> .#method(#value))
            }
        }
    }
}
