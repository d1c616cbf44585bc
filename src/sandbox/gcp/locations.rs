//! Regions, and which of them there are.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ApiError};
use super::paging;
use super::product::Api;

const REGIONS: [&str; 40] = [
    "africa-south1",
    "asia-east1",
    "asia-east2",
    "asia-northeast1",
    "asia-northeast2",
    "asia-northeast3",
    "asia-south1",
    "asia-south2",
    "asia-southeast1",
    "asia-southeast2",
    "australia-southeast1",
    "australia-southeast2",
    "europe-central2",
    "europe-north1",
    "europe-north2",
    "europe-southwest1",
    "europe-west1",
    "europe-west10",
    "europe-west12",
    "europe-west2",
    "europe-west3",
    "europe-west4",
    "europe-west6",
    "europe-west8",
    "europe-west9",
    "me-central1",
    "me-central2",
    "me-west1",
    "northamerica-northeast1",
    "northamerica-northeast2",
    "northamerica-south1",
    "southamerica-east1",
    "southamerica-west1",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-east5",
    "us-south1",
    "us-west1",
    "us-west2",
];

/// Three zones of a region.
pub(super) fn zones(region: &str) -> [String; 3] {
    ["a", "b", "c"].map(|zone| format!("{region}-{zone}"))
}

/// The location of a call exists.
pub(super) fn check(location: &str) -> Result<(), ApiError> {
    if REGIONS.contains(&location) {
        return Ok(());
    }
    let message = format!("Permission denied on 'locations/{location}' (or it may not exist).");
    Err(ApiError::new("PERMISSION_DENIED", message).with_info("LOCATION_POLICY_VIOLATED", &json!({})))
}

/// `locations.list`.
pub(super) fn list(ctx: &Context<'_>) -> Answer {
    paging::page(ctx, "locations", REGIONS.iter().map(|region| show(ctx, region)).collect())
}

/// `locations.get`.
pub(super) fn get(ctx: &Context<'_>) -> Answer {
    check(&ctx.call.location)?;
    Ok(show(ctx, &ctx.call.location))
}

fn show(ctx: &Context<'_>, region: &str) -> Value {
    let mut location = json!({
        "name": format!("projects/{}/locations/{region}", ctx.call.project),
        "locationId": region,
        "labels": { "cloud.googleapis.com/region": region },
    });
    let zones: serde_json::Map<_, _> = zones(region).into_iter().map(|zone| (zone, json!({}))).collect();
    match ctx.call.api {
        Api::Memorystore => {}
        Api::Redis => {
            let kind = "type.googleapis.com/google.cloud.redis.v1.LocationMetadata";
            location["metadata"] = json!({ "@type": kind, "availableZones": zones });
        }
        Api::Memcache => {
            let kind = "type.googleapis.com/google.cloud.memcache.v1.LocationMetadata";
            location["metadata"] = json!({ "@type": kind, "availableZones": zones });
        }
    }
    location
}
