//! The clouds' own inputs. All three blocks are always read, whichever provider is chosen and compiled in.

use super::text::{
    ACCOUNT_ID, ARM_ID, ARN, GCP_NODE_TYPE, GROUP_NAME, IP_RANGE, IPV4, MODULE, NODE_TYPE, PROJECT, RESOURCE_GROUP,
    RESOURCE_PATH, SECURITY_GROUP, SKU, SUBNET, TENANT, UUID, ZONE, ZONE_NUMBER,
};
use super::{Field, Kind};
use crate::cache::Provider;

/// The block of a provider.
#[must_use]
pub const fn native(provider: Provider) -> &'static [Field] {
    match provider {
        Provider::Aws => AWS,
        Provider::Gcp => GCP,
        Provider::Azure => AZURE,
    }
}

const fn integer(min: u32, max: u32) -> Kind {
    Kind::Integer { min, max }
}

/// ElastiCache, API version 2015-02-02.
pub const AWS: &[Field] = &[
    Field::new(
        "account_id",
        Kind::Text(&ACCOUNT_ID),
        "not checked",
        "The account that the credentials must belong to.",
    ),
    Field::new("node_type", Kind::Text(&NODE_TYPE), "by size", "Node type of each node."),
    Field::new("subnet_group", Kind::Text(&GROUP_NAME), "the config's", "Cache subnet group."),
    Field::new("subnet_ids", Kind::List(&SUBNET), "the config's", "Subnets of a serverless cache."),
    Field::new(
        "security_group_ids",
        Kind::List(&SECURITY_GROUP),
        "the config's",
        "Security groups; never the VPC's default.",
    ),
    Field::new(
        "parameter_group",
        Kind::Text(&GROUP_NAME),
        "made from `parameters`",
        "A cache parameter group of your own.",
    ),
    Field::new("user_group_ids", Kind::List(&GROUP_NAME), "none", "User groups of your own, instead of a password."),
    Field::new("availability_zones", Kind::List(&ZONE), "chosen by AWS", "Preferred zones of the nodes."),
    Field::new("multi_az", Kind::Bool, "as high_availability", "Whether nodes are spread over zones."),
    Field::new("az_mode", Kind::Word(&["single-az", "cross-az"]), "single-az", "How memcached nodes are spread."),
    Field::new("node_count", integer(1, 60), "as shards", "Nodes of a memcached cluster."),
    Field::new("port", integer(1024, 65535), "6379; memcached 11211", "Port that the nodes listen on."),
    Field::new("network_type", Kind::Word(&["ipv4", "ipv6", "dual_stack"]), "ipv4", "Address families of the cache."),
    Field::new("ip_discovery", Kind::Word(&["ipv4", "ipv6"]), "ipv4", "Address family that cluster clients are told."),
    Field::new(
        "transit_encryption_mode",
        Kind::Word(&["preferred", "required"]),
        "required",
        "Whether plain connections are still accepted while TLS is on.",
    ),
    Field::new("data_tiering", Kind::Bool, "false", "Whether part of the data lives on SSD (r6gd nodes)."),
    Field::new(
        "auto_minor_version_upgrade",
        Kind::Bool,
        "the product's own",
        "Whether AWS upgrades minor versions by itself.",
    ),
    Field::new("notification_topic_arn", Kind::Text(&ARN), "none", "SNS topic for events of the cache."),
    Field::new("max_storage_gb", integer(1, 5000), "by size", "Most data that a serverless cache may hold, in GB."),
    Field::new(
        "min_storage_gb",
        integer(1, 5000),
        "none",
        "Data that a serverless cache is billed for at least, in GB.",
    ),
    Field::new("max_ecpu", integer(1000, 15_000_000), "by size", "Most ECPU per second of a serverless cache."),
    Field::new(
        "min_ecpu",
        integer(1000, 15_000_000),
        "none",
        "ECPU per second that a serverless cache is billed for at least.",
    ),
];

