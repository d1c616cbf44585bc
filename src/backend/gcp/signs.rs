//! The few texts of Google that are the only sign of what is wrong: code and reason are the same for quite different things.

use super::remedy::About;
use crate::backend::Kind;

/// What a text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Another change runs; the same call succeeds later.
    Ongoing,
    PrivateServiceAccess,
    ExhaustedRange,
    ServiceConnectionPolicy,
    /// A Shared VPC that the cache's project is not attached to.
    SharedVpc,
    KeyGrant,
    Protected,
    /// A capacity of Google's, told without a code of its own.
    Capacity,
    /// A rule about which fields go together, told as if it were a matter of time.
    Rule,
}

/// Text in lower case, what it tells, where it was seen.
const SIGNS: &[(&str, Sign, &str)] = &[
    ("there is an ongoing update request", Sign::Ongoing, "recorded: memorystore v1, patch while UPDATING, 400"),
    ("due to ongoing operations", Sign::Ongoing, "apache/airflow#11735: redis v1, failover, 400"),
    ("private service access is not enabled", Sign::PrivateServiceAccess, "memcached/docs troubleshoot-issues, 400"),
    (
        "allocated private ip address space is exhausted",
        Sign::ExhaustedRange,
        "memcached/docs troubleshoot-issues, code 9",
    ),
    (
        "no service connection policy",
        Sign::ServiceConnectionPolicy,
        "k8s-config-connector#8017: memorystore v1, code 9",
    ),
    ("not a shared vpc service project", Sign::SharedVpc, "terraform-google-memorystore#361: memorystore v1, code 9"),
    ("delegate the access of cmek", Sign::KeyGrant, "terraform-provider-google#17333: redis v1, code 9"),
    ("is deletion protected", Sign::Protected, "k8s-config-connector's mock: memorystore v1, 400"),
    (
        "system limit for internal resources has been reached",
        Sign::Capacity,
        "python-docs-samples#4481: redis v1, code 8",
    ),
    ("read replicas mode must be enabled", Sign::Rule, "mozilla/terraform-modules#323: redis v1, 400"),
];

/// What a message tells, if it is one of those.
pub(super) fn sign(message: &str) -> Option<Sign> {
    let message = message.to_lowercase();
    SIGNS.iter().find(|(text, _, _)| message.contains(text)).map(|(_, sign, _)| *sign)
}

impl Sign {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Ongoing => Kind::Busy,
            Self::PrivateServiceAccess
            | Self::ExhaustedRange
            | Self::ServiceConnectionPolicy
            | Self::SharedVpc
            | Self::KeyGrant => Kind::Prerequisite,
            Self::Capacity => Kind::Capacity,
            Self::Protected | Self::Rule => Kind::Refused,
        }
    }

    pub(super) fn hint(self, about: &About<'_>) -> Option<String> {
        match self {
            Self::PrivateServiceAccess => Some(about.private_service_access()),
            Self::ExhaustedRange => Some(about.larger_range()),
            Self::ServiceConnectionPolicy => Some(about.service_connection_policy()),
            Self::SharedVpc => Some(format!(
                "attach the cache's project to the network's: `gcloud compute shared-vpc associated-projects add {} \
                 --host-project=NETWORK_PROJECT`, or name a network of the cache's own project as gcp.network",
                about.project
            )),
            Self::KeyGrant => Some(about.key_grant()),
            Self::Capacity => Some("try again later or in another region, or ask google for a higher limit".to_owned()),
            Self::Ongoing | Self::Protected | Self::Rule => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_as_they_were_recorded() {
        for (text, expected) in [
            (
                "there is an ongoing update request with updateMasks = [maintenance_policy], new update request can only \
                 be accepted if it specifies these exact update masks",
                Sign::Ongoing,
            ),
            (
                "Unable to failover due to ongoing operations. Please wait until instance is in READY state.",
                Sign::Ongoing,
            ),
            (
                "Google private service access is not enabled. Enable private service access and try again.",
                Sign::PrivateServiceAccess,
            ),
            ("Unable to create instance. The allocated private IP address space is exhausted.", Sign::ExhaustedRange),
            (
                "Invalid resource state for \"projects/p/locations/l/instances/x\": No service connection policy is \
                 associated with project: p",
                Sign::ServiceConnectionPolicy,
            ),
            ("Unable to delegate the access of CMEK. Please try again later.", Sign::KeyGrant),
        ] {
            assert_eq!(sign(text), Some(expected), "{text}");
        }
        assert_eq!(sign("an internal error has occurred"), None);
    }

    #[test]
    fn every_text_is_in_lower_case_and_has_a_source() {
        for (text, _, source) in SIGNS {
            assert!(text.to_lowercase() == *text && !source.is_empty(), "{text}");
        }
    }
}
