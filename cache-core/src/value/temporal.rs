//! Dates, times of day and points in time, without a calendar library.

use std::fmt;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A day of the proleptic Gregorian calendar, as days since 1970-01-01.
///
/// ```
/// use cache_core::Date;
///
/// let day = Date::from_ymd(2024, 2, 29).ok_or("no such day")?;
/// assert_eq!(day.days(), 19_782);
/// assert_eq!(day.to_string(), "2024-02-29");
/// assert_eq!(Date::from_ymd(2023, 2, 29), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i32,
}

impl Date {
    /// The day so many days after 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self { days }
    }

    /// The day with this year, month and day of the month; `None` if there is none.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let date = Self { days: i32::try_from(days_of(year, month, day)).ok()? };
        (date.ymd() == (i64::from(year), month, day)).then_some(date)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.days
    }

    fn ymd(self) -> (i64, u32, u32) {
        ymd_of(i64::from(self.days))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, i64::from(self.days))
    }
}

/// A time of day in nanoseconds; `24:00:00` and a leap second behind it are allowed.
///
/// ```
/// use cache_core::Time;
///
/// let time = Time::from_hms(9, 30, 0, 500_000_000).ok_or("no such time")?;
/// assert_eq!(time.to_string(), "09:30:00.5");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    nanoseconds: u64,
}

impl Time {
    /// The time so many nanoseconds after midnight; `None` beyond one second past `24:00:00`.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Option<Self> {
        if nanoseconds < DAY + SECOND { Some(Self { nanoseconds }) } else { None }
    }

    /// The time with this hour, minute, second and nanosecond; `None` if there is none.
    ///
    /// The second may be 60, which is the start of the next minute.
    pub fn from_hms(hour: u32, minute: u32, second: u32, nanosecond: u32) -> Option<Self> {
        if hour > 24 || minute > 59 || second > 60 || u64::from(nanosecond) >= SECOND {
            return None;
        }
        Self::from_nanoseconds(
            u64::from(hour) * HOUR + u64::from(minute) * MINUTE + u64::from(second) * SECOND + u64::from(nanosecond),
        )
    }

    /// For clocks that never show more than a leap second behind 23:59:59.
    #[cfg(feature = "chrono")]
    pub(super) fn from_parts(seconds: u32, nanosecond: u32) -> Self {
        Self { nanoseconds: u64::from(seconds) * SECOND + u64::from(nanosecond) }
    }

    /// Nanoseconds since midnight.
    pub const fn nanoseconds(self) -> u64 {
        self.nanoseconds
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_time(f, self.nanoseconds)
    }
}

/// A date and a time of day without a time zone.
///
/// ```
/// use cache_core::{Date, DateTime, Time};
///
/// let noon = Date::from_ymd(2024, 1, 2)
///     .zip(Time::from_hms(12, 0, 0, 0))
///     .and_then(|(date, time)| DateTime::new(date, time))
///     .ok_or("no such time")?;
/// assert_eq!(noon.to_string(), "2024-01-02T12:00:00");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    nanoseconds: i128,
}

/// A point in time, as nanoseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use cache_core::Instant;
///
/// let instant = Instant::from_nanoseconds(1_500_000_000).ok_or("out of range")?;
/// assert_eq!(instant.to_string(), "1970-01-01T00:00:01.5Z");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    nanoseconds: i128,
}

impl DateTime {
    /// This time on this day; `None` if it lies behind the last day that [`Date`] can hold.
    ///
    /// `24:00:00` is the start of the next day.
    pub fn new(date: Date, time: Time) -> Option<Self> {
        Self::from_nanoseconds(i128::from(date.days) * i128::from(DAY) + i128::from(time.nanoseconds))
    }
}

macro_rules! moments {
    ($($name:ident),*) => {$(
        impl $name {
            /// So many nanoseconds after 1970-01-01T00:00:00; `None` outside the days that
            /// [`Date`] can hold.
            pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
                let days = nanoseconds.div_euclid(i128::from(DAY));
                i32::try_from(days).ok().map(|_| Self { nanoseconds })
            }

            /// Nanoseconds since 1970-01-01T00:00:00.
            pub const fn nanoseconds(self) -> i128 {
                self.nanoseconds
            }

            pub(super) fn seconds(self) -> i64 {
                self.nanoseconds.div_euclid(i128::from(SECOND)) as i64
            }

            pub(super) fn subsecond(self) -> u32 {
                self.nanoseconds.rem_euclid(i128::from(SECOND)) as u32
            }

            /// For calendars whose whole range lies inside that of [`Date`].
            #[cfg(feature = "chrono")]
            pub(super) fn from_parts(seconds: i64, nanosecond: u32) -> Self {
                Self {
                    nanoseconds: i128::from(seconds) * i128::from(SECOND) + i128::from(nanosecond),
                }
            }

            fn write(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_date(f, self.nanoseconds.div_euclid(i128::from(DAY)) as i64)?;
                f.write_str("T")?;
                write_time(f, self.nanoseconds.rem_euclid(i128::from(DAY)) as u64)
            }
        }
    )*};
}

moments!(DateTime, Instant);

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)?;
        f.write_str("Z")
    }
}

/// Years start in March here, so that the leap day is the last of its year; an era is 400 years.
fn days_of(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month < 3);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn ymd_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month < 3);
    (year, month as u32, day as u32)
}

fn write_date(f: &mut fmt::Formatter<'_>, days: i64) -> fmt::Result {
    let (year, month, day) = ymd_of(days);
    match year {
        0..=9999 => write!(f, "{year:04}-{month:02}-{day:02}"),
        _ => write!(f, "{year:+05}-{month:02}-{day:02}"),
    }
}

fn write_time(f: &mut fmt::Formatter<'_>, nanoseconds: u64) -> fmt::Result {
    let (hour, minute) = (nanoseconds / HOUR, nanoseconds % HOUR / MINUTE);
    let second = nanoseconds % MINUTE / SECOND;
    write!(f, "{hour:02}:{minute:02}:{second:02}")?;
    match nanoseconds % SECOND {
        0 => Ok(()),
        fraction => write!(f, ".{}", format!("{fraction:09}").trim_end_matches('0')),
    }
}
