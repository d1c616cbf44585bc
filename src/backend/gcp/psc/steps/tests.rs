use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::changes::changes;
use super::super::convert;
use super::super::fixtures::{CLUSTER, VALKEY, cluster, instance, mark, resolved, seen};
use super::*;
use crate::backend::Ownership;
use crate::cache::Password;

/// Mask and body of each step of an update.
#[track_caller]
fn patches(dialect: &Dialect, wanted: Value, there: &Observed, new: &Mark) -> Vec<(&'static str, Value)> {
    let wanted = resolved(dialect, wanted);
    let changes = changes(&wanted, there);
    let goal = present(&wanted, &changes, new);
    let steps = steps(dialect, &goal, there);
    assert!(steps.iter().all(|step| step.call == dialect.calls.patch && step.pace == Pace::Long));
    steps.iter().map(|step| convert::change(dialect, &step.fields).unwrap()).collect()
}

fn present<'a>(resolved: &'a Resolved, changes: &'a [Change], mark: &'a Mark) -> Goal<'a> {
    Goal::Present { resolved, changes, mark, password: None, tags: &[], at_maintenance: false }
}

fn names(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.call.rsplit('.').next().unwrap()).collect()
}

fn with_tokens(mut seen: Observed, tokens: &[&str]) -> Observed {
    seen.parts.retain(|(kind, _)| kind != tokens::TOKEN_KIND);
    seen.parts.extend(tokens.iter().map(|token| (tokens::TOKEN_KIND.to_owned(), (*token).to_owned())));
    seen
}

fn marked(mark: &Mark, seen: Observed) -> Observed {
    Observed { ownership: Some(Ownership::Marked(Box::new(mark.clone()))), ..seen }
}

#[test]
fn a_creation_says_everything_that_is_off_by_default() {
    let wanted = resolved(VALKEY, json!({"gcp": {"network": "main"}, "backup": {"days": 2}, "persistence": "rdb"}));
    let mark = mark();
    let [create] = steps(VALKEY, &present(&wanted, &[], &mark), &Observed::absent("my-project")).try_into().unwrap();
    assert_eq!(
        (create.call, create.pace, create.mark.as_ref()),
        ("memorystore.instances.create", Pace::Long, Some(&mark))
    );
    let mut body = convert::creation(VALKEY, &create.fields, "my-project");
    assert!(body.as_object_mut().unwrap().remove("labels").is_some());
    let connection = json!({
        "pscAutoConnection": {"projectId": "my-project", "network": "projects/my-project/global/networks/main"},
    });
    assert_eq!(
        body,
        json!({
            "mode": "CLUSTER_DISABLED", "shardCount": 1, "replicaCount": 0, "nodeType": "SHARED_CORE_NANO",
            "engineVersion": "VALKEY_8_0", "authorizationMode": "TOKEN_AUTH",
            "transitEncryptionMode": "SERVER_AUTHENTICATION", "zoneDistributionConfig": {"mode": "MULTI_ZONE"},
            "persistenceConfig": {"mode": "RDB", "rdbConfig": {"rdbSnapshotPeriod": "TWENTY_FOUR_HOURS"}},
            "automatedBackupConfig": {
                "automatedBackupMode": "ENABLED", "fixedFrequencySchedule": {"startTime": {"hours": 3}},
                "retention": "172800s",
            },
            "deletionProtectionEnabled": false, "endpoints": [{"connections": [connection]}],
        })
    );
}

