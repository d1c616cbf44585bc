//! Paths of resources, and the API versions that they are asked with.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::place::Situation;
use crate::cache::CacheName;

/// Managed Redis: the newest stable version of every SDK.
pub(super) const MANAGED_REDIS: &str = "2025-07-01";
/// Azure Cache for Redis.
pub(super) const CLASSIC_REDIS: &str = "2024-11-01";
/// `Microsoft.Network`.
pub(super) const NETWORK: &str = "2024-05-01";
/// `Microsoft.Network/privateDnsZones`.
pub(super) const PRIVATE_DNS: &str = "2024-06-01";
/// Subscriptions, resource groups and providers.
pub(super) const RESOURCES: &str = "2022-09-01";
/// `Microsoft.Authorization/permissions`.
pub(super) const AUTHORIZATION: &str = "2022-04-01";

/// What may stand in a name as it is. A name that was not made here must not lead to another resource.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The cluster of a managed cache.
pub(super) fn cluster(situation: &Situation<'_>, name: &CacheName) -> String {
    of(situation, "Microsoft.Cache/redisEnterprise", name.as_str())
}

/// Its one database.
pub(super) fn database(cluster: &str) -> String {
    format!("{cluster}/databases/default")
}

/// The rights of one Entra object on the database.
pub(super) fn assignment(cluster: &str, name: &str) -> String {
    format!("{}/accessPolicyAssignments/{}", database(cluster), utf8_percent_encode(name, SEGMENT))
}

/// The name of an object's assignment: they have letters and digits only.
pub(super) fn assignment_name(object_id: &str) -> String {
    object_id.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A cache of Azure Cache for Redis.
pub(super) fn classic(situation: &Situation<'_>, name: &CacheName) -> String {
    of(situation, "Microsoft.Cache/redis", name.as_str())
}

/// The private endpoint of a cache.
pub(super) fn private_endpoint(situation: &Situation<'_>, name: &CacheName) -> String {
    of(situation, "Microsoft.Network/privateEndpoints", &private_endpoint_name(name))
}

pub(super) fn private_endpoint_name(name: &CacheName) -> String {
    format!("{name}-pe")
}

/// The DNS entry of a private endpoint.
pub(super) fn dns_zone_group(endpoint: &str) -> String {
    format!("{endpoint}/privateDnsZoneGroups/default")
}

fn of(situation: &Situation<'_>, kind: &str, name: &str) -> String {
    format!("{}/providers/{kind}/{}", situation.group_path(), utf8_percent_encode(name, SEGMENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_to_another_resource() {
        let situation =
            Situation { subscription: "s", group: "g", location: "l", elsewhere: Vec::new(), retired: false };
        let name = CacheName::existing("../../x/y?z#");
        let path = cluster(&situation, &name);
        assert_eq!(
            path,
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redisEnterprise/%2E%2E%2F%2E%2E%2Fx%2Fy%3Fz%23"
        );
        assert_eq!(assignment_name("0BDC1478-5298-4184-b3c1-6a3c07bae642"), "0bdc147852984184b3c16a3c07bae642");
    }
}
