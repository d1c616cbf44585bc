//! The sealed cookie: where a cache is, what runs, and the credentials to delete it with.
//!
//! An accelerator only. Without it everything is found again by name and mark; only a DELETE with request credentials
//! needs it, because the orchestrator sends none then.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::operation::Operation;
use super::secret::{Keyring, MissingKey};
use crate::backend::Given;
use crate::cache::{GuResId, Place};
use crate::random::Random;

/// What a cookie remembers.
#[derive(Debug, Clone, Default)]
pub struct Cookie {
    /// Where the cache is.
    pub place: Option<Place>,
    /// The operation that runs, and since when.
    pub operation: Option<(Operation, Timestamp)>,
    /// When the last DELETE was asked for. What came after it takes the cache back, as soon as its mark can say so.
    pub deleted: Option<Timestamp>,
    /// Credentials that came with requests: of the cache's cloud first, at most one for each cloud.
    pub credentials: Vec<Arc<Given>>,
    /// The account of the config that the request named.
    pub account: Option<String>,
    /// The password of an adopted cache, which no cloud gives back.
    pub adopted_password: Option<SecretString>,
    /// The resource type that the resource was made under, to echo it on GET.
    pub resource_type: Option<String>,
    /// Until when failed creations have been told to the caller.
    pub told: Option<Timestamp>,
}

/// The longest cookie that is made, in bytes. Headers of 4 KiB go through everywhere.
const MAX: usize = 4000;

/// Why a cookie is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CookieError {
    /// It is another driver's, or of a version or key that this driver does not have. It is passed over.
    #[error("the cookie is not one that this driver can read: {0}")]
    Unknown(String),
    /// It claims to be ours, and is garbled, tampered with, or of another GUResID.
    #[error("the cookie is garbled, tampered with, or belongs to another resource")]
    Broken,
}

impl From<MissingKey> for CookieError {
    fn from(missing: MissingKey) -> Self {
        Self::Unknown(missing.to_string())
    }
}

const HEAD: &str = "cd1.";

#[derive(Serialize, Deserialize)]
struct Inside {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    o: Option<(Operation, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    c: Vec<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<i64>,
}

impl Cookie {
    /// When the last DELETE was asked for: the one that runs, else one that something else came after.
    #[must_use]
    pub fn deleted(&self) -> Option<Timestamp> {
        let running = self.operation.filter(|(operation, _)| *operation == Operation::Deleting);
        running.map(|(_, since)| since).or(self.deleted)
    }

    /// Seals the cookie for one resource. The result is a header value: `cd1.`, the key's id, and base64url. Where it would
    /// become too long, it goes without the credentials of other clouds than the cache's.
    #[must_use]
    pub fn seal(&self, keyring: &Keyring, random: &dyn Random, id: &GuResId) -> String {
        let sealed = self.seal_with(&self.credentials, keyring, random, id);
        if sealed.len() <= MAX || self.credentials.len() < 2 {
            return sealed;
        }
        tracing::warn!(id = %id, "the cookie has no room for the credentials of a cloud that the resource has left");
        self.seal_with(&self.credentials[..1], keyring, random, id)
    }

