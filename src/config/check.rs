//! What types cannot say: names, ranges, files, and whether the sections agree.

use std::time::Duration;

use tracing_subscriber::filter::Targets;

use super::problem::Problem;
use super::{Azure, Config, Providers, auth, files, telemetry};
use crate::cache::{Mark, Provider};

/// First segments of paths that are this driver's own, and therefore neither routes nor ids of resources, each with what it
/// is for.
pub const RESERVED: [(&str, &str); 7] = [
    ("alive", "the liveness probe"),
    ("health", "the readiness probe"),
    ("metrics", "the metrics"),
    ("docs", "the API documentation"),
    ("sizes", "the table of sizes"),
    ("resources", "the list of caches"),
    ("plan", "plans"),
];

/// Reads the files that keys name, each into the field beside it.
pub(super) fn files(config: &mut Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut read = |path: String, file: &std::path::Path| {
        let key = path.rsplit('.').next().unwrap_or_default();
        files::read(key, file).map_err(|reason| problems.push(Problem::new(path, reason))).ok()
    };
    let Providers { aws, gcp, azure } = &mut config.providers;
    for (provider, file, pem) in [
        (Provider::Aws, &aws.ca_file, &mut aws.ca_pem),
        (Provider::Gcp, &gcp.ca_file, &mut gcp.ca_pem),
        (Provider::Azure, &azure.ca_file, &mut azure.ca_pem),
    ] {
        if let Some(file) = file {
            *pem = read(format!("providers.{provider}.ca_file"), file);
        }
    }
    let mut twice = Vec::new();
    for (provider, file, pem) in [
        (Provider::Aws, &aws.cache_ca_file, &mut aws.cache_ca),
        (Provider::Azure, &azure.cache_ca_file, &mut azure.cache_ca),
    ] {
        let Some(file) = file else { continue };
        let path = format!("providers.{provider}.cache_ca_file");
        if pem.is_some() {
            twice.push(Problem::new(path, "`cache_ca` is set too; one is enough"));
        } else {
            *pem = read(path, file);
        }
    }
    problems.extend(twice);
    let mut read = |path: String, file: &std::path::Path| {
        let key = path.rsplit('.').next().unwrap_or_default();
        files::read_secret(key, file).map_err(|reason| problems.push(Problem::new(path, reason))).ok()
    };
    for (name, account) in &mut config.providers.gcp.accounts {
        let path = format!("providers.gcp.accounts.{name}.credentials_file");
        account.credentials = read(path, &account.credentials_file);
    }
    let mut wrong = Vec::new();
    for (name, account) in &config.providers.gcp.accounts {
        let path = format!("providers.gcp.accounts.{name}.credentials_file");
        wrong.extend(account.problem().map(|reason| Problem::new(path, reason)));
    }
    for (name, account) in &mut config.providers.azure.accounts {
        let Some(file) = &account.client_secret_file else { continue };
        let path = format!("providers.azure.accounts.{name}.client_secret_file");
        if account.client_secret.is_some() {
            wrong.push(Problem::new(path, "`client_secret` is set too; one is enough"));
        } else {
            account.client_secret = read(path, file);
        }
    }
    problems.extend(wrong);
    problems.extend(auth::read_files(config));
    problems.extend(telemetry::read_files(&mut config.telemetry.otlp));
    problems
}

