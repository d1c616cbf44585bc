//! Reading what hangs on a cache: tokens and certificates.

use secrecy::SecretString;

use super::apply::user;
use super::resource::{AuthToken, CertificateAuthority, Resource, TokenAuthUser};
use super::tokens::{self, Standing};
use super::{Psc, observe};
use crate::backend::gcp::labels;
use crate::backend::{At, BackendError, Kind, Ownership, Result};
use crate::cache::Auth;

impl Psc {
    /// How it stands with clients' tokens. `None` where they need none, or nothing can be said yet.
    pub(super) async fn standing(&self, at: &At, resource: &Resource) -> Result<Option<Standing>> {
        let auth = resource.authorization_mode.as_deref().and_then(|word| self.dialect.auth_of(word));
        if auth != Some(Auth::Password) || !observe::is_alive(resource) {
            return Ok(None);
        }
        let name = self.name(at).await?;
        let stage = stage(resource);
        if let Some(tokens) = self.memory.tokens(&name, &resource.uid, &stage) {
            return Ok(Some(Standing::Complete(tokens)));
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
        if let Standing::Complete(tokens) = &standing {
            self.memory.set_tokens(&name, &resource.uid, stage, tokens.clone());
        }
        Ok(Some(standing))
    }

    /// The newest token: after a rotation both are valid.
    pub(super) async fn password(&self, at: &At, uid: &str) -> Result<SecretString> {
        let (name, now) = (self.name(at).await?, self.shared.clock.now());
        if let Some(secret) = self.memory.secret(&name, uid, now) {
            return Ok(secret);
        }
        let (list, get) = (self.dialect.calls.list_tokens, self.dialect.calls.get_token);
        let tokens = self.list_tokens(at, &name).await?.auth_tokens;
        let newest = tokens::newest(&tokens);
        let newest = newest.ok_or_else(|| BackendError::new(Kind::Busy, list, "the cache has no valid token yet"))?;
        let told = if tokens::is_told(newest) {
            newest.clone()
        } else {
            match self.shared.api.get(at, self.dialect.collection, get, &newest.name).await? {
                Some(token) => super::read::<AuthToken>(get, token)?,
                None => AuthToken::default(),
            }
        };
        let told = Some(told).filter(tokens::is_told).and_then(|token| token.token);
        let secret =
            told.ok_or_else(|| BackendError::new(Kind::Busy, get, "the token of the cache is not told yet"))?;
        self.memory.set_secret(&name, uid, now, secret.clone());
        Ok(secret)
    }

    /// The certificates that sign the cache's own, PEM. There are none to read where the CA is the customer's.
    pub(super) async fn authority(&self, at: &At, uid: &str, mode: Option<&str>) -> Result<Option<String>> {
        let (name, now) = (self.name(at).await?, self.shared.clock.now());
        if let Some(known) = self.memory.authority(&name, uid, now) {
            return Ok(Some(known));
        }
        let (call, path) = if mode == Some("GOOGLE_MANAGED_SHARED_CA") {
            let parent = self.shared.api.parent(at).await?;
            (self.dialect.calls.get_shared_authority, format!("{parent}/sharedRegionalCertificateAuthority"))
        } else {
            (self.dialect.calls.get_authority, format!("{name}/certificateAuthority"))
        };
        let told = match self.shared.api.get(at, self.dialect.collection, call, &path).await? {
            Some(authority) => pem(&super::read(call, authority)?),
            None => String::new(),
        };
        if told.is_empty() {
            if mode == Some("CUSTOMER_MANAGED_CAS_CA") {
                return Ok(None);
            }
            return Err(BackendError::new(Kind::Busy, call, "the cache shows no certificate authority yet"));
        }
        self.memory.set_authority(&name, uid, now, told.clone());
        Ok(Some(told))
    }
}

/// How far a rotation has come, as the mark says: at another stage there are other tokens.
fn stage(resource: &Resource) -> String {
    match labels::ownership(&resource.labels) {
        Ownership::Marked(mark) => {
            format!("{:?} {:?}", mark.password.map(|password| password.generation), mark.intent)
        }
        Ownership::Foreign(_) => String::new(),
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
    use serde_json::json;

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
