//! JSON: databases store it in ways of their own.

use cache_sql::{Bind, Dialect};
use sqlx::types::Json;

use super::ToBind;

impl<T> ToBind for Json<T> {
    fn to_bind(&self, _: Dialect) -> Bind {
        Bind::Unknown
    }
}

impl ToBind for serde_json::Value {
    fn to_bind(&self, _: Dialect) -> Bind {
        Bind::Unknown
    }
}
