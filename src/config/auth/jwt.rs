//! `[server.auth.jwt]`: tokens that the Operator signs.

use std::path::PathBuf;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use crate::config::scalar;

/// Tokens that the Operator signs (RS256), as Humanitec's page on the authentication of custom drivers has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// PEM files of RSA public keys. Empty: no such token is taken.
    pub keys_files: Vec<PathBuf>,
    /// The organisations, one of which the claim `orgID` must name.
    pub org_ids: Vec<String>,
    /// What the claim `aud` must hold, if set.
    pub audience: Option<String>,
    /// Whether a token without `exp` is refused. Default `false`: the Operator's have none.
    #[serde(deserialize_with = "scalar::read")]
    pub require_exp: bool,
    /// What stands in `keys_files`.
    #[serde(skip)]
    pub keys: Vec<JwtKey>,
}

/// An RSA public key of at least 2048 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtKey {
    kid: String,
    der: Vec<u8>,
}

impl JwtKey {
    /// Reads all keys of a PEM text. The error does not hold the text.
    pub fn read(pem: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        for found in SubjectPublicKeyInfoDer::pem_slice_iter(pem.as_bytes()) {
            let der = found.map_err(|_| "the PEM is broken".to_owned())?.to_vec();
            if UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).parse().is_err() {
                return Err("a key in it is no RSA key of 2048 to 8192 bits".to_owned());
            }
            let kid = super::to_hex(&super::sha256(&der));
            keys.push(Self { kid, der });
        }
        if keys.is_empty() {
            return Err("has no `-----BEGIN PUBLIC KEY-----`; `openssl rsa -in KEY -pubout` writes one".to_owned());
        }
        Ok(keys)
    }

    /// Its name in tokens: the SHA-256 of the DER in lower-case hex.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as a `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}
