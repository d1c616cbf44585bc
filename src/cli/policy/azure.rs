//! A custom role of Azure.

use clap::Args;
use serde::Serialize;

use super::effect::{Flag, Needs, given};
use super::{checked, terraform_list};
use crate::backend::Permission;
use crate::cli::Failed;

/// Options for Azure.
#[derive(Debug, Args)]
pub(super) struct AzureOptions {
    /// The subscription in which the role can be assigned.
    #[arg(long, help_heading = "Azure")]
    subscription: Option<String>,
    /// The resource group of the caches, on which the role can be assigned; several times for several. Without it, on the
    /// whole subscription.
    #[arg(long = "resource-group", value_name = "NAME", help_heading = "Azure")]
    groups: Vec<String>,
}

const DESCRIPTION: &str = "The least that cache-driver needs";

/// A role, in the order in which Azure shows them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Role<'a> {
    name: &'a str,
    is_custom: bool,
    description: &'a str,
    actions: Vec<&'static str>,
    not_actions: [&'static str; 0],
    data_actions: [&'static str; 0],
    not_data_actions: [&'static str; 0],
    assignable_scopes: Vec<String>,
}

impl AzureOptions {
    pub(super) fn given(&self) -> Vec<Flag> {
        given([
            ("--subscription", self.subscription.is_some(), Needs::Cloud),
            ("--resource-group", !self.groups.is_empty(), Needs::Cloud),
        ])
    }

    /// For `az role definition create --role-definition`.
    pub(super) fn json(&self, name: &str, permissions: &[Permission]) -> Result<String, Failed> {
        let none: [&str; 0] = [];
        let role = Role {
            name,
            is_custom: true,
            description: DESCRIPTION,
            actions: actions(permissions),
            not_actions: none,
            data_actions: none,
            not_data_actions: none,
            assignable_scopes: self.scopes()?,
        };
        serde_json::to_string_pretty(&role).map_err(|error| Failed::run("it cannot be written as JSON", &error))
    }

    pub(super) fn terraform(&self, name: &str, permissions: &[Permission]) -> Result<String, Failed> {
        let name: String = name.chars().filter(|c| !c.is_control() && !"\"\\$%".contains(*c)).collect();
        let scopes = self.scopes()?;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        Ok(format!(
            "resource \"azurerm_role_definition\" \"cache_driver\" {{\n  name              = \"{name}\"\n  description       = \
             \"{DESCRIPTION}\"\n  scope             = \"{}\"\n  assignable_scopes = {}\n\n  permissions {{\n    actions = {}\n  }}\n}}\n",
            scopes.first().copied().unwrap_or_default(),
            terraform_list(&scopes, "  "),
            terraform_list(&actions(permissions), "    ")
        ))
    }

    fn scopes(&self) -> Result<Vec<String>, Failed> {
        let subscription = self.subscription.as_deref().unwrap_or("SUBSCRIPTION");
        let subscription = checked("--subscription", subscription, |c| c.is_ascii_alphanumeric() || c == '-')?;
        let whole = format!("/subscriptions/{subscription}");
        if self.groups.is_empty() {
            return Ok(vec![whole]);
        }
        let mut scopes = Vec::new();
        for group in &self.groups {
            let group = checked("--resource-group", group, |c| c.is_alphanumeric() || "-_.()".contains(c))?;
            scopes.push(format!("{whole}/resourceGroups/{group}"));
        }
        Ok(scopes)
    }
}

fn actions(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|one| one.action).collect()
}
