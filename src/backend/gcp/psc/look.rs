//! Reading what hangs on a cache: tokens and certificates.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::apply::user;
use super::resource::{AuthToken, CertificateAuthority, Resource, TokenAuthUser};
use super::tokens::{self, Standing};
use super::{Psc, observe};
use crate::backend::gcp::labels;
use crate::backend::{At, BackendError, Kind, Observed, Ownership, Result};
use crate::cache::Auth;

impl Psc {
    /// How it stands with clients' tokens. `None` where they need none, or nothing can be said yet.
    pub(super) async fn standing(&self, at: &At, resource: &Resource) -> Result<Option<Standing>> {
        let auth = resource.authorization_mode.as_deref().and_then(|word| self.dialect.auth_of(word));
        if auth != Some(Auth::Password) || !observe::is_alive(resource) {
            return Ok(None);
        }
        let name = self.name(at).await?;
        let life = Life::of(resource);
        if let Some(tokens) = self.known_tokens(at, &name, &life) {
            return Ok(Some(Standing::Complete { tokens, changing: false }));
        }
        let (call, path) = (self.dialect.calls.get_user, user(&name));
        let user = match self.shared.api.get(at, self.dialect.collection, call, &path).await? {
            Some(user) => Some(super::read::<TokenAuthUser>(call, user)?),
            None => None,
        };
        let tokens = match &user {
            Some(_) => self.list_tokens(at, &name).await?.auth_tokens,
            None => Vec::new(),
        };
        let standing = Standing::of(user.as_ref(), &tokens);
        // What comes or goes is looked at again.
        if let Standing::Complete { tokens, changing: false } = &standing {
            self.shared.api.remember(at, &tokens_key(&name), json!({ "life": life.0, "tokens": tokens }));
        }
        Ok(Some(standing))
    }

    /// The tokens of a cache that was seen with a user and a token, oldest first.
    fn known_tokens(&self, at: &At, name: &str, life: &Life) -> Option<Vec<String>> {
        let known = self.shared.api.remembered(at, &tokens_key(name))?;
        let tokens = known.get("tokens").filter(|_| known["life"] == life.0)?.as_array()?;
        Some(tokens.iter().filter_map(|token| token.as_str().map(str::to_owned)).collect())
    }

    /// Its tokens change.
    pub(super) fn forget_tokens(&self, at: &At, name: &str) {
        self.shared.api.remember(at, &tokens_key(name), Value::Null);
    }

    /// The token in use: after a rotation both are valid.
    pub(super) async fn password(&self, at: &At, seen: &Observed) -> Result<SecretString> {
        let (list, get) = (self.dialect.calls.list_tokens, self.dialect.calls.get_token);
        let user = user(&self.name(at).await?);
        let valid = tokens::valid(seen);
        let token = tokens::in_use(seen.mark(), &valid).and_then(|index| valid.get(index));
        let token = token.ok_or_else(|| BackendError::new(Kind::Busy, list, "the cache has no valid token yet"))?;
        // Its id is never used again, so what it is can be remembered as long as it may be.
        let path = format!("{user}/authTokens/{token}");
        if let Some(secret) = self.shared.api.remembered_secret(at, &path) {
            return Ok(secret);
        }
        let token = match self.shared.api.get(at, self.dialect.collection, get, &path).await? {
            Some(token) => super::read::<AuthToken>(get, token)?.token,
            None => None,
        };
        let Some(secret) = token.filter(|token| !token.expose_secret().is_empty()) else {
            // Deleted by somebody else since it was seen.
            self.forget_tokens(at, &self.name(at).await?);
            return Err(BackendError::new(Kind::Busy, get, "the token of the cache is not told"));
        };
        self.shared.api.remember_secret(at, &path, secret.clone());
        Ok(secret)
    }

    /// The certificates that sign the cache's own, PEM. There are none to read where the CA is the customer's.
    pub(super) async fn authority(&self, at: &At, seen: &Observed) -> Result<Option<String>> {
        let text = |field: &str| seen.fields.get(field).and_then(Value::as_str).unwrap_or_default();
        let (name, mode) = (self.name(at).await?, text("server_ca_mode"));
        let (call, path) = if mode == "GOOGLE_MANAGED_SHARED_CA" {
            let parent = self.shared.api.parent(at).await?;
            (self.dialect.calls.get_shared_authority, format!("{parent}/sharedRegionalCertificateAuthority"))
        } else {
            (self.dialect.calls.get_authority, format!("{name}/certificateAuthority"))
        };
        let key = format!("{path} {}", text("uid"));
        if let Some(Value::String(known)) = self.shared.api.remembered(at, &key) {
            return Ok(Some(known));
        }
        let told = match self.shared.api.get(at, self.dialect.collection, call, &path).await? {
            Some(authority) => pem(&super::read(call, authority)?),
            None => String::new(),
        };
        if told.is_empty() {
            if mode == "CUSTOMER_MANAGED_CAS_CA" {
                return Ok(None);
            }
            return Err(BackendError::new(Kind::Busy, call, "the cache shows no certificate authority yet"));
        }
        self.shared.api.remember(at, &key, told.as_str().into());
        Ok(Some(told))
    }
}

fn tokens_key(name: &str) -> String {
    format!("tokens of {name}")
}

/// Which tokens there are to expect: those of one life of the name, at one stage of its rotations as the mark tells it.
struct Life(String);

impl Life {
    fn of(resource: &Resource) -> Self {
        let stage = match labels::ownership(&resource.labels) {
            Ownership::Marked(mark) => (mark.password.map(|password| password.generation), mark.intent),
            Ownership::Foreign(_) => (None, None),
        };
        Self(format!("{} {stage:?}", resource.uid))
    }
}

/// Every certificate once, each ending its line.
fn pem(authority: &CertificateAuthority) -> String {
    let mut all: Vec<&str> = Vec::new();
    for certificate in authority.managed_server_ca.ca_certs.iter().flat_map(|chain| &chain.certificates) {
        let certificate = certificate.trim();
        if !certificate.is_empty() && !all.contains(&certificate) {
            all.push(certificate);
        }
    }
    all.iter().fold(String::new(), |pem, certificate| pem + certificate + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_certificate_is_handed_out_once() {
        let told = json!({"managedServerCa": {"caCerts": [
            {"certificates": ["-----BEGIN A-----\n", "-----BEGIN ROOT-----"]},
            {"certificates": ["-----BEGIN B-----", "-----BEGIN ROOT-----\n"]},
        ]}});
        let authority: CertificateAuthority = serde_json::from_value(told).unwrap();
        assert_eq!(pem(&authority), "-----BEGIN A-----\n-----BEGIN ROOT-----\n-----BEGIN B-----\n");
        assert_eq!(pem(&CertificateAuthority::default()), "");
    }
}
