//! What every test does: read a specification, make a cache of it, lead it somewhere as the driver would.

use cache_driver::backend::{
    At, Change, Credentials, Goal, Kind, Observed, Pace, PasswordMaker, Phase, Resolved, Step,
};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Password, Prefix, Spec, read};
use secrecy::SecretString;
use serde_json::Value;

use crate::harness::Harness;

/// A password. Wherever it shows, a secret has leaked.
pub(crate) const CANARY: &str = "CANARYc4n4ry0123456789";
/// The next password, which holds the other's beginning.
pub(crate) const CANARY_2: &str = "CANARYr0t4t3d9876543210";
/// What no text may contain.
pub(crate) const SECRET: &str = "CANARY";

/// Both, the second over the first, blocks entry by entry.
pub(crate) fn merged(below: &Value, above: &Value) -> Value {
    let (Value::Object(below), Value::Object(over)) = (below, above) else { return above.clone() };
    let mut all = below.clone();
    for (key, value) in over {
        let value = all.get(key).map_or_else(|| value.clone(), |old| merged(old, value));
        all.insert(key.clone(), value);
    }
    Value::Object(all)
}

/// A specification of these values alone.
#[track_caller]
pub(crate) fn spec_from(origin: Origin, values: &Value) -> Spec {
    let values = values.as_object().expect("an object");
    read(&[Layer { origin, values }]).unwrap_or_else(|errors| panic!("{values:?}: {errors:?}"))
}

/// A request for a cache of the product's base with these values.
#[track_caller]
pub(crate) fn spec(harness: &dyn Harness, values: &Value) -> Spec {
    spec_from(Origin::Request, &merged(&harness.base(), values))
}

#[track_caller]
pub(crate) fn resolved(harness: &dyn Harness, values: &Value) -> Resolved {
    harness.backend().resolve(&spec(harness, values)).unwrap_or_else(|errors| panic!("{values}: {errors:?}"))
}

