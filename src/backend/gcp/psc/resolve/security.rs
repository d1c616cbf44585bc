//! Encryption on the way and at rest, and how clients prove who they are.

use super::{Resolving, shown};
use crate::cache::{Auth, Provider};

const CUSTOMER_MANAGED: &str = "CUSTOMER_MANAGED_CAS_CA";

impl Resolving<'_> {
    /// `tls`, `auth`, the certificate authority, and `encryption_key`.
    pub(super) fn security(&mut self) {
        let tls = self.spec.tls.unwrap_or(true);
        self.out.put("tls", tls, self.spec.origin_of("tls"));
        let auth = self.spec.auth.unwrap_or(Auth::Password);
        self.out.put("auth", auth.as_str(), self.spec.origin_of("auth"));
        match (tls, auth) {
            (false, Auth::Password | Auth::Iam) => {
                let warning = "without tls everything passes the network in the clear, the tokens of clients included";
                self.out.warnings.push(warning.to_owned());
            }
            (false, Auth::None) => {
                self.out.warnings.push("without tls everything passes the network in the clear".to_owned());
            }
            (true, _) => {}
        }
        if auth == Auth::None {
            self.out.warnings.push("without auth everybody in the network may read and write".to_owned());
        }
        self.authority(tls);
        self.key();
    }

    fn authority(&mut self, tls: bool) {
        let mode = self.native("server_ca_mode");
        let pool = self.native("server_ca_pool");
        if !tls {
            for key in ["server_ca_mode", "server_ca_pool"] {
                if let Some(value) = self.spec.native(Provider::Gcp, key) {
                    self.wrong(&format!("gcp.{key}"), "unset without tls", shown(value), None);
                }
            }
            return;
        }
        let customers = mode.is_some_and(|(mode, _)| mode == CUSTOMER_MANAGED);
        if let Some((mode, origin)) = mode {
            self.out.put("server_ca_mode", mode.clone(), origin);
        }
        match (customers, pool) {
            (true, None) => {
                let hint = "set gcp.server_ca_pool to projects/…/locations/…/caPools/…";
                self.wrong("gcp.server_ca_mode", "a CA pool beside it", CUSTOMER_MANAGED, Some(hint));
            }
            (true, Some((pool, origin))) => {
                let text = shown(pool);
                if is_path(&text, &["projects", "locations", "caPools"]) {
                    self.out.put("server_ca_pool", text, origin);
                } else {
                    self.wrong("gcp.server_ca_pool", "projects/…/locations/…/caPools/…", text, None);
                }
            }
            (false, Some((pool, _))) if self.spec.native(Provider::Gcp, "server_ca_pool").is_some() => {
                let expected = format!("unset, or {CUSTOMER_MANAGED} as gcp.server_ca_mode");
                self.wrong("gcp.server_ca_pool", expected, shown(pool), None);
            }
            (false, _) => {}
        }
    }

    fn key(&mut self) {
        let Some(key) = self.spec.encryption_key.as_deref() else { return };
        if !is_path(key, &["projects", "locations", "keyRings", "cryptoKeys"]) {
            let expected = "a CryptoKey, projects/…/locations/…/keyRings/…/cryptoKeys/…";
            self.wrong("encryption_key", expected, key, Some("google takes the key without a version"));
            return;
        }
        let location = key.split('/').nth(3).unwrap_or_default();
        if let Some(region) = self.region().filter(|region| *region != location) {
            self.wrong("encryption_key", format!("a key of the cache's region, {region}"), key, None);
            return;
        }
        self.out.put("encryption_key", key, self.spec.origin_of("encryption_key"));
    }
}

/// Whether a text is a path of these collections, each with a name.
pub(super) fn is_path(text: &str, collections: &[&str]) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    parts.len() == collections.len() * 2
        && collections
            .iter()
            .zip(parts.chunks(2))
            .all(|(collection, part)| part[0] == *collection && !part[1].is_empty())
}
