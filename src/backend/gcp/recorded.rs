//! What was recorded of Google, through the eyes of this client.

use serde_json::Value;

use super::collection::Collection;
use super::error::refused;
use super::operations::judge;
use super::remedy::About;
use super::status::Status;
use crate::backend::Kind;

const PROJECT: &str = "example-project";

fn about(collection: Collection) -> About<'static> {
    About { collection, project: PROJECT, location: "europe-west3", network: None }
}

/// One of `tests/fixtures/gcp`.
fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/gcp/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn status(recorded: &Value) -> Status {
    let http = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
    Status::of_answer(http, recorded["body"].to_string().as_bytes()).unwrap()
}

#[test]
fn each_recorded_refusal_is_of_its_kind_and_says_what_to_do() {
    let (redis, valkey, memcached) = (Collection::Redis, Collection::Valkey, Collection::Memcached);
    for (name, collection, operation, kind, code, part, hint) in [
        ("already_exists", redis, "redis.instances.create", Kind::Taken, "ALREADY_EXISTS", "example-redis", ""),
        (
            "bad_request_java_tail",
            redis,
            "redis.instances.create",
            Kind::Refused,
            "INVALID_ARGUMENT",
            "(instance.authorized_network: Invalid value: projects/other-project/",
            "",
        ),
        (
            "permission_denied",
            redis,
            "redis.instances.getAuthString",
            Kind::Credentials,
            "PERMISSION_DENIED/IAM_PERMISSION_DENIED",
            "redis.instances.getAuthString",
            "lacks redis.instances.getAuthString: run `gcloud projects add-iam-policy-binding example-project ",
        ),
        (
            "quota_exceeded",
            memcached,
            "memcache.instances.create",
            Kind::Unavailable,
            "RESOURCE_EXHAUSTED/RATE_LIMIT_EXCEEDED",
            "Mutate requests per minute",
            "",
        ),
        (
            "service_disabled",
            valkey,
            "memorystore.instances.get",
            Kind::Prerequisite,
            "PERMISSION_DENIED/SERVICE_DISABLED",
            "has not been used in project 100000000001",
            "gcloud services enable memorystore.googleapis.com --project=100000000001` or open https://console.",
        ),
        (
            "valkey_one_update_at_a_time",
            valkey,
            "memorystore.instances.patch",
            Kind::Busy,
            "INVALID_ARGUMENT",
            "ongoing update request",
            "",
        ),
    ] {
        let error = refused(operation, &status(&fixture(name)), &about(collection), None);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(part) && !error.message.contains("StatusException"), "{error}");
        assert_eq!(error.cause.unwrap().code.as_deref(), Some(code));
        assert!(error.hint.unwrap_or_default().contains(hint), "{hint}");
    }
}

#[test]
fn the_recorded_absence_is_one() {
    assert!(status(&fixture("redis_cluster_not_found")).is_not_found());
}

#[test]
fn of_the_recorded_operations_one_failed() {
    let operations = ["redis_operation_running", "redis_operation_response", "redis_operation_error"]
        .map(|name| fixture(name)["body"].clone());
    let name = format!("projects/{PROJECT}/locations/europe-west3/instances/example-redis");
    let since = "2026-01-01T00:00:00Z".parse().unwrap();
    let diagnosis = judge(&operations, &name, since, &about(Collection::Redis));
    assert_eq!(diagnosis.kind, Some(Kind::Capacity));
    assert!(diagnosis.cause.unwrap().starts_with("RESOURCE_EXHAUSTED: Unable to create instance."));
    assert_eq!(diagnosis.events.len(), 3, "{:?}", diagnosis.events);
}