#[test]
fn a_cluster_is_created_in_its_own_words() {
    let wanted = resolved(
        CLUSTER,
        json!({
            "mode": "cluster", "shards": 3, "auth": "none", "tls": false, "persistence": "aof", "eviction_policy": "noeviction",
            "maintenance_window": "sat:22:00-sat:23:00", "restore_from": "gs://bucket/dump.rdb",
            "encryption_key": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k",
            "gcp": {"zone": "europe-west3-b"},
        }),
    );
    let mut body = convert::creation(CLUSTER, &wanted.fields, "my-project");
    body.as_object_mut().unwrap().remove("labels");
    assert_eq!(
        body,
        json!({
            "shardCount": 3, "replicaCount": 0, "nodeType": "REDIS_SHARED_CORE_NANO",
            "authorizationMode": "AUTH_MODE_DISABLED", "transitEncryptionMode": "TRANSIT_ENCRYPTION_MODE_DISABLED",
            "zoneDistributionConfig": {"mode": "SINGLE_ZONE", "zone": "europe-west3-b"},
            "persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERYSEC"}},
            "redisConfigs": {"maxmemory-policy": "noeviction"}, "gcsSource": {"uris": ["gs://bucket/dump.rdb"]},
            "kmsKey": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k",
            "maintenancePolicy": {"weeklyMaintenanceWindow": [{"day": "SATURDAY", "startTime": {"hours": 22}}]},
            "deletionProtectionEnabled": false,
            "pscConfigs": [{"network": "projects/my-project/global/networks/default"}],
        })
    );
    let shared = resolved(CLUSTER, json!({"gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}}));
    let body = convert::creation(CLUSTER, &shared.fields, "my-project");
    assert_eq!(body["serverCaMode"], "SERVER_CA_MODE_GOOGLE_MANAGED_SHARED_CA");
}

#[test]
fn each_patch_has_one_path_and_the_mark_goes_first() {
    let there = seen(VALKEY, instance(json!({"mode": "CLUSTER", "replicaCount": 2, "shardCount": 2})));
    let new = Mark { want: "ffffffffffff".to_owned(), ..mark() };
    let wanted = json!({
        "mode": "cluster", "shards": 4, "replicas": 1, "size": "large", "version": "9.0",
        "persistence": "rdb", "backup": {"days": 3}, "maintenance_window": "mon:01:00-mon:02:00",
        "eviction_policy": "allkeys-lru", "deletion_protection": true,
    });
    let patches = patches(VALKEY, wanted, &there, &new);
    let masks: Vec<&str> = patches.iter().map(|(mask, _)| *mask).collect();
    assert_eq!(
        masks,
        [
            "labels",
            "deletionProtectionEnabled",
            "nodeType",
            "shardCount",
            "engineVersion",
            "engineConfigs",
            "persistenceConfig",
            "automatedBackupConfig",
            "maintenancePolicy",
            "replicaCount",
        ]
    );
    for (mask, body) in &patches {
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), [mask], "{body}");
    }
    assert_eq!(patches[4].1, json!({"engineVersion": "VALKEY_9_0"}));
    assert_eq!(patches[6].1["persistenceConfig"]["mode"], "RDB");
}

#[test]
fn a_size_is_noted_once_the_cache_has_it() {
    let (small, large) = (instance(json!({})), instance(json!({"nodeType": "STANDARD_SMALL"})));
    let wanted = resolved(VALKEY, json!({"size": "large"}));
    let new = Mark { want: "ffffffffffff".to_owned(), capacity: Some("large".to_owned()), ..mark() };
    let plan = |there: &Observed| steps(VALKEY, &present(&wanted, &changes(&wanted, there), &new), there);
    let first = plan(&seen(VALKEY, small.clone()));
    let noted = Mark { capacity: None, ..new.clone() };
    assert_eq!((names(&first), first[0].mark.as_ref()), (vec!["patch", "patch"], Some(&noted)));
    let second = plan(&marked(&noted, seen(VALKEY, small)));
    assert!(second.len() == 1 && second[0].fields.contains_key("node_type"), "{second:?}");
    let third = plan(&marked(&noted, seen(VALKEY, large.clone())));
    assert_eq!((third.len(), third[0].mark.as_ref()), (1, Some(&new)));
    assert!(plan(&marked(&new, seen(VALKEY, large))).is_empty());
}

#[test]
fn what_grows_comes_before_what_shrinks() {
    let there =
        || instance(json!({"mode": "CLUSTER", "replicaCount": 1, "shardCount": 6, "deletionProtectionEnabled": true}));
    let new = mark();
    let up = json!({"mode": "cluster", "shards": 2, "replicas": 2, "size": "xlarge", "deletion_protection": false});
    let masks = |wanted: Value, there: Value| -> Vec<&'static str> {
        patches(VALKEY, wanted, &seen(VALKEY, there), &new).into_iter().map(|(mask, _)| mask).collect()
    };
    assert_eq!(masks(up, there()), ["nodeType", "replicaCount", "shardCount", "deletionProtectionEnabled"]);
    let mut large = there();
    large["nodeType"] = "HIGHMEM_XLARGE".into();
    let down = json!({"mode": "cluster", "shards": 9, "replicas": 0, "size": "small"});
    assert_eq!(masks(down, large), ["shardCount", "replicaCount", "nodeType"]);
}

