//! MySQL and MariaDB.

use cache_core::{Date, Dependencies, Value};
use cache_sql::{Bind, Dialect};
use diesel::deserialize::FromSql;
use diesel::mysql::data_types::MysqlTime;
use diesel::mysql::{Mysql, MysqlType, MysqlValue};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types;

use crate::backend::{Binds, CachedBackend, delimited, sealed, texts};
use crate::queryset::query;

impl sealed::Sealed for Mysql {}

impl CachedBackend for Mysql {
    const DIALECT: Dialect = Dialect::MySql;

    fn backend() -> &'static Self {
        &Mysql
    }

    fn binds<Q: QueryFragment<Self> + ?Sized>(query: &Q) -> QueryResult<Binds> {
        let mut collector = RawBytesBindCollector::<Mysql>::new();
        query.collect_binds(&mut collector, &mut (), &Mysql)?;
        let mut binds = Binds::default();
        for (sent, kind) in collector.binds.iter().zip(&collector.metadata) {
            delimited(&mut binds.key, format!("{kind:?}").as_bytes());
            binds.key.push(u8::from(sent.is_some()));
            delimited(&mut binds.key, sent.as_deref().unwrap_or_default());
            binds.values.push(match sent {
                Some(sent) => value(*kind, sent).map_or(Bind::Unknown, Bind::Value),
                None => Bind::Value(Value::Null),
            });
        }
        Ok(binds)
    }

    /// What is returned comes in the types of the result, which are not always those of the columns.
    fn stored(_: MysqlValue<'_>) -> Option<Value> {
        None
    }

    texts!();
}

