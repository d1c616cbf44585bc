//! The parts that a cache may have beside its cluster, and which of them a creation has still to make.
//!
//! A look does not know what was wanted, so the creation writes it down in a tag.

use super::super::paths::private_endpoint_name;
use super::observe::Seen;
use crate::backend::Resolved;
use crate::cache::CacheName;

/// What a private endpoint connects to.
pub(super) const SUB_RESOURCE: &str = "redisEnterprise";

pub(super) const DATABASE: &str = "database";
pub(super) const ASSIGNMENT: &str = "accessPolicyAssignment";
pub(super) const ENDPOINT: &str = "privateEndpoint";
pub(super) const DNS: &str = "privateDnsZoneGroup";

/// What was wanted beside the database, for the tag. Empty if nothing was.
pub(super) fn wanted(resolved: &Resolved) -> String {
    let mut parts = Vec::new();
    let objects = resolved.list("object_ids").len();
    if objects > 0 {
        parts.push(format!("{ASSIGNMENT}={objects}"));
    }
    if resolved.text("private_endpoint_subnet_id").is_some() {
        parts.push(ENDPOINT.to_owned());
    }
    if resolved.text("private_dns_zone_id").is_some() {
        parts.push(DNS.to_owned());
    }
    parts.join(" ")
}

/// Whether the tag names a kind of part.
pub(super) fn names(tag: &str, kind: &str) -> bool {
    tag.split(' ').any(|part| part.split('=').next() == Some(kind))
}

/// How many access policy assignments were wanted.
fn objects(tag: &str) -> usize {
    let count = tag.split(' ').find_map(|part| part.strip_prefix(ASSIGNMENT)?.strip_prefix('='));
    count.and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// What was wanted and is not there, in the order in which it is made. What failed is made again.
pub(super) fn missing(tag: &str, seen: &Seen, name: &str) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    let there = seen.assignments.iter().flatten().filter(|(_, state)| !is_failed(state)).count();
    if there < objects(tag) {
        missing.push((ASSIGNMENT.to_owned(), format!("{} of {}", there + 1, objects(tag))));
    }
    let endpoint = seen.endpoint.as_ref().filter(|endpoint| !is_failed(&endpoint.state));
    if names(tag, ENDPOINT) && endpoint.is_none() {
        missing.push((ENDPOINT.to_owned(), private_endpoint_name(&CacheName::existing(name))));
    }
    if names(tag, DNS) && endpoint.is_some_and(|endpoint| endpoint.is_ready() && endpoint.zone.is_none()) {
        missing.push((DNS.to_owned(), "default".to_owned()));
    }
    missing
}

/// Whether something that was wanted is being made.
pub(super) fn are_unfinished(tag: &str, seen: &Seen) -> bool {
    let ready = |state: &str| state.is_empty() || state.eq_ignore_ascii_case("Succeeded");
    // What failed is missing, if it was wanted at all.
    let assignments = seen.assignments.iter().flatten().any(|(_, state)| !ready(state) && !is_failed(state));
    let endpoint = seen.endpoint.as_ref().is_some_and(|endpoint| !endpoint.is_ready());
    objects(tag) > 0 && assignments || names(tag, ENDPOINT) && endpoint
}

/// Whether a part is being made or removed. The cluster takes no other calls meanwhile, and does not say so.
pub(super) fn are_changing(seen: &Seen) -> bool {
    let rests = |state: &str| state.is_empty() || state.eq_ignore_ascii_case("Succeeded") || is_failed(state);
    seen.assignments.iter().flatten().any(|(_, state)| !rests(state))
        || seen.endpoint.as_ref().is_some_and(|endpoint| !rests(&endpoint.state))
}

/// What could not be made, in words.
pub(super) fn failed(seen: &Seen) -> Vec<String> {
    let assignments = seen.assignments.iter().flatten().filter(|(_, state)| is_failed(state));
    let mut failed: Vec<String> = assignments.map(|(id, state)| format!("{ASSIGNMENT} of {id} {state}")).collect();
    let endpoint = seen.endpoint.iter().filter(|endpoint| is_failed(&endpoint.state));
    failed.extend(endpoint.map(|endpoint| format!("{ENDPOINT} {}", endpoint.state)));
    failed
}

pub(super) fn is_failed(state: &str) -> bool {
    ["failed", "canceled"].contains(&state.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::super::super::private_endpoint;
    use super::*;

    fn endpoint(state: &str, zone: Option<&str>) -> Seen {
        let zone = zone.map(str::to_owned);
        let endpoint = private_endpoint::Seen { state: state.to_owned(), zone, ..private_endpoint::Seen::default() };
        Seen { endpoint: Some(endpoint), ..Seen::default() }
    }

    fn kinds(tag: &str, seen: &Seen) -> Vec<String> {
        missing(tag, seen, "cache-abc").into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn parts_are_missing_in_the_order_in_which_they_are_made() {
        let all = format!("{ASSIGNMENT}=2 {ENDPOINT} {DNS}");
        assert_eq!(kinds("", &Seen::default()), [""; 0]);
        assert_eq!(kinds(&all, &Seen::default()), [ASSIGNMENT, ENDPOINT]);
        let assignments = |states: [&str; 2]| states.map(|state| ("o".to_owned(), state.to_owned())).to_vec();
        let with = |seen: Seen, states| Seen { assignments: Some(assignments(states)), ..seen };
        let succeeded = ["Succeeded", "Succeeded"];
        assert_eq!(kinds(&all, &with(endpoint("Updating", None), succeeded)), [""; 0]);
        assert!(are_unfinished(&all, &with(endpoint("Updating", None), succeeded)));
        assert_eq!(kinds(&all, &with(endpoint("Failed", None), succeeded)), [ENDPOINT]);
        assert_eq!(kinds(&all, &with(endpoint("Succeeded", None), succeeded)), [DNS]);
        let done = with(endpoint("Succeeded", Some("z")), succeeded);
        assert_eq!(kinds(&all, &done), [""; 0]);
        assert!(!are_unfinished(&all, &done));
        assert_eq!(kinds(&all, &with(endpoint("Succeeded", Some("z")), ["Succeeded", "Failed"])), [ASSIGNMENT]);
        let one = format!("{ASSIGNMENT}=1");
        let beside = with(Seen::default(), ["Succeeded", "Failed"]);
        assert_eq!((kinds(&one, &beside).len(), are_unfinished(&one, &beside)), (0, false), "nobody waits for it");
        assert!(are_unfinished(&all, &with(endpoint("Succeeded", Some("z")), ["Succeeded", "Creating"])));
    }
}
