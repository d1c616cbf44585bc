use secrecy::ExposeSecret;

use super::super::changes::changes;
use super::super::fixtures::{PREFIX, mark, resolved, seen};
use super::*;
use crate::backend::Ownership;

/// A mark that differs from that of [`seen`].
fn new_mark() -> Mark {
    Mark { want: "ffffffffffff".to_owned(), ..mark() }
}

fn tags() -> Vec<(String, String)> {
    vec![("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), "res-1".to_owned())]
}

#[track_caller]
fn update_of(wanted: Value, there: &Observed, mark: &Mark, at_maintenance: bool) -> Vec<Step> {
    let resolved = resolved(wanted);
    let changes = changes(&resolved, there, PREFIX);
    let password = SecretString::from("CANARY0123456789");
    let (password, tags) = (Some(&password), tags());
    let goal = Goal::Present { resolved: &resolved, changes: &changes, mark, password, tags: &tags, at_maintenance };
    steps(&goal, there, PREFIX)
}

#[track_caller]
fn update(wanted: Value, there: Value) -> Vec<Step> {
    update_of(wanted, &seen(there), &new_mark(), false)
}

fn calls(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.call).collect()
}

#[test]
fn an_absent_cache_is_created_in_one_long_call_that_carries_everything() {
    let (resolved, mark, password) = (resolved(json!({"tags": {"team": "a"}})), mark(), SecretString::from("CANARY"));
    let tags = tags();
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &[],
        mark: &mark,
        password: Some(&password),
        tags: &tags,
        at_maintenance: false,
    };
    let steps = steps(&goal, &Observed::absent("1"), PREFIX);
    let [create] = steps.as_slice() else { panic!("{:?}", calls(&steps)) };
    assert_eq!((create.call, create.pace, create.mark.as_ref()), (CREATE, Pace::Long, Some(&mark)));
    assert_eq!(create.secret.as_ref().unwrap().expose_secret(), "CANARY");
    assert_eq!(create.fields["tags"], json!({"team": "a", "managed-by": "cache-driver", "cache-driver-id": "res-1"}));
    assert!(!format!("{create:?}").contains("CANARY"));
}

#[test]
fn a_parameter_group_is_there_before_the_cache_that_needs_it() {
    let (resolved, mark) = (resolved(json!({"eviction_policy": "allkeys-lru", "auth": "none"})), mark());
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &[],
        mark: &mark,
        password: None,
        tags: &[],
        at_maintenance: false,
    };
    let steps = steps(&goal, &Observed::absent("1"), PREFIX);
    assert_eq!(calls(&steps), [parameter_groups::CREATE, parameter_groups::FILL, CREATE]);
    assert_eq!(steps[0].fields["name"], steps[2].fields["parameter_group"]);
    assert!(steps[..2].iter().all(|step| step.pace == Pace::Instant && step.mark.is_none()));
    assert!(steps[2].secret.is_none());
}

#[test]
fn changes_come_in_the_safe_order() {
    let there = json!({
        "mode": "cluster", "num_node_groups": 3, "replicas_per_node_group": 1, "multi_az": true, "automatic_failover": true,
        "node_group_ids": ["0003", "0001", "0002"], "parameter_group": "default.valkey8.cluster.on",
    });
    let grown =
        json!({"mode": "cluster", "shards": 4, "replicas": 2, "size": "large", "eviction_policy": "noeviction"});
    let steps = update(grown, there.clone());
    assert_eq!(calls(&steps), [parameter_groups::CREATE, parameter_groups::FILL, MODIFY, RESHARD, INCREASE, MODIFY]);
    assert_eq!((steps[2].pace, steps[2].mark.is_some()), (Pace::Instant, true));
    assert!(steps[3..].iter().all(|step| step.pace == Pace::Long && step.mark.is_none()));
    assert_eq!(steps[5].fields["node_type"], "cache.m7g.large");

    let shrunk = update(json!({"mode": "cluster", "shards": 2, "replicas": 0, "high_availability": false}), there);
    assert_eq!(calls(&shrunk), [MODIFY, RESHARD, MODIFY, DECREASE]);
    assert_eq!(shrunk[1].fields["node_groups_to_retain"], json!(["0001", "0002"]));
    assert_eq!(shrunk[2].fields["multi_az"], false);
}

#[test]
fn failover_is_turned_on_after_its_replica_and_off_before() {
    let on = update(json!({"high_availability": true}), json!({}));
    assert_eq!(calls(&on), [MODIFY, INCREASE, MODIFY]);
    let available = json!({"replicas_per_node_group": 1, "multi_az": true, "automatic_failover": true});
    let off = update(json!({"high_availability": false, "replicas": 0}), available);
    assert_eq!(calls(&off), [MODIFY, DECREASE]);
}

#[test]
fn a_modification_sends_what_differs_and_the_mark_and_nothing_else() {
    let steps =
        update(json!({"size": "large", "backup": {"days": 3}, "maintenance_window": "sun:23:00-mon:01:30"}), json!({}));
    let [modify] = steps.as_slice() else { panic!("{:?}", calls(&steps)) };
    let mut fields = modify.fields.clone();
    assert!(fields.remove("node_type_alternatives").is_some());
    assert_eq!(
        json!(fields),
        json!({
            "node_type": "cache.m7g.large", "snapshot_retention_limit": 3, "snapshotting_cluster_id": "cache-abc-001",
            "apply_immediately": true,
        })
    );
    assert_eq!(modify.mark, Some(new_mark()));
    assert!(modify.secret.is_none());
}

