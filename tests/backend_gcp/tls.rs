//! Whom the client trusts.

use cache_driver::backend::{Credentials, Kind, Phase};
use cache_driver::cache::Product;
use cache_driver::config::Gcp;
use cache_driver::sandbox::certificate::Authority;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::{Hasty, at, backend};

const PRODUCT: Product = Product::GcpRedis;

/// A server that has no cache, behind a certificate of `authority`.
async fn start(authority: &Authority) -> String {
    let acceptor = TlsAcceptor::from(authority.server().unwrap().server_config().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let body = json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "not here"}}).to_string();
            let reply = format!(
                "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(reply.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    url
}

async fn look(url: &str, ca_pem: Option<String>) -> Result<Phase, Kind> {
    let config = Gcp {
        project: Some("main-project".to_owned()),
        region: Some("europe-west3".to_owned()),
        endpoint_url: Some(url.to_owned()),
        ca_pem,
        max_attempts: 1,
        ..Gcp::default()
    };
    let seen = backend(&config, &Hasty::new(), PRODUCT).observe(&at(PRODUCT, "cache-abc", Credentials::Own)).await;
    seen.map(|seen| seen.phase).map_err(|error| error.kind)
}

#[tokio::test]
async fn the_configs_ca_is_trusted_and_no_other() {
    let authority = Authority::new().unwrap();
    let url = start(&authority).await;
    assert_eq!(look(&url, Some(authority.pem())).await, Ok(Phase::Absent));
    assert_eq!(look(&url, Some(Authority::new().unwrap().pem())).await, Err(Kind::Unavailable));
    assert_eq!(look(&url, None).await, Err(Kind::Unavailable));
}

#[tokio::test]
async fn a_ca_that_cannot_be_read_is_told_in_the_answer() {
    let url = start(&Authority::new().unwrap()).await;
    assert_eq!(look(&url, Some("no certificate".to_owned())).await, Err(Kind::Prerequisite));
}
