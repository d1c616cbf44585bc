//! The calls that lead to a goal.

use serde_json::{Map, Value, json};

use super::super::{keys, tags};
use super::LASTING;
use crate::backend::{Change, Class, Fields, Goal, Observed, Pace, Phase, Resolved, Step};
use crate::cache::{Auth, Mark};

pub(super) const CREATE: &str = "redis.create";
pub(super) const UPDATE: &str = "redis.update";
pub(super) const DELETE: &str = "redis.delete";
pub(super) const REGENERATE: &str = "redis.regenerateKey";

/// Changes that Azure wants one at a time: scaling is an operation of its own.
const ALONE: [&str; 4] = ["sku", "shard_count", "replicas_per_primary", "redis_version"];

/// Changes that one call carries together.
const TOGETHER: [&str; 6] = ["tls", "auth", "public_network_access", "eviction_policy", "update_channel", "tags"];

/// The calls that lead to the goal.
pub(super) fn steps(goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
    match goal {
        Goal::Present { resolved, mark, .. } if seen.phase == Phase::Absent => vec![create(resolved, mark)],
        Goal::Present { resolved, changes, mark, at_maintenance, .. } => {
            update(resolved, changes, mark, seen, *at_maintenance)
        }
        Goal::Marked { mark } => with_mark(Vec::new(), mark, seen),
        Goal::Rotated { mark, .. } if keys::generation(seen.mark()) == keys::generation(Some(mark)) => Vec::new(),
        Goal::Rotated { mark, .. } => {
            let mark = keys::rotated(mark, seen.mark());
            let mut steps = regenerate(&mark, keys::in_use(Some(&mark)), "make a new key beside the one in use", seen);
            keys::stamp(&mut steps);
            steps
        }
        Goal::Settled { mark, .. } => regenerate(mark, keys::idle(Some(mark)), "make the old key invalid", seen),
        Goal::Removed { .. } if matches!(seen.phase, Phase::Absent | Phase::Deleting) => Vec::new(),
        Goal::Removed { .. } => vec![step(DELETE, Pace::Long, "remove it", Value::Null)],
    }
}

fn step(call: &'static str, pace: Pace, why: impl Into<String>, fields: Value) -> Step {
    let fields = match fields {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => Fields::new(),
    };
    Step { call, why: why.into(), pace, fields, mark: None, secret: None }
}

fn create(resolved: &Resolved, mark: &Mark) -> Step {
    let mut lasting = Map::new();
    lasting.insert(tags::BORN.to_owned(), mark.since.as_second().to_string().into());
    let mut fields = resolved.fields.clone();
    fields.insert(LASTING.to_owned(), Value::Object(lasting));
    Step { fields, mark: Some(mark.clone()), ..step(CREATE, Pace::Long, "there is none", Value::Null) }
}

/// The key is made before the mark says that it is in use: repeated after a crash, this makes anew what nobody has yet.
fn regenerate(mark: &Mark, key: &str, why: &str, seen: &Observed) -> Vec<Step> {
    if seen.mark() == Some(mark) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if seen.fields.get("auth").is_none_or(|auth| auth == Auth::Password.as_str()) {
        let (generation, from) = (keys::generation(Some(mark)), keys::generation(seen.mark()));
        let fields = json!({"key_type": key, "generation": generation, "from": from});
        steps.push(step(REGENERATE, Pace::Instant, format!("{why} ({key})"), fields));
    }
    steps.extend(with_mark(Vec::new(), mark, seen));
    steps
}

/// Writes the mark with the first call, or in a call of its own.
fn with_mark(mut steps: Vec<Step>, mark: &Mark, seen: &Observed) -> Vec<Step> {
    if seen.mark() == Some(mark) {
        return steps;
    }
    if steps.is_empty() {
        steps.push(step(UPDATE, Pace::Instant, "write the mark", Value::Null));
    }
    let first = &mut steps[0];
    first.mark = Some(mark.clone());
    let tags = first.fields.remove("tags").or_else(|| seen.fields.get("tags").cloned());
    first.fields.insert("tags".to_owned(), tags.unwrap_or_else(|| json!({})));
    let lasting = seen.fields.get(LASTING).cloned();
    first.fields.insert(LASTING.to_owned(), lasting.unwrap_or_else(|| json!({})));
    steps
}

