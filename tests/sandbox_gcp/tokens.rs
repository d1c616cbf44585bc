//! OAuth tokens, and the users and tokens of token authentication.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{CLUSTER, Cloud, PLACE, Product, VALKEY, cluster, valkey};

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(claims))
}

fn form(assertion: &str) -> String {
    format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}")
}

#[tokio::test]
async fn a_signed_jwt_is_exchanged_for_a_token() {
    let cloud = Cloud::start().await;
    let claims = json!({ "iss": "someone@sample-project.iam.gserviceaccount.com", "scope": "a-scope", "aud": "x" });
    let token = cloud.token(&form(&jwt(&claims))).await.ok();
    assert!(token["access_token"].as_str().unwrap().starts_with("ya29.sandbox-"));
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(3599)));
    for garbage in ["", "a.b.c", "nonsense"] {
        let refused = cloud.token(&form(garbage)).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_grant")));
        assert!(refused.body["error_description"].is_string());
    }
    assert_eq!(cloud.token("grant_type=password").await.body["error"], "unsupported_grant_type");
    cloud.fault(json!([{ "kind": "access_denied", "action": "oauth.token" }]));
    assert_eq!(cloud.token(&form(&jwt(&claims))).await.body["error"], "invalid_grant");
    assert_eq!(cloud.count("oauth.token"), 6);
}

#[tokio::test]
async fn tokens_can_be_refused_one_by_one_or_all() {
    let cloud = Cloud::start().await;
    let path = VALKEY.collection();
    let claims = json!({ "iss": "someone@sample-project.iam.gserviceaccount.com", "scope": "a-scope" });
    cloud.mutate(json!({ "op": "refuse_tokens", "token": "one" })).await;
    let refused = cloud.get_as("one", &path).await;
    assert_eq!((refused.error().0, refused.error().1), (401, "UNAUTHENTICATED"));
    assert_eq!(refused.detail("ErrorInfo")["reason"], "ACCESS_TOKEN_EXPIRED");
    cloud.get_as("two", &path).await.ok();
    cloud.mutate(json!({ "op": "refuse_tokens" })).await;
    assert_eq!(cloud.get_as("two", &path).await.status, 401);
    let token = cloud.token(&form(&jwt(&claims))).await.ok();
    cloud.get_as(token["access_token"].as_str().unwrap(), &path).await.ok();
    cloud.mutate(json!({ "op": "accept_tokens" })).await;
    cloud.get_as("one", &path).await.ok();
}

async fn settled(cloud: &Cloud, product: &Product, operation: &Value) -> Value {
    cloud.minutes(1);
    let done = cloud.operation(product, operation).await;
    assert_eq!(done["done"], true);
    done["response"].clone()
}

#[tokio::test]
async fn users_get_tokens_that_the_service_makes() {
    let cloud = Cloud::start().await;
    let (mut one, mut other) = (valkey(), cluster());
    one["authorizationMode"] = "TOKEN_AUTH".into();
    other["authorizationMode"] = "AUTH_MODE_TOKEN_AUTH".into();
    for (product, body) in [(&VALKEY, one), (&CLUSTER, other)] {
        cloud.ready(product, "sample", &body).await;
        let instance = product.path("sample");
        let add = json!({ "tokenAuthUser": "app" });
        let operation = cloud.post(&format!("{instance}:addTokenAuthUser"), &add).await.ok();
        let response = settled(&cloud, product, &operation).await;
        assert!(response["name"].as_str().unwrap().starts_with(PLACE));
        let again = cloud.post(&format!("{instance}:addTokenAuthUser"), &add).await;
        assert_eq!(again.error().1, "ALREADY_EXISTS");

        let user = format!("{instance}/tokenAuthUsers/app");
        assert_eq!(cloud.get(&user).await.ok()["state"], "ACTIVE");
        let operation = cloud.post(&format!("{user}:addAuthToken"), &json!({ "authToken": {} })).await.ok();
        assert_eq!(settled(&cloud, product, &operation).await["state"], "ACTIVE");
        let tokens = cloud.get(&format!("{user}/authTokens")).await.ok();
        let token = &tokens["authTokens"][0];
        assert!(token["token"].as_str().unwrap().len() > 30);
        let token_path = format!("{}/v1/{}", product.service, token["name"].as_str().unwrap());
        assert_eq!(cloud.get(&token_path).await.ok()["token"], token["token"]);

        assert_eq!(cloud.delete(&user).await.error().1, "FAILED_PRECONDITION");
        let operation = cloud.delete(&token_path).await.ok();
        settled(&cloud, product, &operation).await;
        assert_eq!(cloud.get(&token_path).await.error().0, 404);
        let operation = cloud.delete(&format!("{user}?force=true")).await.ok();
        settled(&cloud, product, &operation).await;
        assert_eq!(cloud.get(&format!("{instance}/tokenAuthUsers")).await.ok(), json!({}));
    }
    assert_eq!(cloud.count("memorystore.instances.tokenAuthUsers.addAuthToken"), 1);
    assert_eq!(cloud.count("redis.clusters.addTokenAuthUser"), 2);
}

#[tokio::test]
async fn without_token_authentication_there_are_no_users() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &valkey()).await;
    let path = format!("{}:addTokenAuthUser", VALKEY.path("sample"));
    assert_eq!(cloud.post(&path, &json!({ "tokenAuthUser": "app" })).await.error().1, "FAILED_PRECONDITION");
}
