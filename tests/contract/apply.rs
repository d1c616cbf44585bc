//! `Backend::apply`.

use cache_driver::backend::{At, BackendError, Goal, Kind, Ownership, Pace, Phase, Scope, Step};
use cache_driver::cache::{Mark, State};
use serde_json::json;

use crate::harness::{Hand, Harness, Trouble};
use crate::life::{
    at, changed, created, creation, failed, led, look, mark, ready, removed, resolved, run, settled, towards,
};

/// Makes calls until one fails or the cloud works on.
async fn attempt(harness: &dyn Harness, at: &At, steps: &[Step]) -> Result<(), BackendError> {
    for step in steps {
        harness.backend().apply(at, step).await?;
        if step.pace == Pace::Long {
            break;
        }
    }
    Ok(())
}

/// Begins to create the cache of a resource.
async fn create(harness: &dyn Harness, resource: &str) -> (At, Result<(), BackendError>) {
    let (at, mark) = (at(harness, resource), mark(harness, resource, &json!({})));
    let done = attempt(harness, &at, &creation(harness, &json!({}), &mark)).await;
    (at, done)
}

async fn listed(harness: &dyn Harness, at: &At) -> usize {
    let scope = Scope { account: None, location: at.place.location.clone(), credentials: at.credentials.clone() };
    harness.backend().list(&scope).await.unwrap().len()
}

pub(crate) async fn it_returns_before_the_work_is_done(harness: &dyn Harness) {
    let (at, first) = created(harness, "res-1", &json!({})).await;
    assert_eq!(look(harness, &at).await.phase, Phase::Creating, "the clock stands still");
    let mut at_work = 0;
    for alteration in harness.alterations() {
        let seen = settled(harness, &at).await;
        let wanted = resolved(harness, &alteration.values);
        let steps = towards(harness, &wanted, &harness.backend().changes(&wanted, &seen), &first, &seen, false);
        run(harness, &at, &steps).await;
        at_work += usize::from(look(harness, &at).await.phase == Phase::Changing);
    }
    assert!(at_work > 0, "some change takes time");
    // What keeps it from being removed is changed first.
    let mut going = settled(harness, &at).await;
    for _ in 0..2 {
        if going.phase == Phase::Deleting {
            break;
        }
        let seen = settled(harness, &at).await;
        run(harness, &at, &harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen)).await;
        going = look(harness, &at).await;
    }
    assert_eq!(going.phase, Phase::Deleting);
}

pub(crate) async fn it_makes_one_call(harness: &dyn Harness) {
    let (at, first) = (at(harness, "res-1"), mark(harness, "res-1", &json!({})));
    let remove = Goal::Removed { final_snapshot: None };
    for step in creation(harness, &json!({}), &first) {
        called_once(harness, &at, &step).await;
    }
    for alteration in harness.alterations() {
        let seen = settled(harness, &at).await;
        let wanted = resolved(harness, &alteration.values);
        let steps = towards(harness, &wanted, &harness.backend().changes(&wanted, &seen), &first, &seen, false);
        first_called_once(harness, &at, &steps).await;
    }
    for _ in 0..20 {
        let seen = settled(harness, &at).await;
        let steps = harness.backend().steps(&remove, &seen);
        if steps.is_empty() {
            return;
        }
        first_called_once(harness, &at, &steps).await;
    }
    panic!("it is never removed");
}

/// Makes calls up to the first that the cloud works on after it; the next would come too early.
async fn first_called_once(harness: &dyn Harness, at: &At, steps: &[Step]) {
    let long = steps.iter().position(|step| step.pace == Pace::Long).unwrap_or(0);
    for step in &steps[..=long] {
        called_once(harness, at, step).await;
    }
}

async fn called_once(harness: &dyn Harness, at: &At, step: &Step) {
    let (made, now) = (harness.mutations(), harness.now());
    harness.backend().apply(at, step).await.unwrap_or_else(|error| panic!("{}: {error}", step.why));
    assert_eq!(harness.mutations(), made + 1, "{}: {:?}", step.call, harness.calls().split_off(made));
    assert_eq!(harness.now(), now);
}

pub(crate) async fn creating_twice_succeeds_and_makes_one_cache(harness: &dyn Harness) {
    let (at, first) = created(harness, "res-1", &json!({})).await;
    let second = Mark { want: "ffffffffffff".to_owned(), ..first.clone() };
    attempt(harness, &at, &creation(harness, &json!({}), &second)).await.unwrap();
    assert_eq!(listed(harness, &at).await, 1);
    assert_eq!(settled(harness, &at).await.mark(), Some(&first), "whose it is, the next look tells");
    attempt(harness, &at, &creation(harness, &json!({}), &second)).await.unwrap();
    assert_eq!(look(harness, &at).await.mark(), Some(&first), "also when it is ready");
}

