//! Trouble on request: what a caller of an emulated cloud wants to go wrong, and for how many calls.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong. Each cloud says it in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Too many requests.
    Throttle,
    /// Exactly this error of the cloud.
    Error {
        /// The cloud's error code.
        code: String,
        /// The HTTP status.
        #[serde(default = "bad_request")]
        status: u16,
        /// The error's text.
        #[serde(default)]
        message: String,
    },
    /// An HTTP error of the cloud's own making.
    Http {
        /// 500 to 599.
        status: u16,
    },
    /// The connection is closed before anything is done.
    DropBefore,
    /// The change is made, then the connection is closed without an answer.
    DropAfter,
    /// The create is accepted and ends in failure.
    CreateFailed {
        /// The cause, as the cloud's events tell it.
        message: String,
    },
    /// The change is accepted, then rolled back.
    UpdateFailed {
        /// The cause, as the cloud's events tell it.
        message: String,
    },
    /// No machines of that kind are left.
    Capacity,
    /// The account may not have more.
    Quota,
    /// The caller may not do that.
    AccessDenied,
    /// The caller's session is over.
    ExpiredToken,
    /// The answer takes longer.
    Slow {
        /// By how much.
        millis: u64,
    },
    /// Reads answer what was before the last change.
    StaleReads {
        /// For how many reads; it overrides `times`.
        count: u32,
    },
}

const fn bad_request() -> u16 {
    400
}

const fn once() -> u32 {
    1
}

/// One fault and the calls that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only calls to this service (`elasticache`); any, if unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only this action or method; any, if unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only calls about the resource of this name; any, if unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many matching calls are hit; 0 means all until the faults are cleared.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

impl Fault {
    /// A fault for the next call to `action`.
    #[must_use]
    pub fn once(action: &str, kind: FaultKind) -> Self {
        Self { service: None, action: Some(action.to_owned()), name: None, skip: 0, times: 1, kind }
    }

    fn is_for(&self, service: &str, action: &str, name: Option<&str>) -> bool {
        let wanted = |wish: &Option<String>, got: &str| wish.as_ref().is_none_or(|wish| wish.eq_ignore_ascii_case(got));
        wanted(&self.service, service) && wanted(&self.action, action) && wanted(&self.name, name.unwrap_or_default())
    }
}

/// A list of faults that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault {index}: {reason}")]
pub struct InvalidFault {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Adds faults after those that are there.
    pub fn add(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for mut fault in faults {
            if let FaultKind::StaleReads { count } = fault.kind {
                fault.times = count.max(1);
            }
            waiting.push(fault);
        }
    }

    /// Reads a JSON list of faults (or a single one) and adds them; all or none.
    pub fn add_json(&self, list: Value) -> Result<usize, InvalidFault> {
        let list = match list {
            Value::Array(list) => list,
            single => vec![single],
        };
        let mut faults = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            let invalid = |reason: String| InvalidFault { index, reason };
            let given: Vec<String> = value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
            let fault: Fault = serde_json::from_value(value).map_err(|error| invalid(error.to_string()))?;
            // `flatten` and `deny_unknown_fields` do not go together, and a misspelt `times` must not pass as 1.
            let understood = understood_fields(&fault.kind);
            if let Some(unknown) = given.iter().find(|field| !understood.contains(&field.as_str())) {
                return Err(invalid(format!("unknown field `{unknown}`; known: {}", understood.join(", "))));
            }
            faults.push(fault);
        }
        let count = faults.len();
        self.add(faults);
        Ok(count)
    }

    /// The faults still to happen.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Gives back a fault that hit a call on which it could have no effect: it hits the next one.
    pub fn give_back(&self, fault: Fault) {
        if fault.times != 0 {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.insert(0, Fault { times: 1, ..fault });
        }
    }

    /// What hits this call: every delay that matches, and the first other fault that matches and that `applies`.
    pub fn take(
        &self,
        service: &str,
        action: &str,
        name: Option<&str>,
        applies: impl Fn(&FaultKind) -> bool,
    ) -> Vec<Fault> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hits: Vec<Fault> = Vec::new();
        let mut harmed = false;
        waiting.retain_mut(|fault| {
            let slow = matches!(fault.kind, FaultKind::Slow { .. });
            if (harmed && !slow) || !fault.is_for(service, action, name) || !applies(&fault.kind) {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            harmed |= !slow;
            hits.push(fault.clone());
            match fault.times {
                0 => true,
                1 => false,
                _ => {
                    fault.times -= 1;
                    true
                }
            }
        });
        hits
    }
}

fn understood_fields(kind: &FaultKind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        FaultKind::Error { .. } => &["code", "status", "message"],
        FaultKind::Http { .. } => &["status"],
        FaultKind::CreateFailed { .. } | FaultKind::UpdateFailed { .. } => &["message"],
        FaultKind::Slow { .. } => &["millis"],
        FaultKind::StaleReads { .. } => &["count"],
        _ => &[],
    };
    [&["kind", "service", "action", "name", "skip", "times"], own].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn take(faults: &Faults, action: &str) -> Vec<FaultKind> {
        let hits = faults.take("elasticache", action, Some("cache-1"), |_| true);
        hits.into_iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn a_fault_hits_as_often_as_it_says_and_only_its_own_action() {
        let faults = Faults::default();
        faults.add_json(json!([{"kind": "throttle", "action": "CreateReplicationGroup", "times": 2}])).unwrap();
        assert!(take(&faults, "DescribeEvents").is_empty());
        assert_eq!(take(&faults, "CreateReplicationGroup"), [FaultKind::Throttle]);
        assert_eq!(take(&faults, "CreateReplicationGroup"), [FaultKind::Throttle]);
        assert!(take(&faults, "CreateReplicationGroup").is_empty());
        assert!(faults.list().is_empty());
    }

    #[test]
    fn one_call_is_hit_by_one_fault_and_every_delay() {
        let faults = Faults::default();
        faults
            .add_json(json!([{"kind": "throttle"}, {"kind": "capacity"}, {"kind": "slow", "millis": 5, "times": 0}]))
            .unwrap();
        assert_eq!(take(&faults, "A"), [FaultKind::Throttle, FaultKind::Slow { millis: 5 }]);
        assert_eq!(take(&faults, "A"), [FaultKind::Capacity, FaultKind::Slow { millis: 5 }]);
        assert_eq!(take(&faults, "A"), [FaultKind::Slow { millis: 5 }]);
    }

    #[test]
    fn a_misspelt_field_is_refused_and_nothing_is_added() {
        let faults = Faults::default();
        let error = faults.add_json(json!([{"kind": "quota"}, {"kind": "throttle", "tims": 3}])).unwrap_err();
        assert_eq!(error.index, 1);
        assert!(error.reason.contains("tims"), "{error}");
        assert!(faults.list().is_empty());
    }

    #[test]
    fn skipped_calls_pass_first() {
        let faults = Faults::default();
        faults.add([Fault { skip: 1, ..Fault::once("A", FaultKind::Quota) }]);
        assert!(take(&faults, "A").is_empty());
        assert_eq!(take(&faults, "A"), [FaultKind::Quota]);
    }
}
