//! Where a cache is reachable from. Nothing is ever opened by default: neither the VPC's default security group nor an
//! address range is put in for what is missing.

use serde_json::Value;

use super::inputs::{Defaults, dotted};
use crate::backend::Resolved;
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
