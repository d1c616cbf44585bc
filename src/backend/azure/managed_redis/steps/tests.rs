use secrecy::SecretString;

use super::super::changes::changes;
use super::super::fixtures::{mark, resolved, seen};
use super::*;
use crate::backend::Ownership;
use crate::cache::Password;

const OBJECT: &str = "13476632-c6fe-483b-bf75-729f819e5f1c";
const SUBNET: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/caches";

/// A mark that differs from that of [`seen`].
fn new_mark() -> Mark {
    Mark { want: "ffffffffffff".to_owned(), ..mark() }
}

#[track_caller]
fn towards(wanted: Value, there: &Observed, mark: &Mark, at_maintenance: bool) -> Vec<Step> {
    let resolved = resolved(wanted);
    let changes = changes(&resolved, there);
    let tags =
        [("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), "res-1".to_owned())];
    let goal =
        Goal::Present { resolved: &resolved, changes: &changes, mark, password: None, tags: &tags, at_maintenance };
    steps(&goal, there)
}

#[track_caller]
fn update(wanted: Value, there: Value) -> Vec<Step> {
    towards(wanted, &seen(there), &new_mark(), false)
}

fn calls(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.call).collect()
}

#[test]
fn an_absent_cache_is_created_in_one_long_call_that_carries_the_mark() {
    let made = towards(json!({"tags": {"team": "a"}}), &Observed::absent("s"), &mark(), false);
    let [create] = made.as_slice() else { panic!("{:?}", calls(&made)) };
    assert_eq!((create.call, create.pace, create.mark.as_ref()), (CREATE, Pace::Long, Some(&mark())));
    assert_eq!(create.fields["tags"], json!({"team": "a"}));
    assert_eq!(create.fields[LASTING], json!({"cache-driver-born": "1700000000"}));
    let iam = json!({"auth": "iam", "azure": {"object_ids": OBJECT, "private_endpoint_subnet_id": SUBNET}});
    let made = towards(iam, &Observed::absent("s"), &mark(), false);
    assert_eq!(made[0].fields[LASTING]["cache-driver-parts"], "accessPolicyAssignment=1 privateEndpoint");
}

#[test]
fn a_creation_makes_one_missing_part_after_the_other() {
    let wanted = json!({"auth": "iam", "azure": {"object_ids": OBJECT, "private_endpoint_subnet_id": SUBNET}});
    let missing = |kind: &str| Observed {
        phase: Phase::Creating,
        missing: vec![(kind.to_owned(), "x".to_owned()), ("privateEndpoint".to_owned(), "y".to_owned())],
        ..seen(json!({}))
    };
    for (kind, call) in [
        ("database", CREATE_DATABASE),
        ("accessPolicyAssignment", ASSIGN),
        ("privateEndpoint", private_endpoint::CREATE),
    ] {
        let made = towards(wanted.clone(), &missing(kind), &mark(), false);
        assert_eq!(calls(&made), [call]);
        assert_eq!((made[0].pace, &made[0].mark), (Pace::Long, &None));
    }
    let waiting = Observed { phase: Phase::Creating, ..seen(json!({})) };
    assert!(towards(wanted, &waiting, &mark(), false).is_empty());
}

#[test]
fn changes_come_in_the_safe_order_and_the_first_carries_the_mark() {
    let wanted = json!({
        "size": "large", "high_availability": true, "eviction_policy": "noeviction",
        "tags": {"team": "a"}, "azure": {"object_ids": OBJECT},
    });
    let made = update(wanted, json!({}));
    assert_eq!(calls(&made), [UPDATE, UPDATE, UPDATE_DATABASE, ASSIGN]);
    assert_eq!((&made[0].fields["sku"], made[0].mark.as_ref()), (&json!("Balanced_B5"), Some(&new_mark())));
    assert_eq!(made[0].fields["tags"], json!({"team": "b"}), "a patch replaces all tags");
    assert_eq!(made[1].fields["tags"], json!({"team": "a"}));
    assert_eq!(made[1].fields["high_availability"], "Enabled");
    assert_eq!(json!(made[2].fields), json!({"eviction_policy": "NoEviction"}));
    assert!(made.iter().all(|step| step.pace == Pace::Long));
}

#[test]
fn a_change_of_the_database_alone_comes_after_the_mark() {
    let made = update(json!({"persistence": "rdb"}), json!({}));
    assert_eq!(calls(&made), [UPDATE, UPDATE_DATABASE]);
    assert_eq!((made[0].pace, made[0].mark.as_ref()), (Pace::Instant, Some(&new_mark())));
    assert_eq!(json!(made[1].fields), json!({"persistence": "rdb", "rdb_frequency": "12h"}));
    let marked = towards(json!({"persistence": "rdb"}), &seen(json!({})), &mark(), false);
    assert_eq!(calls(&marked), [UPDATE_DATABASE], "the mark is there already");
}

#[test]
fn a_cache_is_clustered_before_it_outgrows_what_goes_without() {
    let made = update(json!({"azure": {"sku": "Balanced_B50"}}), json!({}));
    assert_eq!(calls(&made), [UPDATE, UPDATE_DATABASE, UPDATE]);
    assert_eq!(made[1].fields["clustering_policy"], "EnterpriseCluster");
    let clustered = update(json!({"mode": "cluster"}), json!({}));
    assert_eq!(json!(clustered[1].fields), json!({"clustering_policy": "OSSCluster", "mode": "cluster"}));
}

#[test]
fn who_may_connect_is_added_and_taken_away() {
    let other = "00000000-0000-0000-0000-00000000000a";
    let made = update(json!({"azure": {"object_ids": OBJECT}}), json!({"object_ids": [other]}));
    assert_eq!(calls(&made), [UPDATE, ASSIGN, REVOKE]);
    assert_eq!((&made[1].fields["object_id"], &made[2].fields["object_id"]), (&json!(OBJECT), &json!(other)));
}

#[test]
fn interrupting_changes_are_not_made_when_they_should_wait() {
    let wanted = json!({"size": "large", "eviction_policy": "noeviction"});
    assert_eq!(calls(&towards(wanted, &seen(json!({})), &mark(), true)), [UPDATE_DATABASE]);
}

#[test]
fn the_mark_alone_is_one_call_that_keeps_all_tags() {
    let (old, new, there) = (mark(), new_mark(), seen(json!({})));
    let made = steps(&Goal::Marked { mark: &new }, &there);
    let [only] = made.as_slice() else { panic!("{:?}", calls(&made)) };
    assert_eq!((only.call, only.pace, only.mark.as_ref()), (UPDATE, Pace::Instant, Some(&new)));
    assert_eq!(only.fields["tags"], json!({"team": "b"}));
    assert_eq!(only.fields[LASTING], json!({"cache-driver-born": "1700000000"}));
    assert!(steps(&Goal::Marked { mark: &old }, &there).is_empty());
}

#[test]
fn a_rotation_makes_the_idle_key_and_settling_the_other() {
    let secret = SecretString::from("unused");
    let of = |generation, salt: &str| {
        let password = Password { key: "k1".to_owned(), generation, salt: salt.to_owned() };
        Mark { password: Some(password), ..new_mark() }
    };
    // Whatever generations are skipped, the key in use is never the one that is made anew.
    for (before, generation, new, old) in [
        (None, 1, "Secondary", "Primary"),
        (None, 2, "Secondary", "Primary"),
        (Some(of(1, "secondary")), 2, "Primary", "Secondary"),
        (Some(of(1, "secondary")), 3, "Primary", "Secondary"),
        (Some(of(4, "primary")), 6, "Secondary", "Primary"),
    ] {
        let mut there = seen(json!({}));
        if let Some(before) = before {
            there.ownership = Some(Ownership::Marked(Box::new(before)));
        }
        let mark = of(generation, "abcdefghijklmnop");
        let rotated = steps(&Goal::Rotated { mark: &mark, password: &secret }, &there);
        assert_eq!(calls(&rotated), [REGENERATE, UPDATE]);
        assert_eq!((&rotated[0].fields["key_type"], rotated[0].pace), (&json!(new), Pace::Instant));
        let written = of(generation, &new.to_lowercase());
        assert_eq!(rotated[1].mark.as_ref(), Some(&written), "the mark says that it is in use only after it was made");
        let settled = steps(&Goal::Settled { mark: &written, password: &secret }, &there);
        assert_eq!(settled[0].fields["key_type"], old, "never the one in use");
        let done = Observed { ownership: Some(Ownership::Marked(Box::new(written))), ..there };
        assert!(steps(&Goal::Rotated { mark: &mark, password: &secret }, &done).is_empty());
    }
    let mark = of(1, "abcdefghijklmnop");
    let iam = steps(&Goal::Rotated { mark: &mark, password: &secret }, &seen(json!({"auth": "iam"})));
    assert_eq!(calls(&iam), [UPDATE], "without keys there is none to make");
}

#[test]
fn a_removal_takes_the_private_endpoint_first() {
    let goal = Goal::Removed { final_snapshot: None };
    let there = seen(json!({}));
    assert_eq!(calls(&steps(&goal, &there)), [DELETE]);
    let parts = vec![("privateEndpoint".to_owned(), "cache-abc-pe".to_owned())];
    let connected = Observed { parts, ..there.clone() };
    assert_eq!(calls(&steps(&goal, &connected)), [private_endpoint::DELETE, DELETE]);
    assert!(steps(&goal, &Observed { phase: Phase::Deleting, ..there }).is_empty());
    assert!(steps(&goal, &Observed::absent("s")).is_empty());
}
