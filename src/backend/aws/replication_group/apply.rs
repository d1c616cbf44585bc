//! Making one call.

use std::error::Error as StdError;
use std::future::ready;

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value;

use super::super::error::{classify, is_no_change, is_one_of};
use super::super::parameter_groups;
use super::{convert, steps};
use crate::backend::{BackendError, Kind, Result, Step};

/// Makes the call. What is there, gone, or as asked for already is success.
pub(super) async fn apply(client: &Client, id: &str, step: &Step) -> Result<()> {
    match step.call {
        parameter_groups::CREATE => parameter_groups::create(client, step).await,
        parameter_groups::FILL => parameter_groups::fill(client, step).await,
        steps::CREATE => create(client, id, step).await,
        steps::MODIFY => modify(client, id, step).await,
        steps::RESHARD => {
            let retained = convert::list(step, "node_groups_to_retain").filter(|ids| !ids.is_empty());
            let request = client
                .modify_replication_group_shard_configuration()
                .replication_group_id(id)
                .set_node_group_count(convert::number(step, "node_group_count"))
                .set_node_groups_to_retain(retained)
                .apply_immediately(true);
            unless_as_asked(steps::RESHARD, request.send()).await
        }
        steps::INCREASE => {
            let replicas = convert::number(step, "new_replica_count");
            let request = client.increase_replica_count().replication_group_id(id).set_new_replica_count(replicas);
            unless_as_asked(steps::INCREASE, request.apply_immediately(true).send()).await
        }
        steps::DECREASE => {
            let replicas = convert::number(step, "new_replica_count");
            let request = client.decrease_replica_count().replication_group_id(id).set_new_replica_count(replicas);
            unless_as_asked(steps::DECREASE, request.apply_immediately(true).send()).await
        }
        steps::DELETE => delete(client, id, step).await,
        other => Err(BackendError::new(Kind::Refused, "apply", format!("no call of replication groups: `{other}`"))),
    }
}

/// Sends a change. That everything is as asked for already is success.
async fn unless_as_asked<T, E>(
    call: &'static str,
    sending: impl Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
) -> Result<()>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match sending.await {
        Err(error) if is_no_change(&error) => Ok(()),
        answer => answer.map(drop).map_err(|error| classify(call, error)),
    }
}

/// Whose the existing group is, the next look tells.
async fn create(client: &Client, id: &str, step: &Step) -> Result<()> {
    for step in with_alternatives(step) {
        match convert::create(client, id, &step.0).send().await {
            Err(error) if is_one_of(&error, &["ReplicationGroupAlreadyExists"]) => return Ok(()),
            Err(error) if !step.1 && lacks_node_type(&error) => {}
            Err(error) if lacks_made_group(&step.0, &error) => return Err(swept(steps::CREATE)),
            answer => return answer.map(drop).map_err(|error| classify(steps::CREATE, error)),
        }
    }
    Ok(())
}

async fn modify(client: &Client, id: &str, step: &Step) -> Result<()> {
    for step in with_alternatives(step) {
        match convert::modify(client, id, &step.0).send().await {
            Err(error) if !step.1 && lacks_node_type(&error) => {}
            Err(error) if lacks_made_group(&step.0, &error) => return Err(swept(steps::MODIFY)),
            answer => return unless_as_asked(steps::MODIFY, ready(answer)).await,
        }
    }
    Ok(())
}

/// The step, then the same with each other node type that has the size; with each, whether it is the last.
fn with_alternatives(step: &Step) -> Vec<(Step, bool)> {
    let alternatives = convert::list(step, "node_type_alternatives").unwrap_or_default();
    let last = alternatives.len();
    let others = alternatives.into_iter().map(|node_type| {
        let mut other = step.clone();
        other.fields.insert("node_type".to_owned(), Value::from(node_type));
        other
    });
    std::iter::once(step.clone()).chain(others).enumerate().map(|(index, step)| (step, index == last)).collect()
}

/// Whether the parameter group that was made for it just now is gone: a sweep took it for unused.
fn lacks_made_group<E: ProvideErrorMetadata>(step: &Step, error: &SdkError<E, HttpResponse>) -> bool {
    let is_made = convert::text(step, "parameter_group").is_some_and(|name| parameter_groups::has_hash(&name));
    is_made && is_one_of(error, &["CacheParameterGroupNotFound"])
}

/// The next look makes it anew.
fn swept(call: &'static str) -> BackendError {
    BackendError::new(Kind::Unavailable, call, "the parameter group was removed meanwhile; it is made anew")
}

/// Whether the region has no such node type: newer generations are not everywhere.
fn lacks_node_type<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    is_one_of(error, &["InvalidParameterValue", "InvalidParameterCombination"])
        && error.message().is_some_and(is_about_node_type)
}

fn is_about_node_type(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["cachenodetype", "cache node type", "node type"].iter().any(|words| message.contains(words))
}

async fn delete(client: &Client, id: &str, step: &Step) -> Result<()> {
    let deleted = client
        .delete_replication_group()
        .replication_group_id(id)
        .retain_primary_cluster(false)
        .set_final_snapshot_identifier(convert::text(step, "final_snapshot"))
        .send()
        .await;
    match deleted {
        Err(error) if is_one_of(&error, &["ReplicationGroupNotFoundFault"]) => Ok(()),
        deleted => deleted.map(drop).map_err(|error| classify(steps::DELETE, error)),
    }
}
