//! OAuth access tokens: `POST /token`, and which tokens are still good.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::context::hex;
use crate::random::Random;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds that a token is good for, as the answer says. The sandbox itself never lets one expire unasked.
const LIFETIME: u32 = 3599;

/// Which tokens are refused. Anything else is accepted, and nothing at all too.
#[derive(Debug, Default)]
pub(super) struct Bearers {
    /// Tokens that were refused one by one.
    refused: BTreeSet<String>,
    /// Only tokens issued since then are good.
    all_refused: bool,
    issued: BTreeSet<String>,
}

impl Bearers {
    pub(super) fn is_good(&self, bearer: Option<&str>) -> bool {
        let bearer = bearer.unwrap_or_default();
        !self.refused.contains(bearer) && (!self.all_refused || self.issued.contains(bearer))
    }

    /// From now on this token is refused, or every token there is.
    pub(super) fn refuse(&mut self, token: Option<String>) {
        if let Some(token) = token {
            self.refused.insert(token);
        } else {
            self.all_refused = true;
            self.issued.clear();
        }
    }

    fn issue(&mut self, random: &dyn Random) -> String {
        let token = format!("ya29.sandbox-{}", hex(random, 40));
        self.issued.insert(token.clone());
        token
    }
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Bearer ").map(str::to_owned)
}

/// Answers a request for a token: its JSON, or the HTTP status and JSON of an error. Signatures are not checked.
pub(super) fn exchange(bearers: &mut Bearers, form: &[u8], random: &dyn Random) -> Result<Value, (u16, Value)> {
    let refuse =
        |error: &str, description: &str| Err((400, json!({ "error": error, "error_description": description })));
    let (mut grant, mut assertion) = (String::new(), String::new());
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "grant_type" => grant = value.into_owned(),
            "assertion" => assertion = value.into_owned(),
            _ => {}
        }
    }
    if grant != GRANT {
        return refuse("unsupported_grant_type", "Invalid grant_type: only JWT bearer assertions are exchanged here");
    }
    let Some(claims) = claims(&assertion) else {
        return refuse("invalid_grant", "Invalid JWT: The assertion is not a signed JWT with JSON claims.");
    };
    if claims["iss"].as_str().is_none_or(str::is_empty) {
        return refuse("invalid_grant", "Invalid JWT: Failed audience check or issuer is missing.");
    }
    let has_audience = claims["scope"].is_string() || claims["target_audience"].is_string();
    if !has_audience {
        return refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }
    Ok(json!({ "access_token": bearers.issue(random), "expires_in": LIFETIME, "token_type": "Bearer" }))
}

/// The claims of a JWT. Padding is optional: some signers write it.
fn claims(jwt: &str) -> Option<Value> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let base64 = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config);
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return None };
    let read = |part: &str| serde_json::from_slice::<Value>(&base64.decode(part).ok()?).ok();
    if read(header)?["alg"].as_str() != Some("RS256") || signature.is_empty() {
        return None;
    }
    read(claims).filter(Value::is_object)
}
