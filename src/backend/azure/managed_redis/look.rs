//! One look: everything that has to be asked.

use serde_json::Value;

use super::super::call::Call;
use super::super::paths::{self, MANAGED_REDIS};
use super::super::place::{Situation, same_location};
use super::super::{Shared, private_endpoint, tags};
use super::observe::{Seen, cluster_phase};
use super::parts::{self, ENDPOINT};
use crate::backend::{At, Ownership, Phase, Result};
use crate::cache::CacheName;

/// Looks at the cluster and, where they can be there, at its parts. `None` if there is no cluster at the place.
pub(super) async fn look(shared: &Shared, at: &At, situation: &Situation<'_>) -> Result<Option<Seen>> {
    let path = paths::cluster(situation, &at.place.name);
    let Some(cluster) = get(shared, at, situation, Call::get(super::GET, path.clone(), MANAGED_REDIS)).await? else {
        return Ok(None);
    };
    // The name alone is the path: the same name in another location is another place.
    if cluster.get("location").and_then(Value::as_str).is_some_and(|there| !same_location(there, situation.location)) {
        return Ok(None);
    }
    let mut seen = Seen { cluster, ..Seen::default() };
    if matches!(cluster_phase(&seen.cluster), Phase::Creating | Phase::Deleting) {
        return Ok(Some(seen));
    }
    let database = paths::database(&path);
    seen.database = get(shared, at, situation, Call::get("databases.get", database.clone(), MANAGED_REDIS)).await?;
    if seen.database.is_some() {
        let list = format!("{database}/accessPolicyAssignments");
        let list = get(shared, at, situation, Call::get("accessPolicyAssignments.list", list, MANAGED_REDIS)).await?;
        seen.assignments = list.map(|list| assignments(&list));
    }
    if has_endpoint(&seen.cluster, &at.place.name) {
        let owner = tags::ownership(&tags::of(&seen.cluster));
        let id = if let Ownership::Marked(mark) = &owner { Some(mark.id.as_str()) } else { None };
        seen.endpoint = private_endpoint::look(&shared.arm, at, situation, &path, id).await?;
    }
    Ok(Some(seen))
}

async fn get(shared: &Shared, at: &At, situation: &Situation<'_>, call: Call) -> Result<Option<Value>> {
    let answer = shared.arm.send(at, &call).await?;
    if answer.shows_nothing() {
        return Ok(None);
    }
    Ok(Some(answer.done(call.name, situation)?.body))
}

/// Object ids with the states of their assignments. An object that has several can connect as soon as one is good.
fn assignments(list: &Value) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for assignment in list.get("value").and_then(Value::as_array).into_iter().flatten() {
        let text = |pointer: &str| assignment.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, state) = (text("/properties/user/objectId"), text("/properties/provisioningState"));
        match found.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&id)) {
            Some((_, known)) if parts::is_failed(known) => *known = state,
            Some(_) => {}
            None if id.is_empty() => {}
            None => found.push((id, state)),
        }
    }
    found
}

/// Whether the driver's private endpoint may be there: wanted, or connected.
fn has_endpoint(cluster: &Value, name: &CacheName) -> bool {
    let all_tags = tags::of(cluster);
    if tags::get(&all_tags, tags::PARTS).is_some_and(|tag| parts::names(tag, ENDPOINT)) {
        return true;
    }
    let connections = cluster.pointer("/properties/privateEndpointConnections").and_then(Value::as_array);
    let ours = format!("/privateendpoints/{}", paths::private_endpoint_name(name).to_ascii_lowercase());
    connections.into_iter().flatten().any(|connection| {
        let id = connection.pointer("/properties/privateEndpoint/id").and_then(Value::as_str).unwrap_or_default();
        id.to_ascii_lowercase().ends_with(&ours)
    })
}
