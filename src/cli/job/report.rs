//! What a job leaves for the Container Driver: outputs, secret outputs, and why it failed.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::cli::Failed;
use crate::cli::files::{PRIVATE, PUBLIC, check_writable, write_whole};
use crate::driver::Outputs;

/// The files that the environment names. Each is written whole or not at all.
#[derive(Debug, Clone)]
pub(super) struct Report {
    outputs: Option<PathBuf>,
    secret_outputs: Option<PathBuf>,
    error: Option<PathBuf>,
}

impl Report {
    pub(super) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let file = |name: &str| variable(name).map(PathBuf::from);
        Self { outputs: file("OUTPUTS_FILE"), secret_outputs: file("SECRET_OUTPUTS_FILE"), error: file("ERROR_FILE") }
    }

    /// Nothing is made whose endpoint could not be told afterwards.
    pub(super) fn check(&self) -> Result<(), Failed> {
        for (name, file) in [("OUTPUTS_FILE", &self.outputs), ("SECRET_OUTPUTS_FILE", &self.secret_outputs)] {
            let Some(file) = file else {
                let why = format!("error: {name} is not set: the Container Driver sets it, and the outputs go there");
                return Err(Failed::Config(why));
            };
            let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !parent.is_dir() {
                let why = format!("error: {name} = {}: there is no directory {}", file.display(), parent.display());
                return Err(Failed::Config(why));
            }
            check_writable(file).map_err(|error| {
                Failed::Config(format!("error: {name} = {} cannot be written: {error}", file.display()))
            })?;
        }
        Ok(())
    }

    /// An error that an earlier job left says nothing about this one.
    pub(super) fn forget_error(&self) {
        if let Some(file) = &self.error
            && std::fs::metadata(file).is_ok_and(|there| there.is_file() && there.len() > 0)
        {
            let _ = std::fs::write(file, "");
        }
    }

    /// Secrets first: whoever sees the outputs finds the secrets too.
    pub(super) fn outputs(&self, outputs: &Outputs) -> Result<(), Failed> {
        write("SECRET_OUTPUTS_FILE", self.secret_outputs.as_deref(), outputs.expose_secrets(), PRIVATE)?;
        write("OUTPUTS_FILE", self.outputs.as_deref(), outputs.values.clone(), PUBLIC)
    }

    /// It is gone: what an earlier job wrote is not true any more.
    pub(super) fn no_outputs(&self) -> Result<(), Failed> {
        write("SECRET_OUTPUTS_FILE", self.secret_outputs.as_deref(), Map::new(), PRIVATE)?;
        write("OUTPUTS_FILE", self.outputs.as_deref(), Map::new(), PUBLIC)
    }

    /// Why it failed, as the orchestrator shows it to whoever deploys. Standard error has it too.
    pub(super) fn error(&self, failed: &Failed) {
        let Some(file) = &self.error else { return };
        let (Failed::Config(text) | Failed::Run(text)) = failed;
        let text = text.strip_prefix("error: ").unwrap_or(text).trim_end();
        if let Err(error) = write_whole(file, format!("{text}\n").as_bytes(), PUBLIC) {
            eprintln!("warning: ERROR_FILE = {} cannot be written: {error}", file.display());
        }
    }
}

fn write(name: &str, file: Option<&Path>, content: Map<String, Value>, mode: u32) -> Result<(), Failed> {
    let Some(file) = file else { return Ok(()) };
    let text = format!("{:#}\n", Value::Object(content));
    write_whole(file, text.as_bytes(), mode).map_err(|error| {
        let why = format!("{name} = {} cannot be written: {error}", file.display());
        let how = "the resource is as the job was to make it; make the file writable, and run the same job again";
        Failed::Run(format!("{why}\n  hint: {how}"))
    })
}
