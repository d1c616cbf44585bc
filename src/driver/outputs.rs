//! What an application gets: the same keys on every cloud.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::backend::Connection;
use crate::cache::{Auth, CacheName, Engine, Place, Product};

/// Which outputs a route hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputStyle {
    /// Only the four of the built-in `redis` type: `host`, `port`, `username`, `password`.
    pub minimal: bool,
    /// The user of a password-only connection is `""` instead of `default`, for clients older than ACLs.
    pub empty_username: bool,
}

/// The outputs of a resource. The secrets cannot be printed.
#[derive(Clone)]
pub struct Outputs {
    /// What anybody may see.
    pub values: Map<String, Value>,
    secrets: Vec<(&'static str, SecretString)>,
}

impl Outputs {
    /// The secrets in the clear, for the answer alone.
    #[must_use]
    pub fn expose_secrets(&self) -> Map<String, Value> {
        let mut exposed = Map::new();
        for (key, secret) in &self.secrets {
            exposed.insert((*key).to_owned(), secret.expose_secret().into());
        }
        exposed
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs").field("values", &self.values).finish_non_exhaustive()
    }
}

/// What is known of the cache beside its connection.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Which product.
    pub product: Product,
    /// Where it is.
    pub place: &'a Place,
    /// ARN or full path.
    pub resource_id: Option<&'a str>,
}

/// Everything but unreserved characters (RFC 3986 section 2.3).
const USERINFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The outputs for a connection. `password` is the one that the connection asks for.
#[must_use]
pub fn outputs(
    about: &About<'_>,
    connection: &Connection,
    password: Option<&SecretString>,
    style: OutputStyle,
) -> Outputs {
    let mut values = Map::new();
    let mut put = |key: &str, value: Value| {
        values.insert(key.to_owned(), value);
    };
    put("host", connection.endpoint.host.clone().into());
    put("port", connection.endpoint.port.into());
    if !style.minimal {
        let name: &CacheName = &about.place.name;
        put("tls", connection.tls.into());
        put("auth", connection.auth.as_str().into());
        put("cluster_mode", connection.cluster_mode.into());
        put("engine", connection.engine.as_str().into());
        put("provider", about.product.provider().as_str().into());
        put("product", about.product.as_str().into());
        put("region", about.place.location.clone().into());
        put("name", name.as_str().into());
        if let Some(version) = &connection.engine_version {
            put("engine_version", version.clone().into());
        }
        if let Some(id) = about.resource_id {
            put("resource_id", id.into());
        }
        if let Some(memory) = connection.memory_gb {
            put("memory_gb", memory.into());
        }
        if let Some(reader) = &connection.reader {
            put("reader_host", reader.host.clone().into());
            put("reader_port", reader.port.into());
        }
        if let Some(ca) = &connection.ca_cert {
            put("ca_cert", ca.clone().into());
        }
    }
    Outputs { values, secrets: secrets(connection, password, style) }
}

fn secrets(
    connection: &Connection,
    password: Option<&SecretString>,
    style: OutputStyle,
) -> Vec<(&'static str, SecretString)> {
    if connection.engine == Engine::Memcached {
        return Vec::new();
    }
    let user = match (&connection.username, connection.auth) {
        (Some(user), _) => user.as_str(),
        (None, Auth::Password) if !style.empty_username => "default",
        (None, _) => "",
    };
    let word = password.map_or("", |password| password.expose_secret());
    let mut secrets = vec![("username", SecretString::from(user)), ("password", SecretString::from(word))];
    if !style.minimal {
        secrets.push(("url", url(connection, user, word)));
    }
    secrets
}

fn url(connection: &Connection, user: &str, password: &str) -> SecretString {
    let scheme = if connection.tls { "rediss" } else { "redis" };
    let userinfo = match (user, password) {
        ("", "") => String::new(),
        (user, "") => format!("{}@", utf8_percent_encode(user, USERINFO)),
        (user, password) => {
            format!("{}:{}@", utf8_percent_encode(user, USERINFO), utf8_percent_encode(password, USERINFO))
        }
    };
    let host = &connection.endpoint.host;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    SecretString::from(format!("{scheme}://{userinfo}{host}:{}", connection.endpoint.port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{ConnectionPassword, Endpoint};

    fn connection(tls: bool, auth: Auth) -> Connection {
        Connection {
            endpoint: Endpoint { host: "h.example".into(), port: 6379 },
            reader: None,
            tls,
            ca_cert: None,
            auth,
            username: None,
            password: ConnectionPassword::None,
            cluster_mode: false,
            engine: Engine::Valkey,
            engine_version: None,
            memory_gb: None,
        }
    }

    fn place() -> Place {
        Place {
            product: Product::AwsReplicationGroup,
            account: None,
            location: "eu-central-1".into(),
            group: None,
            name: CacheName::existing("cache-a"),
        }
    }

    fn made(
        connection: &Connection,
        password: Option<&str>,
        style: OutputStyle,
    ) -> (Map<String, Value>, Map<String, Value>) {
        let place = place();
        let about = About { product: Product::AwsReplicationGroup, place: &place, resource_id: None };
        let made = outputs(&about, connection, password.map(SecretString::from).as_ref(), style);
        (made.values.clone(), made.expose_secrets())
    }

    #[test]
    fn the_url_says_whether_there_is_tls_and_escapes_the_password() {
        let plain = OutputStyle::default();
        for (tls, auth, password, url) in [
            (true, Auth::Password, Some("a/b@c:d%"), "rediss://default:a%2Fb%40c%3Ad%25@h.example:6379"),
            (false, Auth::None, None, "redis://h.example:6379"),
        ] {
            let (_, secrets) = made(&connection(tls, auth), password, plain);
            assert_eq!(secrets["url"], url);
        }
        let mut v6 = connection(true, Auth::None);
        v6.endpoint.host = "::1".into();
        assert_eq!(made(&v6, None, plain).1["url"], "rediss://[::1]:6379");
    }

    #[test]
    fn minimal_outputs_are_the_four_of_the_built_in_type() {
        let (values, secrets) =
            made(&connection(true, Auth::Password), Some("p"), OutputStyle { minimal: true, empty_username: true });
        assert_eq!(values.keys().collect::<Vec<_>>(), ["host", "port"]);
        assert!(values["port"].is_u64());
        assert_eq!(Value::Object(secrets), serde_json::json!({"username": "", "password": "p"}));
    }

    #[test]
    fn memcached_has_no_secrets() {
        let memcached = Connection { engine: Engine::Memcached, ..connection(false, Auth::None) };
        assert!(made(&memcached, None, OutputStyle::default()).1.is_empty());
    }
}
