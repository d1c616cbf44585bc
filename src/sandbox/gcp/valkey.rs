//! Rules of Memorystore for Valkey.

use serde_json::{Value, json};

use super::common::{self, default, int, text};
use super::error::ApiError;
use super::finish::Env;
use super::operation::time;
use super::product::Product;
use super::psc;
use super::schema::Object;
use super::store::{Key, Resource};

const ENDPOINTS: &str = psc::endpoints(Product::Valkey);
const VERSIONS: [&str; 3] = ["VALKEY_7_2", "VALKEY_8_0", "VALKEY_9_0"];
/// The parameters that can be set.
const CONFIGS: [&str; 9] = [
    "maxmemory",
    "maxmemory-clients",
    "maxmemory-policy",
    "maxclients",
    "notify-keyspace-events",
    "slowlog-log-slower-than",
    "slowlog-max-len",
    "activedefrag",
    "lazyfree-lazy-eviction",
];

pub(super) fn complete(fields: &mut Object) {
    default(fields, "mode", "CLUSTER");
    if text(fields, "mode") != "CLUSTER" {
        default(fields, "shardCount", 1);
    }
    default(fields, "authorizationMode", "AUTH_DISABLED");
    default(fields, "transitEncryptionMode", "TRANSIT_ENCRYPTION_DISABLED");
    default(fields, "nodeType", "HIGHMEM_MEDIUM");
    default(fields, "engineVersion", "VALKEY_7_2");
    psc::complete(fields);
}

pub(super) fn check(fields: &Object, key: &Key, before: Option<&Object>) -> Result<(), ApiError> {
    let wrong = |message: String| Err(ApiError::invalid(format!("{message}: invalid argument")));
    let version = text(fields, "engineVersion");
    if !VERSIONS.contains(&version) {
        return wrong(format!("engine version {version:?} is not supported"));
    }
    let age = |version: &str| VERSIONS.iter().position(|known| *known == version);
    if let Some(older) = before.map(|before| text(before, "engineVersion"))
        && age(version) < age(older)
    {
        return wrong(format!("engine version cannot be downgraded from {older} to {version}"));
    }
    let cluster = text(fields, "mode") == "CLUSTER";
    if !cluster && int(fields, "shardCount") != 1 {
        return wrong(format!("shard count must be 1 for mode {}", text(fields, "mode")));
    }
    if cluster && text(fields, "nodeType").starts_with("CUSTOM_") {
        return wrong(format!("node type {} is only available with mode CLUSTER_DISABLED", text(fields, "nodeType")));
    }
    common::engine_settings(Product::Valkey, fields, "engineConfigs", &CONFIGS)?;
    psc::check(fields, key, ENDPOINTS)
}

pub(super) fn finish(resource: &mut Resource, env: &Env<'_>) {
    let cluster = resource.text("mode") == "CLUSTER";
    let (first, second) = (psc::attachment(resource, false), psc::attachment(resource, true));
    // What the second connection of a cluster is for, the service does not say.
    let kinds = if cluster {
        [Some("CONNECTION_TYPE_DISCOVERY"), None]
    } else {
        [Some("CONNECTION_TYPE_PRIMARY"), Some("CONNECTION_TYPE_READER")]
    };
    let mut endpoints = Vec::new();
    for (number, network) in psc::networks(&resource.fields, ENDPOINTS).iter().enumerate() {
        let mut pair = Vec::new();
        for (offset, (attachment, kind)) in [&first, &second].into_iter().zip(kinds).enumerate() {
            let index = number * 2 + offset;
            let mut auto = json!({
                "ipAddress": psc::address(resource, index),
                "forwardingRule": psc::forwarding_rule(resource, network, index),
                "network": network.path,
                "projectId": network.project,
                "pscConnectionId": psc::connection_id(resource, index),
                "serviceAttachment": attachment,
            });
            if let Some(kind) = kind {
                auto["connectionType"] = kind.into();
                auto["port"] = psc::port(resource).into();
            }
            pair.push(json!({ "pscAutoConnection": auto }));
        }
        endpoints.push(json!({ "connections": pair }));
    }
    let registered = registered(resource, kinds);
    if !registered.is_empty() {
        endpoints.push(json!({ "connections": registered }));
    }
    let (size, uid) = (psc::node_gb(resource.text("nodeType")), psc::uid(resource));
    let encrypted = resource.text("transitEncryptionMode") == "SERVER_AUTHENTICATION";
    let fields = &mut resource.fields;
    if endpoints.is_empty() {
        fields.remove(ENDPOINTS);
    } else {
        fields.insert(ENDPOINTS.to_owned(), endpoints.into());
    }
    let details: Vec<Value> = [first, second]
        .into_iter()
        .zip(kinds)
        .map(|(attachment, kind)| {
            let mut detail = json!({ "serviceAttachment": attachment });
            if let Some(kind) = kind {
                detail["connectionType"] = kind.into();
            }
            detail
        })
        .collect();
    fields.insert("pscAttachmentDetails".to_owned(), details.into());
    fields.insert("nodeConfig".to_owned(), json!({ "sizeGb": size }));
    fields.insert("effectiveMaintenanceVersion".to_owned(), "MEMORYSTORE_20260313_01_00".into());
    fields.insert("satisfiesPzi".to_owned(), false.into());
    fields.insert("updateTime".to_owned(), time(env.now).into());
    fields.insert("uid".to_owned(), uid.into());
    let info = psc::encryption_info(fields);
    fields.insert("encryptionInfo".to_owned(), info);
    default(
        fields,
        "serverCaMode",
        if encrypted { "GOOGLE_MANAGED_PER_INSTANCE_CA" } else { "SERVER_CA_MODE_UNSPECIFIED" },
    );
}

/// The connections that the user registered, with what the service adds to them.
fn registered(resource: &Resource, kinds: [Option<&str>; 2]) -> Vec<Value> {
    let mut found = Vec::new();
    for connection in psc::connections(&resource.fields, ENDPOINTS) {
        let Some(given) = connection.get("pscConnection") else { continue };
        let mut shown = given.clone();
        let second = given["serviceAttachment"].as_str().is_some_and(|attachment| attachment.ends_with("-2"));
        if let Some(kind) = kinds[usize::from(second)] {
            shown["connectionType"] = kind.into();
            shown["port"] = psc::PORT.into();
        }
        shown["projectId"] = resource.key.project.clone().into();
        shown["pscConnectionStatus"] = "ACTIVE".into();
        found.push(json!({ "pscConnection": shown }));
    }
    found
}

/// An update of the endpoints names only what the user registered; automatic connections stay.
pub(super) fn keep_automatic(before: &Object, target: &mut Object) {
    let automatic = psc::networks(before, ENDPOINTS);
    let wanted = psc::networks(target, ENDPOINTS);
    let missing = automatic.into_iter().filter(|network| !wanted.contains(network));
    let kept: Vec<Value> = missing
        .map(|network| json!({ "pscAutoConnection": { "network": network.path, "projectId": network.project } }))
        .collect();
    if kept.is_empty() {
        return;
    }
    let endpoints = target.entry(ENDPOINTS).or_insert_with(|| json!([]));
    if let Some(endpoints) = endpoints.as_array_mut() {
        endpoints.insert(0, json!({ "connections": kept }));
    }
}
