//! Whether what caches need is there: identity, resource group, provider, location, permissions, private network.

use serde_json::Value;

use super::Shared;
use super::answer::Answer;
use super::call::Call;
use super::paths;
use super::place::{Situation, same_location};
use crate::backend::{At, Feature, Fields, Finding, Kind, Permission, Result};

const CACHE: &str = "Microsoft.Cache";
const NETWORK: &str = "Microsoft.Network";

/// What a product needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// The resource type below `Microsoft.Cache`.
    pub(super) kind: &'static str,
    pub(super) version: &'static str,
    pub(super) permissions: &'static [Permission],
}

/// Looks at everything that a cache needs before it can be made.
pub(super) async fn preflight(shared: &Shared, at: &At, needs: &Needs, wanted: &Fields) -> Vec<Finding> {
    let situation = match shared.situation(at) {
        Ok(situation) => situation,
        Err(error) => return vec![Finding::failed("place", error)],
    };
    let mut findings = match shared.arm.token(&at.credentials).await {
        Ok(who) => vec![Finding::ok("identity", who.unwrap_or_else(|| "entra gave a token".to_owned()))],
        Err(error) => return vec![Finding::failed("identity", error)],
    };
    let look = Look { shared, at, situation: &situation };
    // Whoever has a role on the group only may not read the subscription itself: the group answers for it.
    match look.get("resourceGroups.get", situation.group_path(), paths::RESOURCES).await {
        Ok(_) => {
            let seen = format!("{} in subscription {}", situation.group, situation.subscription);
            findings.push(Finding::ok("resource group", seen));
        }
        Err(error) => {
            findings.push(Finding::failed("resource group", error));
            return findings;
        }
    }
    let subnet = ["private_endpoint_subnet_id", "subnet_id"].iter().find_map(|field| wanted.get(*field)?.as_str());
    let provider = look.provider(CACHE, Some(needs.kind)).await;
    let is_off = provider.iter().any(Finding::is_problem);
    findings.extend(provider);
    if is_off {
        return findings;
    }
    let path = format!("{}/providers/{CACHE}/{}", situation.group_path(), needs.kind);
    let kind = format!("{CACHE}/{}", needs.kind);
    findings.push(match look.get("list", path, needs.version).await {
        Ok(_) => Finding::ok(kind, format!("may be listed in {}", situation.group)),
        Err(error) => Finding::failed(kind, error),
    });
    findings.push(look.permissions(needs.permissions, subnet.is_some(), wanted).await);
    if let Some(subnet) = subnet {
        findings.extend(look.provider(NETWORK, None).await);
        findings.push(
            look.there("subnet", "subnets.get", subnet, "providers.azure.defaults.private_endpoint_subnet_id").await,
        );
    }
    if let Some(zone) = wanted.get("private_dns_zone_id").and_then(Value::as_str) {
        let key = "providers.azure.defaults.private_dns_zone_id";
        findings.push(look.there("private dns zone", "privateDnsZones.get", zone, key).await);
    }
    findings
}

struct Look<'a> {
    shared: &'a Shared,
    at: &'a At,
    situation: &'a Situation<'a>,
}

