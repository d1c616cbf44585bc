//! Who may call: decided before anything of a request but its head is read.
//!
//! A caller proves itself by one of the configured ways, or by all: a bearer token, a JWT, a secret in the path, a client
//! certificate. The list of addresses is a bound on top. `docs/security.md` has the reasons.

mod address;
mod audit;
mod bearer;
mod certificate;
mod jwt;
mod path;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use jiff::Timestamp;

pub(super) use audit::denied;
pub use certificate::Certificate;
pub use tls::Tls;

use super::error::ApiError;
use crate::config::{Access, Auth, Require, Source};

/// Who is at the other end of a connection, put into every request by [`super::serve`].
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address: of the caller, or of a proxy.
    pub address: IpAddr,
    /// The certificate that it has shown, which an authority of `client_ca_file` has signed.
    pub certificate: Option<Arc<Certificate>>,
}

/// Who calls, as far as is known.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// By what it has proved itself: `token:ID`, `jwt:ORG`, `path:ID`, `certificate:NAME`; or `anyone`.
    pub(super) who: String,
    /// Where it calls from, seen through the trusted proxies.
    pub(super) address: Option<IpAddr>,
    /// Whether it may read what is for operators.
    pub(super) may_read: bool,
}

/// Why a request is not let in. The caller learns the kind, the log the reason.
#[derive(Debug)]
pub(super) struct Denied {
    kind: Kind,
    reason: String,
    address: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No proof, or a wrong one: 401.
    Unproved,
    /// The address is not on the list: 403.
    Address,
    /// An operator's token, for something else: 403.
    OperatorsOnly,
}

/// What a path is, for its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    /// Open to everybody.
    Probe,
    /// For operators and callers.
    Operator,
    /// Everything else, unknown paths included.
    Resource,
}

/// Decides about one request. Takes a secret out of its path.
pub(super) fn admit(auth: &Auth, request: &mut Request<Body>, now: Timestamp) -> Result<Caller, Denied> {
    let path_secret = path::take(&auth.path_secrets, request.uri_mut());
    let area = area(request.method(), request.uri().path());
    let peer = request.extensions().get::<Peer>();
    let shown = Shown {
        address: address::of_caller(peer.map(|peer| peer.address), request.headers(), &auth.trusted_proxies),
        bearer: bearer::of(request.headers()),
        path_secret,
        certificate: peer.and_then(|peer| peer.certificate.as_deref()),
        now,
    };
    let judged = match area {
        Area::Probe | Area::Operator => as_operator(auth, &shown),
        Area::Resource => as_caller(auth, &shown),
    };
    let address = shown.address;
    match judged {
        Ok(who) => Ok(Caller { who, address, may_read: true }),
        Err(_) if area == Area::Probe => Ok(Caller { who: ANYONE.to_owned(), address, may_read: false }),
        Err((kind, reason)) => Err(Denied { kind, reason, address }),
    }
}

const ANYONE: &str = "anyone";

type Judged = Result<String, (Kind, String)>;

/// What a request shows of its caller.
struct Shown<'a> {
    address: Option<IpAddr>,
    bearer: Result<&'a str, &'static str>,
    path_secret: Result<String, &'static str>,
    certificate: Option<&'a Certificate>,
    now: Timestamp,
}

fn area(method: &Method, path: &str) -> Area {
    if *method != Method::GET && *method != Method::HEAD {
        return Area::Resource;
    }
    // As it stands in the request: the router does not decode it either.
    if matches!(path.trim_end_matches('/'), "/alive" | "/health") {
        return Area::Probe;
    }
    match path.split('/').nth(1).unwrap_or_default() {
        "" | "docs" | "metrics" | "resources" | "sizes" => Area::Operator,
        _ => Area::Resource,
    }
}

fn as_operator(auth: &Auth, shown: &Shown<'_>) -> Judged {
    let operators = &auth.operators;
    if operators.access == Access::Open {
        return Ok(ANYONE.to_owned());
    }
    if let Ok(who) = shown.bearer.and_then(|token| bearer::token(&operators.tokens, token))
        && may_come_from(&operators.allow_ips, shown.address)
    {
        return Ok(format!("operator:{who}"));
    }
    as_caller(auth, shown)
}

