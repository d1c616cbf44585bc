//! The faults on request, in the words of AWS.

use super::error::AwsError;
use super::identity::Caller;
use crate::sandbox::FaultKind;

/// Whether a kind of fault has a meaning for an action.
pub(super) fn applies(kind: &FaultKind, action: &str) -> bool {
    let starts = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    match kind {
        FaultKind::CreateFailed { .. } => action == "CreateReplicationGroup",
        FaultKind::UpdateFailed { .. } => matches!(
            action,
            "ModifyReplicationGroup"
                | "IncreaseReplicaCount"
                | "DecreaseReplicaCount"
                | "ModifyReplicationGroupShardConfiguration"
        ),
        FaultKind::StaleReads { .. } => starts(&["Describe", "List"]),
        FaultKind::Capacity | FaultKind::Quota => starts(&["Create", "Modify", "Increase"]),
        _ => true,
    }
}

/// The caller may not do that.
pub(super) fn denied(service: &str, action: &str, caller: &Caller) -> AwsError {
    let message = format!("User: {} is not authorized to perform: {service}:{action}", caller.arn);
    let code = match service {
        "ec2" => "UnauthorizedOperation",
        "kms" => "AccessDeniedException",
        _ => "AccessDenied",
    };
    // KMS speaks the JSON protocol, which has 400 for it.
    AwsError::new(code, if service == "kms" { 400 } else { 403 }, message)
}

/// The error that a fault answers instead of doing anything; `None` for those that do something else.
pub(super) fn refusal(kind: &FaultKind, service: &str, action: &str, caller: &Caller) -> Option<AwsError> {
    let error = match kind {
        FaultKind::Throttle => AwsError::new("Throttling", 400, "Rate exceeded"),
        FaultKind::Error { code, status, message } => AwsError::new(code.clone(), *status, message.clone()),
        FaultKind::Http { status: 503 } => AwsError::new("ServiceUnavailable", 503, "The service is unavailable."),
        FaultKind::Http { status } => AwsError::new("InternalFailure", *status, "An internal error has occurred."),
        FaultKind::Capacity => AwsError::new(
            "InsufficientCacheClusterCapacity",
            400,
            "The requested cache node type is not available in the specified Availability Zone.",
        ),
        FaultKind::Quota => AwsError::new(
            "NodeQuotaForCustomerExceeded",
            400,
            "The request would exceed the number of nodes that this account may have in this region.",
        ),
        FaultKind::AccessDenied => denied(service, action, caller),
        FaultKind::ExpiredToken => {
            AwsError::new("ExpiredToken", 403, "The security token included in the request is expired")
        }
        FaultKind::DropBefore
        | FaultKind::DropAfter
        | FaultKind::CreateFailed { .. }
        | FaultKind::UpdateFailed { .. }
        | FaultKind::Slow { .. }
        | FaultKind::StaleReads { .. } => return None,
    };
    Some(error)
}
