//! What `cache_none = false` and `cache_err = true` keep of a returned value.
//!
//! Functions that use neither have the policies of [`super::policy`], and pay for nothing here.

use std::fmt;
use std::marker::PhantomData;

use super::policy::{Cacheable, Policy, Returns, policy_type};
use super::weight::Stored;

/// What may be `None`.
#[diagnostic::on_unimplemented(
    message = "`cache_none = false` needs a function that returns an `Option<T>` or a `Result<Option<T>, E>`",
    label = "this is never `None`",
    note = "remove `cache_none`"
)]
pub trait MayBeNone {
    /// What keeps everything but `None`, and no `Err`.
    type Policy;

    /// It.
    fn policy() -> Self::Policy;
}

/// What may be an `Err`.
#[diagnostic::on_unimplemented(
    message = "`cache_err = true` needs a function that returns a `Result`",
    label = "this is never an `Err`",
    note = "remove `cache_err`"
)]
pub trait MayFail {
    /// What keeps `Ok` and `Err` alike.
    type Policy;

    /// It.
    fn policy() -> Self::Policy;
}

/// What may be an `Err`, or `None` inside of an `Ok`.
#[diagnostic::on_unimplemented(
    message = "`cache_err = true` beside `cache_none = false` needs a function that returns a `Result<Option<T>, E>`",
    label = "this is not both at once",
    note = "remove the option that does not apply"
)]
pub trait MayBeNoneOrFail {
    /// What keeps everything but `Ok(None)`.
    type Policy;

    /// It.
    fn policy() -> Self::Policy;
}

/// An error that can be kept in a cache.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` cannot be kept in a cache",
    label = "with `cache_err = true` it would have to be cloned for every caller, in every thread",
    note = "the error has to be `Clone + Send + Sync + 'static`: derive `Clone` for it, return it in an `Arc`, or remove `cache_err`"
)]
pub trait KeptError: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Clone + Send + Sync + 'static> KeptError for E {}

policy_type!(SomePolicy<T>, "Keeps what is in a `Some`.");
policy_type!(OkSomePolicy<T, E>, "Keeps what is in an `Ok(Some(_))`.");
policy_type!(ErrPolicy<T, E>, "Keeps `Ok` and `Err` alike.");
policy_type!(ErrSomePolicy<T, E>, "Keeps what is in an `Ok(Some(_))`, and an `Err`.");

/// The policy of `cache_none = false`.
pub fn without_none<R: MayBeNone>(_: Returns<R>) -> R::Policy {
    R::policy()
}

/// The policy of `cache_err = true`.
pub fn with_err<R: MayFail>(_: Returns<R>) -> R::Policy {
    R::policy()
}

/// The policy of both.
pub fn with_err_without_none<R: MayBeNoneOrFail>(_: Returns<R>) -> R::Policy {
    R::policy()
}

macro_rules! chosen {
    ($($choice:ident for $returned:ty, $policy:ident<$($parameter:ident),+>: $stored:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameter),+> $choice for $returned {
            type Policy = $policy<$($parameter),+>;

            fn policy() -> Self::Policy {
                $policy(PhantomData)
            }
        }

        impl<$($parameter),+> $policy<$($parameter),+> {
            /// The name of the kept type.
            pub fn stored_name(self) -> &'static str {
                std::any::type_name::<$stored>()
            }

            /// The kept type as a value.
            pub fn stored(self) -> Stored<$stored> {
                Stored::new()
            }
        }
    )*};
}

chosen! {
    MayBeNone for Option<T>, SomePolicy<T>: T;
    MayBeNone for Result<Option<T>, E>, OkSomePolicy<T, E>: T;
    MayFail for Result<T, E>, ErrPolicy<T, E>: Result<T, E>;
    MayBeNoneOrFail for Result<Option<T>, E>, ErrSomePolicy<T, E>: Result<T, E>;
}

impl<T: Cacheable> Policy for SomePolicy<T> {
    type Return = Option<T>;
    type Stored = T;

    fn split(returned: Option<T>) -> Result<T, Option<T>> {
        returned.ok_or(None)
    }

    fn join(stored: T) -> Option<T> {
        Some(stored)
    }

    fn gone(returned: &Option<T>) -> Option<fn() -> Option<T>> {
        returned.is_none().then_some(|| None)
    }
}

