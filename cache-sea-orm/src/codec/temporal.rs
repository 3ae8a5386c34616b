//! Dates and times as bytes, leap seconds and offsets included.

use chrono::{DateTime, Datelike, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};

use super::column::Reader;

const OUT_OF_RANGE: &str = "it has a date or time that is none";

pub(super) fn date_bytes(date: NaiveDate) -> [u8; 4] {
    date.num_days_from_ce().to_le_bytes()
}

pub(super) fn time_bytes(time: NaiveTime) -> [u8; 8] {
    let seconds = u64::from(time.num_seconds_from_midnight());
    (seconds << 32 | u64::from(time.nanosecond())).to_le_bytes()
}

pub(super) fn moment_bytes(moment: NaiveDateTime) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&date_bytes(moment.date()));
    bytes[4..].copy_from_slice(&time_bytes(moment.time()));
    bytes
}

pub(super) fn zoned_bytes(moment: DateTime<FixedOffset>) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(&moment_bytes(moment.naive_utc()));
    bytes[12..].copy_from_slice(&moment.offset().fix().local_minus_utc().to_le_bytes());
    bytes
}

pub(super) fn date(reader: &mut Reader<'_>) -> Result<NaiveDate, &'static str> {
    NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(reader.array()?)).ok_or(OUT_OF_RANGE)
}

pub(super) fn time(reader: &mut Reader<'_>) -> Result<NaiveTime, &'static str> {
    let both = u64::from_le_bytes(reader.array()?);
    let (seconds, nanoseconds) = ((both >> 32) as u32, both as u32);
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).ok_or(OUT_OF_RANGE)
}

pub(super) fn moment(reader: &mut Reader<'_>) -> Result<NaiveDateTime, &'static str> {
    Ok(NaiveDateTime::new(date(reader)?, time(reader)?))
}

/// In the time zone of this process, as the driver would give it.
pub(super) fn local(reader: &mut Reader<'_>) -> Result<DateTime<Local>, &'static str> {
    let moment = moment(reader)?;
    in_range(moment)?;
    Ok(Local.from_utc_datetime(&moment))
}

pub(super) fn zoned(reader: &mut Reader<'_>) -> Result<DateTime<FixedOffset>, &'static str> {
    let moment = moment(reader)?;
    in_range(moment)?;
    let offset = FixedOffset::east_opt(i32::from_le_bytes(reader.array()?)).ok_or(OUT_OF_RANGE)?;
    Ok(offset.from_utc_datetime(&moment))
}

/// Local times of the very first and last days cannot be told without overflow.
fn in_range(moment: NaiveDateTime) -> Result<(), &'static str> {
    let days = chrono::Days::new(2);
    let fits = moment.checked_add_days(days).is_some() && moment.checked_sub_days(days).is_some();
    if fits { Ok(()) } else { Err(OUT_OF_RANGE) }
}
