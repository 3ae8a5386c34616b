//! What of a returned value is kept.
//!
//! The policy is found by method resolution, so that aliases of `Result` are seen through:
//! `(&Returns::<T>::new()).policy()` takes [`ResultReturn`] where it applies and [`PlainReturn`] elsewhere.

use std::fmt;
use std::marker::PhantomData;

use super::weight::Stored;

/// How a returned value becomes a kept one, and back.
pub trait Policy: Copy {
    /// What the function returns.
    type Return;
    /// What is kept of it.
    type Stored: Clone + Send + Sync + 'static;

    /// What is to be kept, or the returned value if nothing is.
    fn split(returned: Self::Return) -> Result<Self::Stored, Self::Return>;

    /// The returned value for what was kept.
    fn join(stored: Self::Stored) -> Self::Return;

    /// Of a value that is not kept: what makes it again, if it says that what was kept before is no more. An error says
    /// nothing of the kind.
    fn gone(_: &Self::Return) -> Option<fn() -> Self::Return> {
        None
    }
}

/// What can be kept in a cache.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a cache",
    label = "the result would have to be cloned for every caller, in every thread",
    note = "a cached type is `Clone + Send + Sync + 'static`; one that is only not `Clone` can derive it, or be returned in an `Arc`"
)]
pub trait Cacheable: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Cacheable for T {}

/// The return type of a function.
pub struct Returns<T>(PhantomData<fn() -> T>);

impl<T> Returns<T> {
    /// The type as a value.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Returns(PhantomData)
    }
}

impl<T> fmt::Debug for Returns<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Returns<{}>", std::any::type_name::<T>())
    }
}

/// Chosen for `Result`.
pub trait ResultReturn {
    /// The value of an `Ok`.
    type Value;
    /// The value of an `Err`.
    type Error;

    /// Keeps what is in an `Ok`, and no `Err`.
    fn policy(&self) -> ResultPolicy<Self::Value, Self::Error>;
}

impl<T, E> ResultReturn for Returns<Result<T, E>> {
    type Value = T;
    type Error = E;

    fn policy(&self) -> ResultPolicy<T, E> {
        ResultPolicy(PhantomData)
    }
}

/// Chosen for everything else.
pub trait PlainReturn {
    /// What is returned.
    type Value;

    /// Keeps every value, `None` included.
    fn policy(&self) -> PlainPolicy<Self::Value>;
}

impl<T> PlainReturn for &Returns<T> {
    type Value = T;

    fn policy(&self) -> PlainPolicy<T> {
        PlainPolicy(PhantomData)
    }
}

/// Types that stand for policies.
macro_rules! policy_type {
    ($name:ident<$($parameter:ident),+>, $what:literal) => {
        #[doc = $what]
        pub struct $name<$($parameter),+>(PhantomData<fn() -> ($($parameter,)+)>);

        impl<$($parameter),+> Clone for $name<$($parameter),+> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($parameter),+> Copy for $name<$($parameter),+> {}

        impl<$($parameter),+> fmt::Debug for $name<$($parameter),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

pub(super) use policy_type;

policy_type!(PlainPolicy<T>, "Keeps what is returned.");
policy_type!(ResultPolicy<T, E>, "Keeps what is in an `Ok`.");

impl<T> PlainPolicy<T> {
    /// The name of the kept type.
    pub fn stored_name(self) -> &'static str {
        std::any::type_name::<T>()
    }

    /// The kept type as a value.
    pub fn stored(self) -> Stored<T> {
        Stored::new()
    }
}

impl<T, E> ResultPolicy<T, E> {
    /// The name of the kept type.
    pub fn stored_name(self) -> &'static str {
        std::any::type_name::<T>()
    }

    /// The kept type as a value.
    pub fn stored(self) -> Stored<T> {
        Stored::new()
    }
}

impl<T: Cacheable> Policy for PlainPolicy<T> {
    type Return = T;
    type Stored = T;

    fn split(returned: T) -> Result<T, T> {
        Ok(returned)
    }

    fn join(stored: T) -> T {
        stored
    }
}

impl<T: Cacheable, E> Policy for ResultPolicy<T, E> {
    type Return = Result<T, E>;
    type Stored = T;

    fn split(returned: Result<T, E>) -> Result<T, Result<T, E>> {
        returned.map_err(Err)
    }

    fn join(stored: T) -> Result<T, E> {
        Ok(stored)
    }
}
