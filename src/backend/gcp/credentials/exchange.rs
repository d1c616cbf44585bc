//! The exchange of a signed assertion for a token.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::key::ServiceAccount;
use super::{MARGIN, TOKEN, Token, wrong};
use crate::backend::gcp::http::{Body, Http, Reply, Rights, Trouble};
use crate::backend::gcp::{retry, watch};
use crate::backend::{BackendError, Kind, Result};
use crate::cache::Cause;
use crate::clock::Clock;

/// Tries in all.
const TRIES: u32 = 3;

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

fn an_hour() -> u64 {
    3600
}

/// Exchanges the key for a token.
pub(super) async fn exchange(http: &Http, clock: &dyn Clock, account: &ServiceAccount) -> Result<Token> {
    let url = http.token_url(&account.token_uri).map_err(|trouble| unavailable(&trouble))?;
    let mut tried = 1;
    loop {
        let now = clock.now();
        let assertion = account.assertion(now)?;
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            assertion.expose_secret()
        );
        let body = Body::Form(SecretString::from(form));
        let begun = http.calls().begin(TOKEN);
        let outcome = http.exchange(Method::POST, url.clone(), &Rights::default(), &body).await;
        watch::end_token(&begun, &outcome);
        if tried < TRIES
            && let Some(pause) = retry::pause(&outcome, true, tried)
        {
            tried += 1;
            clock.sleep(pause).await;
            continue;
        }
        let reply = outcome.map_err(|trouble| unavailable(&trouble))?;
        let granted = granted(&reply, &account.email)?;
        let life = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        return Ok(Token { value: granted.access_token, until: now.checked_add(life).unwrap_or(now) });
    }
}

fn unavailable(trouble: &Trouble) -> BackendError {
    let kind = if matches!(trouble, Trouble::Setup(_)) { Kind::Prerequisite } else { Kind::Unavailable };
    BackendError::new(kind, TOKEN, format!("no token: {trouble}"))
}

fn granted(reply: &Reply, email: &str) -> Result<Granted> {
    if reply.status == 200 {
        let unread = || BackendError::new(Kind::Unavailable, TOKEN, "the token endpoint's answer holds no token");
        return serde_json::from_slice(&reply.body).map_err(|_| unread());
    }
    let Ok(denied) = serde_json::from_slice::<Denied>(&reply.body) else {
        let message = format!("no token for {email}: the token endpoint answered http status {}", reply.status);
        let kind = if matches!(reply.status, 400..=403) { Kind::Credentials } else { Kind::Unavailable };
        return Err(BackendError::new(kind, TOKEN, message));
    };
    let said = denied.error_description.trim().trim_end_matches('.');
    let words = if said.is_empty() { denied.error.clone() } else { format!("{}: {said}", denied.error) };
    let message = format!("google gives {email} no token: {words}");
    if reply.status >= 500 || reply.status == 429 {
        return Err(BackendError::new(Kind::Unavailable, TOKEN, message));
    }
    let cause =
        Cause { code: Some(denied.error), message: denied.error_description, request_id: reply.request_id.clone() };
    Err(wrong(message)
        .cause(cause)
        .hint("check that the key still exists and is enabled, and that this machine's clock is right"))
}