impl<T: Cacheable, E> Policy for OkSomePolicy<T, E> {
    type Return = Result<Option<T>, E>;
    type Stored = T;

    fn split(returned: Self::Return) -> Result<T, Self::Return> {
        match returned {
            Ok(Some(value)) => Ok(value),
            other => Err(other),
        }
    }

    fn join(stored: T) -> Self::Return {
        Ok(Some(stored))
    }

    fn gone(returned: &Self::Return) -> Option<fn() -> Self::Return> {
        matches!(returned, Ok(None)).then_some(|| Ok(None))
    }
}

impl<T: Cacheable, E: KeptError> Policy for ErrPolicy<T, E> {
    type Return = Result<T, E>;
    type Stored = Result<T, E>;

    fn split(returned: Self::Return) -> Result<Self::Stored, Self::Return> {
        Ok(returned)
    }

    fn join(stored: Self::Stored) -> Self::Return {
        stored
    }
}

impl<T: Cacheable, E: KeptError> Policy for ErrSomePolicy<T, E> {
    type Return = Result<Option<T>, E>;
    type Stored = Result<T, E>;

    fn split(returned: Self::Return) -> Result<Self::Stored, Self::Return> {
        match returned {
            Ok(Some(value)) => Ok(Ok(value)),
            Ok(None) => Err(Ok(None)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn join(stored: Self::Stored) -> Self::Return {
        stored.map(Some)
    }

    fn gone(returned: &Self::Return) -> Option<fn() -> Self::Return> {
        matches!(returned, Ok(None)).then_some(|| Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = Result<Option<u8>, &'static str>;

    fn kept<P: Policy>(_: P, returned: P::Return) -> Result<P::Stored, P::Return> {
        P::split(returned)
    }

    #[test]
    fn each_option_keeps_what_it_says() {
        assert_eq!(kept(without_none(Returns::<Option<u8>>::new()), Some(1)), Ok(1));
        assert_eq!(kept(without_none(Returns::<Option<u8>>::new()), None), Err(None));

        let answers: [Answer; 3] = [Ok(Some(1)), Ok(None), Err("x")];
        let [some, none, err] = answers;
        assert_eq!(kept(without_none(Returns::<Answer>::new()), some), Ok(1));
        assert_eq!(kept(without_none(Returns::<Answer>::new()), none), Err(none));
        assert_eq!(kept(without_none(Returns::<Answer>::new()), err), Err(err));
        for answer in answers {
            assert_eq!(kept(with_err(Returns::<Answer>::new()), answer), Ok(answer));
        }
        assert_eq!(kept(with_err_without_none(Returns::<Answer>::new()), some), Ok(Ok(1)));
        assert_eq!(kept(with_err_without_none(Returns::<Answer>::new()), none), Err(none));
        assert_eq!(kept(with_err_without_none(Returns::<Answer>::new()), err), Ok(Err("x")));
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was_returned() {
        fn there_and_back<P: Policy>(_: P, returned: P::Return) -> P::Return {
            P::split(returned).map_or_else(|returned| returned, P::join)
        }
        for answer in [Ok(Some(1)), Ok(None), Err("x")] {
            assert_eq!(there_and_back(without_none(Returns::<Answer>::new()), answer), answer);
            assert_eq!(there_and_back(with_err(Returns::<Answer>::new()), answer), answer);
            assert_eq!(there_and_back(with_err_without_none(Returns::<Answer>::new()), answer), answer);
        }
    }

    #[test]
    #[allow(clippy::needless_borrow)]
    fn kept_errors_weigh_what_an_ok_weighs() {
        use crate::__private::{ViaItems as _, ViaOk as _, ViaShallow as _};

        struct Model;
        struct Failure;
        let text = (&&&Stored::<Result<String, Failure>>::new()).weight();
        assert!(text(&Ok("x".repeat(1000))) >= 1000);
        let list = (&&&Stored::<Result<Vec<[u64; 100]>, Failure>>::new()).weight();
        assert!(list(&Ok(vec![[0; 100]; 10])) >= 8000);
        let models = (&&&Stored::<Result<Model, Failure>>::new()).weight();
        assert_eq!(models(&Err(Failure)), size_of::<Result<Model, Failure>>() as u64);
    }
}
