//! `check`: whether everything is there that the driver needs, and how to mend what is not. Changes nothing.

mod clouds;
mod report;
mod settings;

use std::time::Duration;

use clap::Args;

use super::Failed;
use super::documents::{Output, print};
use super::start::{ConfigArgs, World};
use crate::cache::Provider;

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Only this cloud; several times for several. Without it, every enabled one.
    #[arg(long = "provider", value_name = "PROVIDER")]
    providers: Vec<Provider>,
    /// How long each place at a cloud may take. They are looked at side by side.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Check {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let started = self.config.start(&World::real()).await?;
        let (config, registry) = (started.driver.config(), started.driver.registry());
        let (tls, _) = started.doors()?;
        for provider in &self.providers {
            registry
                .provider(*provider)
                .map_err(|unavailable| Failed::Config(format!("error: --provider: {unavailable}")))?;
        }
        let (uses, routes) = clouds::uses(config, registry);
        let mut sections = vec![settings::look(config, tls.is_some(), routes)];
        sections.extend(clouds::look(config, registry, uses, &self.providers, self.timeout).await);
        let report = report::Report::new(sections);
        match self.output {
            Output::Json => print(&report)?,
            Output::Text => say!("{report}"),
        }
        if report.problems == 0 { Ok(()) } else { Err(Failed::Run(report.summary())) }
    }
}
