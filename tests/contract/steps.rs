//! `Backend::steps`.

use cache_driver::backend::{Class, Goal, Observed, Pace, PasswordMaker, Phase, Step};
use cache_driver::cache::{Mark, State};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::Harness;
use crate::life::{CANARY, at, led, look, mark, merged, ready, resolved, run, settled, towards};

pub(crate) async fn nothing_to_do_is_no_call(harness: &dyn Harness) {
    let backend = harness.backend();
    let (_, mark, seen) = ready(harness, "res-1", &json!({})).await;
    let none: [&str; 0] = [];
    let calls = |steps: Vec<Step>| steps.into_iter().map(|step| step.call).collect::<Vec<_>>();
    assert_eq!(calls(towards(harness, &resolved(harness, &json!({})), &[], &mark, &seen, false)), none);
    assert_eq!(calls(towards(harness, &resolved(harness, &json!({})), &[], &mark, &seen, true)), none);
    assert_eq!(calls(backend.steps(&Goal::Marked { mark: &mark }, &seen)), none, "the mark is written");
    let gone = Observed::absent("1");
    assert_eq!(calls(backend.steps(&Goal::Removed { final_snapshot: None }, &gone)), none, "it is gone");
    if backend.capabilities().password == PasswordMaker::Driver {
        let password = SecretString::from(CANARY);
        let (rotated, settled) =
            (Goal::Rotated { mark: &mark, password: &password }, Goal::Settled { mark: &mark, password: &password });
        assert_eq!(calls(backend.steps(&rotated, &seen)), none, "the mark tells that it was rotated");
        assert_eq!(calls(backend.steps(&settled, &seen)), none, "the mark tells that it was settled");
    }
}

/// No call that works on the cache comes before the one that carries the mark. Parts beside it may.
#[track_caller]
fn assert_marked_first(steps: &[Step], mark: &Mark, what: &str) {
    let marked = steps.iter().position(|step| step.mark.as_ref() == Some(mark));
    let marked = marked.unwrap_or_else(|| panic!("{what}: no call writes the mark"));
    let early = steps[..marked].iter().find(|step| step.pace == Pace::Long);
    assert!(early.is_none(), "{what}: {early:?} comes before the mark");
    assert!(steps.iter().all(|step| step.mark.is_none() || step.mark.as_ref() == Some(mark)), "{what}: another mark");
}

pub(crate) async fn the_mark_goes_with_or_before_the_first_change(harness: &dyn Harness) {
    let backend = harness.backend();
    let first = mark(harness, "res-1", &json!({}));
    for alteration in harness.alterations() {
        let wanted = resolved(harness, &alteration.values);
        let steps = towards(harness, &wanted, &[], &first, &Observed::absent("1"), false);
        assert_marked_first(&steps, &first, &format!("creating {}", alteration.values));
    }
    let (at, old, seen) = ready(harness, "res-1", &json!({})).await;
    let new = Mark { want: "ffffffffffff".to_owned(), ..old.clone() };
    for alteration in harness.alterations() {
        let wanted = resolved(harness, &alteration.values);
        let changes = backend.changes(&wanted, &seen);
        for at_maintenance in [false, true] {
            let steps = towards(harness, &wanted, &changes, &new, &seen, at_maintenance);
            assert_marked_first(&steps, &new, &alteration.values.to_string());
        }
    }
    let retired = Mark { state: State::Retired, ..old.clone() };
    assert_marked_first(&backend.steps(&Goal::Marked { mark: &retired }, &seen), &retired, "the mark alone");
    if backend.capabilities().password == PasswordMaker::Driver {
        let password = SecretString::from(CANARY);
        let rotated = backend.steps(&Goal::Rotated { mark: &new, password: &password }, &seen);
        assert_marked_first(&rotated, &new, "rotating");
        let settled = backend.steps(&Goal::Settled { mark: &new, password: &password }, &seen);
        assert_marked_first(&settled, &new, "settling");
    }
    // What is planned is what happens: after the first change the cloud shows the new mark.
    let alteration = &harness.alterations()[0];
    let wanted = resolved(harness, &alteration.values);
    let steps = towards(harness, &wanted, &backend.changes(&wanted, &seen), &new, &seen, false);
    run(harness, &at, &steps).await;
    let first = steps.iter().find(|step| step.pace == Pace::Long);
    let is_change = first.is_some_and(|first| first.fields.contains_key(alteration.field));
    // Where the mark is a call of its own that takes time, it is there before the change begins.
    let seen = if is_change { look(harness, &at).await } else { settled(harness, &at).await };
    assert_eq!(seen.mark(), Some(&new), "while the change runs");
}

