//! `plan`: what a PUT would do.

use clap::Args;
use serde_json::Value;

use super::Failed;
use super::body;
use super::client::error::details;
use super::documents::{Output, print};
use super::files::read_object;
use super::start::{ConfigArgs, World};
use crate::cache::GuResId;
use crate::driver;

/// Options of `plan`.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The body of a PUT as JSON (`{"type", "resource", "driver": {"values", "secrets"}}`), or `-` for standard input.
    file: String,
    /// The resource's id (GUResID).
    #[arg(long, default_value = "plan-without-an-id")]
    id: String,
    /// The route to plan for. Without it, the body's type decides.
    #[arg(long)]
    route: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Plan {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let body = read_object(&self.file)?;
        let id = GuResId::parse(&self.id).map_err(|error| Failed::Config(format!("error: --id: {error}")))?;
        let started = self.config.start(&World::real()).await?;
        let call = body::call(id, self.route, "plan");
        let failed = |error: &driver::DriverError| Failed::Run(explain(error));
        let put = body::put(&started.driver, call, body).map_err(|error| failed(&error))?;
        let plan = started.driver.plan(&put).await.map_err(|failure| failed(&failure.error))?;
        match self.output {
            Output::Json => print(&plan)?,
            Output::Text => print_text(&plan),
        }
        verdict(&plan)
    }
}

/// A plan that would be refused is a failure, for whoever looks at the exit code alone.
pub(super) fn verdict(plan: &driver::Plan) -> Result<(), Failed> {
    match &plan.refused {
        None => Ok(()),
        Some(why) => Err(Failed::Run(format!("it would be refused: {why}"))),
    }
}

/// An error as a person reads it: every field on a line of its own.
pub(super) fn explain(error: &driver::DriverError) -> String {
    let mut text = error.to_string();
    details(&mut text, &serde_json::to_value(&error.details).unwrap_or(Value::Null));
    text
}

pub(super) fn print_text(plan: &driver::Plan) {
    say!("{} {} on {}", plan.action, plan.name, plan.product);
    for change in &plan.changes {
        say!("  {} {} -> {} ({}, id {})", change.field, change.from, change.to, change.class, change.id);
    }
    for (number, step) in plan.steps.iter().enumerate() {
        say!("  {}. {}: {}", number + 1, step.call, step.why);
    }
    for (field, value) in &plan.resolved {
        say!("  {field} = {value}");
    }
    for warning in &plan.warnings {
        say!("  warning: {warning}");
    }
    if let Some(refused) = &plan.refused {
        say!("  refused: {refused}");
    }
}
