//! TLS: what clients see, and how it changes while the server runs.

use std::time::Duration;

use cache_driver::config::Server as ServerConfig;
use cache_driver::http::auth::Tls;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{Authority, Files, Pair, Secure, TOKEN, assert_in, bearer, client, hashed, resource};
use crate::support::client::Call;
use crate::support::cloud::Fault;

#[tokio::test]
async fn who_offers_http_2_and_who_does_not_is_answered_in_http_1() {
    let secure = Secure::start(None, |auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    let client = secure.client(None);
    assert_in(bearer(secure.get(&client, &resource()), TOKEN)).await;
    let root = reqwest::Certificate::from_pem(secure.authority.pem.as_bytes()).unwrap();
    for only_old in [true, false] {
        let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([root.clone()]);
        if only_old {
            builder = builder.http1_only();
        }
        let answer = builder.build().unwrap().get(format!("https://{}/alive", secure.address)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_11));
    }
}

#[tokio::test]
async fn who_speaks_no_tls_or_trusts_another_authority_gets_nothing() {
    let secure = Secure::start(None, |_| {}).await;
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(plain.get(format!("http://{}/alive", secure.address)).send().await.is_err());
    let stranger = client(&Authority::new().pem, None);
    assert!(stranger.get(format!("https://{}/alive", secure.address)).send().await.is_err());
    secure.get(&secure.client(None), "/alive").send().await.assert_status(200);
}

#[tokio::test]
async fn who_connects_and_says_nothing_holds_nobody_up() {
    let secure = Secure::start(None, |_| {}).await;
    let silent = TcpStream::connect(secure.address).await.unwrap();
    let mut garbled = TcpStream::connect(secure.address).await.unwrap();
    garbled.write_all(b"GET /alive HTTP/1.1\r\n\r\n").await.unwrap();
    secure.get(&secure.client(None), "/alive").send().await.assert_status(200);
    drop(silent);
}

#[tokio::test]
async fn a_shutdown_answers_what_is_in_work_over_tls() {
    let mut secure = Secure::start(None, |_| {}).await;
    secure.server.cloud.fail("CreateCache", 1, Fault::Hangs);
    let url = format!("https://{}{}", secure.address, resource());
    let client = secure.client(None);
    let sent = tokio::spawn(Call::new(client, "PUT", &url).values(&json!({})).send());
    while secure.server.cloud.log().len() < 3 {
        tokio::task::yield_now().await;
    }
    secure.stop.take().unwrap().send(()).unwrap();
    while TcpStream::connect(secure.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!secure.serving.is_finished());
    secure.server.cloud.let_go();
    sent.await.unwrap().assert_status(202);
    tokio::time::timeout(Duration::from_secs(10), secure.serving).await.unwrap().unwrap();
}

/// Lets the server look at its files until a client with this authority is content.
async fn until_trusted(secure: &Secure, authority: &Authority) {
    for _ in 0..500 {
        secure.server.clock.advance(Duration::from_mins(1));
        let client = client(&authority.pem, None);
        if client.get(format!("https://{}/alive", secure.address)).send().await.is_ok() {
            return;
        }
    }
    panic!("the new certificate is not served");
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let secure = Secure::start(None, |_| {}).await;
    let before = secure.client(None);
    secure.get(&before, "/alive").send().await.assert_status(200);

    let next = Authority::new();
    secure.files.write(&next.server());
    until_trusted(&secure, &next).await;
    // A connection that stands goes on.
    secure.get(&before, "/alive").send().await.assert_status(200);
    let old = secure.client(None);
    assert!(old.get(format!("https://{}/alive", secure.address)).send().await.is_err());

    // Half of a change, rubbish, and nothing at all: what was there stays.
    let third = Authority::new();
    let (one, other) = (third.server(), third.server());
    for broken in [
        Pair { certificate: one.certificate.clone(), key: other.key.clone() },
        Pair { certificate: "rubbish".to_owned(), key: "rubbish".to_owned() },
        Pair { certificate: String::new(), key: String::new() },
    ] {
        secure.files.write(&broken);
        for _ in 0..20 {
            secure.server.clock.advance(Duration::from_mins(1));
            let client = client(&next.pem, None);
            client.get(format!("https://{}/alive", secure.address)).send().await.unwrap();
        }
    }
    secure.files.write(&one);
    until_trusted(&secure, &third).await;
}

#[tokio::test]
async fn a_new_authority_of_the_clients_counts_for_new_connections() {
    let (first, second) = (Authority::new(), Authority::new());
    let secure = Secure::start(Some(&first), |_| {}).await;
    let newcomer = second.client("a.example", None);
    let url = format!("https://{}{}", secure.address, resource());
    assert!(secure.client(Some(&newcomer)).get(&url).send().await.is_err());
    std::fs::write(secure.files.client_ca(), &second.pem).unwrap();
    let mut let_in = false;
    for _ in 0..500 {
        secure.server.clock.advance(Duration::from_mins(1));
        let_in = secure.client(Some(&newcomer)).get(&url).send().await.is_ok();
        if let_in {
            break;
        }
    }
    assert!(let_in, "the new authority is not known");
    let leaver = secure.client(Some(&first.client("a.example", None)));
    assert!(leaver.get(&url).send().await.is_err());
}

#[test]
fn what_cannot_be_used_names_the_key_and_what_is_wrong_with_it() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let other = authority.server();
    let load = || {
        let mut server = ServerConfig::default();
        server.tls.cert_file = Some(files.certificate());
        server.tls.key_file = Some(files.key());
        server.auth.mtls.client_ca_file = Some(files.client_ca()).filter(|file| file.exists());
        Tls::load(&server)
    };
    assert!(load().unwrap().is_some());
    assert!(Tls::load(&ServerConfig::default()).unwrap().is_none());
    let refused = |parts: &[&str]| {
        let text = load().unwrap_err().to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} in {text}");
        assert!(!text.contains("BEGIN") && !text.contains("CANARY"), "{text}");
    };
    let good = std::fs::read_to_string(files.key()).unwrap();
    std::fs::write(files.key(), &other.key).unwrap();
    refused(&["server.tls.key_file", "does not belong to the certificate"]);
    std::fs::write(files.key(), "CANARY").unwrap();
    refused(&["server.tls.key_file", "no private key in PEM"]);
    std::fs::write(files.key(), "").unwrap();
    refused(&["server.tls.key_file", "is empty"]);
    std::fs::remove_file(files.key()).unwrap();
    refused(&["server.tls.key_file", "cannot read", "tls.key"]);
    std::fs::create_dir(files.key()).unwrap();
    refused(&["server.tls.key_file", "cannot read"]);
    std::fs::remove_dir(files.key()).unwrap();
    std::fs::write(files.key(), good).unwrap();

    std::fs::write(files.client_ca(), "CANARY").unwrap();
    refused(&["server.auth.mtls.client_ca_file", "no certificate in PEM"]);
    std::fs::remove_file(files.client_ca()).unwrap();
    std::fs::write(files.certificate(), "-----BEGIN CERTIFICATE-----\nQ0FOQVJZ\n-----END CERTIFICATE-----\n").unwrap();
    refused(&["server.tls.cert_file", "cannot be used"]);
    std::fs::write(files.certificate(), "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap();
    refused(&["server.tls.cert_file", "no certificate in PEM"]);
}
