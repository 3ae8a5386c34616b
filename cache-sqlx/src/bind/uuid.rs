//! UUIDs.

use cache_sql::{Bind, Dialect};
use uuid::Uuid;
use uuid::fmt::{Hyphenated, Simple};

use super::ToBind;

impl ToBind for Uuid {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite | Dialect::MySql => Bind::from(self.as_bytes().as_slice()),
            Dialect::Postgres => Bind::from(*self),
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for Hyphenated {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        self.to_string().to_bind(dialect)
    }
}

impl ToBind for Simple {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        self.to_string().to_bind(dialect)
    }
}
