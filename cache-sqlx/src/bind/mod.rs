//! Rust values as the database will see and compare them.

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(any(feature = "decimal", feature = "bigdecimal"))]
mod decimal;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

use std::borrow::Cow;
use std::fmt::Display;
use std::num;
use std::rc::Rc;
use std::sync::Arc;

use cache_core::Value;
use cache_sql::{Bind, Dialect};
use sqlx::types::Text;

/// A Rust value that can be bound, as conditions and row images see it.
///
/// The driver decides what the database gets: on SQLite a date is text in one particular notation and a truth value an
/// integer, on PostgreSQL both have types of their own. Say what the database will *compare*, for the given dialect, or
/// [`Bind::Unknown`]: that makes conditions on it wider, and is never wrong.
///
/// Types of your own that are sent as one of these follow it; others are bound by `bind_opaque`, which needs no trait.
///
/// ```
/// use cache_sqlx::{Bind, Dialect, ToBind};
///
/// #[derive(sqlx::Type)]
/// #[sqlx(transparent)]
/// struct ArticleId(i64);
///
/// impl ToBind for ArticleId {
///     fn to_bind(&self, dialect: Dialect) -> Bind {
///         self.0.to_bind(dialect)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "what the database will compare is not known for `{Self}`",
    note = "implement `cache_sqlx::ToBind` for it, or bind it by `.bind_opaque(value)`, which may be anything to the cache"
)]
pub trait ToBind {
    /// The value as a database of this dialect compares it.
    fn to_bind(&self, dialect: Dialect) -> Bind;

    /// Several of them bound as one: an array, or bytes.
    fn slice_to_bind(slice: &[Self], dialect: Dialect) -> Bind
    where
        Self: Sized,
    {
        let known = |item: &Self| match item.to_bind(dialect) {
            Bind::Value(value) if !value.is_null() => Some(value),
            _ => None,
        };
        slice.iter().map(known).collect::<Option<_>>().map_or(Bind::Unknown, Bind::List)
    }
}

macro_rules! whole {
    ($($kind:ty),*) => {$(
        impl ToBind for $kind {
            fn to_bind(&self, _: Dialect) -> Bind {
                Bind::from(*self)
            }
        }
    )*};
}

whole!(i16, i32, i64, u16, u32, u64);

impl ToBind for i8 {
    /// PostgreSQL gets a `"char"`.
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite | Dialect::MySql => Bind::from(*self),
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for u8 {
    fn to_bind(&self, _: Dialect) -> Bind {
        Bind::from(*self)
    }

    fn slice_to_bind(slice: &[u8], _: Dialect) -> Bind {
        Bind::from(slice)
    }
}

macro_rules! non_zero {
    ($($kind:ident),*) => {$(
        impl ToBind for num::$kind {
            fn to_bind(&self, dialect: Dialect) -> Bind {
                self.get().to_bind(dialect)
            }
        }
    )*};
}

non_zero!(NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64);

impl ToBind for bool {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite | Dialect::MySql => Bind::from(i64::from(*self)),
            Dialect::Postgres => Bind::from(*self),
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for f64 {
    /// SQLite stores NaN as NULL.
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite if self.is_nan() => Bind::Value(Value::Null),
            _ => Bind::from(*self),
        }
    }
}

impl ToBind for f32 {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        f64::from(*self).to_bind(dialect)
    }
}

impl ToBind for str {
    fn to_bind(&self, _: Dialect) -> Bind {
        Bind::from(self)
    }
}

impl ToBind for String {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        self.as_str().to_bind(dialect)
    }
}

impl<T: Display> ToBind for Text<T> {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        self.0.to_string().to_bind(dialect)
    }
}

impl<T: ToBind> ToBind for [T] {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        T::slice_to_bind(self, dialect)
    }
}

impl<T: ToBind> ToBind for Vec<T> {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        T::slice_to_bind(self, dialect)
    }
}

impl<T: ToBind, const N: usize> ToBind for [T; N] {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        T::slice_to_bind(self, dialect)
    }
}

impl<T: ToBind> ToBind for Option<T> {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        self.as_ref().map_or(Bind::Value(Value::Null), |value| value.to_bind(dialect))
    }
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<T: ToBind + ?Sized> ToBind for $pointer {
            fn to_bind(&self, dialect: Dialect) -> Bind {
                (**self).to_bind(dialect)
            }
        }
    )*};
}

pointer!(&T, Box<T>, Arc<T>, Rc<T>);

impl<T: ToBind + ToOwned + ?Sized> ToBind for Cow<'_, T> {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        (**self).to_bind(dialect)
    }
}
