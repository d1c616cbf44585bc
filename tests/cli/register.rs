//! `register`.

use serde_json::{Value, json};

use crate::run;

const URL: &str = "https://drivers.example.com/s3cret";

#[tokio::test]
async fn the_driver_is_what_the_orchestrator_asks_for() {
    let told = run(&["register", "--url", URL], &[], "").await;
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let driver: Value = serde_json::from_str(&told.out).unwrap();
    let keys: Vec<&str> = driver.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["account_types", "id", "inputs_schema", "target", "type"]);
    assert_eq!((&driver["id"], &driver["type"]), (&json!("cache-driver-redis"), &json!("redis")));
    assert_eq!(driver["target"], format!("{URL}/redis/"));
    assert!(jsonschema::meta::is_valid(&driver["inputs_schema"]));
    let takes = jsonschema::validator_for(&driver["inputs_schema"]).unwrap();
    assert!(takes.is_valid(&json!({"values": {"size": "small", "replicas": "2"}, "secrets": {}})));
    assert!(!takes.is_valid(&json!({"values": {"sice": "small"}, "secrets": {}})));
}

#[tokio::test]
async fn accounts_are_of_the_clouds_that_the_route_can_use() {
    let environment = [
        ("CACHE_DRIVER__PROVIDERS__AWS__ENABLED", "true"),
        ("CACHE_DRIVER__PROVIDERS__GCP__ENABLED", "true"),
        ("CACHE_DRIVER__ROUTES__VALKEY__RESOURCE_TYPE", "my-org/valkey"),
        ("CACHE_DRIVER__ROUTES__VALKEY__PROVIDER", "gcp"),
        ("CACHE_DRIVER__ROUTES__REDIS__RESOURCE_TYPE", "redis"),
    ];
    for (route, kind, types) in [
        ("valkey", "my-org/valkey", json!(["gcp", "gcp-identity"])),
        ("redis", "redis", json!(["aws", "aws-role", "gcp", "gcp-identity"])),
    ] {
        let told = run(&["register", "--url", URL, "--route", route], &environment, "").await;
        let driver: Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!((&driver["type"], &driver["account_types"]), (&json!(kind), &types));
    }
    let told = run(&["register", "--url", URL], &environment, "").await;
    assert_eq!((told.code, told.out.as_str()), (2, ""));
    assert!(told.err.contains("redis, valkey"), "{}", told.err);
}

#[tokio::test]
async fn a_definition_passes_on_placeholders_and_terraform_leaves_them_alone() {
    let account = "${resources['config.default#aws-account'].account}";
    let args = ["register", "--url", URL, "--env-type", "production", "--account", account, "--format"];
    let definition = run(&[&args[..], &["definition"]].concat(), &[], "").await.out;
    for line in [
        "  driver_type: \"my-org/cache-driver-redis\"",
        "  driver_account: \"${resources['config.default#aws-account'].account}\"",
        "        app: \"${context.app.id}\"",
        "    - {\"env_type\":\"production\"}",
    ] {
        assert!(definition.lines().any(|told| told == line), "{line} in\n{definition}");
    }
    let terraform = run(&[&args[..], &["terraform"]].concat(), &[], "").await.out;
    assert!(
        terraform.contains("driver_account = \"$${resources['config.default#aws-account'].account}\""),
        "{terraform}"
    );
    assert!(terraform.contains("\"app\": \"$${context.app.id}\""));
    let templates = terraform.replace("$${", "").matches("${").count();
    assert_eq!(templates, 1, "only the driver's own id is a template");
}

#[tokio::test]
async fn what_cannot_be_registered_ends_with_two() {
    for (args, told) in [
        (vec!["--url", "drivers.example.com"], "--url"),
        (vec!["--url", "ftp://drivers.example.com"], "http or https"),
        (vec!["--url", "https://u:CANARY@drivers.example.com"], "user and password"),
        (vec!["--url", URL, "--route", "rediss"], "no route is called `rediss`; there are: redis"),
        (vec!["--url", URL, "--format", "xml"], "xml"),
        (vec![], "--url"),
    ] {
        let ended = run(&[&["register"][..], &args].concat(), &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(told) && !ended.err.contains("CANARY"), "{args:?}: {}", ended.err);
    }
}