/// Looks at single values and names.
pub(super) fn values(config: &Config) -> Vec<Problem> {
    let mut problems = names(config);
    let mut refuse = |wrong: bool, path: &str, reason: &str| {
        if wrong {
            problems.push(Problem::new(path, reason));
        }
    };
    let server = &config.server;
    refuse(server.request_timeout == Duration::ZERO, "server.request_timeout", "must be more than nothing");
    refuse(server.body_limit == 0, "server.body_limit", "must be more than 0");
    refuse(server.concurrency_limit == 0, "server.concurrency_limit", "must be more than 0");
    let lifecycle = &config.lifecycle;
    refuse(lifecycle.poll_interval == Duration::ZERO, "lifecycle.poll_interval", "must be more than nothing");
    let (min, max) = (lifecycle.retry_after.min, lifecycle.retry_after.max);
    refuse(min < Duration::from_secs(1), "lifecycle.retry_after.min", "must be at least 1s, the unit of the header");
    refuse(min > max, "lifecycle.retry_after.max", "must not be less than `min`");
    let speed = config.sandbox.speed;
    refuse(!speed.is_finite() || speed <= 0.0, "sandbox.speed", "must be more than 0");
    refuse(config.log.level.parse::<Targets>().is_err(), "log.level", "neither a level nor filter directives");
    let aws = &config.providers.aws;
    refuse(aws.max_attempts == 0, "providers.aws.max_attempts", "must be more than 0");
    let azure = &config.providers.azure;
    refuse(azure.max_attempts == 0, "providers.azure.max_attempts", "must be more than 0");
    for (path, id) in azure_ids(azure) {
        refuse(!is_tenant(id), &path, "expected an id such as `00000000-0000-0000-0000-000000000000`, or a domain");
    }
    let gcp = &config.providers.gcp;
    for (number, path) in [
        (gcp.max_attempts, "providers.gcp.max_attempts"),
        (gcp.requests_per_minute, "providers.gcp.requests_per_minute"),
        (gcp.creations_per_minute, "providers.gcp.creations_per_minute"),
        (gcp.replicas, "providers.gcp.replicas"),
    ] {
        refuse(number == 0, path, "must be more than 0");
    }
    let urls = [
        ("providers.aws.endpoint_url", &aws.endpoint_url),
        ("providers.aws.sts_endpoint_url", &aws.sts_endpoint_url),
        ("providers.gcp.endpoint_url", &config.providers.gcp.endpoint_url),
        ("providers.azure.endpoint_url", &config.providers.azure.endpoint_url),
    ];
    for (path, url) in urls {
        let Some(url) = url else { continue };
        let legal = reqwest::Url::parse(url).is_ok_and(|url| {
            let web = matches!(url.scheme(), "http" | "https") && url.has_host();
            web && url.username().is_empty() && url.password().is_none()
        });
        refuse(!legal, path, "expected an http or https URL without user and password");
    }
    for (index, key) in config.secrets.keyring.iter().enumerate() {
        let again = config.secrets.keyring.iter().take(index).any(|earlier| earlier.id == key.id);
        refuse(again, &format!("secrets.keyring.{index}.id"), "an earlier key has the same id");
    }
    problems.extend(auth::check(config));
    problems.extend(telemetry::check(&config.telemetry.otlp));
    problems
}

/// Ids that become part of a path at Entra or at the resource manager.
fn azure_ids(azure: &Azure) -> Vec<(String, &String)> {
    let mut ids: Vec<(String, &String)> = Vec::new();
    ids.extend(azure.subscription_id.iter().map(|id| ("providers.azure.subscription_id".to_owned(), id)));
    ids.extend(
        azure.subscriptions.iter().enumerate().map(|(n, id)| (format!("providers.azure.subscriptions.{n}"), id)),
    );
    ids.extend(azure.federated.tenant_id.iter().map(|id| ("providers.azure.federated.tenant_id".to_owned(), id)));
    let accounts = azure.accounts.iter();
    ids.extend(accounts.map(|(name, a)| (format!("providers.azure.accounts.{name}.tenant_id"), &a.tenant_id)));
    ids
}

/// Whether a text can be a tenant: an id or a domain. Anything else could lead elsewhere.
fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.')
        && !text.starts_with('.')
}

fn names(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, route) in &config.routes {
        let path = format!("routes.{name}");
        if let Some((_, what)) = RESERVED.iter().find(|(reserved, _)| reserved == name) {
            let reason = format!("the name is reserved: `/{name}` is where this driver serves {what}");
            problems.push(Problem::new(&path, reason));
        } else if !is_name(name) || name.len() > Mark::MAX_NAME {
            let reason = format!("a route's name is 1 to {} of the characters a-z, 0-9 and '-'", Mark::MAX_NAME);
            problems.push(Problem::new(&path, reason));
        }
        if !is_resource_type(&route.resource_type) {
            let reason = "expected a resource type such as `redis` or `my-org/valkey`";
            problems.push(Problem::new(format!("{path}.resource_type"), reason));
        }
        if let (Some(provider), Some(product)) = (route.provider, route.product)
            && product.provider() != provider
        {
            let reason = format!("{product} is not a product of `provider`, {provider}");
            problems.push(Problem::new(format!("{path}.product"), reason));
        }
    }
    let providers = &config.providers;
    let tables: [(&str, Vec<&String>); 5] = [
        ("profiles", config.profiles.keys().collect()),
        ("regions", config.regions.keys().collect()),
        ("providers.aws.accounts", providers.aws.accounts.keys().collect()),
        ("providers.gcp.accounts", providers.gcp.accounts.keys().collect()),
        ("providers.azure.accounts", providers.azure.accounts.keys().collect()),
    ];
    for (table, keys) in tables {
        for name in keys.into_iter().filter(|name| !is_name(name)) {
            let reason = "a name is made of the characters a-z, 0-9 and '-'";
            problems.push(Problem::new(format!("{table}.{name}"), reason));
        }
    }
    problems
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

