//! `register`: what the orchestrator has to be told about this driver.

mod definition;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use reqwest::Url;
use serde_json::{Value, json};

use super::Failed;
use super::documents::print;
use crate::backend;
use crate::cache::{Provider, schema};
use crate::config::{self, Config, Route};
use definition::Definition;

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The body of `POST /orgs/{org}/resources/drivers`.
    Driver,
    /// A Resource Definition, as YAML.
    Definition,
    /// Driver, definition and matching criteria, as Terraform.
    Terraform,
}

/// Options of `register`.
#[derive(Debug, Args)]
pub(super) struct Register {
    /// Where the orchestrator reaches this server, such as `https://drivers.example.com`. A secret path segment is part of it.
    #[arg(long)]
    url: String,
    /// The organisation that the driver is registered with.
    #[arg(long, default_value = "my-org")]
    org: String,
    /// The route to register: one driver for each. Without it, the only one of the configuration.
    #[arg(long)]
    route: Option<String>,
    /// The driver's id. Without it, `cache-driver-ROUTE`.
    #[arg(long)]
    id: Option<String>,
    /// The environment type that the definition is for. Without it, every one.
    #[arg(long)]
    env_type: Option<String>,
    /// The cloud account that the orchestrator passes on. Without it, the driver uses its own identity.
    #[arg(long)]
    account: Option<String>,
    /// What to print.
    #[arg(long, value_enum, default_value = "driver")]
    format: Format,
    /// A configuration file. May be given several times: later ones win.
    #[arg(long = "config", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Register {
    pub(super) fn run(self) -> Result<(), Failed> {
        let config = config::load(&self.files, config::process_env().into_iter())?.config;
        let (name, route) = self.route(&config)?;
        let id = self.id.clone().unwrap_or_else(|| format!("cache-driver-{name}"));
        let driver = json!({
            "id": id,
            "type": route.resource_type,
            "account_types": account_types(&config, route),
            "inputs_schema": schema::inputs_schema(),
            "target": self.target(name)?,
        });
        let definition = Definition {
            org: &self.org,
            driver: &driver,
            env_type: self.env_type.as_deref(),
            account: self.account.as_deref(),
        };
        match self.format {
            Format::Driver => print(&driver),
            Format::Definition => {
                say!("{}", definition.yaml());
                Ok(())
            }
            Format::Terraform => {
                say!("{}", definition.terraform());
                Ok(())
            }
        }
    }

    fn route<'a>(&self, config: &'a Config) -> Result<(&'a str, &'a Route), Failed> {
        let names: Vec<&str> = config.routes.keys().map(String::as_str).collect();
        let wrong =
            |what: &str| Err(Failed::Config(format!("error: --route: {what}; there are: {}", names.join(", "))));
        let name = match (&self.route, names.as_slice()) {
            (Some(name), _) => name,
            (None, [only]) => *only,
            (None, _) => return wrong("each route is a driver of its own, so one has to be named"),
        };
        match config.routes.get_key_value(name) {
            Some((name, route)) => Ok((name, route)),
            None => wrong(&format!("no route is called `{name}`")),
        }
    }

    /// The URL that the ids of resources are appended to.
    fn target(&self, route: &str) -> Result<String, Failed> {
        let wrong = |what: &str| Failed::Config(format!("error: --url: {what}, such as https://drivers.example.com"));
        let url = Url::parse(&self.url).map_err(|error| wrong(&format!("{error}; expected a URL")))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("expected an http or https URL without query"));
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(wrong("the orchestrator sends no user and password; expected a URL without them"));
        }
        Ok(format!("{}/{route}/", url.as_str().trim_end_matches('/')))
    }
}

/// The orchestrator's account types whose credentials this route can use.
fn account_types(config: &Config, route: &Route) -> Vec<Value> {
    let enabled: Vec<Provider> = config.providers.enabled().collect();
    let usable = if enabled.is_empty() { backend::compiled() } else { &enabled };
    let kept = |provider: &&Provider| route.provider.is_none_or(|only| only == **provider);
    let types = usable.iter().filter(kept).flat_map(|provider| match provider {
        Provider::Aws => ["aws", "aws-role"],
        Provider::Gcp => ["gcp", "gcp-identity"],
        Provider::Azure => ["azure", "azure-identity"],
    });
    types.map(Value::from).collect()
}
