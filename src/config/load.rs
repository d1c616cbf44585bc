//! Puts the layers over each other and reads the result.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::value::{Dict, Tag, Value};
use serde::Deserialize;

use super::layer::{self, Layer};
use super::problem::{self, ConfigError, Origin, Problem};
use super::{Config, check, environment};
use crate::cache::Provider;

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// A configuration and where its keys were set. Prints without secrets.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where its keys were set.
    pub sources: Sources,
}

/// Where keys were set. Holds no values.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    origins: BTreeMap<Vec<String>, Origin>,
}

impl Sources {
    /// Where a key, such as `providers.aws.region`, or the table nearest above it, was set.
    #[must_use]
    pub fn explain(&self, path: &str) -> Origin {
        let mut path: Vec<String> = path.split('.').map(str::to_owned).collect();
        // A section that only a variable opens has no place of its own: the variable's key inside it tells.
        let inside = self.origins.range(path.clone()..).next().filter(|(key, _)| key.starts_with(&path));
        let inside = inside.map(|(_, origin)| origin.clone());
        while !path.is_empty() {
            if let Some(origin) = self.origins.get(&path) {
                return origin.clone();
            }
            path.pop();
        }
        inside.unwrap_or(Origin::Defaults)
    }

    /// The same problem, with where its key was set.
    fn locate(&self, problem: Problem) -> Problem {
        match self.explain(&problem.path) {
            Origin::Defaults => problem,
            origin if problem.origin.is_none() => problem.at(origin),
            _ => problem,
        }
    }
}

impl Loaded {
    /// Whether the driver can start with this configuration, given the providers that are compiled in.
    pub fn check(&self, compiled: &[Provider]) -> Result<(), ConfigError> {
        let problems = super::validate(&self.config, compiled);
        if problems.is_empty() {
            return Ok(());
        }
        Err(ConfigError { problems: problems.into_iter().map(|problem| self.sources.locate(problem)).collect() })
    }
}

/// Loads the configuration: the built-in defaults, under the files that `CACHE_DRIVER_CONFIG` names, under `files` in
/// their order, under the variables `CACHE_DRIVER__SECTION__KEY` of `env`.
///
/// Finds whatever can be found without knowing what is compiled in; [`super::validate`] looks at the rest.
pub fn load(files: &[PathBuf], env: impl Iterator<Item = (String, String)>) -> Result<Loaded, ConfigError> {
    let env: BTreeMap<String, String> = env.collect();
    let mut problems = Vec::new();
    let mut layers =
        vec![layer::from_text("0".to_owned(), DEFAULTS, None).map_err(|problems| ConfigError { problems })?];
    for path in environment::files(&env).iter().chain(files) {
        match layer::from_file(layers.len().to_string(), path) {
            Ok(layer) => layers.push(layer),
            Err(found) => problems.extend(found),
        }
    }
    let (variables, found) = environment::layer(layers.len().to_string(), &env);
    layers.push(variables);
    problems.extend(found);
    drop_default_route(&mut layers);

    let figment = layers.iter().fold(Figment::new(), |figment, layer| figment.merge(layer));
    let mut merged: Dict =
        figment.extract().map_err(|error| ConfigError { problems: vec![problem::from_figment(&error)] })?;
    let mut origins = BTreeMap::new();
    trace(&mut Vec::new(), &merged, &figment, &layers, &mut origins);
    let sources = Sources { origins };

    let (mut config, found) = read(&mut merged);
    config.providers.azure.workload_identity = environment::workload_identity(&env);
    problems.extend(found.into_iter().map(|problem| sources.locate(problem)));
    let found = check::files(&mut config).into_iter().chain(check::values(&config));
    problems.extend(found.map(|problem| sources.locate(problem)));
    if problems.is_empty() { Ok(Loaded { config, sources }) } else { Err(ConfigError { problems }) }
}

/// The built-in route gives way as soon as somebody configures routes, unless it is one of them.
fn drop_default_route(layers: &mut [Layer]) {
    let Some((defaults, others)) = layers.split_first_mut() else { return };
    let configured: Vec<&Dict> = others.iter().filter_map(|layer| layer.values.get("routes")?.as_dict()).collect();
    let Some(Value::Dict(_, built_in)) = defaults.values.get_mut("routes") else { return };
    if configured.iter().any(|routes| !routes.is_empty()) {
        built_in.retain(|name, _| configured.iter().any(|routes| routes.contains_key(name)));
    }
}

/// Reads the configuration, and goes on after a problem: what is wrong is taken out, so that its default stands in,
/// until the rest can be read.
fn read(merged: &mut Dict) -> (Config, Vec<Problem>) {
    let mut problems = Vec::new();
    loop {
        let error = match Config::deserialize(&Value::Dict(Tag::Default, merged.clone())) {
            Ok(config) => return (config, problems),
            Err(error) => error,
        };
        let found = problem::from_figment(&error);
        // What was taken out for a problem of its own is not missing.
        if !problems.iter().any(|earlier: &Problem| earlier.path == found.path) {
            problems.push(found);
        }
        if !remove(merged, &error.path) {
            return (Config::default(), problems);
        }
    }
}

/// Takes out the key at `path`, or the deepest table or list on the way that holds it.
fn remove(table: &mut Dict, path: &[String]) -> bool {
    let Some((key, rest)) = path.split_first() else { return false };
    match table.get_mut(key) {
        Some(Value::Dict(_, inner)) if !rest.is_empty() && inner.contains_key(&rest[0]) => remove(inner, rest),
        Some(_) => table.remove(key).is_some(),
        None => false,
    }
}

/// Notes where every key of the merged tables was set: figment tags each value with its layer.
fn trace(
    at: &mut Vec<String>,
    table: &Dict,
    figment: &Figment,
    layers: &[Layer],
    origins: &mut BTreeMap<Vec<String>, Origin>,
) {
    for (key, value) in table {
        at.push(key.clone());
        if let Value::Dict(_, inner) = value {
            // A table can be spread over layers: the last that mentions it speaks for it.
            if let Some(origin) = layers.iter().rev().find_map(|layer| layer.origins.get(at)) {
                origins.insert(at.clone(), origin.clone());
            }
            trace(at, inner, figment, layers, origins);
        } else {
            let name = figment.get_metadata(value.tag()).map(|metadata| metadata.name.as_ref());
            if let Some(layer) = layers.iter().find(|layer| Some(layer.name.as_str()) == name) {
                note(at, layer, origins);
            }
        }
        at.pop();
    }
}

/// Notes where a layer sets the key `at` and everything in it, or else the table nearest above that it sets as a whole.
fn note(at: &[String], layer: &Layer, origins: &mut BTreeMap<Vec<String>, Origin>) {
    let within = layer.origins.range(at.to_vec()..).take_while(|(path, _)| path.starts_with(at));
    origins.extend(within.map(|(path, origin)| (path.clone(), origin.clone())));
    let above = (1..=at.len()).rev().find_map(|length| layer.origins.get(&at[..length]));
    if let Some(origin) = above {
        origins.insert(at.to_vec(), origin.clone());
    }
}
