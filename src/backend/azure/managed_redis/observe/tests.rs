use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::tags::{BORN, PARTS};
use super::*;
use crate::cache::MarkError;

const BORN_AT: i64 = 1_700_000_000;

/// As recorded, with other names.
fn cluster(provisioning: &str, state: &str) -> Value {
    json!({
        "location": "Southeast Asia", "name": "cache-abc",
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redisEnterprise/cache-abc",
        "type": "Microsoft.Cache/redisEnterprise", "kind": "v2",
        "tags": {
            "application": "shop", "managed-by": "cache-driver", "cache-driver-id": "res-1",
            "cache-driver-w": "0123456789ab", "cache-driver-t": BORN_AT.to_string(), "cache-driver-d": "delete",
            BORN: BORN_AT.to_string(),
        },
        "sku": {"name": "Balanced_B0"},
        "properties": {
            "minimumTlsVersion": "1.2", "hostName": "cache-abc.southeastasia.redis.azure.net",
            "provisioningState": provisioning, "resourceState": state, "privateEndpointConnections": [],
            "highAvailability": "Enabled", "redundancyMode": "ZR", "publicNetworkAccess": "Enabled",
        },
        "identity": {"type": "None"},
    })
}

fn database(provisioning: &str, state: &str) -> Value {
    json!({
        "name": "default", "type": "Microsoft.Cache/redisEnterprise/databases",
        "properties": {
            "clientProtocol": "Encrypted", "port": 10000, "provisioningState": provisioning, "resourceState": state,
            "clusteringPolicy": "OSSCluster", "evictionPolicy": "AllKeysLRU", "deferUpgrade": "NotDeferred",
            "redisVersion": "7.4", "accessKeysAuthentication": "Disabled",
        },
    })
}

fn running(database: Option<Value>) -> Seen {
    Seen { cluster: cluster("Succeeded", "Running"), database, assignments: Some(Vec::new()), endpoint: None }
}

fn now() -> Timestamp {
    Timestamp::from_second(BORN_AT + 600).unwrap()
}

fn look(seen: &Seen) -> Observed {
    observed(seen, "s", "cache-abc", now())
}

