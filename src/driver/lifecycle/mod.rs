//! What to do next: a pure function of what is wanted, what is there, and what time it is.
//!
//! Everything that decides over the life of a cache is here, and is tested as a table over every pair of wish and
//! observation. It is level-triggered: it looks at what is there, never at how it came about, so that it continues
//! after a crash at any point.

mod due;

use std::time::Duration;

pub use due::{Due, Task, due};
use jiff::Timestamp;

use super::operation::Operation;
use crate::backend::{Change, Class, Observed, Ownership, Phase};
use crate::cache::{GuResId, Intent, Mark, MarkError, OnDelete, State};

/// What the caller wants of the resource.
#[derive(Debug, Clone, Copy)]
pub enum Wish<'a> {
    /// It is there, as specified.
    Present(&'a Wanted),
    /// It is gone.
    Absent,
    /// To know how it is.
    Look,
}

/// A wanted cache, compared with what is there.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; no two of them make a state")]
pub struct Wanted {
    /// Hash of the specification.
    pub want: String,
    /// Everything that differs.
    pub changes: Vec<Change>,
    /// Those of the changes that may replace the cache.
    pub allowed: Vec<Change>,
    /// Whether an existing cache of somebody else is to be taken over.
    pub adopt: bool,
    /// The password generation that is wanted at least.
    pub rotate: Option<u32>,
    /// Whether the mark of a running change may not be seen yet.
    pub mark_lags: bool,
    /// Whether the mark says something else than what is wanted of it (protection, deletion).
    pub mark_differs: bool,
    /// Whether a DELETE came before, and the mark does not say yet that this came after it.
    pub recalls: bool,
}

impl Wanted {
    /// Refuses if one of the changes may not be made.
    fn refuse_changes(&self) -> Result<(), Refusal> {
        let refused = |change: &&Change| match change.class {
            Class::Impossible => true,
            Class::Replace => !self.allowed.contains(change),
            Class::None | Class::InPlace | Class::Disruptive => false,
        };
        let refused: Vec<Change> = self.changes.iter().filter(refused).cloned().collect();
        if refused.is_empty() { Ok(()) } else { Err(Refusal::Changes(refused)) }
    }
}

/// When, and how long things may take.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// The time now.
    pub now: Timestamp,
    /// The longest that a creation may take.
    pub create: Duration,
    /// The longest that an update may take.
    pub update: Duration,
    /// The longest that a removal may take.
    pub delete: Duration,
    /// What runs, as far as the cookie or this process knows, and since when.
    pub running: Option<(Operation, Timestamp)>,
}

impl When {
    fn passed(&self, since: Timestamp, limit: Duration) -> bool {
        since.checked_add(limit).is_ok_and(|deadline| self.now > deadline)
    }

    /// The longest that an operation may take.
    #[must_use]
    pub fn limit(&self, operation: Operation) -> Duration {
        match operation {
            Operation::Creating => self.create,
            Operation::Updating => self.update,
            Operation::Deleting => self.delete,
        }
    }

