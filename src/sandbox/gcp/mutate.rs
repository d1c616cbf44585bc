//! `/_sandbox/mutate`: changes by another hand than the callers'.
//!
//! `{"op": …}` with one of the operations of [`Op`]. Operations on a resource find it by its id in whichever service, project
//! and location it is; `service`, `collection`, `project` and `location` narrow that down.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::Failure;
use super::operation::Outcome;
use super::prerequisites::{Denied, Missing};
use super::schema::Object;
use super::store::{Act, Key, Resource, State, Work};
use crate::clock::Timestamp;

/// What can be done.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    /// The cloud does something by itself: the resource has this state for so many real seconds (not divided by the speed).
    Status {
        #[serde(flatten)]
        which: Which,
        status: String,
        seconds: u64,
    },
    /// Changes fields at once, output-only ones too; `null` takes one away.
    Set {
        #[serde(flatten)]
        which: Which,
        fields: Object,
    },
    /// Changes the labels at once; a key with `null` goes.
    Labels {
        #[serde(flatten)]
        which: Which,
        labels: BTreeMap<String, Option<String>>,
    },
    /// The resource is gone at once, without an operation.
    Remove {
        #[serde(flatten)]
        which: Which,
    },
    /// Something that caches need is not there any more.
    RemovePrerequisite {
        #[serde(flatten)]
        missing: Missing,
    },
    /// What was removed in these words is there again.
    RestorePrerequisite {
        #[serde(flatten)]
        missing: Missing,
    },
    /// A permission is withheld.
    Deny {
        #[serde(flatten)]
        denied: Denied,
    },
    /// A permission that was withheld in these words is given again.
    Allow {
        #[serde(flatten)]
        denied: Denied,
    },
    /// A location that lists over all locations do not reach, or do again.
    Unreachable { location: String, on: bool },
    /// The quotas per minute are really enforced, or not any more.
    EnforceQuota { on: bool },
    /// A page of a list has no more items than this.
    PageSize { most: usize },
    /// A token is refused from now on, or every token but those issued afterwards.
    RefuseTokens {
        #[serde(default)]
        token: Option<String>,
    },
    /// All tokens are good again.
    AcceptTokens,
    /// So many seconds of the sandbox's time are skipped.
    Advance { seconds: u64 },
}

/// Which resource.
#[derive(Debug, Deserialize)]
struct Which {
    id: String,
    service: Option<String>,
    collection: Option<String>,
    project: Option<String>,
    location: Option<String>,
}

/// What was done, and the resources whose servers have to stop for it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) answer: Value,
    pub(super) stop: Vec<Key>,
}

/// Carries out one operation.
pub(super) fn mutate(state: &mut State, change: Value, now: Timestamp) -> Result<Done, String> {
    let op: Op = serde_json::from_value(change).map_err(|error| error.to_string())?;
    let mut stop = Vec::new();
    match op {
        Op::Status { which, status, seconds } => {
            let resource = which.find(state)?;
            if let Some(work) = &resource.work
                && !matches!(work.act, Act::Hold { .. })
            {
                return Err(format!(
                    "`{}` is {}; it must be {}",
                    which.id,
                    resource.state(),
                    resource.key.product.ready()
                ));
            }
            let due = now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
            resource.work = Some(Work { act: Act::Hold { state: status }, due, operations: Vec::new(), failure: None });
        }
        Op::Set { which, fields } => {
            let resource = which.find(state)?;
            set(&mut resource.fields, &fields);
            // What is on its way must not undo it.
            if let Some(Work { act: Act::Update(update), .. }) = &mut resource.work {
                set(&mut update.target, &fields);
            }
        }
        Op::Labels { which, labels } => {
            let resource = which.find(state)?;
            relabel(&mut resource.fields, &labels);
            if let Some(Work { act: Act::Update(update), .. }) = &mut resource.work {
                relabel(&mut update.target, &labels);
            }
        }
        Op::Remove { which } => {
            let key = which.find(state)?.key.clone();
            if let Some(resource) = state.resources.remove(&key) {
                let tasks = resource.tasks.into_iter().map(|task| task.operation);
                for operation in resource.work.into_iter().flat_map(|work| work.operations).chain(tasks) {
                    let gone = Failure::new(10, "The target of the operation is gone.");
                    state.operations.end(key.product.api(), &operation, now, Outcome::Error(gone));
                }
                if resource.listening.is_some() {
                    stop.push(key);
                }
            }
        }
        Op::RemovePrerequisite { missing } => {
            if !state.prerequisites.missing.contains(&missing) {
                state.prerequisites.missing.push(missing);
            }
        }
        Op::RestorePrerequisite { missing } => {
            take_away(&mut state.prerequisites.missing, &missing, "it was not removed in these words")?;
        }
        Op::Deny { denied } => {
            if !state.prerequisites.denied.contains(&denied) {
                state.prerequisites.denied.push(denied);
            }
        }
        Op::Allow { denied } => {
            take_away(&mut state.prerequisites.denied, &denied, "it was not denied in these words")?;
        }
        Op::Unreachable { location, on } => {
            state.prerequisites.unreachable.retain(|known| *known != location);
            if on {
                state.prerequisites.unreachable.push(location);
            }
        }
        Op::EnforceQuota { on } => {
            state.quota = super::quota::Quota::default();
            state.quota.enforced = on;
        }
        Op::PageSize { most } => state.page_size = Some(most.max(1)),
        Op::RefuseTokens { token } => state.bearers.refuse(token),
        Op::AcceptTokens => state.bearers = super::tokens::Bearers::default(),
        Op::Advance { seconds } => state.ahead = state.ahead.saturating_add(Duration::from_secs(seconds)),
    }
    Ok(Done { answer: json!({ "done": true }), stop })
}

fn take_away<T: PartialEq>(list: &mut Vec<T>, wanted: &T, otherwise: &str) -> Result<(), String> {
    let at = list.iter().position(|known| known == wanted).ok_or(otherwise)?;
    list.remove(at);
    Ok(())
}

impl Which {
    fn find<'a>(&self, state: &'a mut State) -> Result<&'a mut Resource, String> {
        let admits = |wish: &Option<String>, value: &str| wish.as_ref().is_none_or(|wish| wish == value);
        let matches = |key: &&Key| {
            key.id == self.id
                && admits(&self.service, key.product.api().name())
                && admits(&self.collection, key.product.collection())
                && admits(&self.project, &key.project)
                && admits(&self.location, &key.location)
        };
        let found: Vec<Key> = state.resources.keys().filter(matches).cloned().collect();
        let [key] = found.as_slice() else {
            let what = if found.is_empty() { "no resource has" } else { "more than one resource has" };
            return Err(format!("{what} the id `{}` there", self.id));
        };
        state.remember(key);
        state.resources.get_mut(key).ok_or_else(|| format!("no resource has the id `{}`", self.id))
    }
}

fn set(into: &mut Object, fields: &Object) {
    for (name, value) in fields {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

fn relabel(fields: &mut Object, labels: &BTreeMap<String, Option<String>>) {
    let known = fields.entry("labels").or_insert_with(|| json!({}));
    if let Some(known) = known.as_object_mut() {
        for (key, value) in labels {
            match value {
                Some(value) => known.insert(key.clone(), value.clone().into()),
                None => known.remove(key),
            };
        }
        if known.is_empty() {
            fields.remove("labels");
        }
    }
}
