//! What kind of failure an answer of AWS is.
//!
//! By wire code, because codes are what every operation shares; they are irregular (`ReplicationGroupNotFoundFault` beside
//! `CacheClusterNotFound`), so each is spelled out. Codes: ElastiCache API 2015-02-02, "Common Errors" of the same
//! reference, and STS API 2011-06-15.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::backend::{BackendError, Kind};
use crate::cache::Cause;

const PERMISSIONS: &str = "check the keys, and that their permissions are those that `cache-driver policy aws` prints";

const IDENTITY: &str = "send credentials with the request, name an account, or give the driver an identity of its own";

/// Turns a failed call into the error that the driver knows.
pub(super) fn classify<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> BackendError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request_id = error.meta().request_id().or_else(|| error.request_id()).map(str::to_owned);
    let code = error.code().map(str::to_owned);
    let said = error.message().map(|message| message.trim().to_owned());
    let (kind, hint, message) = match (&error, &code) {
        (SdkError::ServiceError(_), Some(code)) => {
            let text = said.clone().unwrap_or_default();
            let (kind, hint) = of_code(code, &text, status);
            let message =
                if text.is_empty() { code.clone() } else { format!("{code}: {}", text.trim_end_matches('.')) };
            (kind, hint, message)
        }
        (SdkError::ServiceError(_) | SdkError::ResponseError(_), _) => {
            let status = status.unwrap_or_default();
            (of_status(status), None, format!("the answer (http status {status}) is none of aws"))
        }
        (SdkError::TimeoutError(_), _) => (Kind::Unavailable, None, "no answer in time".to_owned()),
        _ => of_dispatch(&error),
    };
    let mut failed = BackendError::new(kind, operation, message);
    if code.is_some() || said.is_some() {
        let message = said.or_else(|| code.clone()).unwrap_or_default();
        failed = failed.cause(Cause { code, message, request_id });
    }
    if let Some(hint) = hint {
        failed = failed.hint(hint);
    }
    if let Some(CredentialsError::CredentialsNotLoaded(_)) = find::<CredentialsError>(&error) {
        failed = failed.without_identity();
    }
    failed.source(error)
}

/// Whether AWS answered with one of these codes.
pub(super) fn is_one_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, codes: &[&str]) -> bool {
    error.code().is_some_and(|code| codes.contains(&code))
}

/// Whether a modification was refused because everything is as asked for already.
pub(super) fn is_no_change<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    is_one_of(error, &["NoOperationFault"])
        || is_one_of(error, &["InvalidParameterCombination"])
            && error.message().is_some_and(|message| message.contains("No modifications were requested"))
}

pub(super) fn of_status(status: u16) -> Kind {
    match status {
        401 | 403 => Kind::Credentials,
        // 2xx with a body that is no answer, and everything that proxies and load balancers say, tell nothing.
        400 | 404 | 405 | 413 | 422 => Kind::Refused,
        _ => Kind::Unavailable,
    }
}

/// The kind of a wire code, and what to do about it.
pub(super) fn of_code(code: &str, message: &str, status: Option<u16>) -> (Kind, Option<&'static str>) {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure"
        | "OptInRequired"
        | "RegionDisabledException"
        | "InvalidCredentialsException" => (Kind::Credentials, Some(PERMISSIONS)),

        "InvalidReplicationGroupState"
        | "InvalidCacheClusterState"
        | "InvalidServerlessCacheStateFault"
        | "InvalidUserGroupState"
        | "InvalidUserState"
        | "InvalidSnapshotState"
        | "InvalidCacheParameterGroupState"
        | "InvalidCacheSecurityGroupState"
        | "CacheSubnetGroupInUse"
        | "InvalidGlobalReplicationGroupState"
        // Gone between the look and the call: the next look tells what to do instead.
        | "ReplicationGroupNotFoundFault" => (Kind::Busy, None),

        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "APICallRateForCustomerExceeded"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "RequestTimeoutException" => (Kind::Unavailable, None),

        "InsufficientCacheClusterCapacity" => (
            Kind::Capacity,
            Some(
                "aws has too few nodes of this type there now: try again in some minutes, or choose another size or node type",
            ),
        ),
        "CacheSubnetGroupNotFoundFault" => (
            Kind::Prerequisite,
            Some("create the ElastiCache subnet group in the cache's region, or name another one as aws.subnet_group"),
        ),
        "InvalidSubnet" | "SubnetNotAllowedFault" | "InvalidVPCNetworkStateFault" => (
            Kind::Prerequisite,
            Some("check the subnets of the subnet group: their VPC, their zones and their free addresses"),
        ),
        "CacheParameterGroupNotFound" => {
            (Kind::Prerequisite, Some("create the parameter group, or leave aws.parameter_group out"))
        }
        "InvalidKMSKeyFault" => (
            Kind::Prerequisite,
            Some("the key must be enabled, in the cache's region, and its policy must let ElastiCache create grants"),
        ),
        "ServiceLinkedRoleNotFoundFault" => (
            Kind::Prerequisite,
            Some(
                "run `aws iam create-service-linked-role --aws-service-name elasticache.amazonaws.com` once in the account",
            ),
        ),
        "UserGroupNotFound" | "UserNotFound" => (Kind::Prerequisite, Some("create the user group first")),
        "InvalidParameterValue" if is_about_security_groups(message) => (
            Kind::Prerequisite,
            Some("the security groups must exist in the VPC of the subnet group; name them as aws.security_group_ids"),
        ),
        "SnapshotNotFoundFault" => {
            (Kind::Refused, Some("name an existing snapshot of the cache's region as restore_from"))
        }

        "ReplicationGroupAlreadyExists"
        | "CacheClusterAlreadyExists"
        | "ServerlessCacheAlreadyExistsFault"
        | "SnapshotAlreadyExistsFault" => (Kind::Taken, None),

        _ if is_quota(code) => (
            Kind::Capacity,
            Some("a quota of the account is used up: remove unused caches, or have it raised with Service Quotas"),
        ),
        _ if status.is_some_and(|status| status >= 500) => (Kind::Unavailable, None),
        _ => (Kind::Refused, None),
    }
}

