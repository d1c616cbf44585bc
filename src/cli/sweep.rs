//! `sweep`: finishes what nobody comes back for. Meant to be run every so often, by a `CronJob`.

use std::time::Duration;

use clap::Args;

use super::Failed;
use super::documents::{Output, print};
use super::list::{enabled, unlisted};
use super::start::{ConfigArgs, World};
use super::table::number;
use crate::cache::Provider;
use crate::driver::{Sweep as Report, SweepAction, SweepOptions, SweepOutcome, Unreadable};
use crate::telemetry;

/// Options of `sweep`.
#[derive(Debug, Args)]
pub(super) struct Sweep {
    /// Tell what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// How long to stay until what was begun is done, and to try again what the cloud has no time for. Without it the next
    /// sweep goes on.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    wait: Duration,
    /// The caches of one cloud alone: aws, gcp or azure.
    #[arg(long)]
    provider: Option<Provider>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Sweep {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let started = self.config.start(&World::real()).await?;
        let driver = &started.driver;
        enabled(&driver.registry().providers(), self.provider)?;
        // The audit log goes where that of `serve` goes.
        telemetry::init(&driver.config().log).map_err(|error| Failed::run("logging could not be set up", &error))?;
        let options = SweepOptions { dry_run: self.dry_run, wait: self.wait, provider: self.provider };
        let report = driver.sweep(options).await;
        match self.output {
            Output::Json => print(&report)?,
            Output::Text => print_text(&report),
        }
        let failed = count(&report, SweepOutcome::Failed);
        let listed = unlisted(&report.failures, report.places);
        if failed > 0 {
            return Err(Failed::Run(format!("{failed} of {} that were due could not be done", report.actions.len())));
        }
        listed
    }
}

fn count(report: &Report, outcome: SweepOutcome) -> usize {
    report.actions.iter().filter(|action| action.outcome == outcome).count()
}

fn print_text(report: &Report) {
    for action in &report.actions {
        let SweepAction { task, product, name, location, outcome, message, .. } = action;
        let id = action.id.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
        let code = action.error.map_or_else(String::new, |code| format!(" [{code}]"));
        say!("{outcome} {task} {product} {name} in {location}{id}: {message}{code}");
    }
    for Unreadable { product, name, location, finding, .. } in &report.unreadable {
        say!("left alone {product} {name} in {location}: {}", finding.message);
    }
    let told = SweepOutcome::ALL.iter().map(|outcome| (outcome, count(report, *outcome))).filter(|(_, n)| *n > 0);
    let told: Vec<String> = told.map(|(outcome, n)| format!("{n} {outcome}")).collect();
    let told = if told.is_empty() { "nothing was due".to_owned() } else { told.join(", ") };
    say!("{told}; {} in {}", number(report.caches, "cache"), number(report.places, "place"));
}
