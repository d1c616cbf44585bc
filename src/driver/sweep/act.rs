//! One thing that is due of one cache: looked at again, and done if it is still due.

use tracing::Instrument as _;

use super::{Job, SweepOutcome, Tried, is_going};
use crate::backend::{Goal, Phase, Step};
use crate::cache::{Code, Intent, Mark, State};
use crate::driver::lifecycle::{self, Next, Refusal, Task, Wish, due};
use crate::driver::locate::{Found, Halt, Keys, LookFailed};
use crate::driver::{Driver, DriverError};

impl Driver {
    /// One try. Whatever goes wrong is told, not thrown: the other caches are due as well.
    pub(super) async fn attempt(&self, job: &Job, dry_run: bool) -> Tried {
        let id = &job.located.mark.id;
        let span = tracing::info_span!("sweep", %id, who = "sweep", task = %job.due.task);
        let tried = async {
            let _turn = self.inner.turns.take(id).await;
            self.attempt_in_turn(job, dry_run).await
        };
        match tried.instrument(span).await {
            Ok(tried) => tried,
            Err(Halt::Fail(failure)) => Tried::failed(&failure.error),
            Err(Halt::Later(LookFailed { error, .. })) if dry_run => Tried::later(error.to_string(), false),
            Err(Halt::Later(LookFailed { error, .. })) => match self.overtaken(job).await {
                Some(why) => Tried::new(SweepOutcome::Overtaken, why),
                None => Tried::later(error.to_string(), true),
            },
        }
    }

