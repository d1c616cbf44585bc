//! Several ways at once.

use cache_driver::config::Require;

use crate::harness::{Authority, Secure, TOKEN, assert_in, assert_out, bearer, hashed, resource, server};

const SECRET: &str = "CANARYc4n4ry-path";

#[tokio::test]
async fn with_any_one_good_proof_is_enough_beside_a_bad_one() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.path_secrets = vec![hashed("two", SECRET)];
    })
    .await;
    let hidden = format!("/{SECRET}{}", resource());
    assert_in(bearer(server.get(&resource()), TOKEN)).await;
    assert_in(server.get(&hidden)).await;
    assert_in(bearer(server.get(&hidden), "wrong")).await;
    assert_out(bearer(server.get(&resource()), SECRET)).await;
    assert_out(bearer(server.get(&format!("/{TOKEN}{}", resource())), "wrong")).await;
}

#[tokio::test]
async fn with_all_each_is_needed() {
    let clients = Authority::new();
    let secure = Secure::start(Some(&clients), |auth| {
        auth.require = Require::All;
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.path_secrets = vec![hashed("two", SECRET)];
        auth.allow_ips = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let (with, without) = (secure.client(Some(&clients.client("a.example", None))), secure.client(None));
    let hidden = format!("/{SECRET}{}", resource());
    assert_in(bearer(secure.get(&with, &hidden), TOKEN)).await;
    assert_out(bearer(secure.get(&without, &hidden), TOKEN)).await;
    assert_out(bearer(secure.get(&with, &resource()), TOKEN)).await;
    assert_out(secure.get(&with, &hidden)).await;
    assert_out(bearer(secure.get(&with, &hidden), "wrong")).await;
    assert_out(secure.get(&without, &resource())).await;
}

#[tokio::test]
async fn the_list_of_addresses_comes_on_top_of_either() {
    for require in [Require::Any, Require::All] {
        let server = server(|auth| {
            auth.require = require;
            auth.tokens = vec![hashed("one", TOKEN)];
            auth.path_secrets = vec![hashed("two", SECRET)];
            auth.allow_ips = vec!["192.0.2.1".parse().unwrap()];
        })
        .await;
        let call = bearer(server.get(&format!("/{SECRET}{}", resource())), TOKEN);
        call.send().await.assert_error(403, "RES-112");
    }
}