/// One value that is not NULL; `None` for types and forms that are not known exactly.
fn value(kind: MysqlType, bytes: &[u8]) -> Option<Value> {
    Some(match kind {
        MysqlType::Tiny => match bytes {
            // Diesel sends a truth value as four bytes, of which the database reads one.
            [byte] | [byte, 0, 0, 0] => Value::from(i8::from_le_bytes([*byte])),
            _ => return None,
        },
        MysqlType::UnsignedTiny => Value::from(u8::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::Short => Value::from(i16::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::UnsignedShort => Value::from(u16::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::Long => Value::from(i32::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::UnsignedLong => Value::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::LongLong => Value::from(i64::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::UnsignedLongLong => Value::from(u64::from_le_bytes(bytes.try_into().ok()?)),
        MysqlType::String => Value::from(std::str::from_utf8(bytes).ok()?),
        MysqlType::Blob => Value::from(bytes),
        MysqlType::Date => Value::Date(date(bytes)?),
        _ => return None,
    })
}

fn date(bytes: &[u8]) -> Option<Date> {
    let raw = MysqlValue::new(bytes, MysqlType::Date);
    let time = <MysqlTime as FromSql<sql_types::Date, Mysql>>::from_sql(raw).ok()?;
    let at_midnight = time.hour == 0 && time.minute == 0 && time.second == 0 && time.second_part == 0;
    let year = i32::try_from(time.year).ok().filter(|_| at_midnight && !time.neg)?;
    Date::from_ymd(year, time.month, time.day)
}

/// A query for MySQL or MariaDB as a queryset: it stands for the rows that satisfy its conditions.
///
/// ```
/// use cache_diesel::mysql::prelude::*;
/// use diesel::prelude::*;
///
/// diesel::table! {
///     article { id -> Integer, category_id -> Integer, }
/// }
///
/// let query = article::table.filter(article::category_id.eq(3));
/// assert_eq!(query.dependencies().to_string(), "article: category_id = 3");
/// ```
pub trait MysqlQueryset {
    /// What a result that is made of this query depends on.
    fn dependencies(self) -> Dependencies;
}

impl<Q: AsQuery> MysqlQueryset for Q
where
    Q::Query: QueryFragment<Mysql>,
{
    fn dependencies(self) -> Dependencies {
        query::<Mysql, _>(&self.as_query())
    }
}

/// What one usually wants to have in scope beside [`cache_diesel::prelude`](crate::prelude).
pub mod prelude {
    pub use super::MysqlQueryset as _;
}

#[cfg(feature = "mysql")]
mod connection {
    use diesel::associations::HasTable;
    use diesel::dsl::{Find, Update};
    use diesel::expression::{MixedAggregates, ValidGrouping, is_aggregate};
    use diesel::mysql::MysqlConnection;
    use diesel::query_builder::{AsChangeset, IntoUpdateTarget};
    use diesel::query_dsl::methods::{ExecuteDsl, FindDsl};
    use diesel::query_dsl::{LoadQuery, UpdateAndFetchResults};
    use diesel::result::QueryResult;
    use diesel::{Identifiable, RunQueryDsl, Table};

    use crate::connection::CachedConnection;

    /// For `save_changes`: an update, and a query for the row.
    impl<'b, Changes, Output> UpdateAndFetchResults<Changes, Output> for CachedConnection<MysqlConnection>
    where
        Changes: Copy + Identifiable + AsChangeset<Target = <Changes as HasTable>::Table> + IntoUpdateTarget,
        Changes::Table: FindDsl<Changes::Id>,
        Update<Changes, Changes>: ExecuteDsl<CachedConnection<MysqlConnection>>,
        Find<Changes::Table, Changes::Id>: LoadQuery<'b, CachedConnection<MysqlConnection>, Output>,
        <Changes::Table as Table>::AllColumns: ValidGrouping<()>,
        <<Changes::Table as Table>::AllColumns as ValidGrouping<()>>::IsAggregate:
            MixedAggregates<is_aggregate::No, Output = is_aggregate::No>,
    {
        fn update_and_fetch(&mut self, changeset: Changes) -> QueryResult<Output> {
            diesel::update(changeset).set(changeset).execute(self)?;
            Changes::table().find(changeset.id()).get_result(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use cache_core::Value;
    use cache_sql::Bind;
    use chrono::NaiveDate;
    use diesel::mysql::Mysql;
    use diesel::query_builder::QueryFragment;
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Double, Integer, Nullable, SmallInt, Text, TinyInt, Unsigned};
    use diesel::{IntoSql, select};
    use proptest::prelude::*;

    use crate::backend::CachedBackend;

    fn bound<Q: QueryFragment<Mysql>>(query: &Q) -> Bind {
        let mut binds = Mysql::binds(query).expect("binds");
        assert_eq!(binds.values.len(), 1);
        binds.values.remove(0)
    }

    proptest! {
        #[test]
        fn what_was_bound_is_read_back(
            text: String, bytes: Vec<u8>, long: i64, int: i32, small: i16, tiny: i8, flag: bool, big: u64, wide: u32,
            days in 0..2_000_000_i32,
        ) {
            let null: Option<&str> = None;
            prop_assert_eq!(bound(&select(text.as_str().into_sql::<Text>())), Bind::from(text.as_str()));
            prop_assert_eq!(bound(&select(null.into_sql::<Nullable<Text>>())), Bind::Value(Value::Null));
            prop_assert_eq!(bound(&select(bytes.as_slice().into_sql::<Binary>())), Bind::from(bytes.as_slice()));
            prop_assert_eq!(bound(&select(long.into_sql::<BigInt>())), Bind::from(long));
            prop_assert_eq!(bound(&select(int.into_sql::<Integer>())), Bind::from(int));
            prop_assert_eq!(bound(&select(small.into_sql::<SmallInt>())), Bind::from(small));
            prop_assert_eq!(bound(&select(tiny.into_sql::<TinyInt>())), Bind::from(tiny));
            prop_assert_eq!(bound(&select(big.into_sql::<Unsigned<BigInt>>())), Bind::from(big));
            prop_assert_eq!(bound(&select(wide.into_sql::<Unsigned<Integer>>())), Bind::from(wide));
            prop_assert_eq!(bound(&select(flag.into_sql::<Bool>())), Bind::from(i64::from(flag)));
            prop_assert_eq!(bound(&select(0.5_f64.into_sql::<Double>())), Bind::Unknown);

            let day = NaiveDate::from_num_days_from_ce_opt(days + 366).expect("in range");
            let expected = cache_core::Date::from_days(days + 366 - 719_163);
            prop_assert_eq!(bound(&select(day.into_sql::<Date>())), Bind::Value(Value::Date(expected)));
        }

        #[test]
        fn different_binds_make_different_keys(one: String, other: String, a: Option<i64>, b: Option<i64>) {
            let key = |text: &str, number: Option<i64>| {
                Mysql::binds(&select((text.into_sql::<Text>(), number.into_sql::<Nullable<BigInt>>()))).expect("binds").key
            };
            prop_assert_eq!(key(&one, a) == key(&other, b), (one, a) == (other, b));
        }
    }
}
