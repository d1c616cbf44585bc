use serde_json::{Map, json};

use super::super::changes::changes;
use super::super::convert::body;
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

fn creation(wanted: Value) -> Vec<Step> {
    let (resolved, mark) = (resolved(wanted), mark());
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &[],
        mark: &mark,
        password: None,
        tags: &[],
        at_maintenance: false,
    };
    steps(&goal, &Observed::absent("example-project"))
}

/// What goes over the wire, without the labels.
fn sent(step: &Step) -> Map<String, Value> {
    let mut body = body(step, "example-project");
    body.remove("labels");
    body
}

fn calls(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.call).collect()
}

#[test]
fn an_absent_instance_is_created_in_one_long_call_that_carries_everything() {
    let steps = creation(json!({
        "size": "large", "replicas": 2, "eviction_policy": "allkeys-lru", "persistence": "rdb",
        "maintenance_window": "sun:03:00-sun:04:00", "tags": {"team": "a"},
        "encryption_key": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k",
        "gcp": {
            "zone": "europe-west3-a", "alternative_zone": "europe-west3-b", "display_name": "Sessions",
            "reserved_ip_range": "psa-range", "connect_mode": "PRIVATE_SERVICE_ACCESS",
        },
    }));
    let [create] = steps.as_slice() else { panic!("{:?}", calls(&steps)) };
    assert_eq!((create.call, create.pace, create.mark.as_ref()), (CALLS.create, Pace::Long, Some(&mark())));
    assert_eq!(create.fields["labels"], json!({"team": "a"}));
    let expected = json!({
        "tier": "STANDARD_HA", "memorySizeGb": 6, "redisVersion": "REDIS_7_2", "replicaCount": 2,
        "readReplicasMode": "READ_REPLICAS_ENABLED", "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": "projects/example-project/global/networks/caches", "reservedIpRange": "psa-range",
        "locationId": "europe-west3-a", "alternativeLocationId": "europe-west3-b", "displayName": "Sessions",
        "transitEncryptionMode": "SERVER_AUTHENTICATION", "authEnabled": true,
        "customerManagedKey": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k",
        "redisConfigs": {"maxmemory-policy": "allkeys-lru"},
        "persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "TWENTY_FOUR_HOURS"},
        "maintenancePolicy": {"weeklyMaintenanceWindow": [{"day": "SUNDAY", "startTime": {"hours": 3, "minutes": 0}}]},
    });
    assert_eq!(json!(sent(create)), expected);
}

#[test]
fn a_plain_instance_is_created_without_a_count_of_replicas() {
    let steps = creation(json!({"high_availability": true, "tls": false, "auth": "none"}));
    let expected = json!({
        "tier": "STANDARD_HA", "memorySizeGb": 1, "redisVersion": "REDIS_7_2", "connectMode": "DIRECT_PEERING",
        "readReplicasMode": "READ_REPLICAS_DISABLED", "transitEncryptionMode": "DISABLED", "authEnabled": false,
        "authorizedNetwork": "projects/example-project/global/networks/caches",
        "persistenceConfig": {"persistenceMode": "DISABLED"},
    });
    assert_eq!(json!(sent(&steps[0])), expected, "google refuses a count where replicas answer no reads");
}

#[test]
fn all_that_differs_goes_in_one_patch_with_the_mark() {
    let steps = update(json!({"size": "large", "eviction_policy": "noeviction", "auth": "none"}), json!({}));
    let [patch] = steps.as_slice() else { panic!("{:?}", calls(&steps)) };
    assert_eq!((patch.call, patch.pace, patch.mark.as_ref()), (CALLS.patch, Pace::Long, Some(&new_mark())));
    let expected = json!({"memorySizeGb": 6, "redisConfigs": {"maxmemory-policy": "noeviction"}, "authEnabled": false});
    assert_eq!(json!(sent(patch)), expected);
    assert!(body(patch, "p").contains_key("labels"), "the mark goes with it");
}

