//! PostgreSQL.

use cache_core::{Dependencies, Value};
use cache_sql::{Bind, Dialect};
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata, PgValue};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryFragment};
use diesel::result::QueryResult;

use crate::backend::{Binds, CachedBackend, delimited, sealed, texts};
use crate::binary;
use crate::queryset::query;

impl sealed::Sealed for Pg {}

impl CachedBackend for Pg {
    const DIALECT: Dialect = Dialect::Postgres;

    fn backend() -> &'static Self {
        &Pg
    }

    fn binds<Q: QueryFragment<Self> + ?Sized>(query: &Q) -> QueryResult<Binds> {
        let mut names = Names::default();
        let mut collector = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collector, &mut names, &Pg)?;
        let mut binds = Binds::default();
        delimited(&mut binds.key, &names.0);
        for (sent, metadata) in collector.binds.iter().zip(&collector.metadata) {
            let oid = metadata.oid().unwrap_or(0);
            binds.key.extend_from_slice(&oid.to_be_bytes());
            binds.key.push(u8::from(sent.is_some()));
            delimited(&mut binds.key, sent.as_deref().unwrap_or_default());
            binds.values.push(match sent {
                Some(sent) => binary::bind(oid, sent),
                None => Bind::Value(Value::Null),
            });
        }
        Ok(binds)
    }

    fn stored(raw: PgValue<'_>) -> Option<Value> {
        binary::value(raw.get_oid().get(), raw.as_bytes())
    }

    texts!();
}

/// Types are not looked up in the database: those that diesel does not know by number have the number 0 here, and are
/// told apart by their names.
#[derive(Default)]
struct Names(Vec<u8>);

impl PgMetadataLookup for Names {
    fn lookup_type(&mut self, type_name: &str, schema: Option<&str>) -> PgTypeMetadata {
        self.0.push(u8::from(schema.is_some()));
        delimited(&mut self.0, schema.unwrap_or_default().as_bytes());
        delimited(&mut self.0, type_name.as_bytes());
        PgTypeMetadata::new(0, 0)
    }
}

/// A query for PostgreSQL as a queryset: it stands for the rows that satisfy its conditions.
///
/// ```
/// use cache_diesel::postgres::prelude::*;
/// use diesel::prelude::*;
///
/// diesel::table! {
///     article { id -> Integer, category_id -> Integer, }
/// }
///
/// let query = article::table.filter(article::category_id.eq(3));
/// assert_eq!(query.dependencies().to_string(), "article: category_id = 3");
/// ```
pub trait PgQueryset {
    /// What a result that is made of this query depends on.
    fn dependencies(self) -> Dependencies;
}

impl<Q: AsQuery> PgQueryset for Q
where
    Q::Query: QueryFragment<Pg>,
{
    fn dependencies(self) -> Dependencies {
        query::<Pg, _>(&self.as_query())
    }
}

/// What one usually wants to have in scope beside [`cache_diesel::prelude`](crate::prelude).
pub mod prelude {
    pub use super::PgQueryset as _;
}

#[cfg(feature = "postgres")]
mod connection {
    use std::marker::PhantomData;

    use cache_sql::adapter::Outcome;
    use diesel::associations::HasTable;
    use diesel::connection::Connection;
    use diesel::dsl::Update;
    use diesel::expression::{MixedAggregates, ValidGrouping, is_aggregate};
    use diesel::pg::{CopyFromQuery, CopyTarget, Pg, PgConnection, TransactionBuilder};
    use diesel::prelude::ExecuteCopyFromDsl;
    use diesel::query_builder::{AsChangeset, AstPass, IntoUpdateTarget, QueryFragment};
    use diesel::query_dsl::{LoadQuery, UpdateAndFetchResults};
    use diesel::result::QueryResult;
    use diesel::{RunQueryDsl, Table};

    use crate::backend::text;
    use crate::connection::{CachedConnection, Inner};

    impl<C: Inner + Connection<Backend = Pg>> CachedConnection<C> {
        /// A transaction with an isolation level and a mode, as [`PgConnection::build_transaction`] makes it.
        pub fn build_transaction(&mut self) -> TransactionBuilder<'_, Self> {
            TransactionBuilder::new(self)
        }
    }

    /// The rows themselves are not looked at: any row of the table may be new.
    impl<T, A> ExecuteCopyFromDsl<CachedConnection<PgConnection>> for CopyFromQuery<T, A>
    where
        T: CopyTarget,
        Self: ExecuteCopyFromDsl<PgConnection>,
        <Self as ExecuteCopyFromDsl<PgConnection>>::Error: From<diesel::result::Error>,
    {
        type Error = <Self as ExecuteCopyFromDsl<PgConnection>>::Error;

        fn execute(self, conn: &mut CachedConnection<PgConnection>) -> Result<usize, Self::Error> {
            let sql = text::<Pg, _>(&CopyText::<T>(PhantomData)).unwrap_or_default();
            conn.around(&sql, Vec::new, |inner| {
                let result = ExecuteCopyFromDsl::<PgConnection>::execute(self, inner);
                (Outcome::of(&result, |_| false), result)
            })
        }
    }

    /// What is told of a COPY.
    struct CopyText<T>(PhantomData<T>);

    impl<T: CopyTarget> QueryFragment<Pg> for CopyText<T> {
        fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
            pass.push_sql("COPY ");
            T::walk_target(pass.reborrow())?;
            pass.push_sql(" FROM STDIN");
            Ok(())
        }
    }

    /// For `save_changes`: an update that returns its row.
    impl<'b, Changes, Output> UpdateAndFetchResults<Changes, Output> for CachedConnection<PgConnection>
    where
        Changes: Copy + AsChangeset<Target = <Changes as HasTable>::Table> + IntoUpdateTarget,
        Update<Changes, Changes>: LoadQuery<'b, CachedConnection<PgConnection>, Output>,
        <Changes::Table as Table>::AllColumns: ValidGrouping<()>,
        <<Changes::Table as Table>::AllColumns as ValidGrouping<()>>::IsAggregate:
            MixedAggregates<is_aggregate::No, Output = is_aggregate::No>,
    {
        fn update_and_fetch(&mut self, changeset: Changes) -> QueryResult<Output> {
            diesel::update(changeset).set(changeset).get_result(self)
        }
    }
}
