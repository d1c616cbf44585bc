//! The one place where a command makes an HTTP client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::{Certificate, Identity, Url, redirect};

use crate::cli::Failed;
use crate::cli::files::unreadable;

/// Who is trusted, and who this is, in TLS.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct TlsFiles {
    /// PEM file of the CAs to trust for the driver, and no others. Without it, those of this machine.
    #[arg(long = "ca-file", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// PEM file of the certificate to show to the driver, with its chain.
    #[arg(long = "cert-file", value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// PEM file of that certificate's key.
    #[arg(long = "key-file", value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take. The driver answers within half of it, whatever the cloud does.
const ANSWER: Duration = Duration::from_mins(1);

/// A client for the driver at `url`. Follows no redirects: what is sent holds secrets, and the driver sends none.
pub(in crate::cli) fn client(url: &Url, tls: &TlsFiles) -> Result<reqwest::Client, Failed> {
    let mut builder =
        reqwest::Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT).timeout(ANSWER);
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    if url.scheme() != "https" {
        // Spares the machine's certificates, which an image without any does not have.
        builder = builder.tls_certs_only([]);
    } else if let Some(file) = &tls.ca {
        let pem = read(file)?;
        let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(wrong("--ca-file", file, "it holds no certificate in PEM"));
        }
        builder = builder.tls_certs_only(certificates);
    }
    if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
        let mut pem = read(certificate)?;
        pem.push(b'\n');
        pem.extend(read(key)?);
        // The reason is left out: it could quote what is in the files.
        let identity = Identity::from_pem(&pem)
            .map_err(|_| wrong("--cert-file", certificate, "it and --key-file hold no certificate and key in PEM"))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| match &tls.certificate {
        Some(file) => wrong("--cert-file", file, "the certificate cannot be used with the key of --key-file"),
        None => Failed::run("no HTTP client", &error),
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Failed> {
    std::fs::read(file).map_err(|error| unreadable(&file.display().to_string(), &error))
}

fn wrong(option: &str, file: &Path, why: &str) -> Failed {
    Failed::Config(format!("error: {option} {}: {why}", file.display()))
}

/// Whether the host is this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
