//! Every goal, the whole way.

use cache_driver::backend::{Class, Goal, Observed, Ownership, Phase};
use cache_driver::cache::{Intent, Mark, OnDelete, State};
use cache_driver::clock::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Hand, Harness, Trouble};
use crate::life::{
    CANARY_2, changed, created, failed, led, look, mark, merged, ready, removed, resolved, run, settled,
};

/// In place, the endpoint stays; but a name that speaks TLS may be another than one that does not.
#[track_caller]
fn assert_same_endpoint(after: &Observed, before: &Observed, values: &Value) {
    if after.fields.get("tls") == before.fields.get("tls") {
        assert_eq!(after.endpoint, before.endpoint, "{values}");
    } else {
        assert!(after.endpoint.is_some(), "{values}");
    }
}

pub(crate) async fn a_cache_goes_the_whole_way(harness: &dyn Harness) {
    let (at, mut mark, before) = ready(harness, "res-1", &json!({})).await;
    let mut values = json!({});
    for alteration in harness.alterations() {
        values = merged(&values, &alteration.values);
        mark = crate::life::mark(harness, "res-1", &values);
        let seen = changed(harness, &at, &values, &mark).await;
        assert_eq!(seen.mark(), Some(&mark), "{values}");
        assert_eq!(harness.backend().changes(&resolved(harness, &values), &seen), [], "{values}");
        assert_same_endpoint(&seen, &before, &values);
        assert_eq!(seen.created_at, before.created_at, "{values}: in place, it is the same cache");
    }
    mark.state = State::Detached;
    let (seen, _) = led(harness, &at, |seen| harness.backend().steps(&Goal::Marked { mark: &mark }, seen)).await;
    assert_eq!(seen.mark(), Some(&mark));
    removed(harness, &at, None).await;
    // And once more: the name is free again.
    harness.minutes(1);
    let (_, anew, seen) = ready(harness, "res-1", &values).await;
    assert_eq!(seen.mark(), Some(&anew));
    assert_ne!(seen.created_at, before.created_at);
}

pub(crate) async fn each_change_can_be_made_in_place(harness: &dyn Harness) {
    for (number, alteration) in harness.alterations().into_iter().enumerate() {
        let resource = format!("res-{number}");
        let (at, _, before) = ready(harness, &resource, &json!({})).await;
        assert!(alteration.class <= Class::Disruptive, "an alteration is made in place");
        let new = mark(harness, &resource, &alteration.values);
        let seen = changed(harness, &at, &alteration.values, &new).await;
        let wanted = resolved(harness, &alteration.values);
        assert_eq!(harness.backend().changes(&wanted, &seen), [], "{}", alteration.values);
        assert_ne!(seen.fields.get(alteration.field), before.fields.get(alteration.field), "{}", alteration.values);
        assert_eq!(seen.mark(), Some(&new), "{}", alteration.values);
        assert_same_endpoint(&seen, &before, &alteration.values);
    }
}

pub(crate) async fn a_password_is_rotated_and_settled(harness: &dyn Harness) {
    let (at, first, before) = ready(harness, "res-1", &json!({})).await;
    let mut rotated = first.clone();
    // Where the cloud makes it, or there is none, nothing is rotated.
    let Some(password) = &mut rotated.password else { return };
    password.generation = 1;
    rotated.intent = Some(Intent::Settle(Timestamp::from_second(1_800_000_000).unwrap()));
    let password = SecretString::from(CANARY_2);
    let goal = Goal::Rotated { mark: &rotated, password: &password };
    let (seen, calls) = led(harness, &at, |seen| harness.backend().steps(&goal, seen)).await;
    assert!(!calls.is_empty());
    assert_eq!((seen.mark(), seen.phase), (Some(&rotated), Phase::Ready));
    assert_eq!(seen.fields.get("auth"), before.fields.get("auth"));

    let settled = Mark { intent: None, ..rotated.clone() };
    let goal = Goal::Settled { mark: &settled, password: &password };
    let (seen, calls) = led(harness, &at, |seen| harness.backend().steps(&goal, seen)).await;
    assert!(!calls.is_empty());
    assert_eq!((seen.mark(), seen.phase), (Some(&settled), Phase::Ready));
    assert_eq!(harness.backend().changes(&resolved(harness, &json!({})), &seen), []);
}

pub(crate) async fn every_mark_is_written_and_read_back(harness: &dyn Harness) {
    let (at, first, _) = ready(harness, "res-1", &json!({})).await;
    let later = Timestamp::from_second(1_900_000_000).unwrap();
    let mut marks = vec![
        Mark { protected: true, ..first.clone() },
        Mark { adopted: true, route: Some("sixteen-letters1".to_owned()), ..first.clone() },
        Mark { intent: Some(Intent::DeleteAfter(later)), ..first.clone() },
        Mark { intent: Some(Intent::Settle(later)), capacity: Some("12.5".to_owned()), ..first.clone() },
        Mark { password: None, capacity: None, route: None, ..first.clone() },
    ];
    marks.extend(State::ALL.iter().map(|state| Mark { state: *state, ..first.clone() }));
    marks.extend(OnDelete::ALL.iter().map(|on_delete| Mark { on_delete: *on_delete, ..first.clone() }));
    for mark in marks {
        let (seen, calls) =
            led(harness, &at, |seen| harness.backend().steps(&Goal::Marked { mark: &mark }, seen)).await;
        assert_eq!((seen.mark(), seen.phase), (Some(&mark), Phase::Ready));
        assert!(calls.len() <= 1, "the mark is one call: {calls:?}");
    }
}

pub(crate) async fn a_foreign_cache_is_taken_over_by_its_mark_alone(harness: &dyn Harness) {
    if !harness.backend().capabilities().adopts {
        return;
    }
    let (at, _, _) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&at, Hand::StripsMark).await);
    let foreign = look(harness, &at).await;
    let adopted = Mark { adopted: true, password: None, ..mark(harness, "res-2", &json!({})) };
    let made = harness.mutations();
    let steps = harness.backend().steps(&Goal::Marked { mark: &adopted }, &foreign);
    run(harness, &at, &steps).await;
    assert_eq!(harness.mutations(), made + 1, "writing the mark is the only mutation");
    let ours = settled(harness, &at).await;
    assert_eq!(ours.mark(), Some(&adopted));
    let expected = Some(Ownership::Marked(Box::new(adopted)));
    assert_eq!(ours, Observed { ownership: expected, ..foreign }, "all else is as it was");
}

pub(crate) async fn a_final_snapshot_is_taken_where_it_is_offered(harness: &dyn Harness) {
    if !harness.backend().capabilities().on_delete.contains(&OnDelete::Snapshot) {
        return;
    }
    let (at, _, _) = ready(harness, "res-1", &json!({})).await;
    assert_eq!(harness.snapshots().await, [""; 0]);
    removed(harness, &at, Some("last-words")).await;
    assert_eq!(harness.snapshots().await, ["last-words"]);
    let (at, _, _) = ready(harness, "res-2", &json!({})).await;
    removed(harness, &at, None).await;
    assert_eq!(harness.snapshots().await, ["last-words"], "none is taken that nobody asked for");
}

pub(crate) async fn a_shell_is_removed_and_made_anew(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::CreationFails).await);
    let (at, _) = created(harness, "res-1", &json!({})).await;
    failed(harness, &at).await;
    removed(harness, &at, None).await;
    let (_, anew, seen) = ready(harness, "res-1", &json!({})).await;
    assert_eq!(seen.mark(), Some(&anew));
}
