//! TLS: the certificate that callers see, those that they have to show, and the change of either while serving.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
use crate::config::{Problem, Server, read_file};

/// What the driver speaks TLS with. Changes with its files for as long as the server serves.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    interval: Duration,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

/// What stands in the files.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: String,
    key: String,
    client_ca: Option<String>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// What was last read, good or bad, so that a bad change is told once.
    seen: Result<Contents, Problem>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

const CERT: &str = "server.tls.cert_file";
const KEY: &str = "server.tls.key_file";
const CLIENT_CA: &str = "server.auth.mtls.client_ca_file";

impl Tls {
    /// What the configuration says; `None` for plain HTTP.
    pub fn load(server: &Server) -> Result<Option<Self>, Problem> {
        let (Some(certificate), Some(key)) = (&server.tls.cert_file, &server.tls.key_file) else { return Ok(None) };
        let client_ca = server.auth.mtls.client_ca_file.clone();
        let files = Files { certificate: certificate.clone(), key: key.clone(), client_ca };
        let contents = files.read()?;
        let current = Current { config: contents.config()?, seen: Ok(contents) };
        Ok(Some(Self { files, interval: server.tls.reload_interval, current: Mutex::new(current) }))
    }

    /// For the next connection.
    pub(in crate::http) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.lock().unwrap_or_else(PoisonError::into_inner).config.clone())
    }

    /// Looks at the files every now and then, for ever. What cannot be used is logged, and what was there stays in use.
    pub(in crate::http) async fn keep_fresh(self: Arc<Self>, clock: Arc<dyn Clock>) {
        loop {
            clock.sleep(self.interval).await;
            let this = self.clone();
            // Reading can block, on a network file system for long.
            let _ = tokio::task::spawn_blocking(move || this.refresh()).await;
        }
    }

    fn refresh(&self) {
        let read = self.files.read();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if read == current.seen {
            return;
        }
        match read.clone().and_then(|contents| contents.config()) {
            Ok(config) => {
                current.config = config;
                tracing::info!("the TLS certificate was changed; new connections see it");
            }
            Err(problem) => {
                tracing::error!(%problem, "the changed TLS files cannot be used; what was there stays in use");
            }
        }
        current.seen = read;
    }
}

impl Files {
    fn read(&self) -> Result<Contents, Problem> {
        let read = |path: &'static str, file: &Path| {
            let key = path.rsplit('.').next().unwrap_or_default();
            read_file(key, file).map_err(|reason| Problem::new(path, reason))
        };
        Ok(Contents {
            certificate: read(CERT, &self.certificate)?,
            key: read(KEY, &self.key)?,
            client_ca: self.client_ca.as_deref().map(|file| read(CLIENT_CA, file)).transpose()?,
        })
    }
}

impl Contents {
    fn config(&self) -> Result<Arc<ServerConfig>, Problem> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = certificates(CERT, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| {
            Problem::new(KEY, "has no private key in PEM").hint("a key with a passphrase has to be decrypted first")
        })?;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Problem::new(CERT, format!("TLS cannot be set up: {error}")))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let refused =
                    |error: &dyn std::fmt::Display| Problem::new(CLIENT_CA, format!("cannot be used: {error}"));
                let mut roots = RootCertStore::empty();
                for certificate in certificates(CLIENT_CA, pem)? {
                    roots.add(certificate).map_err(|error| refused(&error))?;
                }
                // A probe has no certificate. Who needs one is decided per request; a bad one ends the handshake.
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = verifier.allow_unauthenticated().build().map_err(|error| refused(&error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                Problem::new(KEY, "does not belong to the certificate in `cert_file`")
                    .hint("were the two made or copied at different times?")
            }
            error => Problem::new(CERT, format!("cannot be used with the key: {error}")),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if self.client_ca.is_some() {
            // A resumed session would not look at the client's certificate again, which may have expired since.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Arc::new(config))
    }
}

fn certificates(path: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(read) if !read.is_empty() => Ok(read),
        _ => Err(Problem::new(path, "has no certificate in PEM")),
    }
}