/// Memorystore: `redis/v1`, `memorystore/v1` and `memcache/v1`.
pub const GCP: &[Field] = &[
    Field::new(
        "project",
        Kind::Text(&PROJECT),
        "the credentials' or the config's",
        "Project that the cache is made in.",
    ),
    Field::new("quota_project", Kind::Text(&PROJECT), "none", "Project that API calls are counted against."),
    Field::new("network", Kind::Text(&RESOURCE_PATH), "the config's", "VPC network that the cache is reachable from."),
    Field::new("network_project", Kind::Text(&PROJECT), "as project", "Project of the network, with Shared VPC."),
    Field::new(
        "connect_mode",
        Kind::Word(&["DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS"]),
        "DIRECT_PEERING",
        "How a Redis instance is attached to the network.",
    ),
    Field::new("tier", Kind::Word(&["BASIC", "STANDARD_HA"]), "by high_availability", "Tier of a Redis instance."),
    Field::new("memory_size_gb", integer(1, 300), "by size", "Memory of a Redis instance, in GB."),
    Field::new("node_type", Kind::Text(&GCP_NODE_TYPE), "by size", "Node type of Valkey or Redis Cluster."),
    Field::new("node_count", integer(1, 20), "as shards", "Nodes of a memcached instance."),
    Field::new("cpu_count", integer(1, 32), "1", "vCPUs of each memcached node."),
    Field::new("memory_size_mb", integer(1024, 262_144), "by size", "Memory of each memcached node, in MB."),
    Field::new("read_replicas", Kind::Bool, "true with replicas", "Whether replicas of a Redis instance answer reads."),
    Field::new("reserved_ip_range", Kind::Text(&IP_RANGE), "chosen by Google", "Range for the instance, or its name."),
    Field::new("secondary_ip_range", Kind::Text(&IP_RANGE), "chosen by Google", "Further range for read replicas."),
    Field::new("zone", Kind::Text(&ZONE), "chosen by Google", "Zone of the primary."),
    Field::new("alternative_zone", Kind::Text(&ZONE), "chosen by Google", "Zone of the replica of a Redis instance."),
    Field::new("zones", Kind::List(&ZONE), "chosen by Google", "Zones of memcached nodes."),
    Field::new(
        "zone_distribution",
        Kind::Word(&["MULTI_ZONE", "SINGLE_ZONE"]),
        "MULTI_ZONE",
        "How the nodes of Valkey or Redis Cluster are spread.",
    ),
    Field::new(
        "rdb_period",
        Kind::Word(&["ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS"]),
        "TWENTY_FOUR_HOURS",
        "How often a snapshot is taken with `persistence = rdb`.",
    ),
    Field::new(
        "aof_fsync",
        Kind::Word(&["no", "everysec", "always"]),
        "everysec",
        "How often the log is flushed with `persistence = aof`.",
    ),
    Field::new(
        "server_ca_mode",
        Kind::Word(&["GOOGLE_MANAGED_PER_INSTANCE_CA", "GOOGLE_MANAGED_SHARED_CA", "CUSTOMER_MANAGED_CAS_CA"]),
        "GOOGLE_MANAGED_PER_INSTANCE_CA",
        "Who signs the certificate of Valkey or Redis Cluster.",
    ),
    Field::new("server_ca_pool", Kind::Text(&RESOURCE_PATH), "none", "CA pool with `CUSTOMER_MANAGED_CAS_CA`."),
    Field::new("display_name", Kind::Text(&super::text::FREE), "none", "Name shown in the console."),
];

/// Azure Managed Redis (`Microsoft.Cache/redisEnterprise`, api-version 2025-07-01) and Azure Cache for Redis
/// (`Microsoft.Cache/redis`, 2024-11-01).
pub const AZURE: &[Field] = &[
    Field::new("subscription_id", Kind::Text(&UUID), "the config's", "Subscription that the cache is made in."),
    Field::new(
        "resource_group",
        Kind::Text(&RESOURCE_GROUP),
        "the config's",
        "Resource group that the cache is made in.",
    ),
    Field::new("tenant_id", Kind::Text(&TENANT), "the credentials'", "Tenant of the credentials."),
    Field::new(
        "client_id",
        Kind::Text(&UUID),
        "the credentials'",
        "Application of federated credentials, or the managed identity.",
    ),
    Field::new("sku", Kind::Text(&SKU), "by size", "SKU of the cache."),
    Field::new(
        "clustering_policy",
        Kind::Word(&["NoCluster", "EnterpriseCluster", "OSSCluster"]),
        "NoCluster in standard mode, OSSCluster in cluster mode",
        "How Managed Redis spreads keys. A change destroys the data.",
    ),
    Field::new("public_access", Kind::Bool, "false", "Whether the cache is reachable from the internet."),
    Field::new(
        "private_endpoint_subnet_id",
        Kind::Text(&ARM_ID),
        "none",
        "Subnet for a private endpoint to the cache.",
    ),
    Field::new(
        "private_dns_zone_id",
        Kind::Text(&ARM_ID),
        "none",
        "Private DNS zone that the private endpoint is entered in.",
    ),
    Field::new("user_assigned_identity_id", Kind::Text(&ARM_ID), "none", "Identity that may use `encryption_key`."),
    Field::new("object_ids", Kind::List(&UUID), "none", "Entra objects that may connect with `auth = iam`."),
    Field::new("modules", Kind::List(&MODULE), "none", "Modules of Managed Redis, chosen at create."),
    Field::new(
        "rdb_frequency",
        Kind::Word(&["1h", "6h", "12h"]),
        "12h",
        "How often a snapshot is taken with `persistence = rdb`.",
    ),
    Field::new("port", integer(1024, 65535), "10000", "Port of Managed Redis."),
    Field::new("subnet_id", Kind::Text(&ARM_ID), "none", "Subnet that a Premium Azure Cache for Redis is put in."),
    Field::new("static_ip", Kind::Text(&IPV4), "none", "Address in that subnet."),
    Field::new(
        "zones",
        Kind::List(&ZONE_NUMBER),
        "chosen by Azure",
        "Zones of Azure Cache for Redis; Managed Redis takes none.",
    ),
    Field::new(
        "zonal_allocation_policy",
        Kind::Word(&["Automatic", "UserDefined", "NoZones"]),
        "Automatic",
        "How Azure Cache for Redis is spread over zones.",
    ),
    Field::new(
        "update_channel",
        Kind::Word(&["Stable", "Preview"]),
        "Stable",
        "When Azure Cache for Redis gets updates.",
    ),
];
