//! The few calls to other services that only `check` makes: EC2, IAM and KMS, signed here.
//!
//! An SDK crate for each would weigh megabytes for one call. Hosts follow `endpoint_url`, as those of ElastiCache and STS do.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::Value;

use crate::backend::{BackendError, Kind, Result};
use crate::clock::Clock;
use crate::config::Aws;

/// The longest that an answer may be.
const LONGEST: usize = 1 << 20;

/// A service that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Ec2,
    Iam,
    Kms,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Kms => "kms",
        }
    }

    /// The region that a call is signed for. IAM has one in each partition.
    fn region(self, region: &str) -> &str {
        match self {
            Self::Iam if region.starts_with("cn-") => "cn-north-1",
            Self::Iam if region.starts_with("us-gov-") => "us-gov-west-1",
            Self::Iam => "us-east-1",
            Self::Ec2 | Self::Kms => region,
        }
    }

    /// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
    fn host(self, region: &str) -> String {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match self {
            Self::Iam if region.starts_with("cn-") => format!("https://iam.cn-north-1.{suffix}"),
            Self::Iam if region.starts_with("us-gov-") => format!("https://iam.us-gov.{suffix}"),
            Self::Iam => format!("https://iam.{suffix}"),
            Self::Ec2 | Self::Kms => format!("https://{}.{region}.{suffix}", self.name()),
        }
    }
}

/// Asks other services, with one set of keys, in one region.
pub(super) struct Asking<'a> {
    config: &'a Aws,
    clock: &'a dyn Clock,
    region: &'a str,
    keys: Keys,
    client: reqwest::Client,
}

impl<'a> Asking<'a> {
    pub(super) fn new(config: &'a Aws, clock: &'a dyn Clock, region: &'a str, keys: Keys) -> Result<Self> {
        Ok(Self { config, clock, region, keys, client: client(config)? })
    }

    /// A call of the query protocol (`Action=…&Version=…`). Gives the answer's root element.
    pub(super) async fn query(
        &self,
        service: Service,
        action: &'static str,
        version: &str,
        parameters: &[(String, String)],
    ) -> Result<Element> {
        let mut form = reqwest::Url::parse("http://localhost").map_err(|_| unreadable(action, 0))?;
        form.query_pairs_mut().append_pair("Action", action).append_pair("Version", version);
        form.query_pairs_mut().extend_pairs(parameters);
        let body = form.query().unwrap_or_default().to_owned();
        let kind = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let (status, text) = self.send(service, action, &kind, body).await?;
        let root = Element::read(&text).ok_or_else(|| unreadable(action, status))?;
        if status == 200 {
            return Ok(root);
        }
        let code = root.find("Code").map_or("", |code| code.text.as_str());
        Err(refused(action, status, code, root.find("Message").map_or("", |message| message.text.as_str())))
    }

    /// A call of the JSON protocol. `target` is the value of `X-Amz-Target`.
    pub(super) async fn json(
        &self,
        service: Service,
        action: &'static str,
        target: &str,
        body: &Value,
    ) -> Result<Value> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let (status, text) = self.send(service, action, &headers, body.to_string()).await?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| unreadable(action, status))?;
        if status == 200 {
            return Ok(answer);
        }
        let word = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
        let code = word("__type").rsplit('#').next().unwrap_or_default();
        let message = if word("message").is_empty() { word("Message") } else { word("message") };
        Err(refused(action, status, code, message))
    }

    async fn send(
        &self,
        service: Service,
        action: &'static str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(u16, String)> {
        let wrong = |why: &str| BackendError::new(Kind::Unavailable, action, why);
        let url = match &self.config.endpoint_url {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("{}/", service.host(self.region)),
        };
        let identity = self.keys.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(service.region(self.region))
            .name(service.name())
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| wrong("the call cannot be signed"))?
            .into();
        let signable =
            SignableRequest::new("POST", &url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()))
                .map_err(|_| wrong("the call cannot be signed"))?;
        let (signed, _) = sign(signable, &parameters).map_err(|_| wrong("the call cannot be signed"))?.into_parts();
        let mut request = self.client.post(&url);
        for (name, value) in headers.iter().copied().chain(signed.headers()) {
            request = request.header(name, value);
        }
        let sent = request.body(body).send().await;
        // The error's own text holds the address.
        let mut answer = sent.map_err(|error| {
            let why = if error.is_timeout() { "no answer in time" } else { "no connection" };
            wrong(&format!("{} cannot be reached: {why}", service.name()))
        })?;
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|_| wrong("the answer broke off"))? {
            if bytes.len() + part.len() > LONGEST {
                return Err(wrong("the answer is longer than any of aws"));
            }
            bytes.extend_from_slice(&part);
        }
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn client(config: &Aws) -> Result<reqwest::Client> {
    let wrong = |why: &str| BackendError::new(Kind::Prerequisite, "connect", why).hint("check providers.aws.ca_file");
    let attempt = config.timeouts.attempt.max(Duration::from_secs(1));
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(config.timeouts.connect)
        .timeout(attempt);
    if config.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://")) {
        // A machine without a CA bundle could not make the client, and no emulator needs one.
        builder = builder.no_proxy().tls_certs_only([]);
    } else if let Some(pem) = &config.ca_pem {
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
        builder = builder.tls_certs_merge(certificates.map_err(|_| wrong("the ca file is no pem"))?);
    }
    builder.build().map_err(|_| wrong("tls cannot be set up"))
}

