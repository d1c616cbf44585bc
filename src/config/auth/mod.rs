//! `[server.auth]` and `[server.tls]`: who may call, and the certificate that callers see.

mod check;
mod jwt;
mod network;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use serde::ser::{Serialize as SerializeTrait, Serializer};
use serde::{Deserialize, Serialize};

pub(super) use check::{check, read_files};
pub use jwt::{Jwt, JwtKey};
pub use network::{HUMANITEC, Network, Source};

use super::secrets::{REDACTED, hex};
use super::{files, scalar};

/// Who may call. With nothing set, everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// How many of the configured ways a caller must prove itself by. Default `any`.
    pub require: Require,
    /// Bearer tokens, by their hashes. Several at once, to change one without a pause.
    pub tokens: Vec<HashedSecret>,
    /// Secrets that stand as the first segment of the path, by their hashes.
    pub path_secrets: Vec<HashedSecret>,
    /// Tokens that the Operator signs.
    pub jwt: Jwt,
    /// Client certificates.
    pub mtls: Mtls,
    /// Addresses that may use the Driver API; empty for all. A bound on top of the rest, no proof of its own.
    pub allow_ips: Vec<Source>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Who may use the operators' paths.
    pub operators: Operators,
}

/// How many of the configured ways a caller must prove itself by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// One of them.
    #[default]
    Any,
    /// Every one.
    All,
}

/// Who may use the operators' paths: `/docs`, `/sizes` and the like. `/alive` and `/health` are open to probes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operators {
    /// Default `callers`.
    pub access: Access,
    /// Tokens for these paths alone.
    pub tokens: Vec<HashedSecret>,
    /// Addresses from which those tokens are taken; empty for all.
    pub allow_ips: Vec<Source>,
}

/// Who may use the operators' paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Whoever may use the Driver API, and the operators' own tokens.
    #[default]
    Callers,
    /// Everybody.
    Open,
}

/// Client certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mtls {
    /// PEM file of the authorities that sign clients' certificates. Unset: clients are asked for none.
    pub client_ca_file: Option<PathBuf>,
    /// DNS names or URIs, one of which the certificate must have; empty: every certificate of the authorities will do.
    pub names: Vec<String>,
}

/// The certificate that callers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the certificate, followed by those that link it to its root. Unset: plain HTTP.
    pub cert_file: Option<PathBuf>,
    /// PEM file of its private key.
    pub key_file: Option<PathBuf>,
    /// How often the files are looked at for a change. Default `1m`.
    #[serde(with = "scalar::duration")]
    pub reload_interval: Duration,
}

impl Default for Tls {
    fn default() -> Self {
        Self { cert_file: None, key_file: None, reload_interval: Duration::from_mins(1) }
    }
}

impl Auth {
    /// Whether callers must prove who they are. An allow-list alone proves nothing.
    #[must_use]
    pub fn proves_callers(&self) -> bool {
        self.takes_bearer() || self.has_other_ways()
    }

    /// Whether something else than the header `Authorization` can be a proof.
    #[must_use]
    pub fn has_other_ways(&self) -> bool {
        !self.path_secrets.is_empty() || self.mtls.client_ca_file.is_some()
    }

    /// Whether something in the header `Authorization` is a proof.
    #[must_use]
    pub fn takes_bearer(&self) -> bool {
        !self.tokens.is_empty() || !self.jwt.keys.is_empty()
    }
}

/// A secret of which only the SHA-256 is known. Prints and serialises as `[redacted]`.
///
/// One round of SHA-256 is enough for secrets that a generator made, and for no others.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenSecret")]
pub struct HashedSecret {
    /// What the log calls whoever shows it: 1 to 40 of `[a-z0-9._-]`.
    pub id: String,
    sha256: [u8; 32],
}

impl HashedSecret {
    /// The hash of a secret, under a name.
    #[must_use]
    pub fn of(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), sha256: sha256(secret.as_bytes()) }
    }

    /// Whether this is the secret. Takes as long for a near miss as for a far one.
    #[must_use]
    pub fn matches(&self, secret: &str) -> bool {
        constant_time::verify_slices_are_equal(&self.sha256, &sha256(secret.as_bytes())).is_ok()
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// Bytes as lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl fmt::Debug for HashedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {REDACTED}", self.id)
    }
}

impl SerializeTrait for HashedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("id", self.id.as_str()), ("sha256", REDACTED)])
    }
}

/// A secret as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSecret {
    id: String,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    sha256_file: Option<PathBuf>,
}

impl TryFrom<WrittenSecret> for HashedSecret {
    type Error = String;

    fn try_from(written: WrittenSecret) -> Result<Self, String> {
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c);
        if !(1..=40).contains(&written.id.len()) || !written.id.bytes().all(legal) {
            return Err("`id` must be 1 to 40 of the characters a-z, 0-9, '.', '_' and '-'".to_owned());
        }
        let (what, text) = match (written.sha256, written.sha256_file) {
            (Some(text), None) => ("sha256", text),
            (None, Some(path)) => ("sha256_file", files::read("sha256_file", &path)?),
            (Some(_), Some(_)) => return Err("has both `sha256` and `sha256_file`; one is enough".to_owned()),
            (None, None) => {
                return Err("needs `sha256` or `sha256_file`; `cache-driver token` makes a secret and its hash".into());
            }
        };
        // `sha256sum` writes the name of its input behind the hash.
        let digits = text.split_whitespace().next().unwrap_or_default();
        let sha256 = hex(digits).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let sha256 = sha256.ok_or_else(|| format!("`{what}` is no SHA-256: expected 64 hex digits"))?;
        Ok(Self { id: written.id, sha256 })
    }
}
