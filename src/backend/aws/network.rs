//! Where a cache is reachable from. Nothing is ever opened by default: neither the VPC's default security group nor an
//! address range is put in for what is missing.

use aws_sdk_elasticache::Client;
use serde_json::Value;

use super::error::classify;
use super::inputs::{Defaults, dotted};
use crate::backend::{Finding, Resolved};
use crate::cache::{FieldError, Spec};
use crate::config::Aws;

/// Resolves `subnet_group` and `security_group_ids`.
pub(super) fn resolve(
    config: &Aws,
    defaults: &Defaults,
    spec: &Spec,
    out: &mut Resolved,
    errors: &mut Vec<FieldError>,
) {
    match defaults.input(spec, "subnet_group") {
        Some((Value::String(name), origin)) => out.put("subnet_group", name.to_ascii_lowercase(), origin),
        _ => match &config.subnet_group {
            Some(name) => out.put("subnet_group", name.to_ascii_lowercase(), None),
            None => errors.push(
                FieldError::new(
                    spec.path_of(&dotted("subnet_group")),
                    "the name of an ElastiCache subnet group",
                    "nothing",
                )
                .hint("set aws.subnet_group, or providers.aws.subnet_group in the config"),
            ),
        },
    }
    match defaults.input(spec, "security_group_ids") {
        Some((Value::Array(ids), origin)) if !ids.is_empty() => out.put("security_group_ids", ids.clone(), origin),
        _ if !config.security_group_ids.is_empty() => {
            out.put("security_group_ids", config.security_group_ids.clone(), None);
        }
        _ => errors.push(
            FieldError::new(spec.path_of(&dotted("security_group_ids")), "at least one security group id", "nothing").hint(
                "set aws.security_group_ids, or providers.aws.security_group_ids in the config; the vpc's default group is never used",
            ),
        ),
    }
}

/// Whether the config's network is there.
pub(super) async fn preflight(client: &Client, config: &Aws) -> Vec<Finding> {
    let mut findings = vec![match &config.subnet_group {
        Some(name) => subnet_group(client, name).await,
        None => Finding {
            subject: "subnet group".to_owned(),
            ok: true,
            message: "none in the config: every request has to name one as aws.subnet_group".to_owned(),
        },
    }];
    findings.push(Finding {
        subject: "security groups".to_owned(),
        ok: true,
        message: if config.security_group_ids.is_empty() {
            "none in the config: every request has to name some as aws.security_group_ids".to_owned()
        } else {
            format!("{} from the config; aws checks them when a cache is made", config.security_group_ids.join(", "))
        },
    });
    findings
}

async fn subnet_group(client: &Client, name: &str) -> Finding {
    let subject = format!("subnet group {name}");
    let described = client.describe_cache_subnet_groups().cache_subnet_group_name(name).send().await;
    match described.map_err(|error| classify("DescribeCacheSubnetGroups", error)) {
        Ok(found) => {
            let group = found.cache_subnet_groups().first();
            let vpc = group.and_then(|group| group.vpc_id()).unwrap_or("an unknown vpc");
            let subnets = group.map_or(0, |group| group.subnets().len());
            Finding { subject, ok: true, message: format!("{subnets} subnets in {vpc}") }
        }
        Err(error) => {
            let hint = error.hint.as_deref().unwrap_or("check the region and the permissions");
            Finding { subject, ok: false, message: format!("{}; {hint}", error.message) }
        }
    }
}
