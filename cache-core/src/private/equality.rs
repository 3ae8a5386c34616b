//! Whether two results are the same, found by method resolution: by `PartialEq` where the kept type has it, else not
//! at all; asked with `(&&stored).equality()`.

use std::any::Any;

use super::weight::Stored;

/// Whether two values of one type are equal.
pub type Equality = fn(&(dyn Any + Send + Sync), &(dyn Any + Send + Sync)) -> bool;

/// Chosen first.
pub trait ViaPartialEq {
    /// How to compare.
    fn equality(&self) -> Option<Equality>;
}

impl<T: PartialEq + Any> ViaPartialEq for &Stored<T> {
    fn equality(&self) -> Option<Equality> {
        Some(|one, other| match (one.downcast_ref::<T>(), other.downcast_ref::<T>()) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        })
    }
}

/// Chosen last.
pub trait Incomparable {
    /// Not at all.
    fn equality(&self) -> Option<Equality>;
}

impl<T> Incomparable for Stored<T> {
    fn equality(&self) -> Option<Equality> {
        None
    }
}
