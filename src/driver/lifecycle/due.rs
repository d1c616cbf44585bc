//! What has to be done to a cache though nobody asks for it: a pure function of its mark, its state and its age.

use std::time::Duration;

use jiff::Timestamp;

use crate::backend::Phase;
use crate::cache::product::words;
use crate::cache::{Intent, Mark, State};

words! {
    /// What a sweep does to a cache.
    Task, "task" {
        /// Removes a held or retired cache.
        Remove = "remove",
        /// Does what a DELETE would, because its `ttl` is over.
        Expire = "expire",
        /// Clears away a creation that failed, which nobody came back for.
        Clear = "clear",
        /// Ends a rotation: from then on only the newest password is valid.
        Settle = "settle",
        /// Removes what was made beside caches, and that no cache uses.
        Tidy = "tidy",
    }
}

/// Something that will be done, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub task: Task,
    /// From when on.
    pub at: Timestamp,
}

impl Due {
    /// Whether its time has come.
    #[must_use]
    pub fn is_now(&self, now: Timestamp) -> bool {
        self.at <= now
    }
}

/// Everything that will be done to a cache, what ends it first, then the earliest. `born` is when it was made, `create` how
/// long a creation may take.
///
/// A creation that is late and still goes on is in no list: it is left for inspection.
#[must_use]
pub fn due(mark: &Mark, phase: Phase, born: Option<Timestamp>, create: Duration) -> Vec<Due> {
    if matches!(phase, Phase::Absent | Phase::Deleting) {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut add = |task, at: Option<Timestamp>| all.extend(at.map(|at| Due { task, at }));
    match (mark.state, mark.intent) {
        (State::Held | State::Retired, Some(Intent::DeleteAfter(at))) => add(Task::Remove, Some(at)),
        (State::Held | State::Retired | State::Detached, _) => {}
        (State::Owned, intent) => {
            if phase == Phase::Shell {
                // Until then its caller may come back, and is to hear the cause.
                add(Task::Clear, mark.since.checked_add(create).ok());
            } else {
                add(Task::Expire, born.and_then(|born| mark.expires(born)));
                if let Some(Intent::Settle(at)) = intent {
                    add(Task::Settle, Some(at));
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::GuResId;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn mark(state: State, intent: Option<Intent>, ttl: Option<Duration>) -> Mark {
        let new = Mark::new(GuResId::parse("res-1").unwrap(), "0".repeat(12), at(1_000));
        Mark { state, intent, ttl, ..new }
    }

    fn found(mark: &Mark, phase: Phase) -> Vec<(Task, i64)> {
        due(mark, phase, Some(at(500)), HOUR).iter().map(|due| (due.task, due.at.as_second())).collect()
    }

    #[test]
    fn every_state_with_every_intent_has_its_task() {
        let (delete, settle) = (Some(Intent::DeleteAfter(at(9_000))), Some(Intent::Settle(at(8_000))));
        for (state, intent, ttl, expected) in [
            (State::Owned, None, None, vec![]),
            (State::Owned, settle, None, vec![(Task::Settle, 8_000)]),
            (State::Owned, None, Some(HOUR), vec![(Task::Expire, 4_100)]),
            (State::Owned, settle, Some(HOUR), vec![(Task::Expire, 4_100), (Task::Settle, 8_000)]),
            // Nobody writes these two; a removal that no state asks for is not made.
            (State::Owned, delete, None, vec![]),
            (State::Detached, delete, Some(HOUR), vec![]),
            (State::Detached, None, None, vec![]),
            (State::Held, delete, None, vec![(Task::Remove, 9_000)]),
            // The time that its DELETE gave it counts.
            (State::Held, delete, Some(HOUR), vec![(Task::Remove, 9_000)]),
            (State::Held, None, None, vec![]),
            (State::Retired, delete, Some(HOUR), vec![(Task::Remove, 9_000)]),
            (State::Retired, settle, None, vec![]),
        ] {
            let mark = mark(state, intent, ttl);
            for phase in [Phase::Creating, Phase::Ready, Phase::Changing, Phase::Busy, Phase::Failed] {
                assert_eq!(found(&mark, phase), expected, "{state} {intent:?} {ttl:?} {phase}");
            }
            for phase in [Phase::Absent, Phase::Deleting] {
                assert_eq!(found(&mark, phase), [], "{state} {intent:?} {phase}");
            }
        }
    }

    #[test]
    fn a_shell_is_cleared_away_once_its_caller_can_no_longer_come_back() {
        assert_eq!(found(&mark(State::Owned, None, None), Phase::Shell), [(Task::Clear, 4_600)]);
        let held = mark(State::Held, Some(Intent::DeleteAfter(at(9_000))), None);
        assert_eq!(found(&held, Phase::Shell), [(Task::Remove, 9_000)]);
    }

    #[test]
    fn what_was_made_nobody_knows_when_does_not_expire() {
        assert_eq!(due(&mark(State::Owned, None, Some(HOUR)), Phase::Ready, None, HOUR), []);
    }

    #[test]
    fn a_time_has_come_from_its_first_moment_on() {
        let due = Due { task: Task::Remove, at: at(10) };
        assert!(!due.is_now(at(9)) && due.is_now(at(10)) && due.is_now(at(11)));
    }
}
