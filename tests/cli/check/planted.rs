//! What can be wrong, planted one at a time.

use serde_json::{Value, json};

use super::NET;

const GROUP: &str = "sg-0123456789abcdef0";
const KEY: &str = "arn:aws:kms:eu-central-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const GOOGLE_KEY: &str = "projects/shop-caches/locations/europe-west3/keyRings/r/cryptoKeys/k";
const DEFAULTS: &str = "CACHE_DRIVER__ROUTES__REDIS__DEFAULTS";

/// What is planted, and the finding that has to come of it.
pub(super) struct Planted {
    pub(super) provider: &'static str,
    pub(super) settings: Vec<(&'static str, String)>,
    pub(super) cloud: Vec<Value>,
    pub(super) verdict: &'static str,
    pub(super) subject: &'static str,
    pub(super) mend: &'static str,
}

/// Everything.
pub(super) fn all() -> Vec<Planted> {
    [on_aws(), denied_by_aws(), on_google_cloud(), on_azure()].into_iter().flatten().collect()
}

fn plant(
    provider: &'static str,
    settings: &[(&'static str, &str)],
    cloud: Value,
    verdict: &'static str,
    subject: &'static str,
    mend: &'static str,
) -> Planted {
    let settings = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let cloud = if cloud.is_null() { Vec::new() } else { vec![cloud] };
    Planted { provider, settings, cloud, verdict, subject, mend }
}

fn with_key(key: &str) -> String {
    format!("{{ encryption_key = \"{key}\" }}")
}

/// Prerequisites of AWS.
fn on_aws() -> Vec<Planted> {
    vec![
        plant(
            "aws",
            &[],
            json!({"op": "remove_subnet_group", "name": "caches"}),
            "problem",
            "subnet group caches",
            "aws elasticache create-cache-subnet-group --cache-subnet-group-name caches",
        ),
        plant("aws", &[("SUBNET_GROUP", "")], json!(null), "warning", "subnet group", "providers.aws.subnet_group"),
        plant(
            "aws",
            &[("SECURITY_GROUP_IDS", "[]")],
            json!(null),
            "warning",
            "security groups",
            "providers.aws.security_group_ids",
        ),
        plant(
            "aws",
            &[],
            json!({"op": "remove_security_group", "id": GROUP}),
            "problem",
            "security group sg-0123456789abcdef0",
            "aws ec2 describe-security-groups --region eu-central-1",
        ),
        plant(
            "aws",
            &[],
            json!({"op": "move_security_group", "id": GROUP, "vpc": "vpc-0fedcba9876543210"}),
            "problem",
            "security group sg-0123456789abcdef0",
            "Name=vpc-id,Values=vpc-",
        ),
        plant(
            "aws",
            &[(DEFAULTS, &with_key(KEY))],
            json!({"op": "remove_key", "id": KEY}),
            "problem",
            "key arn:aws:kms",
            "aws kms list-keys",
        ),
        plant(
            "aws",
            &[(DEFAULTS, &with_key(KEY))],
            json!({"op": "key_state", "id": KEY, "state": "Disabled"}),
            "problem",
            "key arn:aws:kms",
            "aws kms enable-key",
        ),
    ]
}

/// Permissions of AWS.
fn denied_by_aws() -> Vec<Planted> {
    vec![
        plant(
            "aws",
            &[],
            json!({"op": "deny", "action": "elasticache:CreateReplicationGroup"}),
            "problem",
            "permissions",
            "cache-driver policy aws",
        ),
        plant(
            "aws",
            &[],
            json!({"op": "deny", "action": "elasticache:Describe*"}),
            "problem",
            "DescribeReplicationGroups",
            "cache-driver policy aws",
        ),
        plant(
            "aws",
            &[],
            json!({"op": "deny", "action": "iam:*"}),
            "warning",
            "permissions",
            "iam:SimulatePrincipalPolicy",
        ),
        plant(
            "aws",
            &[],
            json!({"op": "deny", "action": "ec2:*"}),
            "warning",
            "security group",
            "ec2:DescribeSecurityGroups",
        ),
        plant(
            "aws",
            &[],
            json!({"kind": "expired_token", "times": 0}),
            "problem",
            "identity",
            "cache-driver policy aws",
        ),
    ]
}

/// Google Cloud.
fn on_google_cloud() -> Vec<Planted> {
    let peered = "{ gcp = { connect_mode = \"PRIVATE_SERVICE_ACCESS\" } }";
    let valkey = "{ engine = \"valkey\" }";
    vec![
        plant(
            "gcp",
            &[],
            json!({"op": "remove_prerequisite", "kind": "api", "service": "redis.googleapis.com"}),
            "problem",
            "redis.googleapis.com",
            "gcloud services enable redis.googleapis.com",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "remove_prerequisite", "kind": "network", "network": "main"}),
            "problem",
            "network main",
            "gcloud compute networks create main",
        ),
        plant(
            "gcp",
            &[(DEFAULTS, peered)],
            json!({"op": "remove_prerequisite", "kind": "private_service_access", "network": "main"}),
            "problem",
            "private service access",
            "gcloud services vpc-peerings connect",
        ),
        plant(
            "gcp",
            &[(DEFAULTS, valkey)],
            json!({"op": "remove_prerequisite", "kind": "service_connection_policy", "network": "main"}),
            "problem",
            "service connection policy",
            "gcloud network-connectivity service-connection-policies create",
        ),
        plant(
            "gcp",
            &[(DEFAULTS, &with_key(GOOGLE_KEY))],
            json!({"op": "remove_prerequisite", "kind": "key", "key": GOOGLE_KEY}),
            "problem",
            "key k",
            "gcloud kms keys list",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "deny", "permission": "redis.instances.create"}),
            "problem",
            "permissions",
            "gcloud projects add-iam-policy-binding shop-caches",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "deny", "permission": "redis.instances.list"}),
            "problem",
            "redis.googleapis.com",
            "add-iam-policy-binding",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "remove_prerequisite", "kind": "api", "service": "cloudresourcemanager.googleapis.com"}),
            "warning",
            "permissions",
            "gcloud services enable cloudresourcemanager.googleapis.com",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "deny", "permission": "compute.networks.get"}),
            "warning",
            "network main",
            "compute.networks.get",
        ),
        plant(
            "gcp",
            &[],
            json!({"op": "remove_prerequisite", "kind": "project", "project": "shop-caches"}),
            "problem",
            "redis.googleapis.com",
            "check that the project shop-caches exists",
        ),
    ]
}

