//! Marks that Google has accepted and does not show yet.
//!
//! Labels may be shown only when the operation that writes them is done. Until then a look at an instance that is being
//! updated would tell of the operation before, and whoever asks for the same once more would seem to want something else.
//! Only this process knows better; all others learn it when the operation ends. Nothing depends on it, since the driver waits
//! where a mark lags (`Capabilities::mark_lags`): it is what keeps the trait's promise, for the process that made a change,
//! that its mark is seen while the change runs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::backend::{Observed, Ownership, Phase};
use crate::cache::Mark;

/// Beyond that many the marks are forgotten, which costs nothing but time.
const MOST: usize = 4096;

/// The marks by full name of the instance.
#[derive(Debug, Default)]
pub(in crate::backend::gcp) struct Accepted {
    marks: Mutex<HashMap<String, Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    mark: Mark,
    /// What was shown at the first look since.
    shown: Option<Ownership>,
}

impl Accepted {
    /// Google has accepted the mark.
    pub(in crate::backend::gcp) fn wrote(&self, name: &str, mark: &Mark) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() >= MOST {
            marks.clear();
        }
        marks.insert(name.to_owned(), Waiting { mark: mark.clone(), shown: None });
    }

    /// Puts the accepted mark in the place of the one that is shown, while the instance is updated and shows what it showed
    /// before.
    pub(in crate::backend::gcp) fn complete(&self, name: &str, seen: &mut Observed) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = marks.get_mut(name) else { return };
        let first = waiting.shown.get_or_insert_with(|| {
            seen.ownership.clone().unwrap_or_else(|| Ownership::Marked(Box::new(waiting.mark.clone())))
        });
        if seen.phase == Phase::Changing && seen.ownership.as_ref() == Some(first) {
            seen.ownership = Some(Ownership::Marked(Box::new(waiting.mark.clone())));
        } else {
            marks.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::cache::GuResId;

    fn mark(want: &str) -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), want.to_owned(), Timestamp::UNIX_EPOCH)
    }

    fn seen(phase: Phase, want: &str) -> Observed {
        let ownership = Some(Ownership::Marked(Box::new(mark(want))));
        Observed { phase, ownership, ..Observed::absent("p") }
    }

    #[track_caller]
    fn assert_shows(accepted: &Accepted, phase: Phase, shown: &str, expected: &str) {
        let mut seen = seen(phase, shown);
        accepted.complete("a", &mut seen);
        assert_eq!(seen.mark(), Some(&mark(expected)));
    }

    #[test]
    fn an_accepted_mark_is_told_while_the_update_runs_and_not_after() {
        let accepted = Accepted::default();
        assert_shows(&accepted, Phase::Changing, "old", "old");
        accepted.wrote("a", &mark("new"));
        accepted.wrote("b", &mark("other"));
        assert_shows(&accepted, Phase::Changing, "old", "new");
        assert_shows(&accepted, Phase::Changing, "old", "new");
        assert_shows(&accepted, Phase::Ready, "old", "old");
        assert_shows(&accepted, Phase::Changing, "old", "old");
    }

    #[test]
    fn what_somebody_else_wrote_since_wins() {
        let accepted = Accepted::default();
        accepted.wrote("a", &mark("new"));
        assert_shows(&accepted, Phase::Changing, "old", "new");
        assert_shows(&accepted, Phase::Changing, "newest", "newest");
        assert_shows(&accepted, Phase::Changing, "old", "old");
    }
}
