//! What is particular to PostgreSQL and to MariaDB.

mod mysql;
mod postgres;

/// Asks for a value and for another one, writes the first, and insists that the first is dropped; and, of a type that is
/// `exact`, that the other one is kept.
macro_rules! told_apart {
    ($db:expr, $DB:ty, $ask:expr, $write:expr, $exact:expr, $one:expr, $other:expr) => {{
        let (db, cache) = ($db, $db.cache());
        let asked = |value| cache_sqlx::query_scalar::<$DB, i64>($ask).bind(value).cached(cache);
        cache_sqlx::query::<$DB>("DELETE FROM thing").execute(db).await.unwrap();
        for value in [$one, $other] {
            assert_eq!(asked(value.clone()).fetch_one(db).await.unwrap(), 0, "{}", stringify!($one));
            assert_eq!(asked(value).fetch_one(db).await.unwrap(), 0);
        }
        cache_sqlx::query::<$DB>($write).bind($one).execute(db).await.unwrap();
        assert_eq!(asked($one).fetch_one(db).await.unwrap(), 1, "{}", stringify!($one));
        let (other, cost) = cache_core::observe::measure_async(asked($other).fetch_one(db)).await;
        assert_eq!(other.unwrap(), 0, "{}", stringify!($other));
        assert!(!$exact || cost.statements == 0, "{} was dropped by {}", stringify!($other), stringify!($one));
    }};
}

pub(crate) use told_apart;