/// `ClusterQuotaForCustomerExceeded`, `NodeGroupsPerReplicationGroupQuotaExceeded`,
/// `ServerlessCacheQuotaForCustomerExceededFault` and their like, which grow in number with the API.
fn is_quota(code: &str) -> bool {
    code.contains("Quota") && code.contains("Exceeded") || code == "LimitExceeded"
}

fn is_about_security_groups(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("security group") && !message.contains("cache security group")
}

/// A call that never reached AWS: no credentials, or no connection.
fn of_dispatch<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> (Kind, Option<&'static str>, String) {
    let Some(failure) = find::<CredentialsError>(error) else {
        let why = deepest(error).to_string().to_ascii_lowercase();
        return (Kind::Unavailable, None, format!("aws cannot be reached: {why}"));
    };
    if let Some(denied) = find::<SdkError<AssumeRoleError, HttpResponse>>(failure) {
        let status = denied.raw_response().map(|response| response.status().as_u16());
        return match (denied.code(), denied.message()) {
            (Some(code), message) => {
                let message = message.unwrap_or_default();
                let (kind, _) = of_code(code, message, status);
                let hint = "the role's trust policy must let the driver's own identity assume it, with the external id of the config";
                let kind = if kind == Kind::Unavailable { kind } else { Kind::Credentials };
                (kind, Some(hint), format!("the role cannot be assumed: {code}: {}", message.trim_end_matches('.')))
            }
            (None, _) => (Kind::Unavailable, None, "the role cannot be assumed: no answer of sts".to_owned()),
        };
    }
    match failure {
        CredentialsError::CredentialsNotLoaded(_) => {
            (Kind::Credentials, Some(IDENTITY), "the driver has no identity of its own".to_owned())
        }
        CredentialsError::ProviderTimedOut(_) => {
            (Kind::Unavailable, None, "the driver's own identity was not told in time".to_owned())
        }
        _ => (Kind::Credentials, Some(IDENTITY), "the driver's own identity cannot be loaded".to_owned()),
    }
}

/// The first error of a type among the causes of an error.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the SDK's errors hide at their bottom: "connection refused" and the like.
fn deepest<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_of_its_kind() {
        for (code, kind) in [
            ("AccessDenied", Kind::Credentials),
            ("ExpiredToken", Kind::Credentials),
            ("InvalidClientTokenId", Kind::Credentials),
            ("SignatureDoesNotMatch", Kind::Credentials),
            ("OptInRequired", Kind::Credentials),
            ("InvalidReplicationGroupState", Kind::Busy),
            ("InvalidCacheClusterState", Kind::Busy),
            ("ReplicationGroupNotFoundFault", Kind::Busy),
            ("InvalidCacheParameterGroupState", Kind::Busy),
            ("Throttling", Kind::Unavailable),
            ("APICallRateForCustomerExceeded", Kind::Unavailable),
            ("InsufficientCacheClusterCapacity", Kind::Capacity),
            ("ClusterQuotaForCustomerExceeded", Kind::Capacity),
            ("NodeQuotaForClusterExceeded", Kind::Capacity),
            ("NodeGroupsPerReplicationGroupQuotaExceeded", Kind::Capacity),
            ("CacheParameterGroupQuotaExceeded", Kind::Capacity),
            ("TagQuotaPerResourceExceeded", Kind::Capacity),
            ("CacheSubnetGroupNotFoundFault", Kind::Prerequisite),
            ("CacheParameterGroupNotFound", Kind::Prerequisite),
            ("InvalidKMSKeyFault", Kind::Prerequisite),
            ("ServiceLinkedRoleNotFoundFault", Kind::Prerequisite),
            ("ReplicationGroupAlreadyExists", Kind::Taken),
            ("InvalidParameterValue", Kind::Refused),
            ("InvalidParameterCombination", Kind::Refused),
            ("SomethingNew", Kind::Refused),
        ] {
            assert_eq!(of_code(code, "", Some(400)).0, kind, "{code}");
        }
        assert_eq!(of_code("SomethingNew", "", Some(503)).0, Kind::Unavailable);
    }

    #[test]
    fn a_missing_security_group_is_a_prerequisite_though_its_code_says_only_invalid() {
        let message = "Some security group Ids are invalid or do not exist: [sg-0123456789abcdef0].";
        assert_eq!(of_code("InvalidParameterValue", message, Some(400)).0, Kind::Prerequisite);
    }

    #[test]
    fn whatever_is_a_prerequisite_or_a_shortage_comes_with_a_way_out() {
        for code in
            ["CacheSubnetGroupNotFoundFault", "InvalidKMSKeyFault", "InvalidSubnet", "NodeQuotaForClusterExceeded"]
        {
            assert!(of_code(code, "", Some(400)).1.is_some(), "{code}");
        }
    }

    #[test]
    fn a_body_that_is_not_of_aws_is_judged_by_its_status() {
        for (status, kind) in [
            (500, Kind::Unavailable),
            (502, Kind::Unavailable),
            (429, Kind::Unavailable),
            (200, Kind::Unavailable),
            (403, Kind::Credentials),
            (400, Kind::Refused),
        ] {
            assert_eq!(of_status(status), kind, "{status}");
        }
    }
}
