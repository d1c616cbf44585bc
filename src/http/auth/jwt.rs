//! The Operator's JWT: RS256, the key named by `kid`, the organisation in `orgID`.
//!
//! Verified by hand, since the header that Humanitec's documentation shows has no `alg` and says `RS256` in `typ`, which
//! libraries refuse. Nothing of a token chooses how it is verified: it is RS256 with the key of that `kid`, or refused.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::Jwt;

/// How far the clocks of the two sides may be apart, in seconds.
const LEEWAY: f64 = 60.0;

#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "orgID")]
    org_id: Option<String>,
    aud: Option<Value>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

/// The organisation that a good token names.
pub(super) fn verify(jwt: &Jwt, token: &str, now: Timestamp) -> Result<String, &'static str> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("a bearer token that is no JWT");
    };
    let signed = &token[..header.len() + 1 + claims.len()];
    let header: Header = decode(header).ok_or("a JWT whose header cannot be read")?;
    if header.crit.is_some() {
        return Err("a JWT that asks for an extension (crit)");
    }
    let algorithm = header.alg.as_deref().or(header.typ.as_deref());
    if algorithm != Some("RS256") {
        return Err("a JWT that is not signed with RS256");
    }
    let kid = header.kid.ok_or("a JWT without kid")?;
    let key = jwt.keys.iter().find(|key| key.kid().eq_ignore_ascii_case(&kid)).ok_or("a JWT of an unknown key")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "a JWT whose signature is not base64")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.der());
    key.verify(signed.as_bytes(), &signature).map_err(|_| "a JWT with a wrong signature")?;
    let claims: Claims = decode(claims).ok_or("a JWT whose claims cannot be read")?;
    judge(jwt, claims, now)
}

fn judge(jwt: &Jwt, claims: Claims, now: Timestamp) -> Result<String, &'static str> {
    // Fractions of a second do not matter beside the leeway.
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are far below 2^52")]
    let now = now.as_second() as f64;
    match claims.exp {
        Some(exp) if exp + LEEWAY <= now => return Err("a JWT that has expired"),
        None if jwt.require_exp => return Err("a JWT without exp"),
        _ => {}
    }
    if claims.nbf.is_some_and(|nbf| nbf - LEEWAY > now) {
        return Err("a JWT that is not valid yet");
    }
    if let Some(audience) = &jwt.audience {
        let named = match &claims.aud {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        };
        if !named {
            return Err("a JWT for another audience");
        }
    }
    let org_id = claims.org_id.ok_or("a JWT without orgID")?;
    if jwt.org_ids.contains(&org_id) { Ok(org_id) } else { Err("a JWT of another organisation") }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