    /// Whether the cloud had no time for it because somebody else has begun the same: another sweep, or a request.
    async fn overtaken(&self, job: &Job) -> Option<&'static str> {
        let at = &job.located.at;
        let found = self.look(at.place.clone(), &Keys::by(&at.credentials, at.place.provider())).await.ok()?;
        match found.seen.phase {
            Phase::Absent => Some("it is gone already"),
            Phase::Deleting => Some("it is being removed already"),
            _ if found.seen.mark() != Some(&job.located.mark) => Some("its mark has changed since it was listed"),
            _ => None,
        }
    }

    async fn attempt_in_turn(&self, job: &Job, dry_run: bool) -> Result<Tried, Halt> {
        let listed = &job.located.mark;
        if self.inner.background.running(&listed.id).is_some() {
            return Ok(Tried::new(SweepOutcome::Overtaken, "a request is at work on it"));
        }
        let at = &job.located.at;
        // Right before the act: whoever took it back since it was listed has the last word.
        let found = self.look_anew(at.place.clone(), &Keys::by(&at.credentials, at.place.provider())).await?;
        if job.begun && !found.exists() {
            return Ok(Tried::new(SweepOutcome::Done, "it is gone"));
        }
        if is_going(found.seen.phase) {
            return Ok(match (job.begun, found.seen.phase) {
                (true, _) => Tried::new(SweepOutcome::Begun, format!("the cloud says `{}`", found.seen.status)),
                (false, Phase::Absent) => Tried::new(SweepOutcome::Overtaken, "it is gone already"),
                (false, _) => Tried::new(SweepOutcome::Overtaken, "it is being removed already"),
            });
        }
        if job.begun && job.due.task == Task::Settle && found.seen.mark().is_some_and(|mark| mark.intent.is_none()) {
            return Ok(Tried::new(SweepOutcome::Done, "only the newest password is valid"));
        }
        let Some(mark) = found.seen.mark().filter(|mark| *mark == listed) else {
            return Ok(Tried::new(SweepOutcome::Overtaken, "its mark has changed since it was listed"));
        };
        let limits = self.when(found.product(), None);
        let still = due(mark, found.seen.phase, found.seen.created_at, limits.create);
        if !still.iter().any(|due| due.task == job.due.task && due.is_now(limits.now)) {
            return Ok(Tried::new(SweepOutcome::Overtaken, "it is not due any more"));
        }
        if matches!(found.seen.phase, Phase::Changing | Phase::Busy) {
            return Ok(busy(&found, job));
        }
        match job.due.task {
            Task::Expire => self.expire(&found, mark, job, dry_run).await,
            Task::Remove | Task::Clear => self.remove_due(&found, mark, job, dry_run).await,
            Task::Settle => self.settle_due(&found, mark, job, dry_run).await,
            Task::Tidy => Ok(Tried::new(SweepOutcome::Overtaken, "it is a cache, and none of its leftovers")),
        }
    }

    /// What a DELETE would do.
    async fn expire(&self, found: &Found, mark: &Mark, job: &Job, dry_run: bool) -> Result<Tried, Halt> {
        let when = self.when(found.product(), None);
        let next = lifecycle::next(&mark.id, Wish::Absent, &found.seen, &when);
        let (mark, what) = match next {
            Next::Remove => return self.removed(found, "its ttl is over", dry_run).await,
            Next::Hold => {
                let until = mark.held_until(when.now);
                let intent = Some(Intent::DeleteAfter(until));
                (Mark { state: State::Held, intent, ..mark.clone() }, format!("its ttl is over; held until {until}"))
            }
            Next::Detach => {
                let mark = Mark { state: State::Detached, intent: None, ..mark.clone() };
                (mark, "its ttl is over; it is let go, as its on_delete says".to_owned())
            }
            Next::Refuse(Refusal::Protected) => return Ok(Tried::protected(&protected(found, mark))),
            Next::Refuse(refusal) => {
                let error = DriverError::new(Code::CloudFailed, format!("it cannot be removed: {refusal:?}"));
                return Ok(Tried::failed(&error));
            }
            _ => return Ok(busy(found, job)),
        };
        if !dry_run {
            self.rewrite_mark(found.clone(), mark).await?;
        }
        Ok(Tried::new(if dry_run { SweepOutcome::Would } else { SweepOutcome::Done }, what))
    }

    /// Removes what is held, retired or a shell.
    async fn remove_due(&self, found: &Found, mark: &Mark, job: &Job, dry_run: bool) -> Result<Tried, Halt> {
        if found.seen.phase == Phase::Shell {
            let message = format!("the creation of {} failed", found.at.place.name);
            let error = self.diagnosed(found, mark.since, Code::CloudFailed, message).await;
            return self.removed(found, &error.message, dry_run).await;
        }
        if mark.protected {
            return Ok(Tried::protected(&protected(found, mark)));
        }
        self.removed(found, &format!("{} until {}", mark.state, job.due.at), dry_run).await
    }

    async fn removed(&self, found: &Found, why: &str, dry_run: bool) -> Result<Tried, Halt> {
        let steps = Self::removal(found);
        if dry_run {
            return Ok(would(why, &steps));
        }
        tracing::info!(place = %found.at.place, why, "removing");
        let ran = self.run(found, steps).await?;
        Ok(Tried::new(SweepOutcome::Begun, format!("{why}; the cloud accepted {}", calls(&ran))))
    }

    async fn settle_due(&self, found: &Found, mark: &Mark, job: &Job, dry_run: bool) -> Result<Tried, Halt> {
        if found.seen.phase != Phase::Ready {
            return Ok(busy(found, job));
        }
        if dry_run {
            let settled = Mark { intent: None, ..mark.clone() };
            let password = self.derived(&mark.id, found, mark.password.as_ref())?;
            let goal = match &password {
                Some(password) => Goal::Settled { mark: &settled, password },
                None => Goal::Marked { mark: &settled },
            };
            return Ok(would("the old password ends", &found.backend.steps(&goal, &found.seen)));
        }
        let ran = self.settle(found).await?;
        // Where it takes several calls the mark is written with the last: until then there is more to do.
        let whole = ran.iter().any(|step| step.mark.is_some());
        let outcome = if whole { SweepOutcome::Done } else { SweepOutcome::Begun };
        Ok(Tried::new(outcome, format!("the old password ends; the cloud accepted {}", calls(&ran))))
    }
}

fn would(why: &str, steps: &[Step]) -> Tried {
    Tried::new(SweepOutcome::Would, format!("{why}; {}", calls(steps)))
}

fn calls(steps: &[Step]) -> String {
    let calls: Vec<&str> = steps.iter().map(|step| step.call).collect();
    if calls.is_empty() { "no call".to_owned() } else { calls.join(", ") }
}

/// The cloud lets nothing be done to it now.
fn busy(found: &Found, job: &Job) -> Tried {
    let message = format!("the cloud says `{}`: it can be done once that is over", found.seen.status);
    if job.begun { Tried::new(SweepOutcome::Begun, message) } else { Tried::later(message, true) }
}

fn protected(found: &Found, mark: &Mark) -> DriverError {
    let message = format!("the cache {} is due and protected from deletion", found.at.place.name);
    DriverError::new(Code::Protected, message).hint(format!("`cache-driver release {}` lifts the protection", mark.id))
}
