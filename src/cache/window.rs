//! Times of the week and of the day in which a cloud may do maintenance or take backups. All in UTC.

use std::fmt;
use std::str::FromStr;

use super::UnknownWord;
use super::product::words;

words! {
    /// A day of the week, as AWS writes it.
    Day, "day" {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

/// A weekly window, `sun:03:00-sun:04:00`. Lasts at least a minute and less than a week; may run over midnight or Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyWindow {
    /// The day on which it starts.
    pub day: Day,
    /// Minutes after midnight at which it starts.
    pub start: u32,
    /// How long it is, in minutes.
    pub minutes: u32,
}

/// A daily window, `03:00-05:00`. Lasts at least a minute and less than a day; may run over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyWindow {
    /// Minutes after midnight at which it starts.
    pub start: u32,
    /// How long it is, in minutes.
    pub minutes: u32,
}

/// A text that is no window of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no window of time")]
pub struct NoWindow;

impl FromStr for WeeklyWindow {
    type Err = NoWindow;

    fn from_str(text: &str) -> Result<Self, NoWindow> {
        let (from, to) = text.split_once('-').ok_or(NoWindow)?;
        let (day, start) = moment(from)?;
        let (end_day, end) = moment(to)?;
        let minutes = (WEEK + end_day as u32 * DAY + end - day as u32 * DAY - start) % WEEK;
        if minutes == 0 { Err(NoWindow) } else { Ok(Self { day, start, minutes }) }
    }
}

impl fmt::Display for WeeklyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = (self.day as u32 * DAY + self.start + self.minutes) % WEEK;
        let end_day = Day::ALL[(end / DAY) as usize];
        write!(f, "{}:{}-{}:{}", self.day, Clock(self.start), end_day, Clock(end % DAY))
    }
}

impl FromStr for DailyWindow {
    type Err = NoWindow;

    fn from_str(text: &str) -> Result<Self, NoWindow> {
        let (from, to) = text.split_once('-').ok_or(NoWindow)?;
        let start = clock(from)?;
        let minutes = (DAY + clock(to)? - start) % DAY;
        if minutes == 0 { Err(NoWindow) } else { Ok(Self { start, minutes }) }
    }
}

impl fmt::Display for DailyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", Clock(self.start), Clock((self.start + self.minutes) % DAY))
    }
}

/// Minutes after midnight, written `03:00`.
struct Clock(u32);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

fn moment(text: &str) -> Result<(Day, u32), NoWindow> {
    let (day, time) = text.split_once(':').ok_or(NoWindow)?;
    Ok((day.parse().map_err(|_: UnknownWord| NoWindow)?, clock(time)?))
}

fn clock(text: &str) -> Result<u32, NoWindow> {
    let (hour, minute) = text.split_once(':').ok_or(NoWindow)?;
    Ok(two_digits(hour, 24)? * 60 + two_digits(minute, 60)?)
}

fn two_digits(text: &str, below: u32) -> Result<u32, NoWindow> {
    let digits = text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|n| digits && *n < below).ok_or(NoWindow)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_may_run_over_midnight_and_over_sunday() {
        let weekly: WeeklyWindow = "sun:23:30-mon:01:00".parse().unwrap();
        assert_eq!((weekly.day, weekly.start, weekly.minutes), (Day::Sunday, 23 * 60 + 30, 90));
        let daily: DailyWindow = "23:00-00:30".parse().unwrap();
        assert_eq!((daily.start, daily.minutes), (23 * 60, 90));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for bad in
            ["", "sun:03:00", "sun:03:00-sun:03:00", "sun:3:00-sun:04:00", "day:03:00-sun:04:00", "sun:24:00-mon:01:00"]
        {
            assert_eq!(bad.parse::<WeeklyWindow>(), Err(NoWindow), "{bad}");
        }
        for bad in ["", "03:00", "03:00-03:00", "03:60-04:00", "sun:03:00-sun:04:00", "+3:00-04:00"] {
            assert_eq!(bad.parse::<DailyWindow>(), Err(NoWindow), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_window_reads_back(day in 0..7_usize, start in 0..DAY, minutes in 1..WEEK, of_the_day in 1..DAY) {
            let weekly = WeeklyWindow { day: Day::ALL[day], start, minutes };
            prop_assert_eq!(weekly.to_string().parse(), Ok(weekly));
            let daily = DailyWindow { start, minutes: of_the_day };
            prop_assert_eq!(daily.to_string().parse(), Ok(daily));
        }
    }
}
