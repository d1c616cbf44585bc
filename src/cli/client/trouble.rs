//! What can come between a client and a driver, in words.

use std::error::Error;
use std::io;

use reqwest::Url;
use rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::cli::Failed;

/// No answer of a driver came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Trouble {
    pub(in crate::cli) text: String,
    /// Whether it can pass by itself, as when a driver is being replaced by a newer one.
    pub(in crate::cli) passing: bool,
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Run(trouble.text)
    }
}

impl Trouble {
    /// Why a request got no answer. The path is not shown: it can hold a secret.
    pub(super) fn of(error: &reqwest::Error, base: &Url, request_id: &str) -> Self {
        let origin = base.origin().ascii_serialization();
        let (why, hint, passing) = if let Some(tls) = tls(error) {
            (tls.to_string(), tls_hint(tls, base), false)
        } else if error.is_timeout() {
            let hint = "check the address, and the firewalls and proxies on the way".to_owned();
            (format!("no answer in time (request id {request_id})"), hint, true)
        } else if error.is_connect() {
            let why = root(error);
            let hint = if is_unknown_name(error) {
                "the host name has no address: check --url"
            } else {
                "nothing answers there: check --url, and whether the driver runs"
            };
            (why, hint.to_owned(), true)
        } else {
            let hint = match base.scheme() {
                "http" => "the connection ended early: does the driver want https://?",
                _ => "the connection ended early: try again",
            };
            (format!("{} (request id {request_id})", root(error)), hint.to_owned(), true)
        };
        Self { text: format!("the driver at {origin} cannot be reached: {why}\n  hint: {hint}"), passing }
    }

    pub(super) fn redirect(base: &Url, status: u16, location: Option<&str>) -> Self {
        let origin = base.origin().ascii_serialization();
        let to = location.and_then(|text| base.join(text).ok()).filter(|to| to.origin() != base.origin());
        let hint = match to {
            Some(to) => format!("if the driver is there, give --url {}", to.origin().ascii_serialization()),
            None => "a gateway in front of the driver asks for something else, such as a login: check --url".to_owned(),
        };
        let text = format!(
            "{origin} answered {status}, a redirect, which a cache-driver never does; it is not followed\n  hint: {hint}"
        );
        Self { text, passing: false }
    }

    pub(super) fn foreign(base: &Url, status: u16, kind: Option<&str>) -> Self {
        let origin = base.origin().ascii_serialization();
        let kind: String = kind.unwrap_or("no content type").chars().filter(char::is_ascii_graphic).take(60).collect();
        let passing = matches!(status, 429 | 502..=504);
        let hint = if passing {
            "a gateway in front of the driver answers in its place: the driver may be starting"
        } else {
            "check --url: host, port, and the path in front of the routes"
        };
        let text = format!("{origin} answered {status} ({kind}), which is no answer of a cache-driver\n  hint: {hint}");
        Self { text, passing }
    }
}

/// The reason at the end of the chain.
fn root(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn is_unknown_name(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(source) = next {
        if source.to_string().starts_with("dns error") {
            return true;
        }
        next = source.source();
    }
    false
}

/// The fault of TLS in the chain. It hides inside of I/O errors, whose `source` passes it over.
fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => tls(inner),
        None => tls(error.source()?),
    }
}

fn tls_hint(error: &TlsError, base: &Url) -> String {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "the driver's certificate is signed by a CA that is not trusted here: give that CA's PEM by --ca-file"
                .to_owned()
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            let host = base.host_str().unwrap_or_default();
            format!("the certificate is for another host than {host}: give --url with the name that it is for")
        }
        TlsError::InvalidCertificate(_) => {
            "the certificate is not valid: check the clock of this machine, then the certificate".to_owned()
        }
        TlsError::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure) => {
            "the driver asks for a client certificate: give --cert-file and --key-file".to_owned()
        }
        TlsError::AlertReceived(_) => {
            "the driver did not take the client certificate: is it of the CA in server.auth.mtls.client_ca_file?"
                .to_owned()
        }
        TlsError::InvalidMessage(_) => "the port answers without TLS: try http:// instead of https://".to_owned(),
        _ => "check that this is the driver's TLS port, and that it offers TLS 1.2 or 1.3".to_owned(),
    }
}
