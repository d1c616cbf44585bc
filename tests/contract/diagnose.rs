//! `Backend::diagnose`.

use cache_driver::backend::Goal;
use cache_driver::cache::Mark;
use serde_json::json;

use crate::harness::{Harness, Trouble, WHY};
use crate::life::{created, failed, look, ready, removed, resolved, run, settled, towards};

pub(crate) async fn a_healthy_cache_has_no_cause(harness: &dyn Harness) {
    let (at, mark, _) = ready(harness, "res-1", &json!({})).await;
    let made = harness.mutations();
    let told = harness.backend().diagnose(&at, mark.since).await.unwrap();
    assert_eq!((told.cause, told.kind), (None, None));
    assert!(!told.events.is_empty(), "the cloud wrote down that it was made");
    assert!(told.events.windows(2).all(|pair| pair[0].at >= pair[1].at), "newest first: {:?}", told.events);
    assert_eq!(harness.mutations(), made);
    for alteration in harness.alterations() {
        let seen = look(harness, &at).await;
        let wanted = resolved(harness, &alteration.values);
        run(harness, &at, &towards(harness, &wanted, &harness.backend().changes(&wanted, &seen), &mark, &seen, false))
            .await;
        settled(harness, &at).await;
        let told = harness.backend().diagnose(&at, mark.since).await.unwrap();
        assert_eq!(told.cause, None, "{}: {:?}", alteration.values, told.events);
    }
}

pub(crate) async fn a_failed_creation_has_the_clouds_cause(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::CreationFails).await);
    let (at, mark) = created(harness, "res-1", &json!({})).await;
    let told = harness.backend().diagnose(&at, mark.since).await.unwrap();
    assert_eq!(told.cause, None, "it has not failed yet");
    failed(harness, &at).await;
    let told = harness.backend().diagnose(&at, mark.since).await.unwrap();
    assert!(told.cause.as_ref().is_some_and(|cause| cause.contains(WHY)), "{told:?}");
    assert!(told.kind.is_some_and(|kind| !kind.is_transient()), "{:?}", told.kind);
    assert!(told.events.iter().all(|event| event.at >= mark.since));
}

pub(crate) async fn a_failed_change_has_the_clouds_cause(harness: &dyn Harness) {
    let (at, first, seen) = ready(harness, "res-1", &json!({})).await;
    if !harness.stage(Trouble::ChangeFails).await {
        return;
    }
    harness.minutes(1);
    let alteration = &harness.alterations()[0];
    let wanted = resolved(harness, &alteration.values);
    let changes = harness.backend().changes(&wanted, &seen);
    let new = Mark { since: harness.now(), want: "ffffffffffff".to_owned(), ..first };
    run(harness, &at, &towards(harness, &wanted, &changes, &new, &seen, false)).await;
    let after = settled(harness, &at).await;
    assert_eq!(after.fields.get(alteration.field), seen.fields.get(alteration.field), "it was rolled back");
    let told = harness.backend().diagnose(&at, new.since).await.unwrap();
    assert!(told.cause.as_ref().is_some_and(|cause| cause.contains(WHY)), "{told:?}");
    assert!(told.kind.is_some());
}

pub(crate) async fn what_happened_in_an_earlier_life_is_left_out(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::CreationFails).await);
    let (at, first) = created(harness, "res-1", &json!({})).await;
    let left = failed(harness, &at).await;
    run(harness, &at, &harness.backend().steps(&Goal::Removed { final_snapshot: None }, &left)).await;
    removed(harness, &at, None).await;
    harness.minutes(1);
    let (_, second, _) = ready(harness, "res-1", &json!({})).await;
    let told = harness.backend().diagnose(&at, second.since).await.unwrap();
    assert_eq!((&told.cause, told.kind), (&None, None), "{:?}", told.events);
    assert!(!told.events.is_empty());
    assert!(told.events.iter().all(|event| event.at >= second.since), "{:?}", told.events);
    let all = harness.backend().diagnose(&at, first.since).await.unwrap();
    assert!(all.events.len() > told.events.len(), "the cloud still knows the first life");
}
