//! TLS as a client of a cache speaks it.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why a handshake could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// The given text has no certificate, or a broken one.
    #[error("the given CA certificate cannot be read as PEM")]
    BadCa,
    /// No CA was given, and the machine has none either.
    #[error("this machine has no trusted certificates")]
    NoRoots,
    /// The host can be neither a DNS name nor an address.
    #[error("`{0}` is no host name that a certificate could be issued for")]
    BadHost(String),
    /// rustls refused.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// Trusts the certificates in `ca_pem` only, or without it what the machine trusts.
pub fn client_config(ca_pem: Option<&str>) -> Result<ClientConfig, Unprepared> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|_| Unprepared::BadCa)?;
            roots.add(certificate).map_err(|_| Unprepared::BadCa)?;
        }
        if roots.is_empty() {
            return Err(Unprepared::BadCa);
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Unprepared::NoRoots);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The name that the server's certificate must carry.
pub fn server_name(host: &str) -> Result<ServerName<'static>, Unprepared> {
    ServerName::try_from(host.to_owned()).map_err(|_| Unprepared::BadHost(host.to_owned()))
}

/// The handshake, with the certificate checked against `name`.
pub async fn handshake<S>(config: ClientConfig, name: ServerName<'static>, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_that_is_no_certificate_is_refused() {
        assert!(matches!(client_config(Some("")), Err(Unprepared::BadCa)));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(client_config(Some(broken)), Err(Unprepared::BadCa)));
    }

    #[test]
    fn a_certificate_can_be_for_a_name_or_an_address() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(server_name(host).is_ok(), "{host}");
        }
        assert!(matches!(server_name("a b"), Err(Unprepared::BadHost(_))));
    }
}