fn as_caller(auth: &Auth, shown: &Shown<'_>) -> Judged {
    if !may_come_from(&auth.allow_ips, shown.address) {
        return Err((Kind::Address, "the address is not in server.auth.allow_ips".to_owned()));
    }
    let ways = ways(auth, shown);
    if ways.is_empty() {
        return Ok(ANYONE.to_owned());
    }
    let proofs: Vec<&str> = ways.iter().filter_map(|way| way.as_deref().ok()).collect();
    let enough = match auth.require {
        Require::Any => !proofs.is_empty(),
        Require::All => proofs.len() == ways.len(),
    };
    if enough {
        return Ok(proofs.join("+"));
    }
    if shown.bearer.is_ok_and(|token| bearer::token(&auth.operators.tokens, token).is_ok()) {
        return Err((Kind::OperatorsOnly, "an operator's token".to_owned()));
    }
    let reasons: Vec<&str> = ways.iter().filter_map(|way| way.as_ref().err().copied()).collect();
    Err((Kind::Unproved, reasons.join("; ")))
}

/// What each configured way makes of the request.
fn ways(auth: &Auth, shown: &Shown<'_>) -> Vec<Result<String, &'static str>> {
    let mut ways = Vec::new();
    if !auth.tokens.is_empty() {
        let known = shown.bearer.and_then(|token| bearer::token(&auth.tokens, token));
        ways.push(known.map(|id| format!("token:{id}")));
    }
    if !auth.jwt.keys.is_empty() {
        let verified = shown.bearer.and_then(|token| jwt::verify(&auth.jwt, token, shown.now));
        ways.push(verified.map(|org| format!("jwt:{org}")));
    }
    if !auth.path_secrets.is_empty() {
        ways.push(shown.path_secret.clone().map(|id| format!("path:{id}")));
    }
    if auth.mtls.client_ca_file.is_some() {
        let named = certificate::name(&auth.mtls.names, shown.certificate);
        ways.push(named.map(|name| format!("certificate:{name}")));
    }
    ways
}

fn may_come_from(sources: &[Source], address: Option<IpAddr>) -> bool {
    sources.is_empty() || address.is_some_and(|address| sources.iter().any(|source| source.contains(address)))
}

impl Denied {
    /// Why, in one word of a fixed set.
    pub(super) const fn word(&self) -> &'static str {
        match self.kind {
            Kind::Unproved => "unproved",
            Kind::Address => "address",
            Kind::OperatorsOnly => "operators_only",
        }
    }
}

impl From<&Denied> for ApiError {
    /// The same words whatever was wrong with a proof, so that nobody learns how near he was.
    fn from(denied: &Denied) -> Self {
        match denied.kind {
            Kind::Unproved => Self::unauthorized(),
            Kind::Address => Self::forbidden(
                "callers from this address are not let in",
                "call from an address that server.auth.allow_ips in the config has, or through a trusted proxy",
            ),
            Kind::OperatorsOnly => Self::forbidden(
                "this token opens the operators' paths only",
                "call the Driver API with a token of server.auth.tokens",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_the_operators_own_paths_has_their_rule() {
        for (method, path, expected) in [
            ("GET", "/alive", Area::Probe),
            ("HEAD", "/health", Area::Probe),
            ("GET", "/", Area::Operator),
            ("GET", "/docs/spec.json", Area::Operator),
            ("GET", "/metrics", Area::Operator),
            ("PUT", "/alive", Area::Resource),
            ("POST", "/", Area::Resource),
            ("DELETE", "/resources", Area::Resource),
            ("GET", "/%61live", Area::Resource),
            ("GET", "/ALIVE", Area::Resource),
            ("GET", "/alive%2f..%2fredis", Area::Resource),
            ("GET", "/redis/alive", Area::Resource),
            ("GET", "/plan", Area::Resource),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(area(&method, path), expected, "{method} {path}");
        }
    }
}
