//! What ElastiCache wrote down, and whether it says why something failed.

use std::cmp::Reverse;
use std::time::Duration;

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::SourceType;
use jiff::Timestamp;

use super::error::classify;
use super::time;
use crate::backend::{Diagnosis, Kind, Result};
use crate::cache::Event;

/// `DescribeEvents` goes back 14 days, and refuses to go further.
const REACH: Duration = Duration::from_mins(14 * 24 * 60 - 1);
/// How far the cloud's clock may be behind ours.
const SLACK: Duration = Duration::from_mins(2);
/// Pages that are read of a busy account's node events.
const PAGES: usize = 5;
/// Events that are handed on.
const KEPT: usize = 20;

/// Words that only a failure is told with. "failover" is none, and is taken out before.
const FAILURE: [&str; 9] =
    ["fail", "insufficient", "incompatible", "unable", "not enough", "could not", "cannot", "denied", "not authorized"];

/// The events of a replication group and of its nodes since a time.
pub(super) async fn diagnose(client: &Client, id: &str, since: Timestamp, now: Timestamp) -> Result<Diagnosis> {
    let reach = now.checked_sub(REACH).unwrap_or(Timestamp::UNIX_EPOCH);
    let since = since.max(reach);
    // The cloud's clock may be behind: a start in its future would be refused.
    let start = since.checked_sub(SLACK).unwrap_or(since).max(reach);
    let mut events = Vec::new();
    for (source, name) in [(SourceType::ReplicationGroup, Some(id)), (SourceType::CacheCluster, None)] {
        let mut pages = client
            .describe_events()
            .source_type(source)
            .set_source_identifier(name.map(str::to_owned))
            .start_time(time::to_aws(start))
            .into_paginator()
            .send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| classify("DescribeEvents", error))?;
            for event in page.events() {
                let (Some(at), Some(message)) = (event.date().and_then(time::from_aws), event.message()) else {
                    continue;
                };
                if at >= since && event.source_identifier().is_some_and(|source| belongs(source, id)) {
                    events.push(Event { at, message: message.to_owned() });
                }
            }
        }
    }
    Ok(judge(events))
}

/// Whether a source of events is the group, or one of its nodes: `<id>-001`, or `<id>-0001-001` in cluster mode.
fn belongs(source: &str, id: &str) -> bool {
    let rest = source.to_ascii_lowercase().strip_prefix(id).map(str::to_owned);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.starts_with('-') && rest[1..].bytes().all(|c| c.is_ascii_digit() || c == b'-')
    })
}

/// Orders the events, newest first, and takes the newest failure as the cause.
fn judge(mut events: Vec<Event>) -> Diagnosis {
    events.sort_by_key(|event| Reverse(event.at));
    events.dedup();
    events.truncate(KEPT);
    let cause = events.iter().find(|event| is_failure(&event.message));
    let kind = cause.map(|event| kind(&event.message));
    let cause = cause.map(|event| event.message.trim().trim_end_matches('.').to_owned());
    Diagnosis { cause, kind, events }
}

fn is_failure(message: &str) -> bool {
    let message =
        message.to_ascii_lowercase().replace("failover", "").replace("fail over", "").replace("failed over", "");
    FAILURE.iter().any(|word| message.contains(word))
}

fn kind(message: &str) -> Kind {
    let message = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["denied", "not authorized"]) {
        Kind::Credentials
    } else if has(&["insufficient", "capacity", "not enough", "free ip", "quota", "limit exceeded"]) {
        Kind::Capacity
    } else if has(&["incompatible", "subnet", "security group", "kms", "key"]) {
        Kind::Prerequisite
    } else {
        Kind::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(second: i64, message: &str) -> Event {
        Event { at: Timestamp::from_second(second).unwrap(), message: message.to_owned() }
    }

    #[test]
    fn only_a_failure_is_a_cause_and_its_words_tell_the_kind() {
        for (message, expected) in [
            ("Cache cluster created", None),
            ("Failover to replica node cache-abc-002 completed", None),
            ("Automatic failover has been turned on for replication group cache-abc", None),
            ("Failed to create the cache cluster due to insufficient capacity", Some(Kind::Capacity)),
            ("AddCacheNodeFailed due to insufficient free IP addresses", Some(Kind::Capacity)),
            ("CacheClusterProvisioningFailed: incompatible network", Some(Kind::Prerequisite)),
            ("Unable to use the KMS key", Some(Kind::Prerequisite)),
            ("Replication group could not be modified", Some(Kind::Refused)),
        ] {
            let diagnosis = judge(vec![event(1, message)]);
            assert_eq!(diagnosis.kind, expected, "{message}");
            assert_eq!(diagnosis.cause.is_some(), expected.is_some(), "{message}");
            assert_eq!(diagnosis.events.len(), 1);
        }
    }

    #[test]
    fn the_newest_failure_is_the_cause_and_events_are_newest_first() {
        let diagnosis =
            judge(vec![event(1, "Failed one."), event(3, "Cache cluster created"), event(2, "Failed two.")]);
        assert_eq!(diagnosis.cause.as_deref(), Some("Failed two"));
        assert_eq!(diagnosis.events.iter().map(|event| event.at.as_second()).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn only_the_group_and_its_own_nodes_are_heard() {
        for own in ["cache-abc", "cache-abc-001", "cache-abc-0001-002", "CACHE-ABC-001"] {
            assert!(belongs(own, "cache-abc"), "{own}");
        }
        for other in ["cache-abcd", "cache-abc-x", "cache-ab", "other"] {
            assert!(!belongs(other, "cache-abc"), "{other}");
        }
    }
}
