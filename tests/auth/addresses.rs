//! The list of addresses, and proxies that tell where a caller is.

use crate::harness::{TOKEN, assert_in, assert_out, bearer, hashed, resource, server};
use crate::support::Server;

const HUMANITEC: &str = "34.159.97.57";
const OTHER: &str = "203.0.113.9";

/// Lets Humanitec's addresses in, behind a proxy on this machine.
async fn behind_a_proxy() -> Server {
    server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.allow_ips = vec!["humanitec".parse().unwrap(), "192.0.2.0/24".parse().unwrap()];
        auth.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_403_whatever_it_shows() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.allow_ips = vec!["humanitec".parse().unwrap()];
    })
    .await;
    for call in [server.get(&resource()), bearer(server.get(&resource()), TOKEN)] {
        let answer = call.send().await.assert_error(403, "RES-112");
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
    // No proxy is trusted, so that nobody is believed.
    for forged in [HUMANITEC, "34.159.97.57, 34.159.97.57", "127.0.0.1"] {
        let call = bearer(server.get(&resource()), TOKEN).header("x-forwarded-for", forged);
        call.send().await.assert_error(403, "RES-112");
    }
}

#[tokio::test]
async fn an_address_on_the_list_still_has_to_prove_who_it_is() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.allow_ips = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    assert_in(bearer(server.get(&resource()), TOKEN)).await;
    assert_out(server.get(&resource())).await;
    let client = reqwest::Client::builder().no_proxy().local_address(Some([127, 0, 0, 2].into())).build().unwrap();
    let url = format!("http://{}{}", server.running.address, resource());
    let elsewhere = crate::support::client::Call::new(client, "GET", &url);
    bearer(elsewhere, TOKEN).send().await.assert_error(403, "RES-112");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_rightmost_address_that_is_no_proxy_counts() {
    let server = behind_a_proxy().await;
    let from = |chain: &str| bearer(server.get(&resource()), TOKEN).header("x-forwarded-for", chain);
    for chain in [
        HUMANITEC,
        "34.159.97.57:4711",
        "::ffff:34.159.97.57",
        "203.0.113.9, 34.159.97.57",
        "203.0.113.9, 34.159.97.57, 10.1.2.3, 127.0.0.9",
        "192.0.2.200",
    ] {
        assert_in(from(chain)).await;
    }
    for chain in [
        OTHER,
        // What a caller writes itself stands to the left of what the proxy adds.
        "34.159.97.57, 203.0.113.9",
        "34.159.97.57, 203.0.113.9, 10.1.2.3",
        "34.159.97.57, unknown",
        "34.159.97.57, ",
        "unknown",
        "34.159.97.5",
    ] {
        let expected = if chain == "34.159.97.57, " { 404 } else { 403 };
        from(chain).send().await.assert_status(expected);
    }
    let several = from(HUMANITEC).header("x-forwarded-for", OTHER);
    several.send().await.assert_error(403, "RES-112");
    let several = from(OTHER).header("x-forwarded-for", HUMANITEC);
    assert_in(several).await;
    // A proxy that adds nothing is itself the caller.
    bearer(server.get(&resource()), TOKEN).send().await.assert_error(403, "RES-112");
    for other in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"] {
        let call = bearer(server.get(&resource()), TOKEN).header(other, HUMANITEC);
        call.send().await.assert_error(403, "RES-112");
    }
}

#[tokio::test]
async fn a_list_alone_on_loopback_lets_in_who_is_on_it() {
    let server = server(|auth| auth.allow_ips = vec!["127.0.0.1".parse().unwrap()]).await;
    assert_in(server.get(&resource())).await;
}

#[tokio::test]
async fn probes_come_from_elsewhere() {
    let server = behind_a_proxy().await;
    for path in ["/alive", "/health"] {
        server.get(path).send().await.assert_status(200);
        server.get(path).header("x-forwarded-for", OTHER).send().await.assert_status(200);
    }
    server.get("/sizes").header("x-forwarded-for", OTHER).send().await.assert_error(403, "RES-112");
}
