//! How heavy a value is.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The weight of a value in bytes, what it owns included.
///
/// A cache is bounded in bytes, so it has to know. Values of types without this trait count with the size
/// of their type alone; say more with [`Entry::weigh`](crate::Entry::weigh).
///
/// ```
/// use cache_core::Weigh;
/// assert!(vec![String::from("abc"); 10].weigh() > 30);
/// ```
pub trait Weigh {
    /// The weight in bytes.
    fn weigh(&self) -> u64;
}

macro_rules! flat {
    ($($kind:ty),* $(,)?) => {$(
        impl Weigh for $kind {
            fn weigh(&self) -> u64 {
                size_of::<$kind>() as u64
            }
        }
    )*};
}

flat!((), bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, &'static str);

impl Weigh for String {
    fn weigh(&self) -> u64 {
        (size_of::<String>() + self.capacity()) as u64
    }
}

impl Weigh for str {
    fn weigh(&self) -> u64 {
        self.len() as u64
    }
}

impl Weigh for Cow<'_, str> {
    fn weigh(&self) -> u64 {
        (size_of::<Self>() + self.len()) as u64
    }
}

impl<T: Weigh> Weigh for [T] {
    fn weigh(&self) -> u64 {
        self.iter().map(Weigh::weigh).sum()
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn weigh(&self) -> u64 {
        let spare = (self.capacity() - self.len()) * size_of::<T>();
        size_of::<Self>() as u64 + spare as u64 + self[..].weigh()
    }
}

impl<T: Weigh + ?Sized> Weigh for Box<T> {
    fn weigh(&self) -> u64 {
        size_of::<Self>() as u64 + (**self).weigh()
    }
}

impl<T: Weigh + ?Sized> Weigh for Arc<T> {
    fn weigh(&self) -> u64 {
        size_of::<Self>() as u64 + (**self).weigh()
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn weigh(&self) -> u64 {
        self.as_ref().map_or(size_of::<Self>() as u64, Weigh::weigh)
    }
}

impl<K: Weigh, V: Weigh, S> Weigh for HashMap<K, V, S> {
    fn weigh(&self) -> u64 {
        self.iter().map(|(key, value)| key.weigh() + value.weigh()).sum::<u64>() + size_of::<Self>() as u64
    }
}

impl<K: Weigh, V: Weigh> Weigh for BTreeMap<K, V> {
    fn weigh(&self) -> u64 {
        self.iter().map(|(key, value)| key.weigh() + value.weigh()).sum::<u64>() + size_of::<Self>() as u64
    }
}

macro_rules! tuples {
    ($(($($name:ident),+)),*) => {$(
        impl<$($name: Weigh),+> Weigh for ($($name,)+) {
            fn weigh(&self) -> u64 {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                0 $(+ $name.weigh())+
            }
        }
    )*};
}

tuples!((A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, F));
