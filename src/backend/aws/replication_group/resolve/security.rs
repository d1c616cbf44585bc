//! Encryption on the way and at rest, and how clients prove who they are.

use serde_json::Value;

use super::{Resolving, shown};
use crate::cache::{Auth, Provider};

impl Resolving<'_> {
    /// `tls`, `auth` and `kms_key_id`.
    pub(super) fn security(&mut self) {
        let tls = self.spec.tls.unwrap_or(true);
        self.out.put("tls", tls, self.spec.origin_of("tls"));
        let mode = self.native("transit_encryption_mode");
        if tls {
            let (mode, origin) = mode.map_or((Value::from("required"), None), |(mode, origin)| (mode.clone(), origin));
            if mode == "preferred" {
                self.out.warnings.push("plain connections are accepted beside tls".to_owned());
            }
            self.out.put("transit_encryption_mode", mode, origin);
        } else {
            self.out.warnings.push("without tls everything passes the network in the clear".to_owned());
            if let Some(mode) = self.spec.native(Provider::Aws, "transit_encryption_mode") {
                self.wrong("aws.transit_encryption_mode", "unset without tls", shown(mode), None);
            }
        }
        self.auth(tls);
        self.out.put("at_rest_encryption", true, None);
        self.key();
    }

    fn auth(&mut self, tls: bool) {
        if let Some(groups) = self.spec.native(Provider::Aws, "user_group_ids") {
            let expected = "unset: replication groups have a password in this version";
            self.wrong("aws.user_group_ids", expected, shown(groups), None);
        }
        match self.spec.auth {
            Some(Auth::Iam) => {
                let hint = "leave `auth` out, or set it to password";
                self.wrong(
                    "auth",
                    "password or none: iam is not offered for replication groups in this version",
                    "iam",
                    Some(hint),
                );
            }
            Some(Auth::Password) if !tls => {
                self.wrong(
                    "auth",
                    "none without tls: aws sends no password in the clear",
                    "password",
                    Some("set `tls` to true"),
                );
            }
            None if !tls => {
                let hint = "without tls aws has no password: set `auth` to none as well, or `tls` to true";
                self.wrong("auth", "none without tls", "nothing", Some(hint));
            }
            Some(Auth::None) => {
                self.out.put("auth", Auth::None.as_str(), self.spec.origin_of("auth"));
                self.out
                    .warnings
                    .push("without auth everybody whom the security groups let in may read and write".to_owned());
            }
            Some(Auth::Password) | None => {
                self.out.put("auth", Auth::Password.as_str(), self.spec.origin_of("auth"));
            }
        }
    }

    fn key(&mut self) {
        let Some(arn) = self.spec.encryption_key.as_deref() else { return };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let (region, is_key) = match parts.as_slice() {
            ["arn", partition, "kms", region, _, key] => {
                (*region, partition.starts_with("aws") && key.starts_with("key/"))
            }
            _ => ("", false),
        };
        if !is_key {
            let hint = "aliases cannot be compared with what aws tells, so they are not taken";
            self.wrong("encryption_key", "the arn of a kms key, arn:aws:kms:…:key/…", arn, Some(hint));
            return;
        }
        let place = self.spec.region.as_deref().or(self.setting.config.region.as_deref());
        if place.is_some_and(|place| place != region) {
            self.wrong(
                "encryption_key",
                format!("a key of the cache's region, {}", place.unwrap_or_default()),
                arn,
                None,
            );
            return;
        }
        self.out.put("kms_key_id", arn, self.spec.origin_of("encryption_key"));
    }
}
