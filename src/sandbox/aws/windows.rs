//! Maintenance and snapshot windows: their syntax, whether they meet, and when the next one opens.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::error::AwsError;
use crate::clock::Timestamp;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

/// What a group gets that asks for none.
pub(super) const DEFAULT_MAINTENANCE: &str = "sun:03:00-sun:04:00";
/// What a group gets that asks for none.
pub(super) const DEFAULT_SNAPSHOT: &str = "05:00-06:00";

/// A stretch of time in minutes from its start; it may pass the end of the week or day.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

/// Checks a weekly window such as `sun:03:00-sun:04:00` and gives it in lower case.
pub(super) fn maintenance(text: &str) -> Result<String, AwsError> {
    let lower = text.to_ascii_lowercase();
    let span = weekly(&lower).ok_or_else(|| {
        AwsError::value(format!("Invalid maintenance window {text}: the format is ddd:hh24:mi-ddd:hh24:mi (UTC)."))
    })?;
    if span.length < 60 {
        return Err(AwsError::value(format!("The maintenance window {text} must be at least 60 minutes long.")));
    }
    Ok(lower)
}

/// Checks a daily window such as `05:00-06:00`.
pub(super) fn snapshot(text: &str) -> Result<String, AwsError> {
    let span = daily(text).ok_or_else(|| {
        AwsError::value(format!("Invalid snapshot window {text}: the format is hh24:mi-hh24:mi (UTC)."))
    })?;
    if span.length < 60 {
        return Err(AwsError::value(format!("The snapshot window {text} must be at least 60 minutes long.")));
    }
    Ok(text.to_owned())
}

/// The two windows must not meet on any day.
pub(super) fn must_not_overlap(maintenance: &str, snapshot: &str) -> Result<(), AwsError> {
    let (Some(weekly), Some(daily)) = (weekly(maintenance), daily(snapshot)) else { return Ok(()) };
    let meets = (0..7).any(|day| {
        let start = day * DAY + daily.start;
        let ahead = (start + WEEK - weekly.start) % WEEK;
        let behind = (weekly.start + WEEK - start) % WEEK;
        ahead < weekly.length || behind < daily.length
    });
    if meets {
        let message = format!("The snapshot window {snapshot} and maintenance window {maintenance} must not overlap.");
        return Err(AwsError::value(message));
    }
    Ok(())
}

/// When the window opens next, at or after `from`; `from` itself while it is open.
pub(super) fn next_opening(maintenance: &str, from: Timestamp) -> Timestamp {
    let Some(span) = weekly(maintenance) else { return from };
    let zoned = from.to_zoned(TimeZone::UTC);
    let day = u32::try_from(zoned.weekday().to_monday_zero_offset()).unwrap_or_default();
    let clock = zoned.time();
    let minutes = |number: i8| u32::try_from(number).unwrap_or_default();
    let now = day * DAY + minutes(clock.hour()) * 60 + minutes(clock.minute());
    if (now + WEEK - span.start) % WEEK < span.length {
        return from;
    }
    let wait = (span.start + WEEK - now) % WEEK;
    let second = u64::try_from(clock.second()).unwrap_or_default();
    from.checked_add(Duration::from_secs(u64::from(wait) * 60 - second)).unwrap_or(Timestamp::MAX)
}

fn weekly(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    let start = day_and_minute(from)?;
    let end = day_and_minute(to)?;
    Some(Span { start, length: (end + WEEK - start) % WEEK })
}

fn daily(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    let start = minute(from)?;
    let end = minute(to)?;
    Some(Span { start, length: (end + DAY - start) % DAY })
}

fn day_and_minute(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|known| *known == day)?;
    Some(u32::try_from(day).ok()? * DAY + minute(time)?)
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_and_short_windows_are_refused() {
        assert_eq!(maintenance("Sun:23:00-mon:01:30").unwrap(), "sun:23:00-mon:01:30");
        for wrong in [
            "sun:3:00-sun:04:00",
            "sun:03:00-sun:03:30",
            "someday:03:00-sun:04:00",
            "03:00-04:00",
            "sun:25:00-sun:26:00",
        ] {
            assert!(maintenance(wrong).is_err(), "{wrong}");
        }
        assert!(snapshot("05:00-05:30").is_err());
        assert!(snapshot("sun:05:00-sun:06:00").is_err());
        assert!(snapshot("23:30-00:30").is_ok());
    }

    #[test]
    fn windows_that_meet_on_any_day_are_refused() {
        assert!(must_not_overlap("sun:03:00-sun:04:00", "05:00-06:00").is_ok());
        assert!(must_not_overlap("sun:03:00-sun:04:00", "03:30-04:30").is_err());
        assert!(must_not_overlap("sun:03:30-sun:04:30", "03:00-04:00").is_err());
        assert!(must_not_overlap("sun:23:30-mon:00:30", "00:00-01:00").is_err());
        assert!(must_not_overlap("sun:23:00-mon:00:00", "00:00-01:00").is_ok());
    }

    #[test]
    fn the_next_opening_is_now_inside_the_window_and_within_a_week_outside() {
        let monday: Timestamp = "2026-01-05T10:00:30Z".parse().unwrap();
        assert_eq!(next_opening("sun:03:00-sun:04:00", monday), "2026-01-11T03:00:00Z".parse().unwrap());
        let inside: Timestamp = "2026-01-11T03:20:00Z".parse().unwrap();
        assert_eq!(next_opening("sun:03:00-sun:04:00", inside), inside);
        assert_eq!(next_opening("mon:11:00-mon:12:00", monday), "2026-01-05T11:00:00Z".parse().unwrap());
    }
}
