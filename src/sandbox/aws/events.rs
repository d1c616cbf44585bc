//! `DescribeEvents`: the only place where the service says why something failed.

use jiff::SignedDuration;

use super::context::Context;
use super::error::{Answer, AwsError};
use super::paging;
use super::params::Params;
use super::validate;
use super::xml::Xml;
use crate::clock::Timestamp;

/// The longest look back, in minutes: 14 days.
const LONGEST: i64 = 20_160;
/// How far back without any time given, in minutes.
const USUAL: i64 = 60;

const SOURCES: &[&str] = &[
    "cache-cluster",
    "cache-parameter-group",
    "cache-security-group",
    "cache-subnet-group",
    "replication-group",
    "serverless-cache",
    "serverless-cache-snapshot",
    "user",
    "user-group",
];

/// Events of a stretch of time, the newest first.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let page = paging::page(params, 20, 100)?;
    let kind = params.get("SourceType");
    if let Some(kind) = kind {
        validate::one_of("SourceType", kind, SOURCES)?;
    }
    let source = params.get("SourceIdentifier").map(str::to_ascii_lowercase);
    if source.is_some() && kind.is_none() {
        return Err(AwsError::combination("SourceType must be given with SourceIdentifier."));
    }
    let (start, end) = stretch(params, ctx.now)?;
    let mut found: Vec<_> = ctx
        .region
        .events
        .iter()
        .filter(|event| {
            event.at >= start
                && event.at <= end
                && kind.is_none_or(|kind| event.source_type == kind)
                && source.as_ref().is_none_or(|source| event.source == *source)
        })
        .collect();
    found.reverse();
    found.sort_by_key(|event| std::cmp::Reverse(event.at));
    let (found, marker) = page.cut(found);
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("Events", "Event", found, |xml, event| {
        xml.leaf("SourceIdentifier", &event.source);
        xml.leaf("SourceType", event.source_type);
        xml.leaf("Message", &event.message);
        xml.time("Date", event.at);
    });
    Ok(xml.into_bytes())
}

fn stretch(params: &Params, now: Timestamp) -> Result<(Timestamp, Timestamp), AwsError> {
    let back =
        |from: Timestamp, minutes: i64| from.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MIN);
    let duration = params.number_within("Duration", 1, LONGEST)?;
    let (start, end) = (time(params, "StartTime")?, time(params, "EndTime")?);
    if duration.is_some() && (start.is_some() || end.is_some()) {
        return Err(AwsError::combination("Duration must not be used with StartTime or EndTime."));
    }
    let last = end.unwrap_or(now);
    let first = start.unwrap_or_else(|| back(last, duration.unwrap_or(USUAL)));
    if first > last {
        return Err(AwsError::combination("StartTime must not be after EndTime."));
    }
    // A caller that computes 14 days ago a moment before we do must not be refused.
    if first < back(now, LONGEST + 1) {
        return Err(AwsError::value("StartTime must be within the last 14 days."));
    }
    Ok((first, last))
}

fn time(params: &Params, name: &str) -> Result<Option<Timestamp>, AwsError> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let parsed = text.parse().map(Some);
    parsed.map_err(|_| AwsError::new("MalformedInput", 400, format!("{name} is not a timestamp: {text}")))
}
