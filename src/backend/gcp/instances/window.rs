//! The weekly maintenance window: `sun:03:00-sun:04:00` for people, a policy for Google.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cache::{Day, WeeklyWindow};

/// How long a window is where Google does not say.
const USUAL: u32 = 60;

/// When Google may do maintenance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::backend::gcp) struct MaintenancePolicy {
    weekly_maintenance_window: Vec<Window>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Window {
    day: String,
    start_time: TimeOfDay,
    duration: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct TimeOfDay {
    hours: u32,
    minutes: u32,
}

impl MaintenancePolicy {
    /// Its window as people write it.
    pub(in crate::backend::gcp) fn text(&self) -> Option<String> {
        let window = self.weekly_maintenance_window.first()?;
        let day = Day::ALL.iter().copied().find(|day| word(*day) == window.day)?;
        let start = window.start_time.hours % 24 * 60 + window.start_time.minutes % 60;
        let minutes = window.duration.as_deref().and_then(minutes).unwrap_or(USUAL);
        Some(WeeklyWindow { day, start, minutes }.to_string())
    }
}

/// A window as Google takes it. Redis has no choice of the duration, and takes none.
pub(in crate::backend::gcp) fn policy(text: &str, with_duration: bool) -> Option<Value> {
    let window: WeeklyWindow = text.parse().ok()?;
    let start = json!({"hours": window.start / 60, "minutes": window.start % 60});
    let mut weekly = json!({"day": word(window.day), "startTime": start});
    if with_duration {
        weekly["duration"] = format!("{}s", window.minutes * 60).into();
    }
    Some(json!({"weeklyMaintenanceWindow": [weekly]}))
}

/// `3600s` or `3600.5s`.
fn minutes(duration: &str) -> Option<u32> {
    let seconds = duration.strip_suffix('s')?.split('.').next()?;
    seconds.parse::<u32>().ok().map(|seconds| seconds / 60).filter(|minutes| *minutes > 0)
}

const fn word(day: Day) -> &'static str {
    match day {
        Day::Monday => "MONDAY",
        Day::Tuesday => "TUESDAY",
        Day::Wednesday => "WEDNESDAY",
        Day::Thursday => "THURSDAY",
        Day::Friday => "FRIDAY",
        Day::Saturday => "SATURDAY",
        Day::Sunday => "SUNDAY",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(policy: &Value) -> Option<String> {
        MaintenancePolicy::deserialize(policy).unwrap().text()
    }

    #[test]
    fn a_window_reads_back() {
        for (text, with_duration) in
            [("sun:03:00-sun:04:00", false), ("sat:22:30-sun:02:30", true), ("mon:00:00-mon:03:00", true)]
        {
            assert_eq!(read(&policy(text, with_duration).unwrap()).as_deref(), Some(text));
        }
        assert!(policy("sun:03:00-sun:04:00", false).unwrap()["weeklyMaintenanceWindow"][0].get("duration").is_none());
    }

    #[test]
    fn what_google_leaves_out_is_zero_or_an_hour() {
        let midnight = json!({"weeklyMaintenanceWindow": [{"day": "MONDAY", "startTime": {}}]});
        assert_eq!(read(&midnight).as_deref(), Some("mon:00:00-mon:01:00"));
        assert_eq!(read(&json!({"weeklyMaintenanceWindow": [{"day": "NEW_DAY"}]})), None);
        assert_eq!(read(&json!({})), None);
    }
}
