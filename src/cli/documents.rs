//! `schema` and `openapi`: what this binary says about itself.

use clap::ValueEnum;

use super::Failed;
use crate::config::Config;
use crate::{cache, http};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The JSON Schema of the inputs.
pub(super) fn schema() -> Result<(), Failed> {
    print(&cache::schema::inputs_schema())
}

/// The OpenAPI description of the server.
pub(super) fn openapi() -> Result<(), Failed> {
    print(&http::openapi(&Config::default()))
}

pub(super) fn print(value: &impl serde::Serialize) -> Result<(), Failed> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failed::run("it cannot be written as JSON", &error))?;
    say!("{text}");
    Ok(())
}
