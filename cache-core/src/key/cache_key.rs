//! What can be part of a key, and the types of the standard library that can.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::KeyWriter;
use super::writer::tag;

/// A value that can be part of a [`Key`](super::Key).
///
/// Implemented by users for their own types, best through `#[derive(CacheKey)]`, and called by
/// whatever builds a key. An implementation writes one or more parts; how many and of which types
/// may depend only on what it has written before, so that no two values, alone or followed by more
/// parts, give the same bytes. Values that a cached function can tell apart must give different
/// bytes.
///
/// What is equal by meaning is equal in a key: references and smart pointers count as what they
/// point to, `String` as `str`, whole numbers and floats as their value whatever their width
/// (`3_i32` and `3_u64` are one part, `3.0` is another), maps and sets as their contents whatever
/// the collection. `-0.0` counts as `0.0`, and every NaN as one.
///
/// ```
/// use cache_core::{CacheKey, Key, KeyWriter};
///
/// struct Page { number: u32, language: String }
///
/// impl CacheKey for Page {
///     fn write_key(&self, key: &mut KeyWriter) {
///         key.part(&self.number).part(&self.language);
///     }
/// }
///
/// let first = Page { number: 1, language: "en".into() };
/// assert_eq!(Key::new("page").with(&first), Key::new("page").with(&1).with("en"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "this value has no place in the key",
    note = "derive `CacheKey` for `{Self}`, give what matters of it in `extra`, or name it in `ignore(..)` if the result does not depend on it"
)]
pub trait CacheKey {
    /// Appends this value to a key.
    fn write_key(&self, key: &mut KeyWriter);
}

impl CacheKey for bool {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(if *self { tag::TRUE } else { tag::FALSE });
    }
}

impl CacheKey for char {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::CHAR);
        key.raw(&u32::from(*self).to_le_bytes());
    }
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                key.whole(false, *self as u128);
            }
        }
    )*};
}

macro_rules! signed {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                let value = *self as i128;
                let magnitude = if value < 0 { !value } else { value };
                key.whole(value < 0, magnitude as u128);
            }
        }
    )*};
}

macro_rules! nonzero {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                self.get().write_key(key);
            }
        }
    )*};
}

unsigned!(u8, u16, u32, u64, u128, usize);
signed!(i8, i16, i32, i64, i128, isize);
nonzero!(
    NonZeroU8,
    NonZeroU16,
    NonZeroU32,
    NonZeroU64,
    NonZeroU128,
    NonZeroUsize,
    NonZeroI8,
    NonZeroI16,
    NonZeroI32,
    NonZeroI64,
    NonZeroI128,
    NonZeroIsize
);

impl CacheKey for f64 {
    fn write_key(&self, key: &mut KeyWriter) {
        let bits = match *self {
            value if value.is_nan() => u64::MAX,
            0.0 => 0,
            value => value.to_bits(),
        };
        key.tag(tag::FLOAT);
        key.raw(&bits.to_le_bytes());
    }
}

impl CacheKey for f32 {
    fn write_key(&self, key: &mut KeyWriter) {
        f64::from(*self).write_key(key);
    }
}

impl CacheKey for str {
    fn write_key(&self, key: &mut KeyWriter) {
        key.delimited(tag::TEXT, self.as_bytes());
    }
}

impl CacheKey for OsStr {
    fn write_key(&self, key: &mut KeyWriter) {
        key.delimited(tag::PATH, self.as_encoded_bytes());
    }
}

macro_rules! deref {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                (**self).write_key(key);
            }
        }
    )*};
}

deref!(
    [T: CacheKey + ?Sized] &T,
    [T: CacheKey + ?Sized] &mut T,
    [T: CacheKey + ?Sized] Box<T>,
    [T: CacheKey + ?Sized] Arc<T>,
    [T: CacheKey + ?Sized] Rc<T>,
    [T: CacheKey + ToOwned + ?Sized] Cow<'_, T>,
    [T: CacheKey] Vec<T>,
    [] String,
    [] OsString,
    [] PathBuf,
);

impl CacheKey for Path {
    fn write_key(&self, key: &mut KeyWriter) {
        self.as_os_str().write_key(key);
    }
}

impl<T: CacheKey> CacheKey for Option<T> {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            None => key.tag(tag::NONE),
            Some(value) => {
                key.tag(tag::SOME);
                value.write_key(key);
            }
        }
    }
}