#[test]
fn interrupting_changes_wait_for_the_window_and_are_asked_for_once() {
    let wanted = || json!({"version": "9.0", "backup": {"days": 3}});
    let steps = update_of(wanted(), &seen(json!({})), &new_mark(), true);
    assert_eq!(calls(&steps), [MODIFY, MODIFY]);
    assert_eq!((steps[0].pace, steps[0].fields.contains_key("engine_version")), (Pace::Long, false));
    assert_eq!((steps[1].pace, &steps[1].fields["apply_immediately"]), (Pace::Instant, &json!(false)));
    assert_eq!(steps[1].fields["parameter_group"], "default.valkey9");

    let mut there = seen(json!({"snapshot_retention_limit": 3}));
    there.pending = vec!["engine_version=9.0.0".to_owned()];
    assert_eq!(calls(&update_of(wanted(), &there, &mark(), true)), [""; 0]);
    assert_eq!(calls(&update_of(wanted(), &there, &mark(), false)), [MODIFY]);
}

#[test]
fn tls_is_turned_on_and_off_by_way_of_both() {
    let off = || json!({"tls": false, "transit_encryption_mode": null, "auth": "none"});
    let first = update(json!({"tls": true, "auth": "none"}), off());
    assert_eq!(
        json!(first[0].fields),
        json!({"tls": true, "transit_encryption_mode": "preferred", "apply_immediately": true})
    );
    let between = json!({"transit_encryption_mode": "preferred", "auth": "none"});
    let second = update(json!({"tls": true, "auth": "none"}), between.clone());
    assert_eq!(json!(second[0].fields), json!({"transit_encryption_mode": "required", "apply_immediately": true}));
    let back = update(json!({"tls": false, "auth": "none"}), json!({"auth": "none"}));
    assert_eq!(json!(back[0].fields), json!({"transit_encryption_mode": "preferred", "apply_immediately": true}));
    let gone = update(json!({"tls": false, "auth": "none"}), between);
    assert_eq!(json!(gone[0].fields), json!({"tls": false, "apply_immediately": true}));
}

#[test]
fn a_first_password_is_set_after_tls_is_there() {
    let off = json!({"tls": false, "transit_encryption_mode": null, "auth": "none"});
    let steps = update(json!({"tls": true, "auth": "password"}), off);
    assert_eq!(calls(&steps), [MODIFY, MODIFY]);
    assert_eq!(steps[0].fields["tls"], true);
    assert_eq!(steps[1].fields["auth_token_update_strategy"], "SET");
    assert!(steps[1].secret.is_some() && steps[0].secret.is_none());
}

#[test]
fn a_rotation_adds_a_password_and_settling_leaves_only_the_newest() {
    let (mark, password, there) = (new_mark(), SecretString::from("CANARY0123456789"), seen(json!({})));
    for (goal, strategy) in [
        (Goal::Rotated { mark: &mark, password: &password }, "ROTATE"),
        (Goal::Settled { mark: &mark, password: &password }, "SET"),
    ] {
        let made = steps(&goal, &there, PREFIX);
        let [only] = made.as_slice() else { panic!("{strategy}") };
        assert_eq!((only.call, only.pace, only.mark.as_ref()), (MODIFY, Pace::Long, Some(&mark)));
        assert_eq!(only.fields["auth_token_update_strategy"], strategy);
        let done = Observed { ownership: Some(Ownership::Marked(Box::new(mark.clone()))), ..seen(json!({})) };
        assert_eq!(calls(&steps(&goal, &done, PREFIX)), [""; 0], "{strategy} again");
    }
}

#[test]
fn the_mark_alone_is_written_at_once_and_only_if_it_differs() {
    let (old, new, there) = (mark(), new_mark(), seen(json!({})));
    let made = steps(&Goal::Marked { mark: &new }, &there, PREFIX);
    assert_eq!((calls(&made), made[0].pace, made[0].mark.as_ref()), (vec![MODIFY], Pace::Instant, Some(&new)));
    assert_eq!(made[0].fields["apply_immediately"], false);
    assert_eq!(calls(&steps(&Goal::Marked { mark: &old }, &there, PREFIX)), [""; 0]);
}

#[test]
fn a_removal_takes_its_snapshot_but_not_of_a_shell() {
    let removed = |phase, snapshot: Option<&str>| {
        let there = Observed { phase, ..seen(json!({})) };
        steps(&Goal::Removed { final_snapshot: snapshot.map(str::to_owned) }, &there, PREFIX)
    };
    assert_eq!(removed(Phase::Ready, Some("last"))[0].fields["final_snapshot"], "last");
    assert_eq!(removed(Phase::Shell, Some("last"))[0].fields["final_snapshot"], Value::Null);
    assert_eq!(calls(&removed(Phase::Ready, None)), [DELETE]);
    assert_eq!(calls(&removed(Phase::Deleting, None)), [""; 0]);
    assert_eq!(calls(&removed(Phase::Absent, None)), [""; 0]);
}
