//! Exact decimal numbers.

use cache_sql::{Bind, Dialect};

use super::ToBind;

#[cfg(feature = "decimal")]
impl ToBind for rust_decimal::Decimal {
    fn to_bind(&self, _: Dialect) -> Bind {
        parsed(&self.to_string())
    }
}

#[cfg(feature = "bigdecimal")]
impl ToBind for bigdecimal::BigDecimal {
    fn to_bind(&self, _: Dialect) -> Bind {
        parsed(&self.to_string())
    }
}

fn parsed(text: &str) -> Bind {
    text.parse::<cache_core::Decimal>().map_or(Bind::Unknown, Bind::from)
}
