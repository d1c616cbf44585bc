//! The faults on request, in the words of Azure.

use super::actions::NOBODY;
use super::context::{Planned, Trigger};
use super::durations::{self, Pace};
use super::entra;
use super::error::ArmError;
use super::random::RequestIds;
use super::reply::Reply;
use super::request::Parsed;
use super::resource::Failure;
use super::time;
use crate::clock::Timestamp;
use crate::sandbox::FaultKind;

/// The code of a failure that is nothing in particular.
pub(super) const ANY_FAILURE: &str = "InternalServerError";

/// Whether a kind of fault has a meaning for a call.
pub(super) fn applies(kind: &FaultKind, action: &str) -> bool {
    let (noun, verb) = action.split_once('.').unwrap_or((action, ""));
    let cache = matches!(noun, "redisEnterprise" | "redis");
    let lasting = cache || matches!(noun, "databases" | "accessPolicyAssignments" | "privateEndpoints");
    match kind {
        FaultKind::CreateFailed { .. } => lasting && verb == "create",
        FaultKind::UpdateFailed { .. } => lasting && matches!(verb, "update" | "create" | "upgradeDBRedisVersion"),
        FaultKind::Capacity => cache && matches!(verb, "create" | "update"),
        FaultKind::Quota => cache && verb == "create",
        FaultKind::StaleReads { .. } => matches!(verb, "get" | "list") && !matches!(noun, "operations" | "providers"),
        _ => true,
    }
}

/// What a fault wants to fail later, if the call starts anything that can.
pub(super) fn planned(kind: &FaultKind, action: &str) -> Option<Planned> {
    let failure = |code: &str, message: &str| Failure { code: code.to_owned(), message: message.to_owned() };
    match kind {
        FaultKind::CreateFailed { message } => {
            Some(Planned { on: Trigger::Create, failure: failure(ANY_FAILURE, message), after: None })
        }
        FaultKind::UpdateFailed { message } => {
            Some(Planned { on: Trigger::Update, failure: failure(ANY_FAILURE, message), after: None })
        }
        FaultKind::Capacity => {
            let failure = if action.starts_with("redisEnterprise") {
                let message = "Request failed due to insufficient capacity. Retry using a different Azure Managed Redis size or region.";
                failure("InsufficientCapacity", message)
            } else {
                failure("AllocationFailed", "There is not enough capacity in the region for the requested size.")
            };
            Some(Planned { on: Trigger::Machines, failure, after: Some(durations::NO_CAPACITY) })
        }
        _ => None,
    }
}

/// Whether the call is carried out although its answer is an error: a gateway that waited too long.
pub(super) fn goes_on(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Http { status: 504 })
}

/// What a fault answers instead of the call's own answer; `None` for those that do something else.
pub(super) fn refusal(kind: &FaultKind, request: &Parsed, now: Timestamp, pace: Pace) -> Option<ArmError> {
    let error = match kind {
        FaultKind::Throttle => ArmError {
            retry_after: Some(pace.seconds(durations::THROTTLED)),
            ..ArmError::gateway(429, "TooManyRequests", "The request was throttled: too many requests of this kind.")
        },
        FaultKind::Error { code, status, message } => ArmError::gateway(*status, code.clone(), message.clone()),
        FaultKind::Http { status } => match status {
            503 => ArmError::gateway(503, "ServiceUnavailable", "The service is unavailable."),
            502 => ArmError::gateway(502, "BadGateway", "The gateway received an invalid response."),
            504 => {
                let message =
                    "The gateway did not receive a response from 'Microsoft.Cache' within the specified time period.";
                ArmError::gateway(504, "GatewayTimeout", message)
            }
            status => ArmError::gateway(*status, ANY_FAILURE, "Encountered internal server error."),
        },
        FaultKind::Quota => {
            let message =
                "Operation could not be completed as it results in exceeding the approved quota of this subscription.";
            ArmError::provider(409, "QuotaExceeded", message)
        }
        FaultKind::AccessDenied => {
            let permission = request.permission().unwrap_or_else(|| "Microsoft.Cache/unknown/action".to_owned());
            ArmError::forbidden(NOBODY, &permission, &request.path)
        }
        FaultKind::ExpiredToken => {
            let message = format!(
                "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                now.strftime("%m/%d/%Y %I:%M:%S %p"),
                now.strftime("%m/%d/%Y %I:%M:%S %p")
            );
            ArmError::gateway(401, "ExpiredAuthenticationToken", message)
        }
        FaultKind::Capacity
        | FaultKind::DropBefore
        | FaultKind::DropAfter
        | FaultKind::CreateFailed { .. }
        | FaultKind::UpdateFailed { .. }
        | FaultKind::Slow { .. }
        | FaultKind::StaleReads { .. } => return None,
    };
    Some(error)
}

/// The same refusal by Entra.
pub(super) fn of_entra(error: &ArmError, ids: &RequestIds, now: Timestamp) -> Reply {
    match error.status {
        429 => entra::error(429, "temporarily_unavailable", 90_055, "The request was throttled.", ids, now)
            .with("retry-after", error.retry_after.unwrap_or(1).to_string()),
        401 | 403 => {
            let text = format!("The client is not allowed to do this since {}.", time::entra(now));
            entra::error(401, "unauthorized_client", 7_000_112, &text, ids, now)
        }
        status @ 500.. => {
            entra::error(status, "server_error", 90_033, "A transient error has occurred. Please try again.", ids, now)
        }
        status => entra::error(status, &error.code, 50_000, &error.message, ids, now),
    }
}
