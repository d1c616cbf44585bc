//! What clients of a sandbox cache connect to, seen through a client library that we did not write.
#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod real;
mod small;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use cache_driver::cache::Engine;
use cache_driver::clock::{Clock, SystemClock};
use cache_driver::random::SystemSource;
use cache_driver::sandbox::data_plane::{Chosen, RealServers, choose};
use cache_driver::sandbox::{DataPlane, Listening, ServerSpec};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, RedisResult, TlsCertificates};

async fn small_server() -> Chosen {
    choose(None, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap()
}

/// Real servers, if this machine has the program for them.
async fn real_servers() -> Option<Chosen> {
    let found = RealServers::find(std::env::var_os("PATH").as_deref());
    if found.is_none() {
        println!("real servers are not tested: no valkey-server or redis-server on PATH");
        return None;
    }
    let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    if chosen.to_string().starts_with("in-process") {
        println!("real servers are not tested: {chosen}");
        return None;
    }
    Some(chosen)
}

async fn every_plane() -> Vec<Chosen> {
    real_servers().await.into_iter().chain([small_server().await]).collect()
}

fn spec(password: Option<&str>, tls: bool, cluster: bool) -> ServerSpec {
    ServerSpec { name: "cache-a".into(), engine: Engine::Redis, password: password.map(Into::into), tls, cluster }
}

fn url(at: &Listening, tls: bool, password: Option<&str>) -> String {
    let scheme = if tls { "rediss" } else { "redis" };
    let login = password.map_or_else(String::new, |password| format!(":{password}@"));
    format!("{scheme}://{login}{}:{}", at.host, at.port)
}

fn trusting(ca: Option<String>) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: ca.map(String::into_bytes) }
}

async fn connect(
    plane: &dyn DataPlane,
    at: &Listening,
    tls: bool,
    password: Option<&str>,
) -> RedisResult<MultiplexedConnection> {
    let url = url(at, tls, password);
    let client = if tls { Client::build_with_tls(url, trusting(plane.ca_pem()))? } else { Client::open(url)? };
    client.get_multiplexed_async_connection().await
}

/// The first word of the error that a client gets when it logs in and pings.
async fn refusal(plane: &dyn DataPlane, at: &Listening, tls: bool, password: Option<&str>) -> String {
    let error = match connect(plane, at, tls, password).await {
        Err(error) => error,
        Ok(mut connection) => connection.ping::<String>().await.expect_err("the client got in"),
    };
    error.to_string()
}

#[tokio::test]
async fn a_client_library_reads_back_what_it_wrote() {
    for chosen in every_plane().await {
        let plane = chosen.plane.as_ref();
        for tls in [false, true] {
            let at = plane
                .start(ServerSpec { name: format!("tls-{tls}"), ..spec(Some("s3cret"), tls, false) })
                .await
                .unwrap();
            assert_eq!(at.host, "127.0.0.1");
            let mut client = connect(plane, &at, tls, Some("s3cret")).await.unwrap();
            let () = redis::cmd("SET").arg(&["key", "value", "EX", "60"]).query_async(&mut client).await.unwrap();
            let value: String = client.get("key").await.unwrap();
            let left: i64 = client.ttl("key").await.unwrap();
            assert_eq!((value.as_str(), left), ("value", 60), "{chosen}");
            let set_again: Option<String> =
                redis::cmd("SET").arg("key").arg("x").arg("NX").query_async(&mut client).await.unwrap();
            assert_eq!(set_again, None, "{chosen}");
            let () = redis::cmd("SET").arg(&["brief", "x", "PX", "1"]).query_async(&mut client).await.unwrap();
            SystemClock.sleep(Duration::from_millis(20)).await;
            let there: (i64, i64) =
                (client.exists("brief").await.unwrap(), client.exists(&["key", "key"]).await.unwrap());
            assert_eq!(there, (0, 2), "{chosen}");
            let removed: (i64, i64) = (client.del("key").await.unwrap(), client.del("key").await.unwrap());
            assert_eq!(removed, (1, 0), "{chosen}");
            let missing: Option<String> = client.get("key").await.unwrap();
            assert_eq!(missing, None);
            plane.stop(&format!("tls-{tls}")).await;
        }
    }
}

