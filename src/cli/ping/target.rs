//! Where a ping goes: from an address, from outputs, or from the environment.

use std::fmt::Display;
use std::io::Read as _;
use std::path::Path;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::SecretString;
use serde_json::Value;

use super::Ping;
use crate::cli::Failed;
use crate::ping::Target;

/// What the command line and the environment say together. Options win over what the target says itself.
pub(super) fn find(ping: &Ping, environment: impl Fn(&str) -> Option<String>) -> Result<Target, Failed> {
    let mut target = match ping.target.as_deref() {
        None => of_environment(&environment)?,
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| wrong("standard input", &error))?;
            of_text(&text, "standard input")?
        }
        Some(text) if text.contains("://") => of_url(text)?,
        Some(text) => match of_address(text) {
            Some(target) => target,
            None => of_text(&read(Path::new(text))?, text)?,
        },
    };
    if let Some(file) = &ping.ca {
        target.ca_pem = Some(read(file)?);
    }
    if let Some(file) = &ping.password_file {
        let text = read(file)?;
        target.password = Some(SecretString::from(text.trim_end_matches(['\r', '\n'])));
    }
    target.username = ping.username.clone().or(target.username);
    target.tls |= ping.tls || ping.ca.is_some();
    Ok(target)
}

/// Where the outputs of a resource say that the cache is.
pub(in crate::cli) fn of_outputs(outputs: &Value) -> Option<Target> {
    let text = |pointer: &str| outputs.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let port = outputs.pointer("/resource/values/port")?.as_u64()?;
    Some(Target {
        host: text("/resource/values/host")?.to_owned(),
        port: port.try_into().ok()?,
        tls: outputs.pointer("/resource/values/tls") == Some(&Value::Bool(true)),
        username: text("/resource/secrets/username").map(str::to_owned),
        password: text("/resource/secrets/password").map(SecretString::from),
        ca_pem: text("/resource/values/ca_cert").map(str::to_owned),
    })
}

fn of_text(text: &str, from: &str) -> Result<Target, Failed> {
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(from, &error))?;
    of_outputs(&value).ok_or_else(|| {
        Failed::Config(format!("error: {from}: expected a driver's answer with resource.values.host and .port"))
    })
}

/// `host:port`, or `[::1]:port`.
fn of_address(text: &str) -> Option<Target> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Some(plain(host, port.parse().ok()?))
}