#[test]
fn a_path_keeps_what_does_not_change_in_it() {
    let there = instance(json!({
        "automatedBackupConfig": {
            "automatedBackupMode": "ENABLED", "fixedFrequencySchedule": {"startTime": {"hours": 5}}, "retention": "86400s",
        },
        "persistenceConfig": {"mode": "RDB", "rdbConfig": {"rdbSnapshotPeriod": "SIX_HOURS"}},
    }));
    let wanted = json!({"backup": {"days": 3}, "persistence": "aof"});
    let patches = patches(VALKEY, wanted, &seen(VALKEY, there), &mark());
    assert_eq!(
        patches,
        [
            (
                "persistenceConfig",
                json!({"persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}}})
            ),
            (
                "automatedBackupConfig",
                json!({"automatedBackupConfig": {
                    "automatedBackupMode": "ENABLED", "fixedFrequencySchedule": {"startTime": {"hours": 5}},
                    "retention": "259200s",
                }})
            ),
        ]
    );
}

#[test]
fn what_cannot_be_changed_is_not_sent() {
    let (wanted, there) =
        (resolved(VALKEY, json!({"tls": false, "version": "7.2"})), seen(VALKEY, instance(json!({}))));
    let changes = changes(&wanted, &there);
    assert_eq!(changes.len(), 2);
    assert!(steps(VALKEY, &present(&wanted, &changes, &mark()), &there).is_empty());
}

#[test]
fn what_a_new_cache_lacks_is_made_one_by_one() {
    let wanted = resolved(CLUSTER, json!({}));
    let mut there = Observed { phase: Phase::Creating, endpoint: None, ..seen(CLUSTER, cluster(json!({}))) };
    let (user, token) =
        ((tokens::USER_KIND.to_owned(), "default".to_owned()), (tokens::TOKEN_KIND.to_owned(), "default".to_owned()));
    for (missing, expected) in
        [(vec![user, token.clone()], vec!["addTokenAuthUser"]), (vec![token], vec!["addAuthToken"]), (vec![], vec![])]
    {
        there.missing = missing;
        let steps = steps(CLUSTER, &present(&wanted, &[], &mark()), &there);
        assert_eq!(names(&steps), expected);
        assert!(steps.iter().all(|step| step.pace == Pace::Long));
    }
}

/// The mark of a generation: as the driver wants it, or with the token that it names in place of the salt.
fn generation(number: u32, salt: &str, settles: bool) -> Mark {
    let password = Some(Password { key: "k1".to_owned(), generation: number, salt: salt.to_owned() });
    let intent = settles.then(|| Intent::Settle(jiff::Timestamp::from_second(1_800_000_000).unwrap()));
    Mark { want: format!("{number:012}"), password, intent, ..mark() }
}

#[test]
fn a_rotation_makes_a_token_and_then_names_it() {
    let password = SecretString::from("of no use here");
    let new = generation(1, "abcdefghijklmnop", true);
    let there = seen(VALKEY, instance(json!({})));
    let rotated = Goal::Rotated { mark: &new, password: &password };
    assert_eq!(names(&steps(VALKEY, &rotated, &there)), ["addAuthToken"], "its id is not known before");
    let both = with_tokens(there.clone(), &["t1", "t2"]);
    let named = steps(VALKEY, &rotated, &both);
    let written = generation(1, "t2", true);
    assert_eq!((names(&named), named[0].mark.as_ref()), (vec!["patch"], Some(&written)));
    assert!(steps(VALKEY, &rotated, &marked(&written, both.clone())).is_empty());

    let end = Mark { intent: None, ..written.clone() };
    let settled = Goal::Settled { mark: &end, password: &password };
    let half = steps(VALKEY, &settled, &marked(&written, both.clone()));
    assert_eq!(names(&half), ["delete", "patch"]);
    assert_eq!(half[0].fields["token"], "t1", "the older one");
    assert_eq!(names(&steps(VALKEY, &settled, &marked(&written, with_tokens(there, &["t2"])))), ["patch"]);
    assert!(steps(VALKEY, &settled, &marked(&end, both)).is_empty());
}

#[test]
fn of_tokens_that_were_made_at_once_all_name_the_same() {
    let password = SecretString::from("of no use here");
    let there = seen(VALKEY, instance(json!({})));
    let next = generation(2, "abcdefghijklmnop", true);
    let rotated = Goal::Rotated { mark: &next, password: &password };
    // The mark before, the tokens, and which of them is the new one.
    for (before, tokens, new) in [
        (mark(), &["t1", "t2", "t3"][..], "t2"),
        (generation(1, "t2", false), &["t2", "t3", "t4"], "t3"),
        (generation(1, "t2", false), &["t1", "t2", "t3"], "t3"),
    ] {
        let steps = steps(VALKEY, &rotated, &marked(&before, with_tokens(there.clone(), tokens)));
        assert_eq!(steps[0].mark, Some(generation(2, new, true)), "{tokens:?}");
    }
    let end = generation(2, "t2", false);
    let all = marked(&generation(2, "t2", true), with_tokens(there.clone(), &["t1", "t2", "t3"]));
    let settled = steps(VALKEY, &Goal::Settled { mark: &end, password: &password }, &all);
    let gone: Vec<_> = settled.iter().filter_map(|step| step.fields.get("token")).collect();
    assert_eq!(gone, ["t1", "t3"], "all but the one in use");
    // What is in use is the newest: what is left before it is no new one.
    let left = marked(&generation(1, "t2", false), with_tokens(there, &["t1", "t2"]));
    let room = steps(VALKEY, &rotated, &left);
    assert_eq!((names(&room), &room[0].fields["token"]), (vec!["delete"], &json!("t1")));
}

#[test]
fn a_rotation_ends_the_one_before_it_first() {
    let password = SecretString::from("of no use here");
    let open = generation(1, "t2", true);
    let new = generation(2, "abcdefghijklmnop", true);
    let goal = Goal::Rotated { mark: &new, password: &password };
    let there = seen(VALKEY, instance(json!({})));
    let both = steps(VALKEY, &goal, &marked(&open, with_tokens(there.clone(), &["t1", "t2"])));
    assert_eq!(names(&both), ["delete", "patch"]);
    let one = steps(VALKEY, &goal, &marked(&open, with_tokens(there.clone(), &["t2"])));
    assert_eq!(names(&one), ["patch"]);
    let settled = generation(1, "t2", false);
    assert_eq!(one[0].mark.as_ref(), Some(&settled), "the earlier mark, settled");
    assert_eq!(names(&steps(VALKEY, &goal, &marked(&settled, with_tokens(there, &["t2"])))), ["addAuthToken"]);
}

#[test]
fn a_token_that_was_lost_is_made_again_after_the_mark_and_before_all_else() {
    let there = json!({"createTime": "2026-03-20T11:00:00Z"});
    for (lost, call) in [("no user", "addTokenAuthUser"), ("no token", "addAuthToken")] {
        let mut there = with_tokens(seen(VALKEY, instance(there.clone())), &[]);
        there.fields.insert(tokens::LOST.to_owned(), lost.into());
        let wanted = resolved(VALKEY, json!({"replicas": 1}));
        let found = changes(&wanted, &there);
        let new = Mark { want: "ffffffffffff".to_owned(), ..mark() };
        assert_eq!(names(&steps(VALKEY, &present(&wanted, &found, &new), &there)), ["patch", call, "patch"]);
        let going_on = marked(&new, there);
        assert_eq!(names(&steps(VALKEY, &present(&wanted, &found, &new), &going_on)), [call, "patch"]);
    }
}

#[test]
fn protection_is_lifted_before_the_removal() {
    let plain = seen(VALKEY, instance(json!({})));
    let protected = seen(VALKEY, instance(json!({"deletionProtectionEnabled": true})));
    let remove = Goal::Removed { final_snapshot: None };
    assert_eq!(names(&steps(VALKEY, &remove, &plain)), ["delete"]);
    let lifted = steps(VALKEY, &remove, &protected);
    assert_eq!(names(&lifted), ["patch", "delete"]);
    let patch = convert::change(VALKEY, &lifted[0].fields).unwrap();
    assert_eq!(patch, ("deletionProtectionEnabled", json!({"deletionProtectionEnabled": false})));
    for phase in [Phase::Deleting, Phase::Absent] {
        assert!(steps(VALKEY, &remove, &Observed { phase, ..protected.clone() }).is_empty());
    }
}

#[test]
fn a_final_backup_is_asked_for_and_waited_for() {
    let there = seen(CLUSTER, cluster(json!({})));
    let remove = Goal::Removed { final_snapshot: Some("last-words".to_owned()) };
    let last = steps(CLUSTER, &remove, &there);
    assert_eq!(names(&last), ["backup", "delete"]);
    assert_eq!((last[0].pace, last[1].pace), (Pace::Instant, Pace::Long));
    assert!(last.iter().all(|step| step.fields["final_snapshot"] == "last-words"));
    let shell = Observed { phase: Phase::Shell, ..there };
    assert_eq!(names(&steps(CLUSTER, &remove, &shell)), ["delete"]);
}

#[test]
fn the_mark_alone_is_one_call_and_written_once() {
    let there = seen(VALKEY, instance(json!({"labels": {"team": "shop"}})));
    let first = mark();
    assert!(steps(VALKEY, &Goal::Marked { mark: &first }, &there).is_empty());
    let retired = Mark { adopted: true, ..first };
    let [step] = steps(VALKEY, &Goal::Marked { mark: &retired }, &there).try_into().unwrap();
    assert_eq!(step.mark.as_ref(), Some(&retired));
    assert_eq!(step.fields["labels"]["team"], "shop", "what others wrote stays");
}