impl<T: CacheKey, E: CacheKey> CacheKey for Result<T, E> {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            Ok(value) => {
                key.tag(tag::OK);
                value.write_key(key);
            }
            Err(error) => {
                key.tag(tag::ERR);
                error.write_key(key);
            }
        }
    }
}

fn sequence<T: CacheKey>(key: &mut KeyWriter, items: impl ExactSizeIterator<Item = T>) {
    key.tag(tag::SEQUENCE);
    key.length(items.len());
    items.for_each(|item| item.write_key(key));
}

impl<T: CacheKey> CacheKey for [T] {
    fn write_key(&self, key: &mut KeyWriter) {
        sequence(key, self.iter());
    }
}

impl<T: CacheKey, const N: usize> CacheKey for [T; N] {
    fn write_key(&self, key: &mut KeyWriter) {
        sequence(key, self.iter());
    }
}

impl<T: CacheKey> CacheKey for VecDeque<T> {
    fn write_key(&self, key: &mut KeyWriter) {
        sequence(key, self.iter());
    }
}

macro_rules! set {
    ($([$($generics:tt)*] $type:ty),*) => {$(
        impl<T: CacheKey, $($generics)*> CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                key.unordered(tag::SET, self.iter(), |key, item| item.write_key(key));
            }
        }
    )*};
}

macro_rules! map {
    ($([$($generics:tt)*] $type:ty),*) => {$(
        impl<K: CacheKey, V: CacheKey, $($generics)*> CacheKey for $type {
            fn write_key(&self, key: &mut KeyWriter) {
                key.unordered(tag::MAP, self.iter(), |key, (name, value)| {
                    name.write_key(key);
                    value.write_key(key);
                });
            }
        }
    )*};
}

set!([] BTreeSet<T>, [S] HashSet<T, S>);
map!([] BTreeMap<K, V>, [S] HashMap<K, V, S>);

macro_rules! tuples {
    ($($length:literal: $($name:ident)*;)*) => {$(
        impl<$($name: CacheKey),*> CacheKey for ($($name,)*) {
            #[allow(non_snake_case)]
            fn write_key(&self, key: &mut KeyWriter) {
                let ($($name,)*) = self;
                key.tag(tag::TUPLE);
                key.length($length);
                $($name.write_key(key);)*
            }
        }
    )*};
}

tuples! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
    9: A B C D E F G H I;
    10: A B C D E F G H I J;
    11: A B C D E F G H I J K;
    12: A B C D E F G H I J K L;
}

impl<T: ?Sized> CacheKey for PhantomData<T> {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::PHANTOM);
    }
}

fn span(key: &mut KeyWriter, span: Duration) {
    key.raw(&span.as_secs().to_le_bytes());
    key.raw(&span.subsec_nanos().to_le_bytes());
}

impl CacheKey for Duration {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::DURATION);
        span(key, *self);
    }
}

impl CacheKey for SystemTime {
    fn write_key(&self, key: &mut KeyWriter) {
        let (before, distance) = match self.duration_since(UNIX_EPOCH) {
            Ok(after) => (0, after),
            Err(error) => (1, error.duration()),
        };
        key.tag(tag::SYSTEM_TIME);
        key.raw(&[before]);
        span(key, distance);
    }
}

impl CacheKey for Ipv4Addr {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::IPV4);
        key.raw(&self.octets());
    }
}

impl CacheKey for Ipv6Addr {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::IPV6);
        key.raw(&self.octets());
    }
}

impl CacheKey for IpAddr {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            IpAddr::V4(address) => address.write_key(key),
            IpAddr::V6(address) => address.write_key(key),
        }
    }
}

impl CacheKey for SocketAddrV4 {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::SOCKET_V4);
        key.raw(&self.ip().octets());
        key.raw(&self.port().to_le_bytes());
    }
}

impl CacheKey for SocketAddrV6 {
    fn write_key(&self, key: &mut KeyWriter) {
        key.tag(tag::SOCKET_V6);
        key.raw(&self.ip().octets());
        key.raw(&self.port().to_le_bytes());
        key.raw(&self.flowinfo().to_le_bytes());
        key.raw(&self.scope_id().to_le_bytes());
    }
}

impl CacheKey for SocketAddr {
    fn write_key(&self, key: &mut KeyWriter) {
        match self {
            SocketAddr::V4(address) => address.write_key(key),
            SocketAddr::V6(address) => address.write_key(key),
        }
    }
}
