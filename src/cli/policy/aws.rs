//! The policy of an IAM identity, and who may take the role on.

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::effect::{Flag, Needs, given};
use super::{Form, checked};
use crate::backend::{Feature, Permission};
use crate::cache::Prefix;
use crate::cli::Failed;

/// The version of the language of policies.
const VERSION: &str = "2012-10-17";

/// A policy, in the order in which people write them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// Options for AWS.
#[derive(Debug, Args)]
pub(super) struct AwsOptions {
    /// What the names of caches begin with: `prefix` in the configuration; several times for those of `previous_prefixes`.
    /// Without it, `cache`.
    #[arg(long = "prefix", value_name = "PREFIX", help_heading = "AWS")]
    prefixes: Vec<String>,
    /// What the names of the driver's parameter groups begin with: `providers.aws.parameter_groups.prefix`. Without it,
    /// `cache-driver`.
    #[arg(long, help_heading = "AWS")]
    parameter_group_prefix: Option<String>,
    /// Allow the same on caches of any name: for `adopt` of foreign ones.
    #[arg(long, help_heading = "AWS")]
    any_name: bool,
    /// The account; without it any.
    #[arg(long, help_heading = "AWS")]
    account_id: Option<String>,
    /// The region; without it any.
    #[arg(long, help_heading = "AWS")]
    region: Option<String>,
    /// The partition: aws, aws-cn or aws-us-gov. Without it, aws.
    #[arg(long, help_heading = "AWS")]
    partition: Option<String>,
    /// The name of the role that gets the policy, whose own permissions `check` asks for. Without it, `cache-driver`.
    #[arg(long, help_heading = "AWS")]
    role: Option<String>,
    /// With accounts: a role that may be taken on; several times for several.
    #[arg(long = "assume", value_name = "ARN", help_heading = "AWS")]
    assumed: Vec<String>,
    /// With encryption-key: the key; several times for several. Without it any of the account.
    #[arg(long = "key", value_name = "ARN", help_heading = "AWS")]
    keys: Vec<String>,
    /// With restore-file: the bucket; several times for several. Without it any, so that every object of the account that
    /// its bucket lets it read can be restored.
    #[arg(long = "bucket", value_name = "NAME", help_heading = "AWS")]
    buckets: Vec<String>,
    /// For `--output trust`: the cluster's OIDC provider without https://, as `aws eks describe-cluster` tells it.
    #[arg(long, help_heading = "AWS")]
    oidc_provider: Option<String>,
    /// For `--output trust`: namespace and name of the Kubernetes service account. Without it,
    /// `cache-driver:cache-driver`.
    #[arg(long, value_name = "NAMESPACE:NAME", help_heading = "AWS")]
    service_account: Option<String>,
}

impl AwsOptions {
    pub(super) fn given(&self) -> Vec<Flag> {
        let trust = Needs::Form(Form::Trust);
        given([
            ("--prefix", !self.prefixes.is_empty(), Needs::Cloud),
            ("--parameter-group-prefix", self.parameter_group_prefix.is_some(), Needs::Cloud),
            ("--any-name", self.any_name, Needs::Cloud),
            ("--account-id", self.account_id.is_some(), Needs::Cloud),
            ("--region", self.region.is_some(), Needs::Cloud),
            ("--partition", self.partition.is_some(), Needs::Cloud),
            ("--role", self.role.is_some(), Needs::Cloud),
            ("--assume", !self.assumed.is_empty(), Needs::Feature(Feature::Accounts)),
            ("--key", !self.keys.is_empty(), Needs::Feature(Feature::EncryptionKey)),
            ("--bucket", !self.buckets.is_empty(), Needs::Feature(Feature::RestoreFile)),
            ("--oidc-provider", self.oidc_provider.is_some(), trust),
            ("--service-account", self.service_account.is_some(), trust),
        ])
    }

    pub(super) fn json(&self, permissions: &[Permission]) -> Result<String, Failed> {
        pretty(&Document { version: VERSION, statement: self.statements(permissions)? })
    }

    pub(super) fn terraform(&self, name: &str, permissions: &[Permission]) -> Result<String, Failed> {
        let policy = self.json(permissions)?;
        let name = checked("--name", name, is_name)?;
        Ok(format!(
            "resource \"aws_iam_policy\" \"cache_driver\" {{\n  name        = \"{name}\"\n  description = \"The least that \
             cache-driver needs\"\n\n  policy = <<-JSON\n{}\n  JSON\n}}\n",
            policy.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
        ))
    }

