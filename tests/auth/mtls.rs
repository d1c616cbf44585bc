//! Client certificates.

use crate::harness::{Authority, Secure, TOKEN, assert_in, assert_out, bearer, hashed, resource};

#[tokio::test]
async fn a_certificate_of_the_authority_is_let_in_and_none_is_not() {
    let clients = Authority::new();
    let secure = Secure::start(Some(&clients), |_| {}).await;
    let known = secure.client(Some(&clients.client("orchestrator.example.com", None)));
    assert_in(secure.get(&known, &resource())).await;
    let without = secure.client(None);
    assert_out(secure.get(&without, &resource())).await;
    // A probe has no certificate.
    secure.get(&without, "/alive").send().await.assert_status(200);
    secure.get(&without, "/health").send().await.assert_status(200);
}

#[tokio::test]
async fn a_foreign_or_expired_certificate_does_not_get_through_the_handshake() {
    let clients = Authority::new();
    let secure = Secure::start(Some(&clients), |_| {}).await;
    for bad in [
        Authority::new().client("orchestrator.example.com", None),
        // Signed by the server's own authority, which is not that of the clients.
        secure.authority.client("orchestrator.example.com", None),
        clients.expired_client("orchestrator.example.com"),
        // A certificate for servers only would need the extension; one without any is for everything.
    ] {
        let client = secure.client(Some(&bad));
        for path in [resource(), "/alive".to_owned()] {
            let sent = client.get(format!("https://{}{path}", secure.address)).send().await;
            assert!(sent.is_err(), "{sent:?}");
        }
    }
    assert_eq!(secure.server.cloud.log().len(), 0);
}

#[tokio::test]
async fn a_certificate_must_have_one_of_the_names() {
    let clients = Authority::new();
    let uri = "spiffe://example.com/orchestrator";
    let names = vec!["orchestrator.example.com".to_owned(), uri.to_owned()];
    let secure = Secure::start(Some(&clients), |auth| auth.mtls.names = names).await;
    for good in [
        clients.client("orchestrator.example.com", None),
        clients.client("ORCHESTRATOR.example.com", None),
        clients.client("other.example.com", Some(uri)),
    ] {
        let client = secure.client(Some(&good));
        assert_in(secure.get(&client, &resource())).await;
    }
    for bad in [
        clients.client("other.example.com", None),
        clients.client("orchestrator.example.com.evil.example", None),
        clients.client("*.example.com", None),
        clients.client("other.example.com", Some("spiffe://example.com/orchestrator/2")),
    ] {
        let client = secure.client(Some(&bad));
        assert_out(secure.get(&client, &resource())).await;
        secure.get(&client, "/alive").send().await.assert_status(200);
    }
}

#[tokio::test]
async fn a_header_is_no_certificate() {
    let clients = Authority::new();
    let secure = Secure::start(Some(&clients), |_| {}).await;
    let without = secure.client(None);
    let pem = clients.client("orchestrator.example.com", None).certificate.replace('\n', "%0A");
    for header in ["x-forwarded-client-cert", "x-client-cert", "ssl-client-cert", "client-cert"] {
        assert_out(secure.get(&without, &resource()).header(header, &pem)).await;
    }
    // The same server without TLS, had somebody reached it: nothing is shown there.
    assert_out(secure.server.get(&resource())).await;
}

#[tokio::test]
async fn another_way_is_as_good_unless_all_are_asked_for() {
    let clients = Authority::new();
    let secure = Secure::start(Some(&clients), |auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    let (with, without) = (secure.client(Some(&clients.client("a.example", None))), secure.client(None));
    assert_in(secure.get(&with, &resource())).await;
    assert_in(bearer(secure.get(&without, &resource()), TOKEN)).await;
    assert_out(secure.get(&without, &resource())).await;
}
