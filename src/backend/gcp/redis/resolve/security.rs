//! Encryption on the way and at rest, and how clients prove who they are.

use super::super::super::instances::Resolving;
use crate::cache::Auth;

/// `tls`, `auth` and `encryption_key`. TLS and AUTH are on unless somebody says otherwise.
pub(super) fn security(it: &mut Resolving<'_>) {
    let tls = it.spec.tls.unwrap_or(true);
    it.out.put("tls", tls, it.spec.origin_of("tls"));
    let auth = it.spec.auth.unwrap_or(Auth::Password);
    match auth {
        Auth::Iam => {
            let hint = "leave `auth` out, or set it to password; gcp/valkey and gcp/redis-cluster have iam";
            it.wrong("auth", "password or none: redis instances have no iam", auth, Some(hint));
        }
        Auth::Password | Auth::None => it.out.put("auth", auth.as_str(), it.spec.origin_of("auth")),
    }
    if !tls {
        it.out.warnings.push("without tls everything passes the network in the clear".to_owned());
    }
    if auth == Auth::None {
        it.out.warnings.push("without auth everybody in the network may read and write".to_owned());
    }
    key(it);
    if let Some(rotate) = it.spec.rotate.filter(|rotate| *rotate > 0) {
        let hint = "google makes a new password only when AUTH is switched off and on again, which leaves the cache open \
                    in between; the driver does not do that";
        it.wrong("rotate", "unset or 0 for gcp/redis", rotate, Some(hint));
    }
}

fn key(it: &mut Resolving<'_>) {
    let Some(key) = it.spec.encryption_key.as_deref() else { return };
    let parts: Vec<&str> = key.split('/').collect();
    let ["projects", _, "locations", location, "keyRings", _, "cryptoKeys", _] = parts[..] else {
        let expected = "a key of cloud kms, projects/…/locations/…/keyRings/…/cryptoKeys/…";
        it.wrong("encryption_key", expected, key, Some("without a version: google takes the primary one"));
        return;
    };
    let region = it.spec.region.as_deref().or(it.setting.config.region.as_deref());
    match region.filter(|region| *region != location) {
        Some(region) => it.wrong("encryption_key", format!("a key of the cache's region, {region}"), key, None),
        None => it.out.put("encryption_key", key, it.spec.origin_of("encryption_key")),
    }
}