    /// <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>
    pub(super) fn trust(&self) -> Result<String, Failed> {
        let provider = self.oidc_provider.as_deref().unwrap_or("oidc.eks.REGION.amazonaws.com/id/ID");
        let provider = checked("--oidc-provider", provider, |c| c.is_ascii_alphanumeric() || "./-_".contains(c))?;
        let account = self.service_account.as_deref().unwrap_or("cache-driver:cache-driver");
        let account = checked("--service-account", account, |c| c.is_ascii_alphanumeric() || ":-.".contains(c))?;
        let partition = self.partition()?;
        pretty(&json!({
            "Version": VERSION,
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": format!("arn:{partition}:iam::{}:oidc-provider/{provider}", self.account("ACCOUNT")?) },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": { "StringEquals": {
                    format!("{provider}:aud"): "sts.amazonaws.com",
                    format!("{provider}:sub"): format!("system:serviceaccount:{account}"),
                } },
            }],
        }))
    }

    /// Actions on the same resources under the same conditions are one statement, named by the first of them.
    fn statements(&self, permissions: &[Permission]) -> Result<Vec<Statement>, Failed> {
        let mut statements: Vec<Statement> = Vec::new();
        for permission in permissions {
            let (resource, condition) = self.bounds(permission)?;
            let known = statements.iter_mut().find(|one| one.resource == resource && one.condition == condition);
            if let Some(statement) = known {
                statement.action.push(permission.action);
                continue;
            }
            let name = permission.action.rsplit(':').next().unwrap_or_default();
            let sid = if resource == ["*"] { "Look" } else { name };
            statements.push(Statement { sid, effect: "Allow", action: vec![permission.action], resource, condition });
        }
        Ok(statements)
    }

    /// On what, and under which condition.
    fn bounds(&self, permission: &Permission) -> Result<(Vec<String>, Option<Value>), Failed> {
        let (partition, region, account) = (self.partition()?, self.region()?, self.account("*")?);
        let arns =
            |given: &[String], otherwise: String| if given.is_empty() { vec![otherwise] } else { given.to_vec() };
        for arn in self.assumed.iter().chain(&self.keys) {
            checked("--assume and --key", arn, |c| c.is_ascii_alphanumeric() || ":/-_+=,.@*".contains(c))?;
        }
        for bucket in &self.buckets {
            checked("--bucket", bucket, |c| c.is_ascii_alphanumeric() || "-.*".contains(c))?;
        }
        Ok(match permission.action {
            // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
            "iam:CreateServiceLinkedRole" => {
                let role = "role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache*";
                let service = json!({ "StringLike": { "iam:AWSServiceName": "elasticache.amazonaws.com" } });
                (vec![format!("arn:{partition}:iam::{account}:{role}")], Some(service))
            }
            "iam:SimulatePrincipalPolicy" => {
                let role = checked("--role", self.role.as_deref().unwrap_or("cache-driver"), is_name)?;
                (vec![format!("arn:{partition}:iam::{account}:role/{role}")], None)
            }
            "kms:CreateGrant" => {
                let keys = arns(&self.keys, format!("arn:{partition}:kms:{region}:{account}:key/*"));
                // Through ElastiCache alone, and for it: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
                let through = format!("elasticache.{region}.{}", suffix(partition));
                let condition = json!({
                    "Bool": { "kms:GrantIsForAWSResource": "true" },
                    "StringLike": { "kms:ViaService": through },
                });
                (keys, Some(condition))
            }
            "kms:DescribeKey" => (arns(&self.keys, format!("arn:{partition}:kms:{region}:{account}:key/*")), None),
            "s3:GetObject" => {
                let buckets: Vec<String> =
                    self.buckets.iter().map(|bucket| format!("arn:{partition}:s3:::{bucket}/*")).collect();
                (arns(&buckets, format!("arn:{partition}:s3:::*/*")), None)
            }
            "sts:AssumeRole" => (arns(&self.assumed, format!("arn:{partition}:iam::*:role/cache-driver-*")), None),
            _ if permission.resources.is_empty() => (vec!["*".to_owned()], None),
            _ => {
                let mut resources = Vec::new();
                for pattern in permission.resources {
                    let (service, rest) = pattern.split_once(':').unwrap_or((pattern, "*"));
                    let parameters = self.parameter_group_prefix.as_deref().unwrap_or("cache-driver");
                    let parameters = checked("--parameter-group-prefix", parameters, is_name)?;
                    for own in self.own_names()? {
                        let rest = rest.replace("{prefix}-*", &own).replace("{parameters}", parameters);
                        let arn = format!("arn:{partition}:{service}:{region}:{account}:{rest}");
                        if !resources.contains(&arn) {
                            resources.push(arn);
                        }
                    }
                }
                (resources, None)
            }
        })
    }

    /// The names that caches of the driver can have.
    fn own_names(&self) -> Result<Vec<String>, Failed> {
        if self.any_name {
            return Ok(vec!["*".to_owned()]);
        }
        if self.prefixes.is_empty() {
            return Ok(vec!["cache-*".to_owned()]);
        }
        let mut names = Vec::new();
        for prefix in &self.prefixes {
            Prefix::try_from(prefix.clone()).map_err(|error| Failed::Config(format!("error: --prefix: {error}")))?;
            names.push(format!("{prefix}-*"));
        }
        Ok(names)
    }

    fn partition(&self) -> Result<&str, Failed> {
        match self.partition.as_deref().unwrap_or("aws") {
            known @ ("aws" | "aws-cn" | "aws-us-gov") => Ok(known),
            other => Err(Failed::Config(format!(
                "error: --partition: `{other}` is none; there are: aws, aws-cn, aws-us-gov"
            ))),
        }
    }

    fn region(&self) -> Result<&str, Failed> {
        checked("--region", self.region.as_deref().unwrap_or("*"), |c| c.is_ascii_alphanumeric() || "-*".contains(c))
    }

    fn account<'a>(&'a self, unset: &'a str) -> Result<&'a str, Failed> {
        match self.account_id.as_deref().unwrap_or("*") {
            "*" => Ok(unset),
            id if id.len() == 12 && id.bytes().all(|c| c.is_ascii_digit()) => Ok(id),
            other => Err(Failed::Config(format!("error: --account-id: `{other}` is no account: it has twelve digits"))),
        }
    }
}

/// What the hosts of services end with, as `kms:ViaService` has it.
fn suffix(partition: &str) -> &'static str {
    if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)
}

fn pretty(value: &impl Serialize) -> Result<String, Failed> {
    serde_json::to_string_pretty(value).map_err(|error| Failed::run("it cannot be written as JSON", &error))
}