pub(crate) async fn a_cache_that_is_going_is_not_removed_twice(harness: &dyn Harness) {
    let (at, _, seen) = ready(harness, "res-1", &json!({})).await;
    let remove = Goal::Removed { final_snapshot: None };
    run(harness, &at, &harness.backend().steps(&remove, &seen)).await;
    let going = look(harness, &at).await;
    assert_eq!(going.phase, Phase::Deleting, "{}", going.status);
    // No call, or one that does no harm.
    run(harness, &at, &harness.backend().steps(&remove, &going)).await;
    assert_eq!(look(harness, &at).await, going);
}

pub(crate) async fn a_shell_leaves_no_snapshot(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    let shell = Observed { phase: Phase::Shell, endpoint: None, ..seen };
    let goal = Goal::Removed { final_snapshot: Some("last-words".to_owned()) };
    let steps = harness.backend().steps(&goal, &shell);
    assert!(!steps.is_empty());
    assert!(!format!("{steps:?}").contains("last-words"), "a shell holds nothing: {steps:?}");
}

pub(crate) async fn only_the_changes_that_are_asked_for_are_made(harness: &dyn Harness) {
    let backend = harness.backend();
    let everything = harness.alterations().iter().fold(json!({}), |all, alteration| merged(&all, &alteration.values));
    let all = resolved(harness, &everything);
    for (number, alteration) in harness.alterations().into_iter().enumerate() {
        let resource = format!("res-{number}");
        let (at, _, before) = ready(harness, &resource, &json!({})).await;
        let alone = backend.changes(&resolved(harness, &alteration.values), &before);
        let is_asked = |field: &str| alone.iter().any(|change| change.field == field);
        let new = mark(harness, &resource, &everything);
        let (after, _) = led(harness, &at, |seen| {
            let mut changes = backend.changes(&all, seen);
            changes.retain(|change| is_asked(&change.field));
            towards(harness, &all, &changes, &new, seen, false)
        })
        .await;
        assert_ne!(after.fields.get(alteration.field), before.fields.get(alteration.field), "{}", alteration.values);
        for (field, _) in backend.capabilities().changes {
            let (was, is) = (before.fields.get(*field), after.fields.get(*field));
            // What could not be read before may show for the first time.
            assert!(
                is_asked(field) || was.is_none() || was == is,
                "{}: {field} was {was:?} and is {is:?}",
                alteration.values
            );
        }
    }
}

pub(crate) async fn interrupting_changes_wait_for_the_window(harness: &dyn Harness) {
    let (at, old, seen) = ready(harness, "res-1", &json!({})).await;
    let new = Mark { want: "ffffffffffff".to_owned(), ..old };
    let mut interrupting = 0;
    for alteration in harness.alterations() {
        let wanted = resolved(harness, &alteration.values);
        let changes = harness.backend().changes(&wanted, &seen);
        let now = towards(harness, &wanted, &changes, &new, &seen, false);
        assert!(now.iter().any(|step| step.pace == Pace::Long), "{}: {now:?}", alteration.values);
        if changes.iter().all(|change| change.class == Class::InPlace) {
            continue;
        }
        interrupting += 1;
        let later = towards(harness, &wanted, &changes, &new, &seen, true);
        let at_once = later.iter().find(|step| step.pace == Pace::Long && step.fields.contains_key(alteration.field));
        assert!(at_once.is_none(), "{}: {at_once:?}", alteration.values);
        run(harness, &at, &later).await;
        let waiting = look(harness, &at).await;
        assert_eq!(waiting.phase, Phase::Ready, "{}: {}", alteration.values, waiting.status);
        assert_eq!(waiting.fields.get(alteration.field), seen.fields.get(alteration.field), "{}", alteration.values);
        assert!(!waiting.pending.is_empty(), "{}: the cloud has accepted it", alteration.values);
        let again = towards(harness, &wanted, &harness.backend().changes(&wanted, &waiting), &new, &waiting, true);
        assert!(again.is_empty(), "{}: what waits is asked for once: {again:?}", alteration.values);
    }
    assert!(interrupting > 0, "there is a change that interrupts");
}

pub(crate) async fn planning_is_pure(harness: &dyn Harness) {
    let at = at(harness, "res-1");
    let (_, mark, seen) = ready(harness, "res-1", &json!({})).await;
    let calls = harness.calls();
    for alteration in harness.alterations() {
        let wanted = resolved(harness, &alteration.values);
        let changes = harness.backend().changes(&wanted, &seen);
        let plan = || format!("{:?}", towards(harness, &wanted, &changes, &mark, &seen, false));
        assert_eq!(plan(), plan());
    }
    assert_eq!(harness.calls(), calls);
    assert_eq!(look(harness, &at).await, seen);
}