fn unreadable(action: &'static str, status: u16) -> BackendError {
    BackendError::new(Kind::Unavailable, action, format!("the answer (http status {status}) is none of aws"))
}

fn refused(action: &'static str, status: u16, code: &str, message: &str) -> BackendError {
    let message = message.trim().trim_end_matches('.');
    let denied = matches!(status, 401 | 403) || matches!(code, "AccessDenied" | "AccessDeniedException");
    let kind = match status {
        _ if denied || code == "UnauthorizedOperation" => Kind::Credentials,
        400..500 if !code.contains("Throttl") => Kind::Refused,
        _ => Kind::Unavailable,
    };
    BackendError::new(kind, action, format!("{code}: {message}"))
}

/// An element of an XML answer. Attributes and namespaces are of no use here.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    fn read(xml: &str) -> Option<Self> {
        let mut open = vec![Self::default()];
        for token in xmlparser::Tokenizer::from(xml) {
            match token.ok()? {
                xmlparser::Token::ElementStart { local, .. } => {
                    open.push(Self { name: local.as_str().to_owned(), ..Self::default() });
                }
                xmlparser::Token::Text { text } => open.last_mut()?.text.push_str(&unescaped(text.as_str())),
                xmlparser::Token::ElementEnd { end: xmlparser::ElementEnd::Open, .. } => {}
                xmlparser::Token::ElementEnd { .. } => {
                    let closed = open.pop()?;
                    open.last_mut()?.children.push(closed);
                }
                _ => {}
            }
        }
        let mut root = open.pop().filter(|_| open.is_empty())?;
        root.children.pop()
    }

    /// The first element of this name, at any depth.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// The text of the child of this name.
    pub(super) fn get(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| child.text.as_str())
    }

    /// The texts of all elements of this name, at any depth.
    pub(super) fn all<'a>(&'a self, name: &str, into: &mut Vec<&'a str>) {
        for child in &self.children {
            if child.name == name {
                into.push(&child.text);
            }
            child.all(name, into);
        }
    }
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whatever_their_namespace() {
        let xml = "<?xml version=\"1.0\"?><R xmlns=\"http://x/\"><set><item><id>a</id><e/></item><item><id>b &amp; c</id></item></set></R>";
        let root = Element::read(xml).unwrap();
        let set = root.find("set").unwrap();
        assert_eq!((root.name.as_str(), set.children.len(), set.children[1].get("id")), ("R", 2, "b & c"));
        let mut ids = Vec::new();
        root.all("id", &mut ids);
        assert_eq!(ids, ["a", "b & c"]);
        for bad in ["", "<a>", "no xml", "<a></b></a></c>"] {
            assert!(Element::read(bad).is_none_or(|root| root.children.is_empty()), "{bad}");
        }
    }

    #[test]
    fn hosts_are_those_of_the_partition() {
        assert_eq!(Service::Ec2.host("eu-central-1"), "https://ec2.eu-central-1.amazonaws.com");
        assert_eq!(Service::Iam.host("eu-central-1"), "https://iam.amazonaws.com");
        assert_eq!(Service::Iam.region("cn-northwest-1"), "cn-north-1");
        assert_eq!(Service::Iam.host("us-gov-east-1"), "https://iam.us-gov.amazonaws.com");
        assert_eq!(Service::Kms.host("cn-north-1"), "https://kms.cn-north-1.amazonaws.com.cn");
    }
}
