//! The connections that cached queries can be asked on.

use cache_sql::adapter::{SchemaRequest, Session};
use diesel::connection::LoadConnection;

use crate::backend::CachedBackend;
use crate::connection::{CachedConnection, Inner};

/// A connection that cached queries can be asked on: a [`CachedConnection`], or one of a pool of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not see the writes that would drop a cached result",
    label = "not a `CachedConnection`",
    note = "wrap the connection: `CachedConnection::new(connection, &cache)`"
)]
pub trait Source: LoadConnection<Backend: CachedBackend> {
    #[doc(hidden)]
    fn session(&self) -> &Session;

    /// Whether the next statement is that of a cached query.
    #[doc(hidden)]
    fn looks_up(&mut self, looks_up: bool);

    /// Reads the schema.
    #[doc(hidden)]
    fn answer(&mut self, request: SchemaRequest);
}

impl<C: Inner> Source for CachedConnection<C> {
    fn session(&self) -> &Session {
        self.session()
    }

    fn looks_up(&mut self, looks_up: bool) {
        self.looks_up(looks_up);
    }

    fn answer(&mut self, request: SchemaRequest) {
        self.answer(request);
    }
}

#[cfg(feature = "r2d2")]
impl<M> Source for diesel::r2d2::PooledConnection<M>
where
    M: diesel::r2d2::ManageConnection,
    M::Connection: Source + diesel::r2d2::R2D2Connection + Send + 'static,
    Self: LoadConnection<Backend = <M::Connection as diesel::Connection>::Backend>,
{
    fn session(&self) -> &Session {
        Source::session(&**self)
    }

    fn looks_up(&mut self, looks_up: bool) {
        Source::looks_up(&mut **self, looks_up);
    }

    fn answer(&mut self, request: SchemaRequest) {
        Source::answer(&mut **self, request);
    }
}