fn update(resolved: &Resolved, changes: &[Change], mark: &Mark, seen: &Observed, later: bool) -> Vec<Step> {
    let possible = |change: &&Change| match change.class {
        Class::InPlace => true,
        // There is no window that it could wait for.
        Class::Disruptive => !later,
        _ => false,
    };
    let changes: Vec<&Change> = changes.iter().filter(possible).collect();
    let mut steps = Vec::new();
    for field in ALONE {
        if let Some(change) = changes.iter().find(|change| change.field == field) {
            let why = format!("change {field} from {} to {}", change.from, change.to);
            steps.push(step(UPDATE, Pace::Long, why, json!({field: change.to})));
        }
    }
    let together: Vec<&&Change> = changes.iter().filter(|c| TOGETHER.contains(&c.field.as_str())).collect();
    if !together.is_empty() {
        let mut fields: Fields = together.iter().map(|c| (c.field.clone(), c.to.clone())).collect();
        let mut carried = None;
        if fields.contains_key("tags") {
            let all = tags::merged(seen.fields.get("tags"), resolved.fields.get("tags"));
            fields.insert("tags".to_owned(), Value::Object(all));
            fields.insert(LASTING.to_owned(), seen.fields.get(LASTING).cloned().unwrap_or_else(|| json!({})));
            carried = Some(mark.clone());
        }
        let names: Vec<&str> = together.iter().map(|change| change.field.as_str()).collect();
        let why = format!("change {}", names.join(", "));
        steps.push(Step { fields, mark: carried, ..step(UPDATE, Pace::Long, why, Value::Null) });
    }
    with_mark(steps, mark, seen)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::changes::changes;
    use super::super::fixtures::{mark, resolved, seen};
    use super::*;
    use crate::backend::Ownership;
    use crate::cache::Password;

    fn new_mark() -> Mark {
        Mark { want: "ffffffffffff".to_owned(), ..mark() }
    }

    #[track_caller]
    fn towards(wanted: Value, there: &Observed, mark: &Mark) -> Vec<Step> {
        let resolved = resolved(wanted);
        let changes = changes(&resolved, there);
        let goal = Goal::Present {
            resolved: &resolved,
            changes: &changes,
            mark,
            password: None,
            tags: &[],
            at_maintenance: false,
        };
        steps(&goal, there)
    }

    fn calls(steps: &[Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.call).collect()
    }

    #[test]
    fn a_creation_is_one_call_that_carries_the_mark() {
        let made = towards(json!({"tags": {"team": "a"}}), &Observed::absent("s"), &mark());
        let [create] = made.as_slice() else { panic!("{:?}", calls(&made)) };
        assert_eq!((create.call, create.pace, create.mark.as_ref()), (CREATE, Pace::Long, Some(&mark())));
        assert_eq!(create.fields[LASTING], json!({"cache-driver-born": "1700000000"}));
    }

    #[test]
    fn scaling_goes_alone_and_the_first_call_carries_the_mark() {
        let wanted = json!({"size": "large", "eviction_policy": "noeviction", "tags": {"team": "a"}});
        let made = towards(wanted, &seen(json!({"tags": {"x": "y"}})), &new_mark());
        assert_eq!(calls(&made), [UPDATE, UPDATE]);
        assert_eq!((made[0].mark.as_ref(), &made[0].fields["sku"]), (Some(&new_mark()), &json!("Basic_C3")));
        assert_eq!(made[1].fields["tags"], json!({"team": "a", "x": "y"}));
        assert_eq!(made[1].mark, Some(new_mark()));
        assert!(towards(json!({}), &seen(json!({})), &mark()).is_empty());
    }

    #[test]
    fn a_rotation_makes_the_idle_key_and_settling_the_other() {
        let of = |salt: &str| {
            let password = Password { key: "k1".to_owned(), generation: 2, salt: salt.to_owned() };
            Mark { password: Some(password), ..new_mark() }
        };
        let (wanted, written) = (of("abcdefghijklmnop"), of("secondary"));
        let (there, secret) = (seen(json!({})), SecretString::from("unused"));
        let made = steps(&Goal::Rotated { mark: &wanted, password: &secret }, &there);
        assert_eq!(calls(&made), [REGENERATE, UPDATE]);
        assert_eq!((&made[0].fields["key_type"], made[1].mark.as_ref()), (&json!("Secondary"), Some(&written)));
        let settled = steps(&Goal::Settled { mark: &written, password: &secret }, &there);
        assert_eq!(settled[0].fields["key_type"], "Primary");
        let done = Observed { ownership: Some(Ownership::Marked(Box::new(written))), ..there };
        assert!(steps(&Goal::Rotated { mark: &wanted, password: &secret }, &done).is_empty());
    }
}
