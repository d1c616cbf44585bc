//! How a client proves who it is, and sees who the driver is.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::json;

use crate::harness::{FAST, World, sha256};
use crate::run;

const TOKEN: &str = "synthetic-token-of-the-tests-0123456789";
const SECRET: &str = "synthetic-path-secret-0123456789abcdef";

#[tokio::test]
async fn a_token_comes_by_file_or_environment_and_a_secret_by_the_path() {
    let world = World::start(FAST).await;
    let (token, secret) = (sha256(TOKEN), sha256(SECRET));
    world.configure(&format!(
        "[server.auth]\ntokens = [{{ id = \"ci\", sha256 = \"{token}\" }}]\npath_secrets = [{{ id = \"old\", sha256 = \"{secret}\" }}]\n"
    ));
    let driver = world.driver().await;
    let (right, wrong) = (world.write("token", &format!("{TOKEN}\n")), world.write("wrong", "CANARY-wrong-token"));
    let plan = world.body(&json!({"size": "small"}));
    let args = ["apply", &plan, "--id", "abc", "--dry-run", "--route", "redis", "--url"];
    let by_path = format!("{}/{SECRET}/", driver.url);
    for (url, more, environment) in [
        (&driver.url, vec!["--token-file", right.as_str()], vec![]),
        (&driver.url, vec![], vec![("CACHE_DRIVER_TOKEN", TOKEN)]),
        (&by_path, vec![], vec![]),
    ] {
        let ended = run(&[&args[..], &[url.as_str()], &more].concat(), &environment, "").await;
        assert_eq!(ended.code, 0, "{more:?}: {ended:?}");
    }
    let by_environment = run(&args[..7], &[("CACHE_DRIVER_URL", &by_path)], "").await;
    assert_eq!(by_environment.code, 0, "{by_environment:?}");

    let none = run(&[&args[..], &[driver.url.as_str()]].concat(), &[], "").await;
    assert!(none.code == 1 && none.err.contains("RES-112") && none.err.contains("give --token-file"), "{none:?}");
    let bad = run(&[&args[..], &[driver.url.as_str(), "--token-file", &wrong]].concat(), &[], "").await;
    assert!(bad.code == 1 && bad.err.contains("RES-112") && bad.err.contains("request id cli-"), "{bad:?}");
    assert!(!bad.err.contains("CANARY") && !bad.err.contains("give --token-file"), "{}", bad.err);
}

#[tokio::test]
async fn certificates_of_both_sides_are_checked() {
    let world = World::start(FAST).await;
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let ca = world.write("ca.pem", &params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    let sign = |name: &str, host: &str, usage: ExtendedKeyUsagePurpose| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let pem = params.signed_by(&key, &issuer).unwrap().pem();
        (world.write(&format!("{name}.crt"), &pem), world.write(&format!("{name}.key"), &key.serialize_pem()))
    };
    let (certificate, key) = sign("server", "127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
    let (client, client_key) = sign("client", "ci.example.com", ExtendedKeyUsagePurpose::ClientAuth);
    world.configure(&format!(
        "[server.tls]\ncert_file = \"{certificate}\"\nkey_file = \"{key}\"\n[server.auth.mtls]\nclient_ca_file = \"{ca}\"\n"
    ));
    let driver = world.driver().await;
    assert!(driver.url.starts_with("https://"));
    let other = world.write("other-ca.pem", &{
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).unwrap().pem()
    });
    let by_name = driver.url.replace("127.0.0.1", "localhost");
    let in_the_clear = driver.url.replace("https://", "http://");
    let shown = ["--cert-file", client.as_str(), "--key-file", client_key.as_str()];
    for (url, ca, more, told) in [
        (&driver.url, &ca, &shown[..], "RES-114: there is no resource"),
        (&driver.url, &ca, &[], "RES-112"),
        (&driver.url, &other, &shown, "give that CA's PEM by --ca-file"),
        (&by_name, &ca, &shown, "the certificate is for another host than localhost"),
        (&in_the_clear, &ca, &[], "does the driver want https://?"),
    ] {
        let args = [&["get", "some-resource", "--url", url.as_str(), "--ca-file", ca.as_str()], more].concat();
        let ended = run(&args, &[], "").await;
        assert_eq!(ended.code, 1, "{args:?}: {ended:?}");
        assert!(ended.err.contains(told), "{told} in {}", ended.err);
    }
    let mixed =
        ["get", "some-resource", "--url", &driver.url, "--ca-file", &ca, "--cert-file", &client, "--key-file", &key];
    let ended = run(&mixed, &[], "").await;
    assert!(ended.code == 2 && ended.err.contains("cannot be used with the key of --key-file"), "{ended:?}");
}