pub(crate) async fn of_two_creations_at_once_one_wins(harness: &dyn Harness) {
    let (at, one) = (at(harness, "res-1"), mark(harness, "res-1", &json!({})));
    let other = Mark { want: "ffffffffffff".to_owned(), ..one.clone() };
    let (first, second) = (creation(harness, &json!({}), &one), creation(harness, &json!({}), &other));
    let (a, b) = tokio::join!(attempt(harness, &at, &first), attempt(harness, &at, &second));
    a.unwrap();
    b.unwrap();
    assert_eq!(listed(harness, &at).await, 1);
    let seen = settled(harness, &at).await;
    assert!(seen.mark() == Some(&one) || seen.mark() == Some(&other), "{:?}", seen.ownership);
}

pub(crate) async fn creating_over_a_foreign_cache_leaves_it_foreign(harness: &dyn Harness) {
    let (at, first, _) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&at, Hand::StripsMark).await);
    let before = look(harness, &at).await;
    attempt(harness, &at, &creation(harness, &json!({}), &first)).await.unwrap();
    let after = settled(harness, &at).await;
    assert!(matches!(after.ownership, Some(Ownership::Foreign(_))), "{:?}", after.ownership);
    assert_eq!(after, before, "not a field of it is touched");
}

pub(crate) async fn a_lost_answer_to_a_creation_loses_nothing(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::AnswerLost).await);
    let (at, done) = create(harness, "res-1").await;
    assert_eq!(done.unwrap_err().kind, Kind::Unavailable);
    let mark = mark(harness, "res-1", &json!({}));
    let found = look(harness, &at).await;
    assert_eq!(found.mark(), Some(&mark), "it is there, and known again");
    attempt(harness, &at, &creation(harness, &json!({}), &mark)).await.unwrap();
    assert_eq!(listed(harness, &at).await, 1);
    assert_eq!(settled(harness, &at).await.phase, Phase::Ready);
}

pub(crate) async fn a_lost_answer_to_a_change_loses_nothing(harness: &dyn Harness) {
    let (at, _, seen) = ready(harness, "res-1", &json!({})).await;
    let alteration = &harness.alterations()[0];
    let new = mark(harness, "res-1", &alteration.values);
    let wanted = resolved(harness, &alteration.values);
    let steps = towards(harness, &wanted, &harness.backend().changes(&wanted, &seen), &new, &seen, false);
    assert!(harness.trouble(Trouble::AnswerLost).await);
    assert_eq!(attempt(harness, &at, &steps).await.unwrap_err().kind, Kind::Unavailable);
    let after = changed(harness, &at, &alteration.values, &new).await;
    assert_eq!(after.mark(), Some(&new));
    assert_eq!(harness.backend().changes(&wanted, &after), []);
}

pub(crate) async fn a_lost_answer_to_a_removal_loses_nothing(harness: &dyn Harness) {
    let (at, _, seen) = ready(harness, "res-1", &json!({})).await;
    let steps = harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert!(harness.trouble(Trouble::AnswerLost).await);
    assert_eq!(attempt(harness, &at, &steps).await.unwrap_err().kind, Kind::Unavailable);
    removed(harness, &at, None).await;
}

pub(crate) async fn removing_what_is_absent_succeeds(harness: &dyn Harness) {
    let (at, _, seen) = ready(harness, "res-1", &json!({})).await;
    let steps = harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen);
    removed(harness, &at, None).await;
    for step in &steps {
        harness.backend().apply(&at, step).await.unwrap_or_else(|error| panic!("{}: {error}", step.why));
    }
    assert_eq!(look(harness, &at).await.phase, Phase::Absent);
}

