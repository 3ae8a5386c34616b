//! Dates and times of chrono.

use std::fmt::Display;

use cache_sql::{Bind, Dialect};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, TimeZone};

use super::ToBind;

impl ToBind for NaiveDate {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => Bind::from(self.format("%F").to_string()),
            _ => Bind::from(*self),
        }
    }
}

impl ToBind for NaiveTime {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => Bind::from(self.format("%T%.f").to_string()),
            Dialect::Postgres => {
                let since = (*self - NaiveTime::default()).num_microseconds();
                let sent = since.map(|since| NaiveTime::default() + TimeDelta::microseconds(since));
                sent.map_or(Bind::Unknown, Bind::from)
            }
            _ => Bind::Unknown,
        }
    }
}

impl ToBind for NaiveDateTime {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => Bind::from(self.format("%F %T%.f").to_string()),
            Dialect::Postgres => in_microseconds(*self).map_or(Bind::Unknown, Bind::from),
            _ => Bind::Unknown,
        }
    }
}

impl<Tz: TimeZone<Offset: Display>> ToBind for DateTime<Tz> {
    fn to_bind(&self, dialect: Dialect) -> Bind {
        match dialect {
            Dialect::Sqlite => Bind::from(self.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
            Dialect::Postgres => {
                in_microseconds(self.naive_utc()).map_or(Bind::Unknown, |sent| Bind::from(sent.and_utc()))
            }
            _ => Bind::Unknown,
        }
    }
}

/// PostgreSQL counts microseconds from the year 2000, and the driver cuts towards it.
fn in_microseconds(moment: NaiveDateTime) -> Option<NaiveDateTime> {
    let epoch = NaiveDate::from_ymd_opt(2000, 1, 1)?.and_hms_opt(0, 0, 0)?;
    let since = (moment - epoch).num_microseconds()?;
    epoch.checked_add_signed(TimeDelta::microseconds(since))
}
