//! What every command that drives a cloud starts with: configuration, clock, randomness, backends, driver.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::Failed;
use crate::backend::{self, Observer, Registry};
use crate::cache::SizeTable;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, ConfigError};
use crate::driver::{Driver, Key, Keyring, Parts};
use crate::http::auth::Tls;
use crate::random::{Random, SystemSource};
use crate::telemetry::{self, Exporting, Telemetry};
use crate::{http, routing};

/// Options of every command that needs the configuration.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfigArgs {
    /// A configuration file. May be given several times: later ones win. Files in `CACHE_DRIVER_CONFIG` (separated by
    /// colons) come first.
    #[arg(long = "config", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Use emulated clouds inside this process instead of real ones, with made-up identities and a throw-away key.
    #[arg(long)]
    pub(super) sandbox: bool,
}

/// Time and randomness of this process.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl World {
    pub(super) fn real() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(SystemSource) }
    }
}

/// Emulated clouds, which run until this is dropped.
pub(super) struct Emulated {
    /// What stands behind the endpoints, in words.
    pub(super) label: String,
    pub(super) _running: Box<dyn Any + Send>,
}

impl fmt::Debug for Emulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulated").field("label", &self.label).finish_non_exhaustive()
    }
}

/// A driver with what it stands on.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) driver: Driver,
    pub(super) sizes: SizeTable,
    /// Told of every call to a cloud.
    pub(super) telemetry: Telemetry,
    pub(super) emulated: Option<Emulated>,
}

impl Started {
    /// The driver behind HTTP.
    pub(super) fn app(&self, world: &World) -> Result<http::App, Failed> {
        let sizes =
            serde_json::to_value(&self.sizes).map_err(|error| Failed::run("the sizes cannot be shown", &error))?;
        let parts = http::Parts {
            driver: self.driver.clone(),
            random: world.random.clone(),
            sizes,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(http::App::observed(parts, self.telemetry.clone()))
    }

    /// What serving takes beside the driver: certificates, and where traces go. Calls nobody.
    pub(super) fn doors(&self) -> Result<(Option<Tls>, Option<Exporting>), Failed> {
        let config = self.driver.config();
        let tls = Tls::load(&config.server).map_err(|problem| ConfigError { problems: vec![problem] })?;
        let exporting = self.telemetry.trace_to(&config.telemetry.otlp);
        Ok((tls, exporting.map_err(|why| Failed::Config(format!("error: {why}")))?))
    }
}

impl ConfigArgs {
    /// Loads and judges the configuration, starts the sandbox if asked, and makes the driver.
    pub(super) async fn start(&self, world: &World) -> Result<Started, Failed> {
        self.start_with(world, |_| {}).await
    }

    /// The same, with a last word on the configuration.
    pub(super) async fn start_with(&self, world: &World, adjust: impl FnOnce(&mut Config)) -> Result<Started, Failed> {
        let mut loaded = config::load(&self.files, config::process_env().into_iter())?;
        adjust(&mut loaded.config);
        let mut emulated = None;
        if self.sandbox {
            let (config, clouds) = super::emulate(loaded.config, world).await?;
            loaded.config = config;
            emulated = Some(clouds);
        }
        loaded.check(backend::compiled())?;
        let wrong = routing::check(&loaded.config);
        if !wrong.is_empty() {
            let lines: Vec<String> = wrong
                .iter()
                .map(|error| match &error.hint {
                    Some(hint) => format!("  {error} ({hint})"),
                    None => format!("  {error}"),
                })
                .collect();
            return Err(Failed::Config(format!("error: inputs in the configuration are wrong:\n{}", lines.join("\n"))));
        }
        let speed = if self.sandbox { loaded.config.sandbox.speed.max(1.0) } else { 1.0 };
        let sizes = sizes(&loaded.config)?;
        let telemetry = Telemetry::new(telemetry::Parts {
            clock: world.clock.clone(),
            random: world.random.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            providers: backend::compiled().to_vec(),
        });
        let driver = driver(loaded.config, &sizes, world, speed, &telemetry)?;
        Ok(Started { driver, sizes, telemetry, emulated })
    }
}

pub(super) fn sizes(config: &Config) -> Result<SizeTable, Failed> {
    let Some(file) = &config.sizes_file else { return Ok(SizeTable::embedded()) };
    let wrong = |error: &dyn fmt::Display| Failed::Config(format!("error: sizes_file {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    SizeTable::parse(&text).map_err(|error| wrong(&error))
}

fn driver(
    config: Config,
    sizes: &SizeTable,
    world: &World,
    speed: f64,
    telemetry: &Telemetry,
) -> Result<Driver, Failed> {
    let observer: Arc<dyn Observer> = Arc::new(telemetry.clone());
    let registry: Registry = backend::enabled_and_observed(&config.providers, sizes, &world.clock, &observer);
    let mut keys = config.secrets.keyring.iter().map(|key| Key::new(key.id.clone(), key.bytes.expose().to_vec()));
    let Some(active) = keys.next() else {
        return Err(Failed::Config("error: secrets.keyring is empty".to_owned()));
    };
    let keyring = Keyring::new(active, keys.collect());
    let parts = Parts {
        config: Arc::new(config),
        registry,
        keyring,
        clock: world.clock.clone(),
        random: world.random.clone(),
        speed,
    };
    Ok(Driver::new(parts))
}
