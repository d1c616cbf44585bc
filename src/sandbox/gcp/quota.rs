//! Requests per minute, enforced only on demand.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;
use serde_json::json;

use super::call::{Call, Method, Verb};
use super::error::ApiError;
use super::product::{Api, Product};
use super::store::project_number;
use crate::clock::Timestamp;

/// Of clusters and Valkey: all requests of a project, and creates and deletes among them. Redis instances have more.
const REQUESTS: usize = 60;
const CREATES_AND_DELETES: usize = 10;
const REDIS_REQUESTS: usize = 3000;
const REDIS_CREATES: usize = 30;

/// Which requests share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bucket {
    product: Product,
    creates: bool,
}

/// What was asked in the last minute.
#[derive(Debug, Default)]
pub(super) struct Quota {
    pub(super) enforced: bool,
    seen: BTreeMap<(Bucket, String), VecDeque<Timestamp>>,
}

impl Quota {
    /// Counts a call, or refuses it. `operation_of` is the product whose operation is asked for, if one is.
    pub(super) fn admit(&mut self, call: &Call, operation_of: Option<Product>, now: Timestamp) -> Result<(), ApiError> {
        if !self.enforced {
            return Ok(());
        }
        let product = match call.method {
            Method::Of(product, _) => product,
            Method::Backups(_) => Product::with_backups(call.api),
            _ => operation_of.unwrap_or(match call.api {
                Api::Redis => Product::Redis,
                Api::Memorystore => Product::Valkey,
                Api::Memcache => Product::Memcache,
            }),
        };
        self.count(Bucket { product, creates: false }, call, now)?;
        let creates = match call.method {
            Method::Of(_, Verb::Create) => true,
            Method::Of(product, Verb::Delete) => product.is_psc(),
            _ => false,
        };
        if creates { self.count(Bucket { product, creates: true }, call, now) } else { Ok(()) }
    }

    fn count(&mut self, bucket: Bucket, call: &Call, now: Timestamp) -> Result<(), ApiError> {
        let limit = match (bucket.product.is_psc(), bucket.creates) {
            (true, false) => REQUESTS,
            (true, true) => CREATES_AND_DELETES,
            (false, false) => REDIS_REQUESTS,
            (false, true) => REDIS_CREATES,
        };
        let seen = self.seen.entry((bucket, call.user_project.as_ref().unwrap_or(&call.project).clone())).or_default();
        let minute_ago = now.checked_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN);
        while seen.front().is_some_and(|at| *at <= minute_ago) {
            seen.pop_front();
        }
        if seen.len() >= limit {
            let what = if bucket.creates { "Create and delete requests" } else { "Requests" };
            return Err(exceeded(call, what, limit));
        }
        seen.push_back(now);
        Ok(())
    }
}

/// Too many requests.
pub(super) fn exceeded(call: &Call, metric: &str, limit: usize) -> ApiError {
    let payer = call.user_project.as_ref().unwrap_or(&call.project);
    let (service, number) = (call.api.host(), project_number(payer));
    let message = format!(
        "Quota exceeded for quota metric '{metric}' and limit '{metric} per minute' of service '{service}' for consumer \
         'project_number:{number}'."
    );
    let slug = metric.to_ascii_lowercase().replace(' ', "_");
    let metadata = json!({
        "service": service,
        "consumer": format!("projects/{number}"),
        "quota_metric": format!("{service}/{slug}"),
        "quota_limit": format!("{}PerMinutePerProject", metric.replace(' ', "")),
        "quota_limit_value": limit.to_string(),
        "quota_location": "global",
    });
    ApiError::new("RESOURCE_EXHAUSTED", message)
        .with_info("RATE_LIMIT_EXCEEDED", &metadata)
        .with_help("Request a higher quota limit.", "https://cloud.google.com/docs/quotas/help/request_increase")
}

/// The project may not have more.
pub(super) fn provisioned(call: &Call) -> ApiError {
    let description =
        format!("Quota limit 'ProvisionedCapacityPerProjectPerRegion' has been exceeded in region {}.", call.location);
    ApiError::new("RESOURCE_EXHAUSTED", description.clone()).with(json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{ "subject": format!("project:{}", project_number(&call.project)), "description": description }],
    }))
}