pub(crate) fn id(text: &str) -> GuResId {
    GuResId::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> CacheName {
    CacheName::derive(&Prefix::try_from("cache".to_owned()).unwrap(), &id(text), None)
}

/// Where the cache of a resource goes by default, with the driver's own rights.
#[track_caller]
pub(crate) fn at(harness: &dyn Harness, resource: &str) -> At {
    let place = harness.backend().place(&spec(harness, &Value::Object(serde_json::Map::new())), &name(resource));
    At { place: place.unwrap(), credentials: Credentials::Own }
}

/// The mark of a new life.
pub(crate) fn mark(harness: &dyn Harness, resource: &str, values: &Value) -> Mark {
    let resolved = resolved(harness, values);
    let mut mark = Mark::new(id(resource), spec(harness, values).want_hash(), harness.now());
    mark.capacity.clone_from(&resolved.capacity);
    let by_driver = harness.backend().capabilities().password == PasswordMaker::Driver;
    if by_driver && resolved.text("auth") == Some("password") {
        mark.password = Some(Password { key: "k1".to_owned(), generation: 0, salt: "abcdefghijklmnop".to_owned() });
    }
    mark
}

pub(crate) fn tags(resource: &str) -> [(String, String); 2] {
    [("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), resource.to_owned())]
}

/// The calls that lead to a cache as resolved, with the password that goes with the mark.
pub(crate) fn towards(
    harness: &dyn Harness,
    resolved: &Resolved,
    changes: &[Change],
    mark: &Mark,
    seen: &Observed,
    at_maintenance: bool,
) -> Vec<Step> {
    let password = mark.password.as_ref().map(|_| SecretString::from(CANARY));
    let tags = tags(mark.id.as_str());
    let goal = Goal::Present { resolved, changes, mark, password: password.as_ref(), tags: &tags, at_maintenance };
    harness.backend().steps(&goal, seen)
}

/// The calls that create a cache.
pub(crate) fn creation(harness: &dyn Harness, values: &Value, mark: &Mark) -> Vec<Step> {
    towards(harness, &resolved(harness, values), &[], mark, &Observed::absent(""), false)
}

pub(crate) async fn look(harness: &dyn Harness, at: &At) -> Observed {
    harness.backend().observe(at).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Makes calls up to and including the first that the cloud works on after it, as the driver does.
pub(crate) async fn run(harness: &dyn Harness, at: &At, steps: &[Step]) {
    for step in steps {
        harness.backend().apply(at, step).await.unwrap_or_else(|error| panic!("{}: {error}", step.why));
        if step.pace == Pace::Long {
            break;
        }
    }
}

/// Lets time pass until the cloud has nothing more to do. Makes the parts that a creation lacks, as the driver does.
pub(crate) async fn settled(harness: &dyn Harness, at: &At) -> Observed {
    settled_as(harness, at, &Value::Object(serde_json::Map::new())).await
}

/// The same for a creation of a cache with these values.
async fn settled_as(harness: &dyn Harness, at: &At, values: &Value) -> Observed {
    for _ in 0..60 {
        let seen = look(harness, at).await;
        if let Some(mark) = seen.mark().filter(|_| seen.phase == Phase::Creating && !seen.missing.is_empty()) {
            let wanted = resolved(harness, values);
            let steps = towards(harness, &wanted, &[], mark, &seen, false);
            assert!(!steps.is_empty(), "{:?} is missing, and no call makes it", seen.missing);
            run(harness, at, &steps).await;
        }
        if matches!(seen.phase, Phase::Absent | Phase::Ready | Phase::Shell | Phase::Failed) {
            return seen;
        }
        harness.minutes(3);
    }
    panic!("{} never came to rest", at.place.name)
}

/// What is left of a creation that failed: nothing, or a shell.
pub(crate) async fn failed(harness: &dyn Harness, at: &At) -> Observed {
    let left = settled(harness, at).await;
    let vanishes = harness.backend().capabilities().failed_creation_vanishes;
    assert_eq!(left.phase, if vanishes { Phase::Absent } else { Phase::Shell }, "{}", left.status);
    left
}

/// Begins to create a cache.
pub(crate) async fn created(harness: &dyn Harness, resource: &str, values: &Value) -> (At, Mark) {
    let (at, mark) = (at(harness, resource), mark(harness, resource, values));
    run(harness, &at, &creation(harness, values, &mark)).await;
    (at, mark)
}

/// A cache that answers.
pub(crate) async fn ready(harness: &dyn Harness, resource: &str, values: &Value) -> (At, Mark, Observed) {
    let (at, mark) = created(harness, resource, values).await;
    let seen = settled_as(harness, &at, values).await;
    assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
    (at, mark, seen)
}

/// Looks, plans, calls and waits until the plan is empty. Gives what is there then, and the calls that were made.
pub(crate) async fn led(
    harness: &dyn Harness,
    at: &At,
    plan: impl Fn(&Observed) -> Vec<Step>,
) -> (Observed, Vec<&'static str>) {
    let mut calls = Vec::new();
    for _ in 0..20 {
        let seen = settled(harness, at).await;
        let steps = plan(&seen);
        if steps.is_empty() {
            return (seen, calls);
        }
        let long = steps.iter().position(|step| step.pace == Pace::Long);
        let made = &steps[..long.map_or(steps.len(), |last| last + 1)];
        calls.extend(made.iter().map(|step| step.call));
        run(harness, at, made).await;
    }
    panic!("{} is led nowhere: {calls:?}", at.place.name)
}

/// Leads an existing cache to what a specification wants, under a new mark.
pub(crate) async fn changed(harness: &dyn Harness, at: &At, values: &Value, mark: &Mark) -> Observed {
    let wanted = resolved(harness, values);
    let plan = |seen: &Observed| {
        let changes = harness.backend().changes(&wanted, seen);
        towards(harness, &wanted, &changes, mark, seen, false)
    };
    led(harness, at, plan).await.0
}

/// Removes a cache, and waits until it is gone.
pub(crate) async fn removed(harness: &dyn Harness, at: &At, final_snapshot: Option<&str>) {
    let goal = Goal::Removed { final_snapshot: final_snapshot.map(str::to_owned) };
    let plan = |seen: &Observed| harness.backend().steps(&goal, seen);
    if final_snapshot.is_some() {
        saved(harness, at, plan).await;
    }
    let (seen, _) = led(harness, at, plan).await;
    assert_eq!(seen.phase, Phase::Absent, "{}", seen.status);
}

/// Makes the calls of a removal until the cache goes. While a snapshot is being taken the cloud may be busy: then they are made again
/// later, as the driver does.
async fn saved(harness: &dyn Harness, at: &At, plan: impl Fn(&Observed) -> Vec<Step>) {
    for _ in 0..20 {
        let steps = plan(&settled(harness, at).await);
        let mut is_busy = false;
        for step in &steps {
            match harness.backend().apply(at, step).await {
                Ok(()) => {}
                Err(error) if error.kind == Kind::Busy => is_busy = true,
                Err(error) => panic!("{}: {error}", step.why),
            }
            if is_busy || step.pace == Pace::Long {
                break;
            }
        }
        if !is_busy {
            return;
        }
        harness.minutes(3);
    }
    panic!("the snapshot of {} is never done", at.place.name)
}