    fn seal_with(&self, credentials: &[Arc<Given>], keyring: &Keyring, random: &dyn Random, id: &GuResId) -> String {
        let inside = Inside {
            p: self.place.clone(),
            o: self.operation.map(|(operation, since)| (operation, since.as_second())),
            c: credentials.iter().map(|given| given.expose()).collect(),
            n: self.account.clone(),
            a: self.adopted_password.as_ref().map(|password| password.expose_secret().to_owned()),
            t: self.resource_type.clone(),
            f: self.told.map(Timestamp::as_second),
            d: self.deleted.map(Timestamp::as_second),
        };
        let plain = serde_json::to_vec(&inside).expect("a cookie is plain data");
        let sealed = keyring.seal(random, id.as_str().as_bytes(), &plain);
        format!("{HEAD}{}.{}", keyring.active_id(), BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a cookie of this resource.
    pub fn open(text: &str, keyring: &Keyring, id: &GuResId) -> Result<Self, CookieError> {
        let Some(rest) = text.strip_prefix(HEAD) else {
            return Err(CookieError::Unknown("it does not begin with `cd1.`".to_owned()));
        };
        let (key, sealed) = rest.split_once('.').ok_or(CookieError::Broken)?;
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| CookieError::Broken)?;
        let plain = keyring.open(key, id.as_str().as_bytes(), &sealed)?.map_err(|_| CookieError::Broken)?;
        let inside: Inside = serde_json::from_slice(&plain)
            .map_err(|error| CookieError::Unknown(format!("a newer version of this driver sealed it ({error})")))?;
        Ok(Self {
            place: inside.p,
            operation: inside.o.and_then(|(op, since)| Some((op, Timestamp::from_second(since).ok()?))),
            credentials: inside.c.iter().filter_map(|account| Given::recognise(account).ok()).map(Arc::new).collect(),
            account: inside.n,
            adopted_password: inside.a.map(SecretString::from),
            resource_type: inside.t,
            told: inside.f.and_then(|at| Timestamp::from_second(at).ok()),
            deleted: inside.d.and_then(|at| Timestamp::from_second(at).ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cache::{CacheName, Product};
    use crate::driver::secret::Key;
    use crate::random::SeededSource;

    fn ring(id: &str) -> Keyring {
        Keyring::new(Key::new(id, vec![7; 32]), vec![])
    }

    fn cookie() -> Cookie {
        let account = json!({"AccessKeyId": "AKIA", "SecretAccessKey": "CANARY", "SessionToken": "t".repeat(900)});
        Cookie {
            place: Some(Place {
                product: Product::AwsReplicationGroup,
                account: Some("123456789012".into()),
                location: "eu-central-1".into(),
                group: None,
                name: CacheName::existing("cache-abc"),
            }),
            operation: Some((Operation::Creating, Timestamp::from_second(1_700_000_000).unwrap())),
            deleted: Some(Timestamp::from_second(1_600_000_000).unwrap()),
            credentials: vec![Arc::new(Given::recognise(account.as_object().unwrap()).unwrap())],
            account: Some("production".into()),
            adopted_password: None,
            resource_type: Some("redis".into()),
            told: None,
        }
    }

    #[test]
    fn a_cookie_reads_back_is_short_and_shows_nothing() {
        let id = GuResId::parse("res-1").unwrap();
        let sealed = cookie().seal(&ring("k1"), &SeededSource::new(1), &id);
        assert!(sealed.len() < 4096, "{}", sealed.len());
        assert!(sealed.bytes().all(|c| c.is_ascii_graphic()) && !sealed.contains("CANARY"));
        let open = Cookie::open(&sealed, &ring("k1"), &id).unwrap();
        assert_eq!(open.place, cookie().place);
        assert_eq!((open.operation, open.deleted), (cookie().operation, cookie().deleted));
        assert_eq!(open.credentials, cookie().credentials);
        assert_eq!(open.account, cookie().account);
        assert!(!format!("{open:?}").contains("CANARY"));
    }

    #[test]
    fn credentials_of_a_cloud_that_was_left_stay_as_long_as_there_is_room() {
        let id = GuResId::parse("res-1").unwrap();
        for (length, kept) in [(100, 2), (3000, 1)] {
            let azure = json!({"appId": "a", "password": "p".repeat(length), "tenant": "t"});
            let azure = Arc::new(Given::recognise(azure.as_object().unwrap()).unwrap());
            let mut cookie = cookie();
            cookie.credentials.push(azure);
            let sealed = cookie.seal(&ring("k1"), &SeededSource::new(1), &id);
            let open = Cookie::open(&sealed, &ring("k1"), &id).unwrap();
            assert_eq!((open.credentials.len(), &open.credentials[0]), (kept, &cookie.credentials[0]));
        }
    }

    #[test]
    fn the_key_of_a_service_account_fits_with_all_else() {
        let id = GuResId::parse("res-1").unwrap();
        let key = json!({
            "type": "service_account", "project_id": "synthetic-caches", "private_key_id": "f".repeat(40),
            "private_key": "k".repeat(1704), "client_email": "caches@synthetic-caches.iam.gserviceaccount.com",
            "client_id": "1".repeat(21), "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/caches%40synthetic-caches",
        });
        let key = Arc::new(Given::recognise(key.as_object().unwrap()).unwrap());
        let sealed =
            Cookie { credentials: vec![key.clone()], ..cookie() }.seal(&ring("k1"), &SeededSource::new(1), &id);
        assert!(sealed.len() < 3500, "{}", sealed.len());
        assert_eq!(Cookie::open(&sealed, &ring("k1"), &id).unwrap().credentials, [key]);
    }

    #[test]
    fn ours_but_broken_is_told_from_somebody_elses() {
        let id = GuResId::parse("res-1").unwrap();
        let sealed = cookie().seal(&ring("k1"), &SeededSource::new(1), &id);
        let other = GuResId::parse("res-2").unwrap();
        assert_eq!(Cookie::open(&sealed, &ring("k1"), &other).unwrap_err(), CookieError::Broken);
        for broken in [&sealed[..sealed.len() - 4], "cd1.k1.", "cd1.k1", "cd1.k1.%%%"] {
            assert_eq!(Cookie::open(broken, &ring("k1"), &id).unwrap_err(), CookieError::Broken, "{broken}");
        }
        for foreign in ["", "eyJyZWdpb24iOiJ4In0=", "cd2.k1.abc"] {
            assert!(matches!(Cookie::open(foreign, &ring("k1"), &id), Err(CookieError::Unknown(_))), "{foreign}");
        }
        assert!(matches!(Cookie::open(&sealed, &ring("k9"), &id), Err(CookieError::Unknown(_))));
    }
}