#[test]
fn a_recorded_cache_is_understood() {
    let seen = look(&running(Some(database("Succeeded", "Running"))));
    assert_eq!((seen.phase, seen.status.as_str()), (Phase::Ready, "Running"));
    let endpoint = seen.endpoint.unwrap();
    assert_eq!((endpoint.host.as_str(), endpoint.port), ("cache-abc.southeastasia.redis.azure.net", 10000));
    for (field, expected) in [
        ("sku", json!("Balanced_B0")),
        ("high_availability", json!("Enabled")),
        ("public_network_access", json!("Enabled")),
        ("mode", json!("cluster")),
        ("clustering_policy", json!("OSSCluster")),
        ("auth", json!("iam")),
        ("tls", json!(true)),
        ("eviction_policy", json!("AllKeysLRU")),
        ("persistence", json!("none")),
        ("port", json!(10000)),
        ("modules", json!([])),
        ("tags", json!({"application": "shop"})),
        ("engine_version", json!("7.4")),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    assert_eq!(seen.created_at.unwrap().as_second(), BORN_AT);
    assert_eq!(seen.parts, [("database".to_owned(), "default".to_owned())]);
    assert!(matches!(seen.ownership, Some(Ownership::Marked(_))));
}

#[test]
fn until_its_database_is_there_a_cluster_is_being_created() {
    let young = Seen { cluster: cluster("Creating", "Creating"), ..Seen::default() };
    assert_eq!((look(&young).phase, look(&young).missing.len()), (Phase::Creating, 0));
    let bare = look(&running(None));
    assert_eq!(
        (bare.phase, &bare.missing, &bare.endpoint),
        (Phase::Creating, &vec![("database".to_owned(), "default".to_owned())], &None)
    );
    let making = look(&running(Some(database("Creating", "Creating"))));
    assert_eq!((making.phase, making.missing.len(), making.endpoint), (Phase::Creating, 0, None));
}

#[test]
fn each_state_is_a_phase_and_an_unknown_one_is_busy() {
    let ready = ("Succeeded", "Running");
    for (of_cluster, of_database, expected) in [
        (ready, ready, Phase::Ready),
        (("Canceled", "Running"), ready, Phase::Ready),
        (("Updating", "Updating"), ready, Phase::Changing),
        (("Updating", "Scaling"), ready, Phase::Changing),
        (("Updating", "Running"), ready, Phase::Changing),
        (ready, ("Updating", "Updating"), Phase::Changing),
        (("Updating", "Moving"), ready, Phase::Busy),
        (("Enchanted", "Running"), ready, Phase::Busy),
        (ready, ("Succeeded", "Enchanted"), Phase::Busy),
        (ready, ("Deleting", "Deleting"), Phase::Busy),
        (("Deleting", "Deleting"), ready, Phase::Deleting),
        (("Failed", "UpdateFailed"), ready, Phase::Failed),
        (("Failed", "ScalingFailed"), ready, Phase::Failed),
        (("Failed", "Running"), ready, Phase::Failed),
        (("Succeeded", "Disabled"), ready, Phase::Failed),
        (ready, ("Failed", "UpdateFailed"), Phase::Failed),
        (ready, ("Failed", "CreateFailed"), Phase::Shell),
        // It holds a database, so it may hold data.
        (("Failed", "CreateFailed"), ready, Phase::Failed),
    ] {
        let seen = Seen {
            cluster: cluster(of_cluster.0, of_cluster.1),
            database: Some(database(of_database.0, of_database.1)),
            ..Seen::default()
        };
        assert_eq!(look(&seen).phase, expected, "{of_cluster:?} {of_database:?}");
    }
}

#[test]
fn only_what_was_never_ready_is_a_shell() {
    let shell = |provisioning: &str, state: &str| Seen { cluster: cluster(provisioning, state), ..Seen::default() };
    for states in [("Failed", "CreateFailed"), ("Failed", "Creating"), ("Failed", "Running"), ("Failed", "")] {
        let seen = look(&shell(states.0, states.1));
        assert_eq!((seen.phase, seen.endpoint), (Phase::Shell, None), "{states:?}: its host name is told all the same");
    }
    let mut changed = shell("Failed", "UpdateFailed");
    changed.cluster["tags"]["cache-driver-t"] = (BORN_AT + 60).to_string().into();
    assert_eq!(look(&changed).phase, Phase::Failed, "something was done to it since");
    let mut foreign = shell("Failed", "Running");
    foreign.cluster["tags"] = json!(null);
    let foreign = look(&foreign);
    assert_eq!((foreign.phase, foreign.ownership), (Phase::Failed, Some(Ownership::Foreign(MarkError::Foreign))));
}

#[test]
fn parts_that_were_wanted_are_part_of_the_creation_and_later_of_a_change() {
    let mut seen = running(Some(database("Succeeded", "Running")));
    seen.cluster["tags"][PARTS] = "accessPolicyAssignment=1 privateEndpoint".into();
    let young = look(&seen);
    assert_eq!((young.phase, young.endpoint), (Phase::Creating, None));
    let kinds: Vec<&str> = young.missing.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["accessPolicyAssignment", "privateEndpoint"]);
    let later = observed(&seen, "s", "cache-abc", Timestamp::from_second(BORN_AT + 7200).unwrap());
    assert_eq!((later.phase, later.missing.len()), (Phase::Ready, 0));
    assert_eq!(later.fields["private_endpoint_subnet_id"], "");
}

#[test]
fn a_part_that_an_update_adds_makes_no_creation_of_it() {
    let mut seen = running(Some(database("Succeeded", "Running")));
    seen.cluster["tags"][PARTS] = "privateEndpoint".into();
    seen.cluster["tags"]["cache-driver-t"] = (BORN_AT + 300).to_string().into();
    let seen = look(&seen);
    assert_eq!((seen.phase, seen.missing.len()), (Phase::Ready, 0));
    assert!(seen.endpoint.is_some());
}
