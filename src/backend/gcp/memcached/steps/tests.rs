use serde_json::json;

use super::super::changes::changes;
use super::super::convert::{body, parameters};
use super::super::fixtures::{mark, resolved, seen};
use super::*;
use crate::backend::Pace;

/// A mark that differs from that of [`seen`].
fn new_mark() -> Mark {
    Mark { want: "ffffffffffff".to_owned(), ..mark() }
}

#[track_caller]
fn update_to(wanted: Value, there: &Observed, mark: &Mark) -> Vec<Step> {
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

#[track_caller]
fn update(wanted: Value, there: Value) -> Vec<Step> {
    update_to(wanted, &seen(there), &new_mark())
}

/// What goes over the wire, without the labels.
fn sent(step: &Step) -> Value {
    let mut body = body(step, "example-project");
    body.remove("labels");
    body.into()
}

fn calls(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.call).collect()
}

#[test]
fn an_absent_instance_is_created_in_one_long_call_that_carries_everything() {
    let resolved = resolved(json!({
        "shards": 2, "size": "medium", "parameters": {"max-item-size": "1048576"},
        "maintenance_window": "sun:03:00-sun:06:00", "tags": {"team": "a"},
        "gcp": {"zones": "europe-west3-a", "reserved_ip_range": "psa-range", "display_name": "Sessions"},
    }));
    let first = mark();
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &[],
        mark: &first,
        password: None,
        tags: &[],
        at_maintenance: false,
    };
    let [create] = steps(&goal, &Observed::absent("example-project")).try_into().unwrap();
    assert_eq!((create.call, create.pace, create.mark.as_ref()), (CALLS.create, Pace::Long, Some(&first)));
    let window = json!({"day": "SUNDAY", "startTime": {"hours": 3, "minutes": 0}, "duration": "10800s"});
    let expected = json!({
        "nodeCount": 2, "nodeConfig": {"cpuCount": 1, "memorySizeMb": 3072}, "memcacheVersion": "MEMCACHE_1_6_15",
        "authorizedNetwork": "projects/example-project/global/networks/caches", "zones": ["europe-west3-a"],
        "reservedIpRangeId": ["psa-range"], "displayName": "Sessions",
        "parameters": {"params": {"max-item-size": "1048576"}},
        "maintenancePolicy": {"weeklyMaintenanceWindow": [window]},
    });
    assert_eq!(sent(&create), expected);
}

#[test]
fn all_that_differs_goes_in_one_patch_with_the_mark() {
    let [patch] = update(json!({"shards": 3, "gcp": {"display_name": "Sessions"}}), json!({})).try_into().unwrap();
    assert_eq!((patch.call, patch.pace, patch.mark.as_ref()), (CALLS.patch, Pace::Long, Some(&new_mark())));
    assert_eq!(sent(&patch), json!({"nodeCount": 3, "displayName": "Sessions"}));
}

#[test]
fn parameters_are_stored_then_given_to_the_nodes_after_the_mark() {
    let wanted = || json!({"parameters": {"max-item-size": "1048576"}, "version": "1.6.15"});
    let kept = json!({"id": "1", "params": {"listen-backlog": "9"}});
    let steps = update(wanted(), json!({"memcacheVersion": "MEMCACHE_1_5", "parameters": kept}));
    assert_eq!(calls(&steps), [CALLS.patch, CALLS.upgrade, UPDATE_PARAMETERS, APPLY_PARAMETERS]);
    assert_eq!((steps[0].mark.as_ref(), sent(&steps[0])), (Some(&new_mark()), json!({})));
    assert!(steps[1..].iter().all(|step| step.mark.is_none() && step.pace == Pace::Long));
    let params = json!({"max-item-size": "1048576", "listen-backlog": "9"});
    assert_eq!(parameters(&steps[2]), json!({"updateMask": "params", "parameters": {"params": params}}));

    // Stored, and not yet with the nodes.
    let node = json!({"nodeId": "a", "parameters": {"id": "1", "params": {"listen-backlog": "9"}}});
    let half = json!({"parameters": {"id": "2", "params": params}, "memcacheNodes": [node]});
    assert_eq!(calls(&update_to(wanted(), &seen(half), &mark())), [APPLY_PARAMETERS]);
    let node = json!({"nodeId": "a", "parameters": {"id": "2", "params": params}});
    let whole = json!({"parameters": {"id": "2", "params": params}, "memcacheNodes": [node]});
    assert_eq!(calls(&update_to(wanted(), &seen(whole), &mark())), [""; 0]);
}

#[test]
fn the_mark_alone_is_written_with_the_labels_that_are_there() {
    let (old, new, there) = (mark(), new_mark(), seen(json!({"labels": {"theirs": "x"}})));
    let [step] = steps(&Goal::Marked { mark: &new }, &there).try_into().unwrap();
    assert_eq!((step.call, step.mark.as_ref()), (CALLS.patch, Some(&new)));
    assert_eq!(json!(step.fields), json!({"labels": {"theirs": "x"}}));
    assert_eq!(calls(&steps(&Goal::Marked { mark: &old }, &there)), [""; 0]);
}

#[test]
fn a_removal_is_asked_for_once() {
    for (phase, expected) in [(Phase::Ready, 1), (Phase::Creating, 1), (Phase::Deleting, 0), (Phase::Absent, 0)] {
        let there = Observed { phase, ..seen(json!({})) };
        assert_eq!(steps(&Goal::Removed { final_snapshot: None }, &there).len(), expected, "{phase}");
    }
}