#[tokio::test]
async fn both_planes_word_their_errors_alike() {
    let commands: [&[&str]; 11] = [
        &["GET"],
        &["ECHO"],
        &["SELECT", "99"],
        &["SELECT", "x"],
        &["SET", "k", "v", "EX", "0"],
        &["SET", "k", "v", "EX", "x"],
        &["SET", "k", "v", "NX", "XX"],
        &["SET", "k", "v", "EX", "9223372036854775807"],
        &["CLUSTER", "SLOTS"],
        &["HELLO", "9"],
        &["AUTH", "any"],
    ];
    let mut answers: Vec<Vec<String>> = Vec::new();
    for chosen in every_plane().await {
        let at = chosen.plane.start(spec(None, false, false)).await.unwrap();
        let mut client = connect(chosen.plane.as_ref(), &at, false, None).await.unwrap();
        let mut words = Vec::new();
        for command in commands {
            let mut request = redis::cmd(command[0]);
            request.arg(&command[1..]);
            let error = request.query_async::<redis::Value>(&mut client).await.expect_err(command[0]);
            words.push(format!("{command:?}: {error}"));
        }
        answers.push(words);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    assert!(answers.iter().flatten().all(|answer| answer.len() > 20), "{answers:#?}");
}

#[tokio::test]
async fn without_the_right_password_nobody_gets_in() {
    for chosen in every_plane().await {
        let plane = chosen.plane.as_ref();
        let at = plane.start(spec(Some("right"), true, false)).await.unwrap();
        assert!(refusal(plane, &at, true, None).await.contains("NOAUTH"), "{chosen}");
        for wrong in ["wrong", "righ", "right2"] {
            let said = refusal(plane, &at, true, Some(wrong)).await;
            assert!(said.to_lowercase().contains("auth") || said.contains("WRONGPASS"), "{chosen}: {said}");
        }
        connect(plane, &at, true, Some("right")).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_may_hold_any_character() {
    let password = "a b\"c'd\\e\u{e9}#>\u{1}";
    for chosen in every_plane().await {
        let at = chosen.plane.start(spec(Some(password), false, false)).await.unwrap();
        let client = Client::open(url(&at, false, None)).unwrap();
        // Not through a URL, whose escapes are not what is tried here.
        let mut client = match client.get_multiplexed_async_connection().await {
            Ok(client) => client,
            Err(error) => panic!("{chosen}: {error}"),
        };
        let () = redis::cmd("AUTH").arg(password).query_async(&mut client).await.unwrap();
        let () = redis::cmd("AUTH").arg("default").arg(password).query_async(&mut client).await.unwrap();
        assert_eq!(client.ping::<String>().await.unwrap(), "PONG");
    }
}

#[tokio::test]
async fn during_a_rotation_both_passwords_work_and_afterwards_only_the_new_one() {
    for chosen in every_plane().await {
        let plane = chosen.plane.as_ref();
        let at = plane.start(spec(Some("old"), true, false)).await.unwrap();
        let mut early = connect(plane, &at, true, Some("old")).await.unwrap();
        plane.set_passwords("cache-a", vec!["old".into(), "new".into()]).await.unwrap();
        for either in ["old", "new"] {
            connect(plane, &at, true, Some(either)).await.unwrap();
        }
        plane.set_passwords("cache-a", vec!["new".into()]).await.unwrap();
        refusal(plane, &at, true, Some("old")).await;
        connect(plane, &at, true, Some("new")).await.unwrap();
        assert_eq!(early.ping::<String>().await.unwrap(), "PONG", "{chosen}: an open connection survives the rotation");

        plane.set_passwords("cache-a", Vec::new()).await.unwrap();
        let mut anyone = connect(plane, &at, true, None).await.unwrap();
        assert_eq!(anyone.ping::<String>().await.unwrap(), "PONG", "{chosen}");
        plane.set_passwords("cache-a", vec!["back".into()]).await.unwrap();
        assert!(refusal(plane, &at, true, None).await.contains("NOAUTH"), "{chosen}");
        let nobody = plane.set_passwords("cache-b", Vec::new()).await.unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn starting_twice_is_one_server_and_stopping_loses_the_data() {
    for chosen in every_plane().await {
        let plane = chosen.plane.as_ref();
        let at = plane.start(spec(None, false, false)).await.unwrap();
        let mut client = connect(plane, &at, false, None).await.unwrap();
        let () = client.set("key", "value").await.unwrap();
        let again = plane.start(spec(None, false, false)).await.unwrap();
        assert_eq!(at.port, again.port, "{chosen}");

        plane.stop("cache-a").await;
        assert!(client.ping::<String>().await.is_err(), "{chosen}: an open connection ends");
        assert!(connect(plane, &at, false, None).await.is_err(), "{chosen}: nobody listens there any more");
        plane.stop("cache-a").await;

        let fresh = plane.start(spec(None, false, false)).await.unwrap();
        let mut client = connect(plane, &fresh, false, None).await.unwrap();
        assert_eq!(client.get::<_, Option<String>>("key").await.unwrap(), None, "{chosen}");
    }
}

#[tokio::test]
async fn many_servers_start_side_by_side_and_do_not_share_data() {
    for chosen in every_plane().await {
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..8 {
            let plane = Arc::clone(&chosen.plane);
            let spec = ServerSpec { name: format!("cache-{}", number % 4), ..spec(None, false, false) };
            starts.spawn(async move { plane.start(spec).await.unwrap().port });
        }
        let mut ports = starts.join_all().await;
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 4, "{chosen}: one server for each name");
    }
}

#[tokio::test]
async fn a_cluster_client_finds_its_way() {
    for chosen in every_plane().await {
        for tls in [false, true] {
            let plane = chosen.plane.as_ref();
            let name = format!("tls-{tls}");
            let at = plane.start(ServerSpec { name: name.clone(), ..spec(Some("pw"), tls, true) }).await.unwrap();
            let mut builder = redis::cluster::ClusterClientBuilder::new([url(&at, tls, Some("pw"))]);
            if tls {
                builder = builder.certs(trusting(plane.ca_pem()));
            }
            let mut client = builder.build().unwrap().get_async_connection().await.unwrap();
            for key in ["a", "b", "{tag}c"] {
                let () = client.set(key, key).await.unwrap();
                assert_eq!(client.get::<_, String>(key).await.unwrap(), key, "{chosen}");
            }
            plane.stop(&name).await;
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_know_the_ca_refuses_the_server() {
    let stranger = small_server().await;
    for chosen in every_plane().await {
        let at = chosen.plane.start(spec(None, true, false)).await.unwrap();
        assert!(connect(stranger.plane.as_ref(), &at, true, None).await.is_err(), "{chosen}");
        let at = Listening { host: "localhost".to_owned(), ..at };
        connect(chosen.plane.as_ref(), &at, true, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_of_the_newer_protocol_is_understood() {
    for chosen in every_plane().await {
        let at = chosen.plane.start(spec(Some("pw"), false, false)).await.unwrap();
        let client = Client::open(format!("{}/?protocol=resp3", url(&at, false, Some("pw")))).unwrap();
        let mut client = client.get_multiplexed_async_connection().await.unwrap();
        assert_eq!(client.get::<_, Option<String>>("key").await.unwrap(), None, "{chosen}");
    }
}

#[tokio::test]
async fn memcached_is_refused() {
    for chosen in every_plane().await {
        let refused = chosen.plane.start(ServerSpec { engine: Engine::Memcached, ..spec(None, false, false) }).await;
        assert_eq!(refused.err().map(|error| error.kind()), Some(ErrorKind::Unsupported), "{chosen}");
    }
}

#[tokio::test]
async fn dropping_the_plane_ends_its_servers() {
    for chosen in every_plane().await {
        let at = chosen.plane.start(spec(None, false, false)).await.unwrap();
        drop(chosen);
        let gone = async {
            while tokio::net::TcpStream::connect((at.host.as_str(), at.port)).await.is_ok() {
                SystemClock.sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the server ends");
    }
}
