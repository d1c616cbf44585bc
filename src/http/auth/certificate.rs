//! The certificate of a client.

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::config::to_hex;

/// What is known of a certificate that a client has shown, and that a trusted authority has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its DNS names and URIs, of the extension subjectAltName.
    pub names: Vec<String>,
    /// The SHA-256 of it, in hex.
    pub fingerprint: String,
}

impl Certificate {
    pub(in crate::http) fn read(der: &CertificateDer<'_>) -> Self {
        let digest = digest::digest(&digest::SHA256, der);
        let fingerprint = to_hex(digest.as_ref());
        let names = EndEntityCert::try_from(der).map_or_else(
            |_| Vec::new(),
            |parsed| parsed.valid_dns_names().chain(parsed.valid_uri_names()).map(str::to_owned).collect(),
        );
        Self { names, fingerprint }
    }
}

/// The name by which a certificate is let in: one of `wanted`, or any if none is.
pub(super) fn name(wanted: &[String], certificate: Option<&Certificate>) -> Result<String, &'static str> {
    let certificate = certificate.ok_or("no client certificate")?;
    if wanted.is_empty() {
        return Ok(certificate.names.first().unwrap_or(&certificate.fingerprint).clone());
    }
    // No case in DNS names. In URIs there is, but an authority that tells two clients apart by case alone is no use.
    let known = certificate.names.iter().find(|name| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    known.cloned().ok_or("a client certificate of another name")
}
