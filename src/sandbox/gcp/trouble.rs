//! The faults on request, in the words of Google Cloud.

use super::call::{Call, Method, Verb};
use super::error::{ApiError, Failure};
use super::quota;
use crate::sandbox::FaultKind;

/// Whether a call changes a resource that is there, by an operation.
fn changes(method: Method) -> bool {
    matches!(
        method,
        Method::Of(
            _,
            Verb::Patch
                | Verb::Upgrade
                | Verb::Failover
                | Verb::UpdateParameters
                | Verb::ApplyParameters
                | Verb::Backup
        )
    )
}

/// Whether a kind of fault has a meaning for a call.
pub(super) fn applies(kind: &FaultKind, method: Method) -> bool {
    let creates = matches!(method, Method::Of(_, Verb::Create));
    match kind {
        FaultKind::CreateFailed { .. } => creates,
        FaultKind::UpdateFailed { .. } => changes(method),
        FaultKind::Capacity | FaultKind::Quota => creates || changes(method),
        FaultKind::StaleReads { .. } => matches!(method, Method::Of(_, Verb::Get | Verb::List)),
        _ => true,
    }
}

/// The error that a fault answers instead of doing anything; `None` for those that do something else.
pub(super) fn refusal(kind: &FaultKind, call: &Call) -> Option<ApiError> {
    let error = match kind {
        FaultKind::Throttle => quota::exceeded(call, "Mutate requests", 60),
        FaultKind::Error { code, status, message } => {
            let mut error = ApiError::new(code, message.clone());
            error.http = *status;
            error
        }
        FaultKind::Http { status } => {
            let mut error = match status {
                503 => ApiError::new("UNAVAILABLE", "The service is currently unavailable."),
                504 => ApiError::new("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
                _ => ApiError::new("INTERNAL", "Internal error encountered."),
            };
            error.http = *status;
            error
        }
        FaultKind::Quota => quota::provisioned(call),
        FaultKind::AccessDenied => {
            let (permission, resource) = call.permission();
            ApiError::permission(&permission, &resource)
        }
        FaultKind::ExpiredToken => ApiError::expired_token(&call.api.host()),
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

/// What a fault makes of the operation that a call starts.
pub(super) fn failure(kind: &FaultKind, method: Method) -> Option<Failure> {
    match kind {
        FaultKind::CreateFailed { message } | FaultKind::UpdateFailed { message } => Some(Failure::from_cause(message)),
        FaultKind::Capacity => Some(Failure::capacity(if changes(method) { "update" } else { "create" })),
        _ => None,
    }
}
