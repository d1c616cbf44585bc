//! What a client says where there is nothing to talk to, or nothing to say.

use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::{FAST, World, scripted, wire};
use crate::run;

#[tokio::test]
async fn what_is_no_driver_is_told_in_one_sentence_and_ends_with_one() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let html = "content-type: text/html\r\n";
    let page = scripted(vec![wire("200 OK", html, "<html>welcome</html>")]).await;
    let missing = scripted(vec![wire("404 Not Found", html, "<html>nothing here</html>")]).await;
    let other = scripted(vec![wire("200 OK", "content-type: application/json\r\n", "{\"status\": \"up\"}")]).await;
    let login = scripted(vec![wire("302 Found", "location: https://login.example.com/?next=CANARY\r\n", "")]).await;
    let gateway = scripted(vec![wire("502 Bad Gateway", html, "<html>")]).await;
    let hangs_up = scripted(vec![String::new()]).await;
    let plain = scripted(vec![wire("400 Bad Request", html, "no TLS here")]).await.replace("http://", "https://");
    for (url, told) in [
        (closed.as_str(), vec!["cannot be reached", "Connection refused", "check --url, and whether the driver runs"]),
        ("http://no-such-driver.invalid", vec!["cannot be reached", "the host name has no address"]),
        (page.as_str(), vec!["answered 200 (text/html), which is no answer of a cache-driver"]),
        (missing.as_str(), vec!["answered 404 (text/html), which is no answer of a cache-driver"]),
        (other.as_str(), vec!["answered 200 (application/json), which is no answer of a cache-driver"]),
        (login.as_str(), vec!["answered 302, a redirect", "give --url https://login.example.com\n"]),
        (gateway.as_str(), vec!["answered 502 (text/html)", "a gateway in front of the driver"]),
        (hangs_up.as_str(), vec!["cannot be reached", "request id cli-", "does the driver want https://?"]),
        (plain.as_str(), vec!["cannot be reached", "the port answers without TLS: try http://"]),
    ] {
        let with_secret = format!("{url}/PATHSECRET");
        let ended = run(&["get", "some-resource", "--url", &with_secret], &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{url}: {ended:?}");
        for part in told {
            assert!(ended.err.contains(part), "{part} in {}", ended.err);
        }
        assert!(!ended.err.contains("PATHSECRET") && !ended.err.contains("CANARY"), "{}", ended.err);
    }
}

#[tokio::test]
async fn a_command_line_that_is_wrong_ends_with_two_before_anything_is_sent() {
    let world = World::start(FAST).await;
    let (good, url) = (world.body(&json!({})), "http://127.0.0.1:9");
    let broken = world.write("broken.json", "{\n  \"driver\": CANARY\n}");
    let list = world.write("list.json", "[]");
    let flat = world.write("flat.json", "{\"size\": \"small\"}");
    let spaces = world.write("token", "CANARY with spaces");
    let other = world.write("other.json", "{\"resource\": {}}");
    let no_pem = world.write("ca.pem", "CANARY");
    for (args, told) in [
        (vec!["apply"], "<FILE>"),
        (vec!["apply", &good, "--url", url], "--id"),
        (vec!["apply", &good, "--id", "abc"], "CACHE_DRIVER_URL"),
        (vec!["apply", &good, "--id", "Not An Id", "--url", url], "`Not An Id`"),
        (vec!["apply", "/no/such/body.json", "--id", "abc", "--url", url], "/no/such/body.json cannot be read"),
        (vec!["apply", &broken, "--id", "abc", "--url", url], "line 2 column 13"),
        (vec!["apply", &list, "--id", "abc", "--url", url], "expected one JSON object"),
        (vec!["apply", &flat, "--id", "abc", "--url", url], "`size` is no member of a PUT"),
        (vec!["apply", &good, "--id", "abc", "--url", url, "--no-wait", "--timeout", "1m"], "cannot be used with"),
        (vec!["apply", &good, "--id", "abc", "--url", url, "--timeout", "soon"], "--timeout"),
        (vec!["get", "abc", "--url", "drivers.example.com"], "such as https://drivers.example.com"),
        (vec!["get", "abc", "--url", "https://u:CANARY@drivers.example.com"], "no user and password"),
        (vec!["get", "abc", "--url", "https://drivers.example.com/?a=CANARY"], "without query"),
        (vec!["get", "abc", "--url", url, "--route", "../admin"], "a route is made of"),
        (vec!["get", "abc", "--url", url, "--token-file", "/no/such/token"], "/no/such/token cannot be read"),
        (vec!["get", "abc", "--url", url, "--token-file", &spaces], "expected one token"),
        (vec!["get", "abc", "--url", url, "--cookie-file", &other], "no file of cookies"),
        (vec!["get", "abc", "--url", "https://127.0.0.1:9", "--ca-file", &no_pem], "no certificate in PEM"),
        (vec!["get", "abc", "--url", url, "--cert-file", &no_pem], "--key-file"),
        (
            vec!["get", "abc", "--url", url, "--cert-file", &no_pem, "--key-file", &no_pem],
            "no certificate and key in PEM",
        ),
        (vec!["get", "abc", "--url", url, "--show-secret"], "--show-secrets"),
        (vec!["delete", "--url", url], "<ID>"),
        (vec!["aply", &good], "apply"),
    ] {
        let ended = run(&args, &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(told) && !ended.err.contains("CANARY"), "{args:?}: {}", ended.err);
    }
}
