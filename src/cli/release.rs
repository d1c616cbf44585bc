//! `release`: lifts deletion protection, where no PUT can do it any more.

use std::time::Duration;

use clap::Args;

use super::Failed;
use super::documents::{Output, print};
use super::plan::explain;
use super::start::{ConfigArgs, World};
use crate::cache::GuResId;
use crate::driver::Release as Report;
use crate::telemetry;

/// Options of `release`.
#[derive(Debug, Args)]
pub(super) struct Release {
    /// The resource whose caches are to lose their protection.
    guresid: GuResId,
    /// Tell what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for a cloud that takes its time.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    wait: Duration,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Release {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let started = self.config.start(&World::real()).await?;
        let driver = &started.driver;
        telemetry::init(&driver.config().log).map_err(|error| Failed::run("logging could not be set up", &error))?;
        let released = driver.release(&self.guresid, self.dry_run, self.wait).await;
        let report = released.map_err(|error| Failed::Run(explain(&error)))?;
        match self.output {
            Output::Json => print(&report)?,
            Output::Text => print_text(&report),
        }
        if report.unseen.is_empty() {
            return Ok(());
        }
        let places = report.unseen.join("\n  ");
        Err(Failed::Run(format!("these places could not be looked at, and may hold another cache of it:\n  {places}")))
    }
}

fn print_text(report: &Report) {
    for cache in &report.caches {
        let calls = cache.calls.join(", ");
        let what = match (cache.was_protected, cache.is_protected) {
            (false, _) => "was not protected; nothing was done".to_owned(),
            (true, false) => format!("is no longer protected ({calls})"),
            (true, true) => format!("is protected; it would be lifted by {calls}"),
        };
        say!("{} {} in {}, account {}: {what}", cache.product, cache.name, cache.location, cache.account);
    }
}