/// Azure.
fn on_azure() -> Vec<Planted> {
    let subnet = format!("{NET}/virtualNetworks/v/subnets/caches");
    let zone = format!("{NET}/privateDnsZones/privatelink.redis.azure.net");
    let private =
        format!("{{ azure = {{ private_endpoint_subnet_id = \"{subnet}\", private_dns_zone_id = \"{zone}\" }} }}");
    vec![
        plant(
            "azure",
            &[],
            json!({"op": "unregister_provider", "namespace": "Microsoft.Cache"}),
            "problem",
            "provider Microsoft.Cache",
            "az provider register --namespace Microsoft.Cache",
        ),
        plant(
            "azure",
            &[],
            json!({"op": "remove_resource_group", "name": "caches", "subscription": null}),
            "problem",
            "resource group",
            "az group create --name caches",
        ),
        plant(
            "azure",
            &[("LOCATION", "northpole")],
            json!(null),
            "problem",
            "location",
            "az provider show --namespace Microsoft.Cache",
        ),
        plant(
            "azure",
            &[(DEFAULTS, &private)],
            json!({"op": "remove_prerequisite", "name": subnet}),
            "problem",
            "subnet caches",
            "az network vnet subnet create --name caches",
        ),
        plant(
            "azure",
            &[(DEFAULTS, &private)],
            json!({"op": "remove_prerequisite", "name": zone}),
            "problem",
            "private dns zone privatelink.redis.azure.net",
            "az network private-dns zone create",
        ),
        plant(
            "azure",
            &[(DEFAULTS, &private)],
            json!({"op": "unregister_provider", "namespace": "Microsoft.Network"}),
            "problem",
            "provider Microsoft.Network",
            "az provider register --namespace Microsoft.Network",
        ),
        plant(
            "azure",
            &[],
            json!({"op": "deny", "permission": "Microsoft.Cache/redisEnterprise/databases/listKeys/action"}),
            "problem",
            "permissions",
            "cache-driver policy azure",
        ),
        plant(
            "azure",
            &[],
            json!({"op": "deny", "permission": "Microsoft.Authorization/permissions/read"}),
            "warning",
            "permissions",
            "Microsoft.Authorization/permissions/read",
        ),
        plant(
            "azure",
            &[],
            json!({"op": "wrong_secret", "client_id": "22222222-0000-4000-8000-000000000001"}),
            "problem",
            "identity",
            "check application, secret and tenant",
        ),
    ]
}