pub(crate) async fn a_busy_cache_is_busy(harness: &dyn Harness) {
    let (at, first, seen) = ready(harness, "res-1", &json!({})).await;
    let new = Mark { state: State::Retired, ..first.clone() };
    let mut plans = vec![harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen)];
    plans.push(harness.backend().steps(&Goal::Marked { mark: &new }, &seen));
    for alteration in harness.alterations() {
        let wanted = resolved(harness, &alteration.values);
        plans.push(towards(harness, &wanted, &harness.backend().changes(&wanted, &seen), &new, &seen, false));
    }
    assert!(harness.meddle(&at, Hand::OwnBusiness).await);
    for plan in plans {
        let calls: Vec<_> = plan.iter().map(|step| step.call).collect();
        let error = attempt(harness, &at, &plan).await.expect_err("nothing can be asked of it");
        assert_eq!(error.kind, Kind::Busy, "{calls:?}: {error}");
        assert!(error.kind.is_transient() && calls.contains(&error.operation));
    }
    assert_eq!(look(harness, &at).await.mark(), Some(&first));
    // The same call succeeds later.
    let plan = |seen: &_| harness.backend().steps(&Goal::Marked { mark: &new }, seen);
    assert_eq!(led(harness, &at, plan).await.0.mark(), Some(&new));
}

pub(crate) async fn trouble_of_the_moment_is_unavailable_and_changes_nothing(harness: &dyn Harness) {
    for (number, trouble) in [Trouble::Throttled, Trouble::Down, Trouble::HungUp].into_iter().enumerate() {
        assert!(harness.trouble(trouble).await);
        let (at, done) = create(harness, &format!("res-{number}")).await;
        let error = done.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable, "{trouble:?}: {error}");
        assert!(error.kind.is_transient());
        assert_eq!(look(harness, &at).await.phase, Phase::Absent, "{trouble:?}");
        create(harness, &format!("res-{number}")).await.1.unwrap();
        settled(harness, &at).await;
        removed_under(harness, &at, trouble).await;
    }
}

async fn removed_under(harness: &dyn Harness, at: &At, trouble: Trouble) {
    let seen = look(harness, at).await;
    let steps = harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert!(harness.trouble(trouble).await);
    let error = attempt(harness, at, &steps).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable, "{trouble:?}: {error}");
    assert_eq!(look(harness, at).await, seen, "{trouble:?}");
}

pub(crate) async fn denied_and_expired_credentials_are_credentials(harness: &dyn Harness) {
    for trouble in [Trouble::Denied, Trouble::Expired] {
        assert!(harness.trouble(trouble).await);
        let (at, done) = create(harness, "res-1").await;
        let error = done.unwrap_err();
        assert_eq!(error.kind, Kind::Credentials, "{trouble:?}: {error}");
        assert!(!error.kind.is_transient() && error.cause.is_some(), "{error:?}");
        assert_eq!(look(harness, &at).await.phase, Phase::Absent, "{trouble:?}");
    }
}

pub(crate) async fn capacity_and_quota_are_capacity(harness: &dyn Harness) {
    for trouble in [Trouble::NoCapacity, Trouble::NoQuota] {
        assert!(harness.trouble(trouble).await);
        let (at, done) = create(harness, "res-1").await;
        let (kind, told) = refused(harness, &at, done).await;
        assert_eq!(kind, Kind::Capacity, "{trouble:?}: {told}");
        removed(harness, &at, None).await;
    }
}

/// Why a creation was refused, at once or, where the cloud tells it only later, when it has failed; and the way out.
async fn refused(harness: &dyn Harness, at: &At, done: Result<(), BackendError>) -> (Kind, String) {
    let Err(error) = done else {
        let since = mark(harness, "res-1", &json!({})).since;
        failed(harness, at).await;
        let told = harness.backend().diagnose(at, since).await.unwrap();
        let kind = told.kind.unwrap_or_else(|| panic!("it failed, and nobody knows why: {told:?}"));
        return (kind, told.cause.unwrap_or_default());
    };
    assert!(!error.kind.is_transient(), "{error:?}");
    assert!(error.cause.is_some() || error.kind == Kind::Capacity, "{error:?}");
    match harness.backend().observe(at).await {
        Ok(seen) => assert_eq!(seen.phase, Phase::Absent, "{}", seen.status),
        // What is missing may be missing for a look too.
        Err(unseen) => assert_eq!(unseen.kind, error.kind, "{unseen}"),
    }
    (error.kind, error.hint.unwrap_or_default())
}

pub(crate) async fn a_missing_prerequisite_comes_with_a_way_out(harness: &dyn Harness) {
    if !harness.stage(Trouble::PrerequisiteMissing).await {
        return;
    }
    let (at, done) = create(harness, "res-1").await;
    let (kind, way_out) = refused(harness, &at, done).await;
    assert_eq!(kind, Kind::Prerequisite, "{way_out}");
    assert!(way_out.len() > 20, "{way_out}");
}