fn is_resource_type(text: &str) -> bool {
    let (org, name) = text.split_once('/').unwrap_or(("org", text));
    [org, name].into_iter().all(|part| is_name(part) && !part.starts_with('-') && !part.ends_with('-'))
}

/// What keeps the driver from starting with this configuration, given the providers that are compiled in.
#[must_use]
pub fn validate(config: &Config, compiled: &[Provider]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let providers = &config.providers;
    for provider in providers.enabled().filter(|provider| !compiled.contains(provider)) {
        let reason = format!("enabled provider not compiled in: rebuild with `--features {provider}`");
        problems.push(Problem::new(format!("providers.{provider}.enabled"), reason).hint(list(compiled)));
    }
    if providers.enabled().next().is_none() {
        let first = compiled.first().copied().unwrap_or(Provider::Aws);
        let hint = format!("set `enabled = true`, or start with `--sandbox`; {}", list(compiled));
        let reason = "no provider is enabled";
        problems.push(Problem::new(format!("providers.{first}.enabled"), reason).hint(hint));
    }
    for (name, route) in &config.routes {
        let (key, provider) = match (route.provider, route.product) {
            (Some(provider), _) => ("provider", provider),
            (None, Some(product)) => ("product", product.provider()),
            (None, None) => continue,
        };
        if !providers.is_enabled(provider) {
            let hint = format!("set `providers.{provider}.enabled = true`");
            problems
                .push(Problem::new(format!("routes.{name}.{key}"), format!("{provider} is not enabled")).hint(hint));
        }
    }
    let needed = [
        (providers.aws.enabled, "aws.region", &providers.aws.region),
        (providers.gcp.enabled, "gcp.region", &providers.gcp.region),
        (providers.azure.enabled, "azure.subscription_id", &providers.azure.subscription_id),
        (providers.azure.enabled, "azure.location", &providers.azure.location),
    ];
    for (enabled, key, value) in needed {
        if enabled && value.as_deref().unwrap_or_default().is_empty() {
            problems.push(Problem::new(format!("providers.{key}"), "is missing, and the provider is enabled"));
        }
    }
    let azure = &providers.azure;
    if azure.enabled && azure.resource_group.is_none() && azure.resource_groups.is_empty() {
        let why = "is missing, and the provider is enabled; `resource_groups` will do too";
        problems.push(Problem::new("providers.azure.resource_group", why));
    }
    for (name, account) in &providers.azure.accounts {
        if account.client_secret.is_none() {
            let path = format!("providers.azure.accounts.{name}.client_secret");
            problems.push(Problem::new(path, "is missing, and so is `client_secret_file`"));
        }
    }
    if config.secrets.keyring.is_empty() {
        let hint = "add { id = \"k1\", key_file = \"…\" }; `openssl rand -hex 32` makes a key";
        problems.push(Problem::new("secrets.keyring", "has no key").hint(hint));
    }
    let server = &config.server;
    if !server.listen.ip().is_loopback() && !server.allow_public_without_auth && !server.auth.proves_callers() {
        let reason = if server.auth.allow_ips.is_empty() {
            "others can reach it, and callers are not authenticated"
        } else {
            "others can reach it, and `server.auth.allow_ips` alone does not tell callers apart: an address serves many"
        };
        let hint = "set `server.auth.tokens` (`cache-driver token` makes one), `path_secrets`, `jwt` or `mtls`; or listen \
                    on 127.0.0.1; or set `server.allow_public_without_auth = true` if the network keeps others out";
        problems.push(Problem::new("server.listen", reason).hint(hint));
    }
    problems
}

fn list(compiled: &[Provider]) -> String {
    let names: Vec<&str> = compiled.iter().map(|provider| provider.as_str()).collect();
    if names.is_empty() {
        "no provider is compiled in".to_owned()
    } else {
        format!("compiled in: {}", names.join(", "))
    }
}
