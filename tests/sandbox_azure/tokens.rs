//! Tokens.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answered, Cloud};

const TENANT: &str = "99999999-8888-7777-6666-555555555555";

async fn ask(cloud: &Cloud, form: &[(&str, &str)]) -> Answered {
    let body = form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let request = cloud.request(Method::POST, &format!("/{TENANT}/oauth2/v2.0/token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    cloud.send(request).await
}

const ASKED: [(&str, &str); 4] = [
    ("grant_type", "client_credentials"),
    ("client_id", "app-1"),
    ("client_secret", "synthetic"),
    ("scope", "https%3A%2F%2Fmanagement.azure.com%2F.default"),
];

#[tokio::test]
async fn a_client_with_a_secret_or_an_assertion_gets_a_token() {
    let cloud = Cloud::start().await;
    let answer = ask(&cloud, &ASKED).await;
    assert_eq!(
        (answer.status, &answer.body["token_type"], &answer.body["expires_in"]),
        (200, &json!("Bearer"), &json!(3599))
    );
    assert_eq!(answer.body["access_token"].as_str().unwrap().split('.').count(), 3);
    let mut assertion = ASKED;
    assertion[2] = ("client_assertion", "a.b.c");
    assert_eq!(ask(&cloud, &assertion).await.status, 200);
    assert_eq!(cloud.count("entra.token"), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_told_in_the_words_of_entra() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({"op": "wrong_secret", "client_id": "app-1"})).await;
    let refused = ask(&cloud, &ASKED).await;
    assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_client")));
    assert_eq!(refused.body["error_codes"], json!([7_000_215]));
    let text = refused.body["error_description"].as_str().unwrap();
    assert!(text.starts_with("AADSTS7000215: Invalid client secret provided."), "{text}");
    assert!(!text.contains("synthetic"));
    cloud.mutate(json!({"op": "restore", "name": "app-1"})).await;
    assert_eq!(ask(&cloud, &ASKED).await.status, 200);
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_refused() {
    let cloud = Cloud::start().await;
    for (left_out, status, code) in [(0, 400, 900_144), (1, 400, 900_144), (2, 401, 7_000_218), (3, 400, 900_144)] {
        let form: Vec<_> = ASKED.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, pair)| *pair).collect();
        let refused = ask(&cloud, &form).await;
        assert_eq!((refused.status, &refused.body["error_codes"]), (status, &json!([code])), "{left_out}");
    }
    cloud.mutate(json!({"op": "remove_prerequisite", "name": TENANT})).await;
    let refused = ask(&cloud, &ASKED).await;
    assert_eq!((refused.status, &refused.body["error_codes"]), (400, &json!([90_002])));
    cloud.fault(
        json!([{"kind": "http", "status": 503, "action": "entra.token"}, {"kind": "throttle", "service": "entra"}]),
    );
    assert_eq!(ask(&cloud, &ASKED).await.body["error"], "server_error");
    assert_eq!(ask(&cloud, &ASKED).await.status, 429);
}

#[tokio::test]
async fn clients_find_out_where_to_ask() {
    let cloud = Cloud::start().await;
    let read = async |path: &str| -> Value { cloud.follow(&format!("{}{path}", cloud.running.url())).await.body };
    let configuration = read(&format!("/{TENANT}/v2.0/.well-known/openid-configuration")).await;
    assert_eq!(configuration["token_endpoint"], format!("{}/{TENANT}/oauth2/v2.0/token", cloud.running.url()));
    let discovery =
        read("/common/discovery/instance?api-version=1.1&authorization_endpoint=https://h/t/oauth2/v2.0/authorize");
    let endpoint = discovery.await["tenant_discovery_endpoint"].as_str().unwrap().to_owned();
    assert!(endpoint.ends_with("/t/v2.0/.well-known/openid-configuration"), "{endpoint}");
}

#[tokio::test]
async fn a_machine_asks_its_metadata_service() {
    let cloud = Cloud::start().await;
    let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/";
    let refused = cloud.send(cloud.request(Method::GET, path)).await;
    assert_eq!(refused.status, 400, "the header is missing");
    let answer = cloud.send(cloud.request(Method::GET, path).header("Metadata", "true")).await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &json!("Bearer")));
    assert!(answer.body["expires_on"].as_str().unwrap().parse::<u64>().is_ok(), "numbers are text there");
}
