//! Which route a request belongs to, what it asks for, and which product serves it.

pub(crate) mod input;

use serde_json::{Map, Value};

use crate::cache::fields::find_input;
use crate::cache::{
    Engine, FieldError, Layer, Mode, Origin, Product, Provider, Spec, check_developer, check_limits, nearest, read,
};
use crate::config::{Config, Route};

/// What of a request's body decides what is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The route's name, if the request came in by one.
    pub route: Option<&'a str>,
    /// The resource type of the body.
    pub resource_type: Option<&'a str>,
    /// `driver.values`.
    pub values: &'a Map<String, Value>,
    /// `resource`.
    pub resource: &'a Map<String, Value>,
}

/// What is wanted, and from whom.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The route's name.
    pub route: String,
    /// The resource type that the route serves.
    pub resource_type: String,
    /// What is wanted.
    pub spec: Spec,
    /// What serves it, if it is new.
    pub product: Product,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

/// Finds the route and reads the inputs. Reports every wrong field of every layer at once.
pub fn route(config: &Config, enabled: &[Provider], asked: &Asked<'_>) -> Result<Routed, Vec<FieldError>> {
    let (name, route) = find(config, asked)?;
    let developer = Layer { origin: Origin::Developer, values: asked.resource };
    let mut errors = check_developer(&developer, &route.developer_inputs, &route.limits);
    let profile = profile(config, name, route, asked).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let mut warnings = Vec::new();

    // Highest first: what a platform team says in the request's values wins over what a developer may choose.
    let mut layers = vec![Layer { origin: Origin::Request, values: asked.values }, developer];
    layers.extend(profile);
    layers.push(Layer { origin: Origin::Route(name.to_owned()), values: &route.defaults });
    let mut spec = match read(&layers) {
        Ok(spec) if errors.is_empty() => spec,
        Ok(_) => return Err(errors),
        Err(more) => {
            // What a developer may not set at all need not be told a second time as unknown.
            errors.extend(more.into_iter().filter(|error| !told(&errors, &error.path)).collect::<Vec<_>>());
            return Err(errors);
        }
    };
    let provider = provider(route, enabled, &spec)?;
    resolve_region(config, provider, &mut spec, &mut warnings)?;
    let product = spec.product.or(route.product).unwrap_or_else(|| product(provider, spec.engine, spec.mode));
    Ok(Routed { route: name.to_owned(), resource_type: route.resource_type.clone(), spec, product, warnings })
}

fn told(errors: &[FieldError], path: &str) -> bool {
    errors.iter().any(|error| error.path == path)
}

/// Judges the inputs that stand in the config, so that a wrong one is told at start and not to a developer.
#[must_use]
pub fn check(config: &Config) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for layer in config.value_layers() {
        let mut wrapped = Map::new();
        let (values, prefix) = match layer.block {
            None => (layer.values, layer.path.clone()),
            Some(provider) => {
                wrapped.insert(provider.to_string(), Value::Object(layer.values.clone()));
                (&wrapped, layer.path.clone())
            }
        };
        // Read as if a request said it, so that whatever the origin, the path in the config can be put in its place.
        let Err(wrong) = read(&[Layer { origin: Origin::Request, values }]) else { continue };
        let own = match layer.block {
            None => "driver.values".to_owned(),
            Some(provider) => format!("driver.values.{provider}"),
        };
        errors.extend(wrong.into_iter().map(|error| match error.path.strip_prefix(&own) {
            Some(rest) => FieldError { path: format!("{prefix}{rest}"), ..error },
            None => error,
        }));
    }
    for (name, route) in &config.routes {
        errors.extend(check_limits(&format!("routes.{name}.limits"), &route.limits));
        let unknown = route.developer_inputs.iter().filter(|key| find_input(key).is_none());
        errors.extend(unknown.map(|key| {
            FieldError::new(format!("routes.{name}.developer_inputs"), "keys of inputs", format!("`{key}`"))
        }));
        let profile = profile_of(&format!("routes.{name}.defaults"), &route.defaults);
        errors.extend(profile.and_then(|(path, named)| find_profile(config, path, named).err()));
    }
    errors
}

/// The route of a request: the one in its path, else the one that serves its type.
fn find<'a>(config: &'a Config, asked: &Asked<'_>) -> Result<(&'a str, &'a Route), Vec<FieldError>> {
    let known: Vec<&str> = config.routes.values().map(|route| route.resource_type.as_str()).collect();
    let wrong = |expected: String, got: &str| {
        let error = FieldError::new("type", expected, got);
        Err(vec![match nearest(got, known.iter().copied()) {
            Some(word) if word != got => error.hint(format!("did you mean `{word}`?")),
            _ => error,
        }])
    };
    match (asked.route, asked.resource_type) {
        (Some(name), given) => {
            let Some((name, route)) = config.routes.get_key_value(name) else {
                return wrong(format!("a route, one of: {}", join(config.routes.keys())), name);
            };
            match given {
                Some(given) if given != route.resource_type => {
                    wrong(format!("`{}`, which is what the route `{name}` serves", route.resource_type), given)
                }
                _ => Ok((name, route)),
            }
        }
        (None, Some(given)) => {
            let mut serving = config.routes.iter().filter(|(_, route)| route.resource_type == given);
            match (serving.next(), serving.next()) {
                (Some((name, route)), None) => Ok((name, route)),
                (Some(_), Some(_)) => {
                    wrong(format!("a type that one route serves; `{given}` has several: use their paths"), given)
                }
                (None, _) => wrong(format!("a resource type that a route serves: {}", known.join(", ")), given),
            }
        }
        (None, None) => wrong("the resource type, or a path with a route".to_owned(), "nothing"),
    }
}

