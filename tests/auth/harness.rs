//! A server that asks who calls, the same server over TLS, and certificates for both sides.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cache_driver::config::{Auth, HashedSecret};
use cache_driver::http::{self, auth::Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::client::{Answer, Call};
use crate::support::{ID, Server, Setup};

/// Secrets of callers hold the canary, so that the client finds each answer that shows one.
pub(crate) const TOKEN: &str = "CANARYc4n4ry-7f3a9c";

pub(crate) fn hashed(id: &str, secret: &str) -> HashedSecret {
    HashedSecret::of(id, secret)
}

pub(crate) fn resource() -> String {
    format!("/redis/{ID}")
}

/// A server with this rule.
pub(crate) async fn server(rule: impl FnOnce(&mut Auth)) -> Server {
    Setup::default().config(|config| rule(&mut config.server.auth)).start().await
}

pub(crate) fn bearer(call: Call, token: &str) -> Call {
    call.header("authorization", format!("Bearer {token}"))
}

/// A call that has to be let in: nothing is there yet.
pub(crate) async fn assert_in(call: Call) -> Answer {
    call.send().await.assert_error(404, "RES-114")
}

/// A call that must be turned away for want of a proof, in the same words each time.
pub(crate) async fn assert_out(call: Call) -> Answer {
    let answer = call.send().await.assert_error(401, "RES-112");
    assert_eq!(answer.body["message"], "the request has no valid credentials of a caller");
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "RFC 9110 asks for it");
    answer
}

/// The status of a request that is sent as it is written, which no client library would do. The answer must not show
/// the canary.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(!answer.contains(crate::support::CANARY), "{answer}");
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The same for a path and headers.
pub(crate) async fn raw_get(server: &Server, target: &str, headers: &str) -> u16 {
    let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    raw(server.running.address, &request).await
}

/// An authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key, as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn server(&self) -> Pair {
        self.sign(&CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap())
    }

    /// A client's certificate with this DNS name, and this URI if there is one.
    pub(crate) fn client(&self, name: &str, uri: Option<&str>) -> Pair {
        self.sign(&client_params(name, uri))
    }

    pub(crate) fn expired_client(&self, name: &str) -> Pair {
        let mut params = client_params(name, None);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn client_params(name: &str, uri: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.subject_alt_names.extend(uri.map(|uri| SanType::URI(uri.try_into().unwrap())));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// The files of a server's TLS.
pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn of(pair: &Pair) -> Self {
        let files = Self { dir: TempDir::new().unwrap() };
        files.write(pair);
        files
    }

    pub(crate) fn write(&self, pair: &Pair) {
        std::fs::write(self.certificate(), &pair.certificate).unwrap();
        std::fs::write(self.key(), &pair.key).unwrap();
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.path().join("tls.crt")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.dir.path().join("tls.key")
    }

    pub(crate) fn client_ca(&self) -> PathBuf {
        self.dir.path().join("client-ca.pem")
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// A server that speaks TLS.
pub(crate) struct Secure {
    pub(crate) server: Server,
    pub(crate) files: Files,
    pub(crate) authority: Authority,
    pub(crate) address: SocketAddr,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
}

impl Secure {
    /// A server with this rule. With `client_ca` it asks clients for certificates.
    pub(crate) async fn start(client_ca: Option<&Authority>, rule: impl FnOnce(&mut Auth)) -> Self {
        let authority = Authority::new();
        let files = Files::of(&authority.server());
        let setup = Setup::default().config(|config| {
            config.server.tls.cert_file = Some(files.certificate());
            config.server.tls.key_file = Some(files.key());
            if let Some(client_ca) = client_ca {
                std::fs::write(files.client_ca(), &client_ca.pem).unwrap();
                config.server.auth.mtls.client_ca_file = Some(files.client_ca());
            }
            rule(&mut config.server.auth);
        });
        let server = setup.start().await;
        let app = server.running.app.clone();
        let tls = Tls::load(&app.config().server).unwrap();
        assert!(tls.is_some());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(http::serve_with(listener, tls, http::app(app), async {
            let _ = stopped.await;
        }));
        Self { server, files, authority, address, serving, stop: Some(stop) }
    }

    /// A client that trusts the server, and shows this certificate.
    pub(crate) fn client(&self, shown: Option<&Pair>) -> reqwest::Client {
        client(&self.authority.pem, shown)
    }

    pub(crate) fn get(&self, client: &reqwest::Client, path: &str) -> Call {
        Call::new(client.clone(), "GET", &format!("https://{}{path}", self.address))
    }
}

pub(crate) fn client(ca: &str, shown: Option<&Pair>) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(ca.as_bytes()).unwrap();
    let mut builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).tls_certs_only([root]);
    if let Some(pair) = shown {
        let pem = format!("{}{}", pair.key, pair.certificate);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    builder.build().unwrap()
}

/// A PUT that would make a cache, if it were let in.
pub(crate) fn put(server: &Server) -> Call {
    server.put(&resource()).values(&json!({}))
}
