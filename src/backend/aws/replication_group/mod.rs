//! ElastiCache replication groups: Valkey and Redis OSS on nodes, with or without cluster mode.

mod apply;
mod changes;
mod convert;
#[cfg(test)]
mod fixtures;
mod observe;
mod permissions;
mod resolve;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::{CacheCluster, ReplicationGroup};
use jiff::Timestamp;
use serde_json::Value;

use super::error::{classify, is_one_of};
use super::{Shared, events, parameter_groups, place, preflight};
use crate::backend::{
    At, Backend, BackendError, Capabilities, Change, Connection, ConnectionPassword, Diagnosis, Fields, Finding, Goal,
    Kind, Leftover, Listed, Observed, PasswordMaker, Phase, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{Auth, CacheName, Engine, FieldError, Mode, OnDelete, Place, Product, Spec};

const PRODUCT: Product = Product::AwsReplicationGroup;

const DESCRIBE: &str = "DescribeReplicationGroups";

/// Durations as seen in whole runs of others' acceptance tests: creates 3 to 10 minutes, deletes 2 to 6.
static CAPABILITIES: Capabilities = Capabilities {
    product: PRODUCT,
    engines: PRODUCT.engines(),
    modes: PRODUCT.modes(),
    on_delete: OnDelete::ALL,
    password: PasswordMaker::Driver,
    adopts: true,
    failed_creation_vanishes: false,
    mark_lags: false,
    typical: Typical {
        create: Duration::from_mins(7),
        update: Duration::from_mins(10),
        delete: Duration::from_mins(4),
    },
    changes: changes::FIELDS,
    permissions: permissions::PERMISSIONS,
};

/// Drives ElastiCache replication groups.
#[derive(Debug)]
pub struct ReplicationGroups {
    shared: Arc<Shared>,
}

impl ReplicationGroups {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn client(&self, at: &At) -> Result<Client> {
        self.shared.clients.elasticache(&at.credentials, &at.place.location).await
    }
}

async fn describe(client: &Client, id: &str) -> Result<Option<ReplicationGroup>> {
    match client.describe_replication_groups().replication_group_id(id).send().await {
        Ok(found) => Ok(found.replication_groups.unwrap_or_default().into_iter().next()),
        Err(error) if is_one_of(&error, &["ReplicationGroupNotFoundFault"]) => Ok(None),
        Err(error) => Err(classify(DESCRIBE, error)),
    }
}

/// One node of the group, which shows what the group itself does not. There is none while it comes and goes.
async fn member(client: &Client, group: &ReplicationGroup) -> Result<Option<CacheCluster>> {
    let comes_or_goes = matches!(observe::phase(group), Phase::Creating | Phase::Deleting | Phase::Shell);
    let Some(id) = group.member_clusters().first().filter(|_| !comes_or_goes) else { return Ok(None) };
    match client.describe_cache_clusters().cache_cluster_id(id).send().await {
        Ok(found) => Ok(found.cache_clusters.unwrap_or_default().into_iter().next()),
        Err(error) if is_one_of(&error, &["CacheClusterNotFound"]) => Ok(None),
        Err(error) => Err(classify("DescribeCacheClusters", error)),
    }
}

#[async_trait]
impl Backend for ReplicationGroups {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        let shared = &self.shared;
        let (config, defaults, sizes, prefix) = (&shared.config, &shared.defaults, &shared.sizes, shared.prefix());
        resolve::resolve(resolve::Setting { config, defaults, sizes, prefix }, spec)
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        place::place(&self.shared.config, PRODUCT, spec, name)
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        place::places(&self.shared.config, PRODUCT, name)
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.shared.clients.account(at).await
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        let client = self.client(at).await?;
        let Some(group) = describe(&client, &place::id(at)).await? else {
            return Ok(Observed::absent(self.account(at).await?));
        };
        let member = member(&client, &group).await?;
        let mut seen = observe::observed(&group, member.as_ref());
        if seen.account.is_empty() {
            seen.account = self.account(at).await?;
        }
        Ok(seen)
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        changes::changes(wanted, seen, self.shared.prefix())
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        steps::steps(goal, seen, self.shared.prefix())
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        apply::apply(&self.client(at).await?, &place::id(at), step).await
    }

    async fn connection(&self, _at: &At, seen: &Observed) -> Result<Connection> {
        let lacks = |what: &str| BackendError::new(Kind::Busy, DESCRIBE, format!("the cache shows no {what} yet"));
        let text = |field: &str| seen.fields.get(field).and_then(Value::as_str);
        let auth: Auth =
            text("auth").and_then(|auth| auth.parse().ok()).ok_or_else(|| lacks("way of authentication"))?;
        let node_type = seen.fields.get("node_type");
        Ok(Connection {
            endpoint: seen.endpoint.clone().ok_or_else(|| lacks("endpoint"))?,
            reader: seen.reader.clone(),
            tls: seen.fields.get("tls") == Some(&true.into()),
            ca_cert: self.shared.config.cache_ca.clone(),
            auth,
            username: None,
            password: if auth == Auth::Password { ConnectionPassword::Derived } else { ConnectionPassword::None },
            cluster_mode: text("mode") == Some(Mode::Cluster.as_str()),
            engine: convert::engine(&seen.fields).unwrap_or(Engine::Redis),
            engine_version: text("engine_version").map(str::to_owned),
            memory_gb: node_type.and_then(|node_type| self.shared.sizes.memory_of(PRODUCT, "node_type", node_type)),
        })
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        let client = self.client(at).await?;
        events::diagnose(&client, &place::id(at), since, self.shared.clock.now()).await
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let client = self.shared.clients.elasticache(&scope.credentials, &scope.location).await?;
        let mut listed = Vec::new();
        let mut pages = client.describe_replication_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify(DESCRIBE, error))?;
            for group in page.replication_groups() {
                let account = observe::account(group);
                // Elsewhere would be a place that nobody asked about.
                if scope.account.is_some() && account.is_some() && scope.account != account {
                    continue;
                }
                let Some(name) = group.replication_group_id().map(CacheName::existing) else { continue };
                let location = scope.location.clone();
                listed.push(Listed {
                    place: Place { product: PRODUCT, account, location, group: None, name },
                    ownership: observe::ownership(group),
                    phase: observe::phase(group),
                    status: group.status().unwrap_or_default().to_owned(),
                    created_at: group.replication_group_create_time().and_then(super::time::from_aws),
                    fields: None,
                });
            }
        }
        Ok(listed)
    }

    async fn leftovers(&self, scope: &Scope) -> Result<Vec<Leftover>> {
        let client = self.shared.clients.elasticache(&scope.credentials, &scope.location).await?;
        parameter_groups::unused(&client, self.shared.prefix()).await
    }

    async fn clear(&self, scope: &Scope, leftover: &Leftover) -> Result<()> {
        let client = self.shared.clients.elasticache(&scope.credentials, &scope.location).await?;
        parameter_groups::remove(&client, self.shared.prefix(), &leftover.name).await
    }

    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding> {
        preflight::preflight(&self.shared, at, wanted, permissions::PERMISSIONS).await
    }
}
