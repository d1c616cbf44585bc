//! Who may connect, from where, and encryption.

use serde_json::Value;

use super::super::super::inputs::dotted;
use super::super::super::resolving::{Resolving, shown};
use crate::cache::Auth;

pub(super) fn resolve(it: &mut Resolving<'_>) {
    let tls = it.spec.tls.unwrap_or(true);
    it.out.put("tls", tls, it.spec.origin_of("tls"));
    it.out.put("minimum_tls_version", "1.2", None);
    if !tls {
        it.warn("without tls everything passes the network in the clear, the password included");
    }
    auth(it);
    key(it);
    network(it);
}

fn auth(it: &mut Resolving<'_>) {
    let objects = it.native("object_ids");
    let has_objects = objects.is_some_and(|(ids, _)| ids.as_array().is_some_and(|ids| !ids.is_empty()));
    if let Some((ids, origin)) = objects {
        it.out.put("object_ids", once_each(ids), origin);
    }
    match it.spec.auth {
        Some(Auth::None) => {
            let hint = "managed redis lets nobody in without a key or an identity";
            it.wrong("auth", "password or iam for azure/managed-redis", "none", Some(hint));
        }
        Some(Auth::Iam) => {
            if !has_objects {
                let key = dotted("object_ids");
                let hint = "object ids of the identities that connect, such as the workload's managed identity";
                it.wrong(&key, "at least one object id with auth iam", "nothing", Some(hint));
            }
            it.out.put("auth", Auth::Iam.as_str(), it.spec.origin_of("auth"));
        }
        Some(Auth::Password) | None => it.out.put("auth", Auth::Password.as_str(), it.spec.origin_of("auth")),
    }
}

/// Each id once: an object has one assignment, however often and in whatever case it is named.
fn once_each(ids: &Value) -> Value {
    let mut kept: Vec<&Value> = Vec::new();
    for id in ids.as_array().into_iter().flatten() {
        let text = id.as_str().unwrap_or_default();
        if !kept.iter().any(|known| known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(text))) {
            kept.push(id);
        }
    }
    kept.into_iter().cloned().collect()
}

/// `encryption_key` with the identity that may use it.
fn key(it: &mut Resolving<'_>) {
    let identity = it.native("user_assigned_identity_id");
    let Some(url) = it.spec.encryption_key.as_deref() else {
        if let Some((id, Some(_))) = identity {
            let hint = "the identity is there to use `encryption_key`";
            it.wrong(&dotted("user_assigned_identity_id"), "unset without encryption_key", shown(id), Some(hint));
        }
        return;
    };
    if !is_versioned_key(url) {
        let expected = "the url of a key with its version, https://….vault.azure.net/keys/…/…";
        it.wrong("encryption_key", expected, url, Some("azure takes a version only, and follows no newer one"));
        return;
    }
    if let Some((id, origin)) = identity {
        it.out.put("encryption_key", url, it.spec.origin_of("encryption_key"));
        it.out.put("user_assigned_identity_id", id.clone(), origin);
    } else {
        let hint = "it needs the key vault's role Key Vault Crypto Service Encryption User";
        let expected = "a user-assigned identity that may use encryption_key";
        it.wrong(&dotted("user_assigned_identity_id"), expected, "nothing", Some(hint));
    }
}

fn is_versioned_key(url: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
    let parts: Vec<&str> = path.split('/').collect();
    let [keys, name, version] = parts.as_slice() else { return false };
    let is_vault = [".vault.", ".managedhsm."].iter().any(|part| host.contains(part));
    is_vault && *keys == "keys" && !name.is_empty() && !version.is_empty()
}

/// `public_network_access` and the private endpoint.
fn network(it: &mut Resolving<'_>) {
    let public = it.public_access();
    let subnet = it.native("private_endpoint_subnet_id");
    match subnet {
        Some((id, origin)) if is_of(id, "Microsoft.Network/virtualNetworks", "/subnets/") => {
            it.out.put("private_endpoint_subnet_id", id.clone(), origin);
        }
        Some((id, _)) => {
            let expected = "the id of a subnet, /subscriptions/…/virtualNetworks/…/subnets/…";
            it.wrong(&dotted("private_endpoint_subnet_id"), expected, shown(id), None);
        }
        None if !public => it.warn(
            "nothing can connect yet: public access is off and no private endpoint was asked for \
             (azure.private_endpoint_subnet_id, or azure.public_access)",
        ),
        None => {}
    }
    match it.native("private_dns_zone_id") {
        Some((id, Some(_))) if subnet.is_none() => {
            let hint = "set azure.private_endpoint_subnet_id as well";
            it.wrong(&dotted("private_dns_zone_id"), "unset without a private endpoint", shown(id), Some(hint));
        }
        Some((id, origin)) if is_of(id, "Microsoft.Network/privateDnsZones", "/") => {
            if !shown(id).to_ascii_lowercase().ends_with("/privatelink.redis.azure.net") {
                it.warn("clients find a managed cache by the zone privatelink.redis.azure.net");
            }
            if subnet.is_some() {
                it.out.put("private_dns_zone_id", id.clone(), origin);
            }
        }
        Some((id, _)) => {
            let expected = "the id of a private dns zone, /subscriptions/…/privateDnsZones/…";
            it.wrong(&dotted("private_dns_zone_id"), expected, shown(id), None);
        }
        None if subnet.is_some() => it.warn(
            "the private endpoint is entered in no dns zone: clients have to find it by one of yours \
             (azure.private_dns_zone_id)",
        ),
        None => {}
    }
}

/// Whether an id is that of a resource of a kind.
fn is_of(id: &Value, kind: &str, part: &str) -> bool {
    let id = shown(id).to_ascii_lowercase();
    let after = id.split_once(&format!("/providers/{}/", kind.to_ascii_lowercase())).map(|(_, after)| after.to_owned());
    after.is_some_and(|after| part == "/" || after.contains(part))
}
