//! From the driver's credentials to the token that goes with a call.

mod exchange;
mod key;
mod own;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::http::Http;
use crate::backend::{BackendError, Credentials, Given, Kind, Result, Shape, Who};
use crate::cache::Provider;
use crate::clock::Clock;
use crate::config::{Gcp, GcpAccount};
use crate::kept::Kept;
use key::ServiceAccount;
use own::Own;

/// What a failure to get a token is a failure of.
const TOKEN: &str = "oauth.token";
/// What tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// A token is not used in its last minute: the call that it goes with has to arrive.
const MARGIN: Duration = Duration::from_mins(1);
/// Sets of credentials that are kept.
const KEPT: usize = 256;

/// A token with its end, as the token endpoint gave it.
#[derive(Clone)]
struct Token {
    value: SecretString,
    until: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A key with the token that it was last exchanged for.
#[derive(Debug)]
struct Held {
    account: ServiceAccount,
    /// Locked while one caller exchanges the key, so that the others wait for its token.
    token: Mutex<Option<Token>>,
}

/// Every set of credentials that is in use.
#[derive(Debug)]
pub(super) struct Identities {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    accounts: BTreeMap<String, GcpAccount>,
    static_token: Option<SecretString>,
    own: Own,
    held: Kept<Who, Arc<Held>>,
}

impl Identities {
    pub(super) fn new(config: &Gcp, http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        Self {
            accounts: config.accounts.clone(),
            static_token: config.static_token.clone(),
            own: Own::new(clock.clone(), config.timeouts.attempt, http.calls().clone()),
            held: Kept::used_within(Duration::from_hours(1), KEPT),
            http,
            clock,
        }
    }

    /// The token for a call. `None`: the call goes without one, which only an emulator takes.
    pub(super) async fn token(&self, credentials: &Credentials) -> Result<Option<SecretString>> {
        match credentials {
            Credentials::Own if self.static_token.is_some() => Ok(self.static_token.clone()),
            // The machine's own identity is Google's alone.
            Credentials::Own if self.http.is_emulated() => Ok(None),
            Credentials::Own => self.own.token().await.map(Some),
            Credentials::Given(given) if given.shape() == Shape::GcpToken => Ok(given.field("access_token").cloned()),
            Credentials::Given(_) | Credentials::Named(_) => {
                let held = self.held(credentials)?;
                self.exchanged(&held).await.map(Some)
            }
        }
    }

    /// Forgets a token that Google has refused. Whether asking anew may give another one.
    pub(super) async fn forget(&self, credentials: &Credentials, refused: &SecretString) -> bool {
        match credentials {
            Credentials::Own if self.static_token.is_some() || self.http.is_emulated() => false,
            Credentials::Own => {
                self.own.forget();
                true
            }
            Credentials::Given(given) if given.shape() == Shape::GcpToken => false,
            Credentials::Given(_) | Credentials::Named(_) => {
                let Ok(held) = self.held(credentials) else { return false };
                let mut token = held.token.lock().await;
                if token.as_ref().is_some_and(|t| t.value.expose_secret() == refused.expose_secret()) {
                    *token = None;
                }
                true
            }
        }
    }

    /// The project that the credentials belong to, where they tell. The driver's own identity is only asked if `own`.
    pub(super) async fn project(&self, credentials: &Credentials, own: bool) -> Result<Option<String>> {
        match credentials {
            Credentials::Own if !own || self.static_token.is_some() || self.http.is_emulated() => Ok(None),
            Credentials::Own => self.own.project().await,
            Credentials::Given(given) if given.shape() == Shape::GcpToken => {
                let field = given.field("project_id").map(|project| project.expose_secret().to_owned());
                Ok(field.filter(|project| !project.is_empty()))
            }
            Credentials::Given(_) | Credentials::Named(_) => Ok(self.held(credentials)?.account.project.clone()),
        }
    }

    /// Who it is, as far as that may be shown.
    pub(super) fn name(&self, credentials: &Credentials) -> Result<String> {
        match credentials {
            Credentials::Own => Ok("the driver's own identity".to_owned()),
            Credentials::Given(given) if given.shape() == Shape::GcpToken => {
                Ok("an access token of the request".to_owned())
            }
            Credentials::Given(_) | Credentials::Named(_) => Ok(self.held(credentials)?.account.email.clone()),
        }
    }

    fn held(&self, credentials: &Credentials) -> Result<Arc<Held>> {
        let who = Who::from(credentials);
        if let Some(held) = self.held.get(&who) {
            return Ok(held);
        }
        let account = match credentials {
            Credentials::Given(given) => self.of_request(given)?,
            Credentials::Named(name) => self.of_config(name)?,
            Credentials::Own => return Err(wrong("the driver's own identity is no key")),
        };
        // Two that come at once must hold one and the same, or both would exchange it.
        Ok(self.held.get_with(who, || Arc::new(Held { account, token: Mutex::new(None) })))
    }

    fn of_request(&self, given: &Given) -> Result<ServiceAccount> {
        if given.shape() != Shape::GcpKey {
            let (theirs, ours) = (given.shape().provider(), Provider::Gcp);
            return Err(wrong(format!(
                "the credentials of the request are of `{theirs}`, and the cache is on `{ours}`"
            )));
        }
        let field = |name: &str| given.field(name).map(|text| text.expose_secret().to_owned());
        ServiceAccount::read(field, "driver.secrets.account", self.http.is_emulated())
    }

    fn of_config(&self, name: &str) -> Result<ServiceAccount> {
        let Some(account) = self.accounts.get(name) else {
            let names: Vec<&str> = self.accounts.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(wrong(format!("the config has no gcp account `{name}`; it has: {known}"))
                .hint("add it under providers.gcp.accounts, or send credentials with the request"));
        };
        let path = format!("providers.gcp.accounts.{name}.credentials_file");
        let text = account.credentials.as_ref().map_or("", |text| text.expose_secret());
        let Ok(serde_json::Value::Object(key)) = serde_json::from_str(text) else {
            return Err(wrong(format!("{path} holds no JSON object")));
        };
        let field = |name: &str| key.get(name)?.as_str().map(str::to_owned);
        ServiceAccount::read(field, &path, self.http.is_emulated())
    }

    async fn exchanged(&self, held: &Held) -> Result<SecretString> {
        let mut token = held.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = token.as_ref().filter(|token| now < token.until) {
            return Ok(token.value.clone());
        }
        let fresh = exchange::exchange(&self.http, self.clock.as_ref(), &held.account).await?;
        *token = Some(fresh.clone());
        Ok(fresh.value)
    }
}

/// Credentials that cannot be used.
fn wrong(message: impl Into<String>) -> BackendError {
    BackendError::new(Kind::Credentials, TOKEN, message)
}