fn of_url(text: &str) -> Result<Target, Failed> {
    // The text holds a password: it is not shown.
    let bad = |why: &str| Failed::Config(format!("error: the URL {why}; expected rediss://user:password@host:port"));
    let url = Url::parse(text).map_err(|error| bad(&format!("cannot be read ({error})")))?;
    let tls = match url.scheme() {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        scheme => return Err(bad(&format!("begins with {scheme}://"))),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("names no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut target = plain(host, url.port().unwrap_or(6379));
    target.tls = tls;
    target.username = Some(decoded(url.username())).filter(|name| !name.is_empty());
    target.password = url.password().map(|password| SecretString::from(decoded(password)));
    Ok(target)
}

fn of_environment(get: &impl Fn(&str) -> Option<String>) -> Result<Target, Failed> {
    let mut target = match (get("CACHE_URL"), get("CACHE_HOST")) {
        (Some(url), _) => of_url(&url)?,
        (None, Some(host)) => {
            let port = get("CACHE_PORT").unwrap_or_else(|| "6379".to_owned());
            plain(&host, port.parse().map_err(|error| wrong(&format!("CACHE_PORT = `{port}`"), &error))?)
        }
        (None, None) => {
            let how = "error: nothing to reach: give a URL, host:port or outputs, or set CACHE_URL or CACHE_HOST";
            return Err(Failed::Config(how.to_owned()));
        }
    };
    match get("CACHE_TLS").as_deref() {
        None => {}
        Some("true" | "1") => target.tls = true,
        Some("false" | "0") => target.tls = false,
        Some(other) => return Err(Failed::Config(format!("error: CACHE_TLS = `{other}`: expected true or false"))),
    }
    target.username = target.username.or_else(|| get("CACHE_USERNAME"));
    target.password = target.password.or_else(|| get("CACHE_PASSWORD").map(SecretString::from));
    target.ca_pem = get("CACHE_CA_CERT");
    Ok(target)
}

fn plain(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port, tls: false, username: None, password: None, ca_pem: None }
}

fn read(file: &Path) -> Result<String, Failed> {
    std::fs::read_to_string(file).map_err(|error| wrong(&file.display().to_string(), &error))
}

fn wrong(what: &str, error: &dyn Display) -> Failed {
    Failed::Config(format!("error: {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn password(target: &Target) -> Option<&str> {
        target.password.as_ref().map(ExposeSecret::expose_secret)
    }

    #[test]
    fn a_url_tells_everything() {
        let target = of_url("rediss://default:p%40ss%2Fw@cache.example:6378").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.tls), ("cache.example", 6378, true));
        assert_eq!((target.username.as_deref(), password(&target)), (Some("default"), Some("p@ss/w")));
        let target = of_url("redis://[::1]").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.tls), ("::1", 6379, false));
        assert_eq!((target.username.as_deref(), password(&target)), (None, None));
    }

    #[test]
    fn a_url_that_is_none_is_told_without_its_password() {
        for text in ["http://u:CANARY@h", "redis://", "rediss://u:CANARY@h:port", "redis://u:CANARY@"] {
            let Err(Failed::Config(told)) = of_url(text) else { panic!("{text} went through") };
            assert!(told.contains("rediss://user:password@host:port") && !told.contains("CANARY"), "{told}");
        }
    }

    #[test]
    fn an_address_may_be_of_either_kind_and_a_file_name_is_none() {
        for (text, host) in [("cache.example:6379", "cache.example"), ("[fd00::1]:6379", "fd00::1")] {
            assert_eq!(of_address(text).map(|target| (target.host, target.port)), Some((host.to_owned(), 6379)));
        }
        assert!(of_address("outputs.json").is_none());
    }

    #[test]
    fn outputs_tell_everything_but_what_is_not_there() {
        let full = json!({"resource": {"values": {"host": "h", "port": 6378, "tls": true, "ca_cert": "PEM"},
            "secrets": {"username": "default", "password": "p"}}});
        let target = of_outputs(&full).unwrap();
        assert_eq!((target.tls, target.ca_pem.as_deref(), password(&target)), (true, Some("PEM"), Some("p")));
        let open =
            json!({"resource": {"values": {"host": "h", "port": 6379}, "secrets": {"username": "", "password": ""}}});
        let target = of_outputs(&open).unwrap();
        assert_eq!((target.tls, target.username, target.password.is_none()), (false, None, true));
        assert!(of_outputs(&json!({"error": "RES-104"})).is_none());
    }

    #[test]
    fn the_environment_tells_a_url_or_the_parts() {
        let of = |pairs: &[(&str, &str)]| {
            let find =
                |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            of_environment(&find)
        };
        let target = of(&[("CACHE_HOST", "h"), ("CACHE_TLS", "true"), ("CACHE_PASSWORD", "p")]).unwrap();
        assert_eq!(
            (target.port, target.tls, target.username.as_deref(), password(&target)),
            (6379, true, None, Some("p"))
        );
        let url = [("CACHE_URL", "redis://h:1"), ("CACHE_HOST", "other"), ("CACHE_CA_CERT", "PEM")];
        let target = of(&url).unwrap();
        assert_eq!((target.host.as_str(), target.port, target.ca_pem.as_deref()), ("h", 1, Some("PEM")));
        for bad in [&[][..], &[("CACHE_HOST", "h"), ("CACHE_TLS", "yes")], &[("CACHE_HOST", "h"), ("CACHE_PORT", "x")]]
        {
            assert!(matches!(of(bad), Err(Failed::Config(_))), "{bad:?}");
        }
    }
}