#[test]
fn a_mark_that_is_there_already_is_not_written_again() {
    let (there, same) = (seen(json!({"labels": {"theirs": "x"}})), mark());
    let [patch] = update_to(json!({"size": "large"}), &there, &same).try_into().unwrap();
    assert_eq!((patch.mark.as_ref(), patch.fields.contains_key("labels")), (None, false));
    let [labels] = update_to(json!({"tags": {"team": "a"}}), &there, &same).try_into().unwrap();
    assert_eq!(labels.mark.as_ref(), Some(&same), "labels are written as a whole, the mark among them");
    assert_eq!(labels.fields["labels"], json!({"team": "a", "theirs": "x"}));
    assert_eq!(calls(&update_to(json!({}), &there, &same)), [""; 0]);
}

#[test]
fn a_new_version_comes_after_the_mark_and_before_the_rest() {
    let old = json!({"redisVersion": "REDIS_6_X"});
    let steps = update(json!({"version": "7.2", "size": "large"}), old.clone());
    assert_eq!(calls(&steps), [CALLS.patch, CALLS.upgrade, CALLS.patch]);
    assert_eq!((steps[0].mark.as_ref(), sent(&steps[0])), (Some(&new_mark()), Map::new()));
    assert_eq!(json!(steps[1].fields), json!({"engine_version": "7.2"}));
    assert_eq!((steps[2].mark.as_ref(), json!(sent(&steps[2]))), (None, json!({"memorySizeGb": 6})));
    let again = update_to(json!({"version": "7.2", "size": "large"}), &seen(old), &mark());
    assert_eq!(calls(&again), [CALLS.upgrade, CALLS.patch], "the mark is there by then");
}

#[test]
fn enabling_reads_takes_the_count_and_a_second_range_with_it() {
    let plain = json!({"tier": "STANDARD_HA", "replicaCount": 1});
    let [patch] = update(json!({"replicas": 2}), plain.clone()).try_into().unwrap();
    let expected = json!({
        "memorySizeGb": 5, "readReplicasMode": "READ_REPLICAS_ENABLED", "replicaCount": 2, "secondaryIpRange": "auto",
    });
    assert_eq!(json!(sent(&patch)), expected);
    let own = json!({"gcp": {"read_replicas": true, "memory_size_gb": 5, "secondary_ip_range": "10.0.0.0/28"}});
    let [patch] = update(own, plain).try_into().unwrap();
    assert_eq!(
        (&patch.fields["secondary_ip_range"], &patch.fields["replica_count"]),
        (&json!("10.0.0.0/28"), &json!(1))
    );
}

#[test]
fn persistence_goes_with_its_period() {
    let [patch] = update(json!({"persistence": "rdb"}), json!({})).try_into().unwrap();
    let expected = json!({"persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "TWENTY_FOUR_HOURS"}});
    assert_eq!(json!(sent(&patch)), expected);
    let on = json!({"persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"}});
    let [patch] = update(json!({"persistence": "none"}), on.clone()).try_into().unwrap();
    assert_eq!(json!(sent(&patch)), json!({"persistenceConfig": {"persistenceMode": "DISABLED"}}));
    let often = json!({"persistence": "rdb", "gcp": {"rdb_period": "ONE_HOUR"}});
    let [patch] = update(often, on).try_into().unwrap();
    let expected = json!({"persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "ONE_HOUR"}});
    assert_eq!(json!(sent(&patch)), expected);
}

#[test]
fn what_would_replace_the_instance_is_never_made_in_place() {
    let steps = update(json!({"high_availability": true, "tls": false, "gcp": {"network": "other"}}), json!({}));
    assert_eq!(calls(&steps), [CALLS.patch]);
    assert_eq!(sent(&steps[0]), Map::new(), "the mark alone");
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
fn a_removal_is_asked_for_once_and_takes_no_snapshot() {
    for (phase, expected) in [
        (Phase::Ready, vec![CALLS.delete]),
        (Phase::Creating, vec![CALLS.delete]),
        (Phase::Busy, vec![CALLS.delete]),
        (Phase::Deleting, vec![]),
        (Phase::Absent, vec![]),
    ] {
        let there = Observed { phase, ..seen(json!({})) };
        let goal = Goal::Removed { final_snapshot: Some("last-words".to_owned()) };
        let made = steps(&goal, &there);
        assert_eq!(calls(&made), expected, "{phase}");
        assert!(!format!("{made:?}").contains("last-words"));
    }
}
