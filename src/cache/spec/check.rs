//! Fields that are right by themselves and contradict each other.

use std::fmt::Display;

use super::Spec;
use crate::cache::{Auth, Engine, FieldError, Mode, OnDelete, Persistence, Product, Provider};

/// Reports every contradiction, each at the field that gives way more easily.
pub(super) fn check(spec: &Spec, errors: &mut Vec<FieldError>) {
    product(spec, errors);
    shape(spec, errors);
    if engine(spec) == Some(Engine::Memcached) {
        memcached(spec, errors);
    }
    life(spec, errors);
}

fn wrong(spec: &Spec, key: &str, expected: impl Into<String>, got: impl Display) -> FieldError {
    FieldError::new(spec.path_of(key), expected, format!("`{got}`"))
}

fn product(spec: &Spec, errors: &mut Vec<FieldError>) {
    let Some(product) = spec.product else { return };
    if let Some(provider) = spec.provider
        && provider != product.provider()
    {
        errors.push(
            wrong(spec, "product", format!("a product of {provider}"), product)
                .hint(format!("{provider} has {}", products_of(provider))),
        );
    }
    if let Some(engine) = spec.engine
        && !product.engines().contains(&engine)
    {
        let known: Vec<&str> = product.engines().iter().map(|engine| engine.as_str()).collect();
        errors.push(wrong(spec, "engine", format!("an engine of {product}: {}", known.join(", ")), engine));
    }
    if let Some(mode) = spec.mode
        && !product.modes().contains(&mode)
    {
        let known: Vec<&str> = product.modes().iter().map(|mode| mode.as_str()).collect();
        errors.push(wrong(spec, "mode", format!("a mode of {product}: {}", known.join(", ")), mode));
    }
}

fn shape(spec: &Spec, errors: &mut Vec<FieldError>) {
    let memcached = engine(spec) == Some(Engine::Memcached);
    let mode = mode(spec);
    if let Some(shards) = spec.shards.filter(|shards| *shards > 1) {
        if mode == Mode::Serverless {
            errors.push(wrong(spec, "shards", "unset in serverless mode, which has no shards to choose", shards));
        } else if mode == Mode::Standard && !memcached {
            errors.push(wrong(spec, "shards", "1 in standard mode", shards).hint("set `mode` to `cluster`"));
        }
    }
    if let Some(replicas) = spec.replicas.filter(|replicas| *replicas > 0)
        && mode == Mode::Serverless
    {
        errors.push(wrong(spec, "replicas", "unset in serverless mode, which has no nodes to choose", replicas));
    }
    if spec.high_availability == Some(true) && spec.replicas == Some(0) && mode != Mode::Serverless && !memcached {
        errors.push(
            wrong(spec, "replicas", "at least 1 with high availability", 0)
                .hint("unset `replicas`, or set `high_availability` to false"),
        );
    }
    if mode == Mode::Serverless
        && let Some(persistence) = spec.persistence.filter(|persistence| *persistence != Persistence::None)
    {
        errors.push(wrong(spec, "persistence", "unset in serverless mode; `backup` is what it has", persistence));
    }
}

fn memcached(spec: &Spec, errors: &mut Vec<FieldError>) {
    // Only AWS's serverless offering takes snapshots of memcached.
    let snapshots = mode(spec) == Mode::Serverless;
    if spec.mode == Some(Mode::Cluster) {
        errors.push(
            wrong(spec, "mode", "standard or serverless with memcached", "cluster").hint("`shards` counts its nodes"),
        );
    }
    if let Some(auth) = spec.auth.filter(|auth| *auth != Auth::None) {
        errors.push(wrong(spec, "auth", "none with memcached", auth));
    }
    if let Some(replicas) = spec.replicas.filter(|replicas| *replicas > 0) {
        errors.push(
            wrong(spec, "replicas", "unset with memcached, which does not replicate", replicas)
                .hint("`shards` counts its nodes"),
        );
    }
    if let Some(persistence) = spec.persistence.filter(|persistence| *persistence != Persistence::None) {
        errors.push(wrong(spec, "persistence", "none with memcached", persistence));
    }
    if let Some(policy) = spec.eviction_policy {
        errors.push(wrong(spec, "eviction_policy", "unset with memcached, which always evicts the oldest", policy));
    }
    if let Some(backup) = spec.backup.filter(|backup| backup.days > 0 && !snapshots) {
        errors.push(wrong(spec, "backup.days", "0 or unset with memcached", backup.days));
    }
    if spec.on_delete == Some(OnDelete::Snapshot) && !snapshots {
        errors.push(wrong(spec, "on_delete", "delete, hold or detach with memcached", "snapshot"));
    }
    if let Some(snapshot) = spec.restore_from.as_ref().filter(|_| !snapshots) {
        errors.push(wrong(spec, "restore_from", "unset with memcached", snapshot));
    }
}

fn life(spec: &Spec, errors: &mut Vec<FieldError>) {
    if spec.ttl.is_some_and(|ttl| ttl.length().is_some()) {
        if let Some(on_delete) = spec.on_delete.filter(|on| matches!(on, OnDelete::Hold | OnDelete::Detach)) {
            errors.push(wrong(spec, "on_delete", "delete or snapshot beside `ttl`, whose end is meant", on_delete));
        }
        if spec.deletion_protection == Some(true) {
            errors.push(wrong(spec, "deletion_protection", "false beside `ttl`, which removes the cache", true));
        }
    }
    if let (Some(_), Some(snapshot)) = (&spec.adopt, &spec.restore_from) {
        errors.push(wrong(spec, "restore_from", "unset beside `adopt`: an existing cache keeps its data", snapshot));
    }
}

/// The mode that is meant: as set, as the product has it, or the default.
fn mode(spec: &Spec) -> Mode {
    let of_product = || match spec.product.map(Product::modes) {
        Some([only]) => Some(*only),
        _ => None,
    };
    spec.mode.or_else(of_product).unwrap_or(Mode::Standard)
}

/// The engine that is meant, if it is told.
fn engine(spec: &Spec) -> Option<Engine> {
    let of_product = || match spec.product.map(Product::engines) {
        Some([only]) => Some(*only),
        _ => None,
    };
    spec.engine.or_else(of_product)
}

fn products_of(provider: Provider) -> String {
    let products = Product::ALL.iter().filter(|product| product.provider() == provider);
    products.map(|product| product.as_str()).collect::<Vec<_>>().join(", ")
}
