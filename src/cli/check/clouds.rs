//! Every place at every cloud in which this configuration makes caches, looked at side by side.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::report::{About, Section};
use crate::backend::{At, Backend, Credentials, Fields, Finding, Registry};
use crate::cache::{CacheName, FieldError, GuResId, Place, Product, Provider};
use crate::config::Config;
use crate::routing::{self, Asked};

/// Stands for the id of a resource: nothing is called like that.
const NOBODY: &str = "check";

/// What routes make caches with, by product: the fields of each that differs.
pub(super) type Uses = BTreeMap<Product, Vec<Fields>>;

/// What the routes use, and what is to say of each.
pub(super) fn uses(config: &Config, registry: &Registry) -> (Uses, Vec<Finding>) {
    let (mut uses, mut findings) = (Uses::new(), Vec::new());
    let (empty, enabled) = (Map::new(), registry.providers());
    for (name, route) in &config.routes {
        let subject = format!("route {name}");
        let asked = Asked { route: Some(name), resource_type: None, values: &empty, resource: &empty };
        let routed = match routing::route(config, &enabled, &asked) {
            Ok(routed) => routed,
            Err(errors) => {
                findings.push(left_open(subject, &route.resource_type, &errors));
                continue;
            }
        };
        let backend = match registry.get(routed.product) {
            Ok(backend) => backend,
            Err(unavailable) => {
                let mend = format!("set another `product`, `engine` or `mode` in routes.{name}");
                findings.push(Finding::problem(subject, unavailable.to_string()).mend(mend));
                continue;
            }
        };
        let fields = match backend.resolve(&routed.spec) {
            Ok(resolved) => {
                let seen = format!("{} by {}", route.resource_type, routed.product);
                findings.push(Finding::ok(subject, seen));
                resolved.fields
            }
            Err(errors) => {
                findings.push(left_open(subject, &route.resource_type, &errors));
                Fields::new()
            }
        };
        let known = uses.entry(routed.product).or_default();
        if !known.contains(&fields) {
            known.push(fields);
        }
    }
    // Where requests decide, all of a cloud may be used.
    for provider in enabled {
        if !uses.keys().any(|product| product.provider() == provider) {
            let all = registry.products().into_iter().filter(|product| product.provider() == provider);
            uses.extend(all.map(|product| (product, vec![Fields::new()])));
        }
    }
    (uses, findings)
}

/// What every request has to say, because the route does not.
fn left_open(subject: String, resource_type: &str, errors: &[FieldError]) -> Finding {
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let hints: Vec<&str> = errors.iter().filter_map(|error| error.hint.as_deref()).collect();
    let seen = format!("{resource_type}, if requests say what it leaves open: {}", told.join("; "));
    let finding = Finding::warning(subject, seen);
    if hints.is_empty() { finding } else { finding.mend(hints.join("; ")) }
}

/// One place, with somebody's rights.
struct Target {
    backend: Arc<dyn Backend>,
    at: At,
    wanted: Vec<Fields>,
}

/// Looks everywhere. A place that does not answer in time is a finding.
pub(super) async fn look(
    config: &Config,
    registry: &Registry,
    uses: Uses,
    only: &[Provider],
    patience: Duration,
) -> Vec<Section> {
    let mut looks = JoinSet::new();
    let targets = targets(config, registry, uses, only);
    let mut places = HashMap::new();
    for (number, target) in targets.into_iter().enumerate() {
        let about = about(&target.at);
        let started = looks.spawn(async move { (number, target.look(patience).await) });
        places.insert(started.id(), (number, about));
    }
    let mut sections = BTreeMap::new();
    while let Some(looked) = looks.join_next().await {
        match looked {
            Ok((number, section)) => sections.insert(number, section),
            Err(error) => {
                let (number, about) = places.remove(&error.id()).unwrap_or((usize::MAX, About::Configuration));
                let seen = format!("it was not looked at to the end, which is a fault of this program: {error}");
                let mend = "report it, with the version of this program and the configuration without its secrets";
                let findings = vec![Finding::problem("check", seen).mend(mend)];
                sections.insert(number, Section { about, findings })
            }
        };
    }
    sections.into_values().collect()
}

/// Every place with the driver's own identity, and the first of each product with every account of the configuration.
fn targets(config: &Config, registry: &Registry, uses: Uses, only: &[Provider]) -> Vec<Target> {
    let Ok(nobody) = GuResId::parse(NOBODY) else { return Vec::new() };
    let name = CacheName::derive(&config.prefix, &nobody, None);
    let mut targets = Vec::new();
    for (product, wanted) in uses {
        let provider = product.provider();
        let Some(backend) = registry.get(product).ok().filter(|_| only.is_empty() || only.contains(&provider)) else {
            continue;
        };
        let places = backend.places(&name);
        let named = config.providers.accounts(provider);
        let named = named.into_iter().map(|account| Credentials::Named(account.to_owned()));
        let of_named = named.filter_map(|credentials| places.first().map(|place| (place.clone(), credentials)));
        let of_own = places.iter().map(|place| (place.clone(), Credentials::Own));
        for (place, credentials) in of_own.chain(of_named) {
            let at = At { place, credentials };
            targets.push(Target { backend: backend.clone(), at, wanted: wanted.clone() });
        }
    }
    targets
}

impl Target {
    async fn look(self, patience: Duration) -> Section {
        let mut findings = Vec::new();
        let mut seen = HashSet::new();
        let until = Instant::now() + patience;
        for wanted in &self.wanted {
            let looking = self.backend.preflight(&self.at, wanted);
            let found = tokio::time::timeout_at(until, looking).await.unwrap_or_else(|_| {
                let seen = format!("no answer within {}", humantime::format_duration(patience));
                let mend = "check the network, the proxy and endpoint_url between this machine and the cloud; --timeout gives it longer";
                vec![Finding::problem("reachable", seen).mend(mend)]
            });
            findings.extend(found.into_iter().filter(|finding| seen.insert(finding.clone())));
        }
        Section { about: about(&self.at), findings }
    }
}

fn about(at: &At) -> About {
    let Place { product, account, location, group, .. } = at.place.clone();
    let credentials = match &at.credentials {
        Credentials::Named(name) => name.clone(),
        Credentials::Own | Credentials::Given(_) => "own".to_owned(),
    };
    About::Cloud { product: product.to_string(), location, account, group, credentials }
}
