//! Connections as arguments of cached functions.

use std::sync::Arc;

use crate::cache::CacheId;

/// A moment in the order of a cache's invalidations; see [`Cache::read_point`](crate::Cache::read_point).
///
/// A result that was read from a snapshot is stored only when nothing that it depends on was invalidated since
/// the read point, which is taken before the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadPoint(pub(crate) u64);

/// A connection to a database, as far as a cached function has to know it.
///
/// Adapters implement it for the connections they wrap; the calls come from the code that `#[cached_as]`
/// writes and from an adapter's own cached queries. An argument of such a type is not part of the key.
#[diagnostic::on_unimplemented(
    message = "two calls that differ in this argument would share one result",
    label = "an argument without a place",
    note = "a connection has a place by itself once it is wrapped: pass the adapter's `CachedConnection`",
    note = "anything else: use it in the queryset, add it to `extra`, or name it in `ignore(..)`"
)]
pub trait Connection {
    /// Whether reads through this connection must neither be served from the cache nor stored: it has written
    /// something that is not committed.
    fn bypass(&self) -> bool;

    /// The moment before the connection's snapshot was taken, when it reads from one.
    fn read_point(&self) -> Option<ReadPoint> {
        None
    }

    /// The cache that writes through this connection invalidate, where there is one.
    ///
    /// Nothing that is read through it is served from, or kept in, another cache: nobody would drop it there.
    fn cache_id(&self) -> Option<CacheId> {
        None
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<C: Connection + ?Sized> Connection for $pointer {
            fn bypass(&self) -> bool {
                C::bypass(self)
            }

            fn read_point(&self) -> Option<ReadPoint> {
                C::read_point(self)
            }

            fn cache_id(&self) -> Option<CacheId> {
                C::cache_id(self)
            }
        }
    )*};
}

forward!(&C, &mut C, Box<C>, Arc<C>);
