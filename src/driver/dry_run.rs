//! What a PUT would do, without doing it.

use super::Driver;
use super::answer::not_ours;
use super::lifecycle::{Next, Refusal};
use super::plan::{Action, Plan, PlannedChange, PlannedStep};
use super::put::Judged;
use super::request::{Failure, Put};
use crate::backend::{Change, Goal};
use crate::cache::{Mark, Password};

impl Driver {
    /// Judges the PUT as the real one does, and tells what it would call. Makes no call that changes anything.
    pub async fn plan(&self, put: &Put) -> Result<Plan, Failure> {
        let cookie = self.open_cookie(&put.call)?;
        let judged = self.judge(put, &cookie).await;
        let judged = judged.map_err(|halt| match halt {
            super::locate::Halt::Fail(failure) => failure,
            super::locate::Halt::Later(failed) => super::DriverError::backend(failed.product, failed.error).into(),
        })?;
        Ok(self.planned(put, judged))
    }

    fn planned(&self, put: &Put, judged: Judged) -> Plan {
        let Judged { found, older, resolved, wanted, next, mut warnings } = judged;
        let seen_mark = found.seen.mark();
        let mark = seen_mark.map(|mark| self.remarked(put, &found.seen, mark, Some(wanted.want.clone())));
        // A plan shows calls, not passwords: the mark of a new cache is drawn anew when it is made.
        let mark = mark.unwrap_or_else(|| Mark {
            password: Some(Password { key: String::new(), generation: 0, salt: String::new() }),
            ..Mark::new(put.call.id.clone(), wanted.want.clone(), self.clock().now())
        });
        let present = |changes: &[Change]| {
            let goal = Goal::Present {
                resolved: &resolved,
                changes,
                mark: &mark,
                password: None,
                tags: &[],
                at_maintenance: false,
            };
            found.backend.steps(&goal, &found.seen)
        };
        let removal = || Self::removal(&found);
        let marked = || found.backend.steps(&Goal::Marked { mark: &mark }, &found.seen);
        let (action, steps, refused) = match &next {
            Next::Create | Next::Complete => (Action::Create, present(&[]), None),
            Next::Adopt => (Action::Adopt, marked(), None),
            Next::Update(changes) | Next::Continue(changes) => (Action::Update, present(changes), None),
            Next::Mark => (Action::Update, marked(), None),
            Next::Rotate | Next::Settle => (Action::Update, Vec::new(), None),
            Next::Replace | Next::Shell => (Action::Replace, removal(), None),
            Next::Remove | Next::Detach | Next::Hold => (Action::Delete, removal(), None),
            Next::Ready | Next::Nothing | Next::Wait(_) => (Action::None, Vec::new(), None),
            Next::Conflict(operation) => (
                Action::Refuse,
                Vec::new(),
                Some(format!("another operation runs and cannot be cancelled: {operation}")),
            ),
            Next::Refuse(refusal) => (Action::Refuse, Vec::new(), Some(describe(refusal, &found))),
        };
        match &next {
            Next::Wait(operation) => {
                warnings.push(format!("the cloud is at work ({operation}); this is what is known now"));
            }
            Next::Replace => warnings.push(
                "replace: the data and the endpoint are lost, with downtime until the new cache is ready".to_owned(),
            ),
            Next::Rotate => warnings.push("a new password is made valid beside the old one".to_owned()),
            _ => {}
        }
        if older.is_some() {
            warnings
                .push("another cache serves this resource until the new one is ready; data is not copied".to_owned());
        }
        let style = self.style(put.call.route.as_deref());
        if style.minimal && resolved.flag("tls") == Some(true) {
            warnings.push(
                "the route hands out minimal outputs: applications are not told that they must use TLS".to_owned(),
            );
        }
        if style.minimal && resolved.text("mode") == Some("cluster") {
            warnings.push(
                "the route hands out minimal outputs: applications are not told to speak the cluster protocol"
                    .to_owned(),
            );
        }
        let place = &found.at.place;
        Plan {
            action,
            provider: place.provider(),
            product: place.product,
            name: place.name.clone(),
            steps: steps.iter().map(PlannedStep::from).collect(),
            changes: wanted.changes.iter().map(|change| PlannedChange::new(&put.call.id, change)).collect(),
            memory_gb: resolved.memory_gb,
            resolved: resolved.fields,
            warnings,
            refused,
        }
    }
}

fn describe(refusal: &Refusal, found: &super::locate::Found) -> String {
    match refusal {
        Refusal::NotOurs(_) | Refusal::Garbled(_) => not_ours(found).message,
        Refusal::Protected => "deletion protection is on".to_owned(),
        Refusal::Changes(changes) => {
            let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
            format!("not allowed: {}; put the ids of the changes into `allow`", fields.join(", "))
        }
        Refusal::Failed => format!("the cloud says that the cache is `{}`", found.seen.status),
        Refusal::Deadline(operation, since) => format!("{operation} since {since} passed its deadline"),
    }
}
