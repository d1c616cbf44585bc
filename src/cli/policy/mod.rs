//! `policy`: the least that the driver has to be allowed to do, in the cloud's own form.
//!
//! All of it comes from the permissions that the products name, so it holds what the driver calls and nothing else. Needs no
//! network and no configuration.

mod aws;
mod azure;
mod effect;
mod gcp;

use std::sync::Arc;

use clap::{Args, ValueEnum};

use self::effect::check_feature;
use super::Failed;
use super::start::World;
use crate::backend::{self, Access, Backend, Feature, Permission, Registry};
use crate::cache::{Product, Provider, SizeTable};
use crate::config::Providers;

/// Options of `policy`.
#[derive(Debug, Args)]
pub(super) struct Policy {
    /// The cloud: aws, gcp or azure.
    provider: Provider,
    /// Only for this product (`aws/replication-group`); several times for several. Without it, for all of the cloud.
    #[arg(long = "product", value_name = "PRODUCT")]
    products: Vec<Product>,
    /// What is needed beside the usual: accounts, encryption-key, first-cache, iam-auth, private-endpoint, restore-file, or
    /// `all`; separated by commas. Without it, first-cache; `none` leaves that out too.
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    with: Vec<String>,
    /// Only what `check`, `list` and `plan` need: it changes nothing and shows no secret.
    #[arg(long)]
    read_only: bool,
    /// The form. Without it, the one that the cloud's own command line takes: JSON for AWS and Azure, YAML for Google Cloud.
    #[arg(long, value_enum)]
    output: Option<Form>,
    /// What the role or policy is called.
    #[arg(long, default_value = "cache-driver")]
    name: String,
    #[command(flatten)]
    aws: aws::AwsOptions,
    #[command(flatten)]
    gcp: gcp::GcpOptions,
    #[command(flatten)]
    azure: azure::AzureOptions,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// What the cloud's API takes.
    Json,
    /// For `gcloud iam roles create --file`.
    Yaml,
    /// A resource of Terraform's provider for the cloud.
    Terraform,
    /// AWS only: who may take the role on, for a Kubernetes service account (IRSA).
    Trust,
}

impl Form {
    const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Terraform => "terraform",
            Self::Trust => "trust",
        }
    }
}

impl Policy {
    pub(super) fn run(self) -> Result<(), Failed> {
        let permissions = self.permissions()?;
        let wrong = |form: &str| {
            let forms = match self.provider {
                Provider::Aws => "json, terraform, trust",
                Provider::Gcp => "yaml, json, terraform",
                Provider::Azure => "json, terraform",
            };
            Failed::Config(format!("error: --output: {} has no {form}; it has: {forms}", self.provider))
        };
        let text = match (self.provider, self.output) {
            (Provider::Aws, Some(Form::Trust)) => self.aws.trust()?,
            (Provider::Aws, None | Some(Form::Json)) => self.aws.json(&permissions)?,
            (Provider::Aws, Some(Form::Terraform)) => self.aws.terraform(&self.name, &permissions)?,
            (Provider::Gcp, None | Some(Form::Yaml)) => gcp::yaml(&self.name, &permissions),
            (Provider::Gcp, Some(Form::Json)) => gcp::json(&self.name, &permissions)?,
            (Provider::Gcp, Some(Form::Terraform)) => self.gcp.terraform(&self.name, &permissions),
            (Provider::Azure, None | Some(Form::Json)) => self.azure.json(&self.name, &permissions)?,
            (Provider::Azure, Some(Form::Terraform)) => self.azure.terraform(&self.name, &permissions)?,
            (Provider::Aws | Provider::Azure, Some(Form::Yaml)) => return Err(wrong("yaml")),
            (Provider::Gcp | Provider::Azure, Some(Form::Trust)) => return Err(wrong("trust")),
        };
        say!("{}", text.trim_end());
        Ok(())
    }

    /// Everything that was asked for, each action once.
    fn permissions(&self) -> Result<Vec<Permission>, Failed> {
        let registry = registry();
        registry.provider(self.provider).map_err(|error| Failed::Config(format!("error: {error}")))?;
        let features = self.features(&registry)?;
        self.check_flags(&features)?;
        let of_cloud = |one: &&Arc<dyn Backend>| one.capabilities().product.provider() == self.provider;
        let backends: Vec<_> = registry.all().filter(of_cloud).collect();
        for product in &self.products {
            if !backends.iter().any(|backend| backend.capabilities().product == *product) {
                let known: Vec<&str> = backends.iter().map(|backend| backend.capabilities().product.as_str()).collect();
                let told = format!("error: --product: {product} is none of {}; there are: ", self.provider);
                return Err(Failed::Config(told + &known.join(", ")));
            }
        }
        let chosen = backends.iter().map(|backend| backend.capabilities());
        let chosen = chosen.filter(|one| self.products.is_empty() || self.products.contains(&one.product));
        let mut permissions: Vec<Permission> = chosen.flat_map(|one| one.permissions).copied().collect();
        permissions.retain(|one| one.feature.is_none_or(|feature| features.contains(&feature)));
        permissions.retain(|one| !self.read_only || one.access == Access::Read);
        permissions.sort_by_key(|one| one.action);
        permissions.dedup_by_key(|one| one.action);
        Ok(permissions)
    }

    fn features(&self, registry: &Registry) -> Result<Vec<Feature>, Failed> {
        if self.with.is_empty() {
            return Ok(vec![Feature::FirstCache]);
        }
        let mut features = Vec::new();
        for word in &self.with {
            match word.trim() {
                "all" => features.extend(Feature::ALL),
                "none" => {}
                word => {
                    let feature =
                        word.parse().map_err(|error| Failed::Config(format!("error: --with: {error}, all, none")))?;
                    check_feature(registry, self.provider, feature)?;
                    features.push(feature);
                }
            }
        }
        Ok(features)
    }
}

/// The products of all clouds, whatever the configuration enables.
fn registry() -> Registry {
    let mut providers = Providers::default();
    (providers.aws.enabled, providers.gcp.enabled, providers.azure.enabled) = (true, true, true);
    backend::enabled(&providers, &SizeTable::embedded(), &World::real().clock)
}

/// A value that goes into a name of a policy or a role as it is.
fn checked<'a>(option: &str, value: &'a str, is_legal: fn(char) -> bool) -> Result<&'a str, Failed> {
    if !value.is_empty() && value.chars().all(is_legal) {
        return Ok(value);
    }
    Err(Failed::Config(format!("error: {option}: `{value}` cannot stand in a policy")))
}

/// A list as Terraform writes it.
fn terraform_list(items: &[&str], indent: &str) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("{indent}  \"{item}\",\n")).collect();
    format!("[\n{}{indent}]", lines.concat())
}