impl Look<'_> {
    async fn get(&self, name: &'static str, path: String, version: &'static str) -> Result<Answer> {
        let answer = self.shared.arm.send(self.at, &Call::get(name, path, version)).await?;
        answer.done(name, self.situation)
    }

    /// Whether a provider is registered, and has the type in the location.
    async fn provider(&self, namespace: &str, kind: Option<&str>) -> Vec<Finding> {
        let subject = format!("provider {namespace}");
        let path = format!("{}/providers/{namespace}", self.situation.subscription_path());
        let body = match self.get("providers.get", path, paths::RESOURCES).await {
            Ok(answer) => answer.body,
            // Reading it takes a right on the subscription, which is not needed for anything else.
            Err(error) if error.kind == Kind::Credentials => {
                let seen = "the identity may not read whether it is registered; the first call shows it";
                return vec![Finding::warning(subject, seen).mend(self.situation.registration(namespace))];
            }
            Err(error) => return vec![Finding::failed(subject, error)],
        };
        let state = body.get("registrationState").and_then(Value::as_str).unwrap_or("unknown");
        if !state.eq_ignore_ascii_case("Registered") {
            let mend = self.situation.registration(namespace);
            return vec![Finding::problem(subject, format!("it is `{state}`")).mend(mend)];
        }
        let mut findings = vec![Finding::ok(subject, state)];
        let types = body.get("resourceTypes").and_then(Value::as_array).into_iter().flatten();
        let of_kind = kind.and_then(|kind| {
            types.into_iter().find(|one| {
                let name = one.get("resourceType").and_then(Value::as_str);
                name.is_some_and(|name| name.eq_ignore_ascii_case(kind))
            })
        });
        let places = of_kind.and_then(|one| one.get("locations")?.as_array());
        if let Some(places) = places.filter(|places| !places.is_empty()) {
            findings.push(self.location(namespace, kind.unwrap_or_default(), places));
        }
        findings
    }

    fn location(&self, namespace: &str, kind: &str, places: &[Value]) -> Finding {
        let (subject, location) = ("location", self.situation.location);
        let places = places.iter().filter_map(Value::as_str);
        if places.clone().any(|place| same_location(place, location)) {
            return Finding::ok(subject, format!("{namespace}/{kind} is offered in {location}"));
        }
        let mend = format!(
            "set providers.azure.location to one that has it: `az provider show --namespace {namespace} --query \
             \"resourceTypes[?resourceType=='{kind}'].locations\"`"
        );
        Finding::problem(subject, format!("azure offers {namespace}/{kind} not in {location}")).mend(mend)
    }

    /// What the identity may do on the group, as far as it may read that.
    async fn permissions(&self, all: &[Permission], has_network: bool, wanted: &Fields) -> Finding {
        let (subject, group) = ("permissions", self.situation.group);
        let path = format!("{}/providers/Microsoft.Authorization/permissions", self.situation.group_path());
        let Ok(answer) = self.get("permissions.list", path, paths::AUTHORIZATION).await else {
            let seen = "the identity may not read its own permissions; azure judges at the first call";
            return Finding::warning(subject, seen).mend("allow Microsoft.Authorization/permissions/read on the group");
        };
        let used = |feature| match feature {
            None => true,
            // The subnet and the zone may be in another group, whose roles are not asked for here.
            Some(Feature::PrivateEndpoint) => has_network,
            Some(Feature::EncryptionKey) => wanted.contains_key("encryption_key"),
            Some(Feature::IamAuth) => wanted.get("auth").and_then(Value::as_str) == Some("iam"),
            Some(_) => false,
        };
        let elsewhere = |action: &str| {
            action.starts_with("Microsoft.Network/virtualNetworks/")
                || action.starts_with("Microsoft.Network/privateDnsZones/")
                || action.starts_with("Microsoft.ManagedIdentity/")
        };
        let needed = all.iter().filter(|one| !one.only_check && used(one.feature) && !elsewhere(one.action));
        let needed: Vec<&str> = needed.map(|one| one.action).collect();
        let missing: Vec<&str> = needed.iter().copied().filter(|action| !is_granted(&answer.body, action)).collect();
        if missing.is_empty() {
            return Finding::ok(subject, format!("all {} that were asked for are granted on {group}", needed.len()));
        }
        let mend = format!(
            "run `cache-driver policy azure --subscription {} --resource-group {group} > role.json`, `az role definition \
             create --role-definition role.json`, and assign it on the group",
            self.situation.subscription
        );
        Finding::problem(subject, format!("missing on {group}: {}", missing.join(", "))).mend(mend)
    }

    /// Whether something of the network is there, by its id.
    async fn there(&self, what: &str, call: &'static str, id: &str, key: &str) -> Finding {
        let name = id.rsplit('/').next().unwrap_or(id);
        let subject = format!("{what} {name}");
        let version = if what == "subnet" { paths::NETWORK } else { paths::PRIVATE_DNS };
        let answer = match self.shared.arm.send(self.at, &Call::get(call, id.to_owned(), version)).await {
            Ok(answer) => answer,
            Err(error) => return Finding::unknown(subject, error),
        };
        if answer.is_absent() {
            let mend = if what == "subnet" {
                format!(
                    "run `az network vnet subnet create --name {name} --vnet-name VNET --resource-group GROUP \
                     --address-prefixes RANGE`, or name another one in {key}"
                )
            } else {
                format!(
                    "run `az network private-dns zone create --name {name} --resource-group GROUP`, or name another one in {key}"
                )
            };
            return Finding::problem(subject, format!("{id} is not there")).mend(mend);
        }
        match answer.done(call, self.situation) {
            Ok(_) => Finding::ok(subject, "it is there"),
            Err(error) => Finding::unknown(subject, error),
        }
    }
}

/// Whether one of the roles allows an action, and does not take it back.
fn is_granted(permissions: &Value, action: &str) -> bool {
    let roles = permissions.get("value").and_then(Value::as_array).into_iter().flatten();
    let has = |role: &Value, key: &str| {
        let patterns = role.get(key).and_then(Value::as_array).into_iter().flatten();
        patterns
            .filter_map(Value::as_str)
            .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()))
    };
    roles.into_iter().any(|role| has(role, "actions") && !has(role, "notActions"))
}

/// `*` stands for anything, also across slashes.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_right_is_granted_by_a_pattern_and_taken_back_by_another() {
        let permissions = json!({"value": [
            {"actions": ["Microsoft.Cache/redis/*"], "notActions": []},
            {"actions": ["*/read"], "notActions": ["Microsoft.Secret/*"]},
        ]});
        for (action, granted) in [
            ("Microsoft.Cache/redis/write", true),
            ("Microsoft.Cache/redisEnterprise/write", false),
            ("Microsoft.Cache/redisEnterprise/databases/read", true),
            ("Microsoft.Secret/things/read", false),
        ] {
            assert_eq!(is_granted(&permissions, action), granted, "{action}");
        }
        assert!(!is_granted(&json!(null), "x") && matches("*", "x/y") && matches("a*b*c", "a1b2c"));
    }
}
