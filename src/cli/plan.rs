//! `plan`: what a PUT would do.

use std::fmt::Write as _;
use std::io::Read as _;

use clap::Args;
use serde_json::{Map, Value};

use super::Failed;
use super::documents::{Output, print};
use super::start::{ConfigArgs, World, enabled};
use crate::backend::Given;
use crate::cache::GuResId;
use crate::driver::{self, Call, Put};
use crate::routing;

/// Options of `plan`.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The body of a PUT as JSON (`{"type", "resource", "driver": {"values", "secrets"}}`), or `-` for standard input.
    file: String,
    /// The resource's GUResID.
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
        let text = read(&self.file)?;
        let body: Value = serde_json::from_str(&text).map_err(|error| Failed::run(&self.file, &error))?;
        let id = GuResId::parse(&self.id).map_err(|error| Failed::run("--id", &error))?;
        let started = self.config.start(&World::real()).await?;
        let put = put(&started.driver, id, self.route.as_deref(), &body)?;
        let plan = started.driver.plan(&put).await.map_err(|failure| Failed::Run(explain(&failure.error)))?;
        match self.output {
            Output::Json => print(&plan),
            Output::Text => {
                print_text(&plan);
                Ok(())
            }
        }
    }
}

fn read(file: &str) -> Result<String, Failed> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| Failed::run("standard input", &error))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| Failed::run(file, &error))
}

fn put(driver: &driver::Driver, id: GuResId, route: Option<&str>, body: &Value) -> Result<Put, Failed> {
    let empty = Map::new();
    let object = |pointer: &str| body.pointer(pointer).and_then(Value::as_object).unwrap_or(&empty);
    let asked = routing::Asked {
        route,
        resource_type: body.get("type").and_then(Value::as_str),
        values: object("/driver/values"),
        resource: object("/resource"),
    };
    let wrong = |fields| Failed::Run(explain(&driver::DriverError::fields(fields)));
    let routed = routing::route(driver.config(), &enabled(driver), &asked).map_err(wrong)?;
    let account = body.pointer("/driver/secrets/account").and_then(Value::as_object);
    let credentials = account.map(Given::recognise).transpose().map_err(wrong)?;
    let call = Call {
        id,
        route: Some(routed.route),
        resource_type: Some(routed.resource_type),
        cookie: None,
        credentials: credentials.map(|given| std::sync::Arc::new(given.completed_by(&routed.spec))),
        request_id: "plan".to_owned(),
        who: "command line".to_owned(),
    };
    Ok(Put { call, spec: routed.spec, product: routed.product, adopted_password: None, warnings: routed.warnings })
}

/// An error as a person reads it: every field on a line of its own.
pub(super) fn explain(error: &driver::DriverError) -> String {
    let mut text = error.to_string();
    for field in &error.details.fields {
        let _ = write!(text, "\n  {field}");
        if let Some(hint) = &field.hint {
            let _ = write!(text, " ({hint})");
        }
    }
    if let Some(cause) = &error.details.cause {
        let _ = write!(text, "\n  cause: {cause}");
    }
    if let Some(hint) = &error.details.hint {
        let _ = write!(text, "\n  {hint}");
    }
    text
}

fn print_text(plan: &driver::Plan) {
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
