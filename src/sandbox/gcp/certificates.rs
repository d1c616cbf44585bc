//! The authority behind the servers' certificates, as the services show it.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::context::{Context, hex_of};
use super::error::{Answer, ApiError};
use super::operation::time;
use super::product::Product;
use crate::clock::Timestamp;

/// Authorities are good for ten years.
const DAYS: i64 = 3650;

/// One of `serverCaCerts`.
pub(super) fn describe(pem: &str, now: Timestamp) -> Value {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(base64).unwrap_or_default();
    let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    let fingerprint = hex_of(sha1.as_ref());
    let expires = now.checked_add(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX);
    json!({
        "cert": pem,
        "serialNumber": "0",
        "createTime": time(now),
        "expireTime": time(expires),
        "sha1Fingerprint": fingerprint,
    })
}

/// `getCertificateAuthority` of a cluster or Valkey instance.
pub(super) fn get(ctx: &Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let resource = ctx.state.resource(&key)?;
    if !resource.text("transitEncryptionMode").ends_with("SERVER_AUTHENTICATION") {
        return Err(ApiError::precondition("In-transit encryption is not enabled."));
    }
    Ok(authority(&format!("{}/certificateAuthority", key.name()), ctx.ca))
}

/// `getSharedRegionalCertificateAuthority`.
pub(super) fn shared(ctx: &Context<'_>) -> Answer {
    super::locations::check(&ctx.call.location)?;
    let name =
        format!("projects/{}/locations/{}/sharedRegionalCertificateAuthority", ctx.call.project, ctx.call.location);
    Ok(authority(&name, ctx.ca))
}

fn authority(name: &str, ca: &str) -> Value {
    json!({ "name": name, "managedServerCa": { "caCerts": [{ "certificates": [ca] }] } })
}
