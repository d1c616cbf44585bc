//! `[telemetry]`: what else than logs the driver tells of itself, and to whom.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::secrets::REDACTED;
use super::{files, scalar};

/// What else than logs the driver tells of itself. Metrics are always at `GET /metrics`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Traces.
    pub otlp: Otlp,
}

/// Where traces go: a collector that speaks OTLP over HTTP, in protobuf.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// Its address, to which `/v1/traces` is appended. Unset: nothing is traced.
    pub endpoint: Option<String>,
    /// Headers that go with every message, such as `authorization`.
    #[serde(serialize_with = "redacted")]
    pub headers: BTreeMap<String, SecretString>,
    /// A file with more of them, one `name: value` a line. `headers` holds them after loading.
    pub headers_file: Option<PathBuf>,
    /// PEM file of a CA that is trusted besides the machine's own.
    pub ca_file: Option<PathBuf>,
    /// The text of `ca_file`.
    #[serde(skip)]
    pub ca_pem: Option<String>,
    /// What the traces call this service. Default `cache-driver`.
    pub service_name: String,
    /// The share of requests that are traced, where the caller has not decided. Default 1.
    #[serde(deserialize_with = "scalar::read")]
    pub sample_ratio: f64,
    /// The longest that a message may take, and the longest that the process waits for the last one. Default `5s`.
    #[serde(with = "scalar::duration")]
    pub timeout: Duration,
}

impl Default for Otlp {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            headers_file: None,
            ca_file: None,
            ca_pem: None,
            service_name: "cache-driver".to_owned(),
            sample_ratio: 1.0,
            timeout: Duration::from_secs(5),
        }
    }
}

fn redacted<S: Serializer>(headers: &BTreeMap<String, SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| (name, REDACTED)))
}

/// Reads the files that keys name.
pub(super) fn read_files(otlp: &mut Otlp) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(file) = &otlp.ca_file {
        match files::read("ca_file", file) {
            Ok(pem) => otlp.ca_pem = Some(pem),
            Err(reason) => problems.push(Problem::new("telemetry.otlp.ca_file", reason)),
        }
    }
    let Some(file) = &otlp.headers_file else { return problems };
    let path = "telemetry.otlp.headers_file";
    let text = match files::read_secret("headers_file", file) {
        Ok(text) => text,
        Err(reason) => {
            problems.push(Problem::new(path, reason));
            return problems;
        }
    };
    for (number, line) in text.expose_secret().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            let reason = format!("line {} is no header: expected `name: value`", number + 1);
            problems.push(Problem::new(path, reason));
            continue;
        };
        let name = name.trim().to_lowercase();
        if otlp.headers.insert(name, SecretString::from(value.trim())).is_some() {
            let reason = format!("line {} sets a header that is set already", number + 1);
            problems.push(Problem::new(path, reason));
        }
    }
    problems
}

/// Looks at single values.
pub(super) fn check(otlp: &Otlp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |wrong: bool, key: &str, reason: &str| {
        if wrong {
            problems.push(Problem::new(format!("telemetry.otlp.{key}"), reason));
        }
    };
    let legal = |url: &String| {
        reqwest::Url::parse(url).is_ok_and(|url| {
            let web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
            web && url.username().is_empty() && url.password().is_none()
        })
    };
    let endpoint = otlp.endpoint.as_ref();
    let expected = "expected an http or https URL without user, password and query; secrets go to `headers`";
    refuse(endpoint.is_some_and(|url| !legal(url)), "endpoint", expected);
    let is_share = otlp.sample_ratio.is_finite() && (0.0..=1.0).contains(&otlp.sample_ratio);
    refuse(!is_share, "sample_ratio", "must be from 0 to 1");
    refuse(otlp.timeout == Duration::ZERO, "timeout", "must be more than nothing");
    refuse(otlp.service_name.trim().is_empty(), "service_name", "must not be empty");
    for (name, value) in &otlp.headers {
        let is_name = reqwest::header::HeaderName::try_from(name.as_str()).is_ok();
        let is_value = reqwest::header::HeaderValue::from_str(value.expose_secret()).is_ok();
        // A wrong name could be a secret in the wrong place.
        let key = if is_name { format!("headers.{name}") } else { "headers".to_owned() };
        refuse(!is_name, &key, "holds a name that no header can have");
        refuse(is_name && !is_value, &key, "holds characters that no header may hold");
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn with_headers_file(text: &str) -> (Otlp, Vec<String>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let mut otlp = Otlp { headers_file: Some(file.path().to_owned()), ..Otlp::default() };
        otlp.headers.insert("x-team".to_owned(), SecretString::from("CANARY"));
        let problems = read_files(&mut otlp).into_iter().chain(check(&otlp));
        let problems = problems.map(|problem| problem.to_string()).collect();
        (otlp, problems)
    }

    #[test]
    fn headers_come_from_a_file_and_are_never_shown() {
        let (otlp, problems) = with_headers_file("Authorization: Bearer CANARY\n\nx-api-key:CANARY: with: colons\n");
        assert_eq!(problems, Vec::<String>::new());
        let header = |name: &str| otlp.headers[name].expose_secret().to_owned();
        assert_eq!(
            (header("authorization"), header("x-api-key")),
            ("Bearer CANARY".into(), "CANARY: with: colons".into())
        );
        let shown = format!("{otlp:?} {}", serde_json::to_string(&otlp).unwrap());
        assert!(shown.contains("authorization") && !shown.contains("CANARY"), "{shown}");
    }

    #[test]
    fn a_file_that_holds_no_headers_is_refused_by_its_lines() {
        let (_, problems) = with_headers_file("Bearer CANARY\nx-team: CANARY\nCANARY name: x\nx-bad: CANARY\u{1}\n");
        let told = problems.join("\n");
        assert_eq!(problems.len(), 4, "{told}");
        assert!(
            told.contains("line 1 is no header") && told.contains("line 2 sets a header that is set already"),
            "{told}"
        );
        assert!(told.contains("telemetry.otlp.headers.x-bad") && !told.contains("CANARY"), "{told}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |otlp: Otlp| check(&otlp).iter().map(|problem| problem.path.clone()).collect::<Vec<_>>();
        let of = Otlp::default;
        for endpoint in
            ["collector:4318", "ftp://collector", "http://user:CANARY@collector", "http://collector?key=CANARY"]
        {
            let otlp = Otlp { endpoint: Some(endpoint.to_owned()), ..of() };
            assert_eq!(refused(otlp), ["telemetry.otlp.endpoint"], "{endpoint}");
        }
        for ratio in [-0.1, 1.1, f64::NAN] {
            assert_eq!(refused(Otlp { sample_ratio: ratio, ..of() }), ["telemetry.otlp.sample_ratio"], "{ratio}");
        }
        assert_eq!(refused(Otlp { timeout: Duration::ZERO, ..of() }), ["telemetry.otlp.timeout"]);
        assert_eq!(
            refused(Otlp { endpoint: Some("https://collector/otlp/".to_owned()), ..of() }),
            Vec::<String>::new()
        );
    }
}
