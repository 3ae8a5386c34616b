//! Dates and times of the crate `time`.

use cache_sql::{Bind, Dialect};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

use super::ToBind;

impl ToBind for Date {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => text(self.format(format_description!("[year]-[month]-[day]"))),
            _ => cache_core::Date::from_ymd(self.year(), u8::from(self.month()).into(), self.day().into())
                .map_or(Bind::Unknown, Bind::from),
        }
    }
}

impl ToBind for OffsetDateTime {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => text(self.format(&Rfc3339)),
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for PrimitiveDateTime {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");
        match dialect {
            Dialect::Sqlite => text(self.format(&format)),
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for Time {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => text(self.format(&format_description!("[hour]:[minute]:[second].[subsecond]"))),
            _ => Bind::Unknown,
        }
    }
}

fn text(formatted: Result<String, time::error::Format>) -> Bind {
    formatted.map_or(Bind::Unknown, Bind::from)
}
