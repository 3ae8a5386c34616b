//! How heavy a result is, found by method resolution: [`Weigh`] where it is implemented, else the number of items
//! times the size of their type, else the size of the type; asked with `(&&&stored).weight()`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::cache::Weigh;

/// A kept type as a value.
pub struct Stored<T>(PhantomData<fn() -> T>);

impl<T> Stored<T> {
    pub(super) fn new() -> Self {
        Stored(PhantomData)
    }
}

impl<T> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored<{}>", std::any::type_name::<T>())
    }
}

/// Collections of values that cannot be weighed themselves.
pub trait Items {
    /// What the items weigh when they own nothing.
    fn items_weight(&self) -> u64;
}

impl<T> Items for Vec<T> {
    fn items_weight(&self) -> u64 {
        (size_of::<Self>() + self.len() * size_of::<T>()) as u64
    }
}

impl<T> Items for Arc<[T]> {
    fn items_weight(&self) -> u64 {
        size_of_val::<[T]>(self) as u64
    }
}

impl<T: Items> Items for Arc<T> {
    fn items_weight(&self) -> u64 {
        (**self).items_weight()
    }
}

/// An error counts with the size of its type.
impl<T: Items, E> Items for Result<T, E> {
    fn items_weight(&self) -> u64 {
        self.as_ref().map_or(size_of::<Self>() as u64, Items::items_weight)
    }
}

impl<T: Items> Items for Option<T> {
    fn items_weight(&self) -> u64 {
        self.as_ref().map_or(size_of::<Self>() as u64, Items::items_weight)
    }
}

/// Chosen first.
pub trait ViaWeigh<T> {
    /// How to weigh.
    fn weight(&self) -> fn(&T) -> u64;
}

impl<T: Weigh> ViaWeigh<T> for &&Stored<T> {
    fn weight(&self) -> fn(&T) -> u64 {
        T::weigh
    }
}

/// Chosen first for kept errors, which count with the size of their type.
pub trait ViaOk<T> {
    /// How to weigh.
    fn weight(&self) -> fn(&T) -> u64;
}

impl<T: Weigh, E> ViaOk<Result<T, E>> for &&Stored<Result<T, E>> {
    fn weight(&self) -> fn(&Result<T, E>) -> u64 {
        |result| result.as_ref().map_or(size_of::<Result<T, E>>() as u64, Weigh::weigh)
    }
}

/// Chosen second.
pub trait ViaItems<T> {
    /// How to weigh.
    fn weight(&self) -> fn(&T) -> u64;
}

impl<T: Items> ViaItems<T> for &Stored<T> {
    fn weight(&self) -> fn(&T) -> u64 {
        T::items_weight
    }
}

/// Chosen last.
pub trait ViaShallow<T> {
    /// How to weigh.
    fn weight(&self) -> fn(&T) -> u64;
}

impl<T> ViaShallow<T> for Stored<T> {
    fn weight(&self) -> fn(&T) -> u64 {
        |_| size_of::<T>() as u64
    }
}
