//! The driver's configuration: `config/default.toml`, then files, then the environment, each over the one before.
//!
//! Every key is described in `config/default.toml`, which is part of the binary. The sections are plain data, the same
//! in every build, whatever providers are compiled in.

mod auth;
mod check;
mod cookie;
mod environment;
mod files;
mod layer;
mod lifecycle;
mod load;
mod log;
mod overlay;
mod problem;
mod providers;
mod routes;
mod sandbox;
mod scalar;
mod secrets;
mod server;
mod telemetry;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use auth::to_hex;
pub use auth::{Access, Auth, HUMANITEC, HashedSecret, Jwt, JwtKey, Mtls, Network, Operators, Require, Source, Tls};
pub use check::{RESERVED, validate};
pub use cookie::{Cookie, Unreadable};
pub use environment::{process_env, process_path, process_var};
pub(crate) use files::read as read_file;
pub use lifecycle::{Deadlines, DefaultsApply, DeleteUnverifiable, Lifecycle, RetryAfter};
pub use load::{Loaded, Sources, load};
pub use log::{Log, LogFormat};
pub use overlay::{Emulators, sandbox_overlay};
pub use problem::{ConfigError, Origin, Problem};
pub use providers::{
    Aws, AwsAccount, AwsParameterGroups, AwsTimeouts, AwsVersions, Azure, AzureAccount, AzureFederated, AzureTimeouts,
    AzureWorkload, Gcp, GcpAccount, GcpTimeouts, GcpVersions, Providers, StaticCredentials,
};
pub use routes::{Outputs, Region, Route, Username};
pub use sandbox::{DataPlane, Sandbox};
pub use secrets::{InvalidKey, Key, KeyBytes, REDACTED, Secrets};
pub use server::{Legacy, Server};
pub use telemetry::{Otlp, Telemetry};

use crate::cache::{Prefix, Provider};

/// Values whose keys this module does not know: inputs, which `cache` reads and judges.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;

/// The whole configuration. Prints and serialises without secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the names of all caches begin with. Default `cache`. A change orphans caches: see `previous_prefixes`.
    pub prefix: Prefix,
    /// Prefixes of old, under which caches are still found.
    pub previous_prefixes: Vec<Prefix>,
    /// A file in the form of `config/sizes.toml`, instead of the built-in table.
    pub sizes_file: Option<PathBuf>,
    /// Where the driver listens, and how much it takes on.
    pub server: Server,
    /// What is logged, and how it looks.
    pub log: Log,
    /// What else the driver tells of itself, and to whom.
    pub telemetry: Telemetry,
    /// The keys that passwords are derived from and cookies are sealed with.
    pub secrets: Secrets,
    /// What the driver gives the orchestrator to keep.
    pub cookie: Cookie,
    /// Patience, grace times and what happens in doubt.
    pub lifecycle: Lifecycle,
    /// Paths by name, each serving one resource type.
    pub routes: BTreeMap<String, Route>,
    /// Named sets of inputs.
    pub profiles: BTreeMap<String, JsonMap>,
    /// Names for places, the same for every cloud.
    pub regions: BTreeMap<String, Region>,
    /// The clouds.
    pub providers: Providers,
    /// The emulated clouds.
    pub sandbox: Sandbox,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefix: Prefix::try_from("cache".to_owned()).expect("the default prefix is legal"),
            previous_prefixes: Vec::new(),
            sizes_file: None,
            server: Server::default(),
            log: Log::default(),
            telemetry: Telemetry::default(),
            secrets: Secrets::default(),
            cookie: Cookie::default(),
            lifecycle: Lifecycle::default(),
            routes: BTreeMap::from([("redis".to_owned(), Route::new("redis"))]),
            profiles: BTreeMap::new(),
            regions: BTreeMap::new(),
            providers: Providers::default(),
            sandbox: Sandbox::default(),
        }
    }
}

/// Inputs that stand in the configuration.
#[derive(Debug, Clone)]
pub struct ValueLayer<'a> {
    /// Where they stand, such as `routes.redis.defaults`.
    pub path: String,
    /// The provider whose block they are; `None` for whole sets of inputs.
    pub block: Option<Provider>,
    /// The inputs.
    pub values: &'a JsonMap,
}

impl Config {
    /// All inputs that stand in the configuration, for whoever knows the field table to judge.
    pub fn value_layers(&self) -> impl Iterator<Item = ValueLayer<'_>> {
        let routes = self.routes.iter().map(|(name, route)| (format!("routes.{name}.defaults"), None, &route.defaults));
        let profiles = self.profiles.iter().map(|(name, values)| (format!("profiles.{name}"), None, values));
        let blocks = [
            (Provider::Aws, &self.providers.aws.defaults),
            (Provider::Gcp, &self.providers.gcp.defaults),
            (Provider::Azure, &self.providers.azure.defaults),
        ];
        let blocks = blocks.into_iter().map(|(at, values)| (format!("providers.{at}.defaults"), Some(at), values));
        routes.chain(profiles).chain(blocks).map(|(path, block, values)| ValueLayer { path, block, values })
    }
}
