//! A custom role of Google Cloud.

use clap::Args;
use serde_json::json;

use super::effect::{Flag, Needs, given};
use super::{Form, terraform_list};
use crate::backend::{Access, Permission};
use crate::cli::Failed;

/// Options for Google Cloud.
#[derive(Debug, Args)]
pub(super) struct GcpOptions {
    /// For `--output terraform`: the project of the role.
    #[arg(long, help_heading = "Google Cloud")]
    project: Option<String>,
}

const DESCRIPTION: &str = "The least that cache-driver needs";

/// For `gcloud iam roles create ID --project=P --file=-`.
pub(super) fn yaml(name: &str, permissions: &[Permission]) -> String {
    let lines: Vec<String> = actions(permissions).iter().map(|action| format!("- {action}\n")).collect();
    format!(
        "# Coarser, and without a role of your own: {}.\ntitle: {name}\ndescription: {DESCRIPTION}\nstage: GA\nincludedPermissions:\n{}",
        coarse(permissions),
        lines.concat()
    )
}

/// The same as the API takes it.
pub(super) fn json(name: &str, permissions: &[Permission]) -> Result<String, Failed> {
    let role = json!({
        "title": name,
        "description": DESCRIPTION,
        "stage": "GA",
        "includedPermissions": actions(permissions),
    });
    serde_json::to_string_pretty(&role).map_err(|error| Failed::run("it cannot be written as JSON", &error))
}

impl GcpOptions {
    pub(super) fn given(&self) -> Vec<Flag> {
        given([("--project", self.project.is_some(), Needs::Form(Form::Terraform))])
    }

    pub(super) fn terraform(&self, name: &str, permissions: &[Permission]) -> String {
        // Ids of roles have no hyphens.
        let id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
        let title: String = name.chars().filter(|c| !c.is_control() && !"\"\\$%".contains(*c)).collect();
        let project = self.project.as_deref().unwrap_or("PROJECT");
        let project: String = project.chars().filter(|c| c.is_ascii_alphanumeric() || "-:._".contains(*c)).collect();
        format!(
            "# Coarser, and without a role of your own: {}.\nresource \"google_project_iam_custom_role\" \"cache_driver\" {{\n  project     = \
             \"{project}\"\n  role_id     = \"{id}\"\n  title       = \"{title}\"\n  description = \"{DESCRIPTION}\"\n  \
             permissions = {}\n}}\n",
            coarse(permissions),
            terraform_list(&actions(permissions), "  ")
        )
    }
}

fn actions(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|one| one.action).collect()
}

/// The least of Google's own roles that hold the same and more.
fn coarse(permissions: &[Permission]) -> String {
    let of_service = |service: &str| permissions.iter().any(|one| one.action.split('.').next() == Some(service));
    let changes = permissions.iter().any(|one| one.access != Access::Read);
    let mut roles: Vec<String> = Vec::new();
    for service in ["memcache", "memorystore", "redis"].into_iter().filter(|service| of_service(service)) {
        roles.push(format!("roles/{service}.{}", if changes { "admin" } else { "viewer" }));
    }
    for (service, role) in [("cloudkms", "roles/cloudkms.viewer"), ("compute", "roles/compute.networkViewer")] {
        if of_service(service) {
            roles.push(role.to_owned());
        }
    }
    roles.join(", ")
}