fn join<'a>(words: impl Iterator<Item = &'a String>) -> String {
    words.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The profile that the request or the route's defaults name.
fn profile<'a>(
    config: &'a Config,
    name: &str,
    route: &Route,
    asked: &Asked<'_>,
) -> Result<Option<Layer<'a>>, FieldError> {
    let of_request = profile_of("driver.values", asked.values);
    let named = of_request.or_else(|| profile_of(&format!("routes.{name}.defaults"), &route.defaults));
    named.map(|(path, named)| find_profile(config, path, named)).transpose()
}

/// The name of a profile among inputs, with its path.
fn profile_of<'v>(prefix: &str, values: &'v Map<String, Value>) -> Option<(String, &'v str)> {
    let name = values.get("profile")?.as_str().filter(|name| !name.is_empty())?;
    Some((format!("{prefix}.profile"), name))
}

fn find_profile<'a>(config: &'a Config, path: String, name: &str) -> Result<Layer<'a>, FieldError> {
    if let Some((name, values)) = config.profiles.get_key_value(name) {
        return Ok(Layer { origin: Origin::Profile(name.clone()), values });
    }
    let error = FieldError::new(path, format!("a profile of the config: {}", join(config.profiles.keys())), name);
    Err(match nearest(name, config.profiles.keys().map(String::as_str)) {
        Some(word) => error.hint(format!("did you mean `{word}`?")),
        None => error.hint("add it under [profiles] in the config"),
    })
}

/// The cloud: the request's, else the route's, else the only one that is enabled.
fn provider(route: &Route, enabled: &[Provider], spec: &Spec) -> Result<Provider, Vec<FieldError>> {
    let named = spec.provider.or(spec.product.map(Product::provider));
    let of_route = route.provider.or(route.product.map(Product::provider));
    match (named.or(of_route), enabled) {
        (Some(provider), _) => Ok(provider),
        (None, [only]) => Ok(*only),
        (None, []) => Err(vec![
            FieldError::new(spec.path_of("provider"), "a provider that is enabled", "nothing, and none is enabled")
                .hint("set providers.<name>.enabled = true in the config"),
        ]),
        (None, several) => {
            let words: Vec<&str> = several.iter().map(|p| p.as_str()).collect();
            Err(vec![
                FieldError::new(spec.path_of("provider"), format!("one of {}", words.join(", ")), "nothing")
                    .hint("several providers are enabled: name one in the inputs, or in the route's `provider`"),
            ])
        }
    }
}

/// Turns a region name of the config into the cloud's own.
fn resolve_region(
    config: &Config,
    provider: Provider,
    spec: &mut Spec,
    warnings: &mut Vec<String>,
) -> Result<(), Vec<FieldError>> {
    let Some(asked) = spec.region.as_deref() else { return Ok(()) };
    let Some(named) = config.regions.get(asked) else { return Ok(()) };
    let Some(region) = named.at(provider) else {
        let error = FieldError::new(
            spec.path_of("region"),
            format!("a region name that stands for a region of {provider}"),
            asked,
        );
        return Err(vec![error.hint(format!("add `{provider}` to [regions.{asked}] in the config"))]);
    };
    if asked != region {
        warnings.push(format!("region `{asked}` is {region} on {provider}"));
    }
    spec.region = Some(region.to_owned());
    Ok(())
}

/// The product that serves an engine and mode on a cloud, when none is named.
#[must_use]
pub fn product(provider: Provider, engine: Option<Engine>, mode: Option<Mode>) -> Product {
    let cluster = mode == Some(Mode::Cluster);
    match (provider, engine) {
        (Provider::Aws, Some(Engine::Memcached)) => Product::AwsMemcached,
        (Provider::Aws, _) if mode == Some(Mode::Serverless) => Product::AwsServerless,
        (Provider::Aws, _) => Product::AwsReplicationGroup,
        (Provider::Gcp, Some(Engine::Memcached)) => Product::GcpMemcached,
        (Provider::Gcp, Some(Engine::Redis)) if cluster => Product::GcpRedisCluster,
        (Provider::Gcp, Some(Engine::Valkey)) => Product::GcpValkey,
        (Provider::Gcp, None) if cluster => Product::GcpValkey,
        (Provider::Gcp, _) => Product::GcpRedis,
        (Provider::Azure, _) => Product::AzureManagedRedis,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_that_stand_in_the_config_are_judged_with_their_place() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let mut config = Config::default();
        let route = config.routes.get_mut("redis").unwrap();
        route.defaults = object(json!({"sise": "small", "profile": "productoin"}));
        route.limits = object(json!({"replicsa": 2, "size": 5}));
        route.developer_inputs = vec!["size".into(), "node_tipe".into()];
        config.profiles.insert("production".into(), object(json!({"replicas": 9})));
        config.providers.aws.defaults = object(json!({"prot": 1}));
        let mut paths: Vec<String> = check(&config).into_iter().map(|error| error.path).collect();
        paths.sort();
        assert_eq!(
            paths,
            [
                "profiles.production.replicas",
                "providers.aws.defaults.prot",
                "routes.redis.defaults.profile",
                "routes.redis.defaults.sise",
                "routes.redis.developer_inputs",
                "routes.redis.limits.replicsa",
                "routes.redis.limits.size",
            ]
        );
        assert_eq!(check(&Config::default()), []);
    }
}
