//! Tokens: what Entra, and the metadata service of a machine, are asked for. Any credentials will do, unless a test says otherwise.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::context::Context;
use super::random::{self, RequestIds};
use super::reply::Reply;
use super::time;
use crate::clock::Timestamp;

/// Seconds that a token lives.
const LIFE: i64 = 3599;
/// Seconds that a machine's token lives.
const MACHINE_LIFE: i64 = 86_399;

/// An error of Entra, which has its own shape.
pub(super) fn error(status: u16, error: &str, code: u32, text: &str, ids: &RequestIds, now: Timestamp) -> Reply {
    let (trace, correlation, at) = (&ids.request, &ids.correlation, time::entra(now));
    Reply::new(
        status,
        json!({
            "error": error,
            "error_description":
                format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"),
            "error_codes": [code],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        }),
    )
}

/// `POST /{tenant}/oauth2/v2.0/token` with `client_credentials`.
pub(super) fn token(ctx: &Context<'_>, tenant: &str, ids: &RequestIds) -> Reply {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&ctx.request.body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let refuse = |status, kind, code, text: &str| error(status, kind, code, text, ids, ctx.now);
    let missing = |name| {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        refuse(400, "invalid_request", 900_144, &text)
    };
    if ctx.state.missing.lacks(tenant) {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        );
        return refuse(400, "invalid_request", 90_002, &text);
    }
    match field("grant_type") {
        Some("client_credentials") => {}
        None => return missing("grant_type"),
        Some(other) => {
            let text = format!("The app requested an unsupported grant type '{other}'.");
            return refuse(400, "unsupported_grant_type", 70_003, &text);
        }
    }
    let Some(client) = field("client_id") else { return missing("client_id") };
    let Some(scope) = field("scope") else { return missing("scope") };
    if ctx.state.missing.lacks(client) {
        let text = format!("Application with identifier '{client}' was not found in the directory '{tenant}'.");
        return refuse(400, "unauthorized_client", 700_016, &text);
    }
    let secret = match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) => secret,
        (None, Some(assertion)) => assertion,
        (None, None) => {
            let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return refuse(401, "invalid_client", 7_000_218, text);
        }
    };
    let wrong = &ctx.state.missing.wrong_secrets;
    if wrong.contains(secret) || wrong.contains(client) {
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client \
             secret ID, for a secret added to app '{client}'."
        );
        return refuse(401, "invalid_client", 7_000_215, &text);
    }
    let audience = scope.trim_end_matches("/.default");
    Reply::ok(json!({
        "token_type": "Bearer",
        "expires_in": LIFE,
        "ext_expires_in": LIFE,
        "access_token": access_token(ctx, tenant, client, audience, LIFE),
    }))
}

/// `GET /metadata/identity/oauth2/token`, where a virtual machine asks.
pub(super) fn machine_token(ctx: &Context<'_>) -> Reply {
    let refuse = |text: &str| Reply::new(400, json!({ "error": "invalid_request", "error_description": text }));
    if ctx.request.header("metadata").is_none_or(|value| !value.eq_ignore_ascii_case("true")) {
        return refuse("Required metadata header not specified");
    }
    let Some(resource) = ctx.request.query("resource") else {
        return refuse("Required query variable 'resource' is missing");
    };
    let client = ctx.request.query("client_id").unwrap_or("00000000-0000-0000-0000-000000000000");
    let now = ctx.now.as_second();
    let tenant = "00000000-0000-0000-0000-000000000000";
    Reply::ok(json!({
        "access_token": access_token(ctx, tenant, client, resource.trim_end_matches('/'), MACHINE_LIFE),
        "client_id": client,
        "expires_in": MACHINE_LIFE.to_string(),
        "expires_on": (now + MACHINE_LIFE).to_string(),
        "ext_expires_in": MACHINE_LIFE.to_string(),
        "not_before": now.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
}

/// In the form of the real ones, but signed by nobody.
fn access_token(ctx: &Context<'_>, tenant: &str, client: &str, audience: &str, life: i64) -> String {
    let now = ctx.now.as_second();
    let header = json!({ "typ": "JWT", "alg": "none" });
    let claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "appid": client,
        "oid": client,
        "tid": tenant,
        "ver": "1.0",
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(&claims), random::url_safe(ctx.random, 32))
}

/// What a client wants to know about a tenant before it asks for a token.
pub(super) fn configuration(ctx: &Context<'_>, tenant: &str, ids: &RequestIds) -> Reply {
    if ctx.state.missing.lacks(tenant) {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        );
        return error(400, "invalid_tenant", 90_002, &text, ids, ctx.now);
    }
    let base = &ctx.request.base;
    Reply::ok(json!({
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }))
}

/// Which hosts belong to the cloud that a client is about to trust.
pub(super) fn discovery(ctx: &Context<'_>) -> Reply {
    let base = &ctx.request.base;
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    let endpoint = ctx.request.query("authorization_endpoint").unwrap_or_default();
    let tenant = endpoint.split('/').nth(3).filter(|tenant| !tenant.is_empty()).unwrap_or("common");
    Reply::ok(json!({
        "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}