    /// Whether the operation is known to run. Past its deadline it is refused.
    fn running(&self, operation: Operation) -> Result<bool, Refusal> {
        match self.running {
            Some((running, since)) if running == operation => {
                if self.passed(since, self.limit(operation)) {
                    return Err(Refusal::Deadline(operation, since));
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It is as wanted: answer with its outputs.
    Ready,
    /// There is nothing, and nothing is to be done.
    Nothing,
    /// Create it.
    Create,
    /// Make the parts that its creation still lacks.
    Complete,
    /// Take over the existing cache.
    Adopt,
    /// Make these changes.
    Update(Vec<Change>),
    /// Make these changes, which this operation has begun; unless the cloud says that they failed.
    Continue(Vec<Change>),
    /// Rewrite the mark, then it is as wanted.
    Mark,
    /// Make a new password valid beside the old one.
    Rotate,
    /// Make the old password invalid; then it is as wanted.
    Settle,
    /// Remove it, then create it anew.
    Replace,
    /// Remove it.
    Remove,
    /// Let go of it.
    Detach,
    /// Keep it for some hours: the mark says until when.
    Hold,
    /// Something runs; look again later.
    Wait(Operation),
    /// Something of ours runs that leads elsewhere and cannot be cancelled.
    Conflict(Operation),
    /// It never came to life. Say why, and clear it away if this request may change something.
    Shell,
    /// It is refused.
    Refuse(Refusal),
}

/// Why it is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// What has the name is not ours.
    NotOurs(Option<GuResId>),
    /// What has the name bears a mark that cannot be read.
    Garbled(&'static str),
    /// Deletion protection is on.
    Protected,
    /// These changes are not allowed.
    Changes(Vec<Change>),
    /// The cloud calls it failed, and it may hold data.
    Failed,
    /// The operation passed its deadline. Since when it ran.
    Deadline(Operation, Timestamp),
}

/// Decides what to do next.
#[must_use]
pub fn next(id: &GuResId, wish: Wish<'_>, seen: &Observed, when: &When) -> Next {
    let decided = match wish {
        Wish::Present(wanted) => present(id, wanted, seen, when),
        Wish::Absent => absent(id, seen, when),
        Wish::Look => look(id, seen, when),
    };
    decided.unwrap_or_else(Next::Refuse)
}

/// The mark, if the cache is this resource's.
fn own<'a>(id: &GuResId, seen: &'a Observed) -> Result<&'a Mark, Refusal> {
    match &seen.ownership {
        Some(Ownership::Marked(mark)) if mark.id == *id => Ok(mark),
        Some(Ownership::Marked(mark)) => Err(Refusal::NotOurs(Some(mark.id.clone()))),
        Some(Ownership::Foreign(MarkError::Garbled(what))) => Err(Refusal::Garbled(what)),
        Some(Ownership::Foreign(MarkError::Foreign)) | None => Err(Refusal::NotOurs(None)),
    }
}

fn present(id: &GuResId, wanted: &Wanted, seen: &Observed, when: &When) -> Result<Next, Refusal> {
    if seen.phase == Phase::Absent {
        return Ok(Next::Create);
    }
    let mark = match own(id, seen) {
        Ok(mark) => mark,
        Err(Refusal::NotOurs(None)) if wanted.adopt => return adopt(wanted, seen),
        Err(refusal) => return Err(refusal),
    };
    match seen.phase {
        Phase::Absent => Ok(Next::Create),
        Phase::Shell => Ok(Next::Shell),
        Phase::Failed => Err(Refusal::Failed),
        // Whoever removes it, this call came last: it is made anew as soon as the name is free.
        Phase::Deleting => {
            when.running(Operation::Deleting)?;
            Ok(Next::Wait(Operation::Creating))
        }
        Phase::Creating if mark.want != wanted.want => Ok(Next::Conflict(Operation::Creating)),
        Phase::Creating if when.passed(mark.since, when.create) => {
            Err(Refusal::Deadline(Operation::Creating, mark.since))
        }
        Phase::Creating if !seen.missing.is_empty() => Ok(Next::Complete),
        Phase::Creating => Ok(Next::Wait(Operation::Creating)),
        Phase::Ready | Phase::Changing | Phase::Busy => alive(wanted, mark, seen, when),
    }
}

/// Somebody else's cache, which is to be taken over.
fn adopt(wanted: &Wanted, seen: &Observed) -> Result<Next, Refusal> {
    wanted.refuse_changes()?;
    match seen.phase {
        Phase::Ready => Ok(Next::Adopt),
        Phase::Busy | Phase::Changing => Ok(Next::Wait(Operation::Updating)),
        Phase::Absent | Phase::Creating | Phase::Deleting | Phase::Shell | Phase::Failed => Err(Refusal::NotOurs(None)),
    }
}

/// A cache of ours that answers.
fn alive(wanted: &Wanted, mark: &Mark, seen: &Observed, when: &When) -> Result<Next, Refusal> {
    wanted.refuse_changes()?;
    let changes: Vec<Change> = wanted.changes.iter().filter(|change| change.class != Class::None).cloned().collect();
    let fresh = !when.passed(mark.since, when.update);
    let same = mark.want == wanted.want;

    if changes.iter().any(|change| change.class == Class::Replace) {
        return match (mark.protected, seen.phase) {
            (true, _) => Err(Refusal::Protected),
            (false, Phase::Ready) => Ok(Next::Replace),
            (false, _) => Ok(Next::Wait(Operation::Updating)),
        };
    }
    let rotate =
        wanted.rotate.is_some_and(|wanted| wanted > 0 && mark.password.as_ref().is_none_or(|p| p.generation < wanted));
    if changes.is_empty() {
        let settle = matches!(mark.intent, Some(Intent::Settle(at)) if at <= when.now);
        // Whoever goes on with the removal heeds nothing but the mark.
        let take_back = wanted.recalls || mark.state != State::Owned;
        return Ok(match seen.phase {
            Phase::Changing if fresh => Next::Wait(Operation::Updating),
            _ if seen.endpoint.is_none() => Next::Wait(Operation::Creating),
            Phase::Ready if rotate => Next::Rotate,
            _ if rotate => Next::Wait(Operation::Updating),
            Phase::Ready if wanted.mark_differs || take_back => Next::Mark,
            _ if take_back => Next::Wait(Operation::Updating),
            Phase::Ready if settle => Next::Settle,
            _ => Next::Ready,
        });
    }
    match seen.phase {
        // A difference that is still there after the update's time, though the cloud has taken every call, is told, and the
        // next PUT tries anew. Where nobody knows of an update, somebody else has changed the cache since.
        Phase::Ready if same && (fresh || when.running(Operation::Updating)?) => Ok(Next::Continue(changes)),
        Phase::Ready => Ok(Next::Update(changes)),
        Phase::Changing if same && !fresh => Err(Refusal::Deadline(Operation::Updating, mark.since)),
        Phase::Changing if !same && fresh && !wanted.mark_lags => Ok(Next::Conflict(Operation::Updating)),
        _ => Ok(Next::Wait(Operation::Updating)),
    }
}

fn absent(id: &GuResId, seen: &Observed, when: &When) -> Result<Next, Refusal> {
    if seen.phase == Phase::Absent {
        return Ok(Next::Nothing);
    }
    let mark = own(id, seen)?;
    match mark.state {
        State::Detached | State::Held => return Ok(Next::Nothing),
        // Its time is set already, and nobody would take it back.
        State::Retired if mark.on_delete == OnDelete::Hold => return Ok(Next::Nothing),
        State::Retired | State::Owned => {}
    }
    if seen.phase == Phase::Deleting {
        when.running(Operation::Deleting)?;
        return Ok(Next::Wait(Operation::Deleting));
    }
    // A shell holds nothing that protection or a snapshot could save.
    if seen.phase != Phase::Shell {
        if mark.protected {
            return Err(Refusal::Protected);
        }
        when.running(Operation::Deleting)?;
        match (mark.on_delete, seen.phase) {
            (OnDelete::Detach, Phase::Ready) => return Ok(Next::Detach),
            // What was never ready holds nothing to take back.
            (OnDelete::Hold, Phase::Creating) | (OnDelete::Delete | OnDelete::Snapshot, _) => {}
            (OnDelete::Hold, Phase::Ready | Phase::Failed) => return Ok(Next::Hold),
            (OnDelete::Detach | OnDelete::Hold, _) => return Ok(Next::Wait(Operation::Deleting)),
        }
    }
    when.running(Operation::Deleting)?;
    Ok(Next::Remove)
}

fn look(id: &GuResId, seen: &Observed, when: &When) -> Result<Next, Refusal> {
    if seen.phase == Phase::Absent {
        // Between the 202 and the create call there is nothing to see yet.
        return Ok(if when.running(Operation::Creating)? { Next::Wait(Operation::Creating) } else { Next::Nothing });
    }
    let mark = match own(id, seen) {
        Ok(mark) if matches!(mark.state, State::Owned | State::Retired) => mark,
        Ok(_) | Err(Refusal::NotOurs(_)) => return Ok(Next::Nothing),
        Err(refusal) => return Err(refusal),
    };
    match seen.phase {
        Phase::Absent => Ok(Next::Nothing),
        Phase::Shell => Ok(Next::Shell),
        Phase::Failed => Err(Refusal::Failed),
        Phase::Deleting => {
            when.running(Operation::Deleting)?;
            Ok(Next::Wait(Operation::Deleting))
        }
        Phase::Creating if when.passed(mark.since, when.create) => {
            Err(Refusal::Deadline(Operation::Creating, mark.since))
        }
        Phase::Creating => Ok(Next::Wait(Operation::Creating)),
        Phase::Ready | Phase::Changing | Phase::Busy => {
            if when.running(Operation::Deleting)? {
                return Ok(Next::Wait(Operation::Deleting));
            }
            let ours = seen.phase == Phase::Changing && !when.passed(mark.since, when.update);
            Ok(match seen.endpoint {
                _ if ours => Next::Wait(Operation::Updating),
                None => Next::Wait(Operation::Creating),
                Some(_) => Next::Ready,
            })
        }
    }
}

#[cfg(test)]
mod tests;
