//! Only real servers: processes, files and ports.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cache_driver::clock::{Clock, SystemClock};
use cache_driver::random::SystemSource;
use cache_driver::sandbox::ServerSpec;
use cache_driver::sandbox::data_plane::{RealServers, choose};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::{connect, real_servers, spec};

async fn process_id(client: &mut MultiplexedConnection) -> u32 {
    let info: String = redis::cmd("INFO").arg("server").query_async(client).await.unwrap();
    info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_crashed_real_server_is_noticed_and_replaced_on_its_port() {
    let Some(chosen) = real_servers().await else { return };
    let plane = chosen.plane.as_ref();
    let at = plane.start(spec(Some("pw"), true, false)).await.unwrap();
    let mut client = connect(plane, &at, true, Some("pw")).await.unwrap();
    let crashed = process_id(&mut client).await;
    let killed = tokio::process::Command::new("kill").args(["-9", &crashed.to_string()]).status().await.unwrap();
    assert!(killed.success());
    while client.ping::<String>().await.is_ok() {
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    let gone = async {
        while plane.set_passwords("cache-a", vec!["x".into()]).await.err().map(|error| error.kind())
            != Some(ErrorKind::NotFound)
        {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the crash is noticed");

    let again = plane.start(spec(Some("pw"), true, false)).await.unwrap();
    assert_eq!(at.port, again.port);
    let mut client = connect(plane, &again, true, Some("pw")).await.unwrap();
    assert_ne!(process_id(&mut client).await, crashed);
}

#[tokio::test]
async fn a_real_server_keeps_its_secrets_and_its_settings_to_itself() {
    let Some(chosen) = real_servers().await else { return };
    assert!(chosen.to_string().contains("-server ") && chosen.to_string().contains(" at /"), "{chosen}");
    let at = chosen.plane.start(spec(Some("synthetic-pw"), true, false)).await.unwrap();
    let mut client = connect(chosen.plane.as_ref(), &at, true, Some("synthetic-pw")).await.unwrap();
    for forbidden in [&["CONFIG", "GET", "dir"][..], &["ACL", "LIST"], &["SHUTDOWN"], &["REPLICAOF", "NO", "ONE"]] {
        let mut request = redis::cmd(forbidden[0]);
        request.arg(&forbidden[1..]);
        let refused = request.query_async::<redis::Value>(&mut client).await.unwrap_err();
        assert_eq!(refused.code(), Some("NOPERM"), "{forbidden:?}");
    }
    let process = format!("/proc/{}", process_id(&mut client).await);
    let Ok(folder) = std::fs::read_link(format!("{process}/cwd")) else {
        println!("what other processes see is not tested: this system has no /proc");
        return;
    };
    for visible in ["cmdline", "environ"] {
        let content = std::fs::read(format!("{process}/{visible}")).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("synthetic-pw"));
    }
    assert_mode(&folder, 0o700);
    assert_mode(&folder.join("key.pem"), 0o600);
    for file in std::fs::read_dir(&folder).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("synthetic-pw"));
    }
    chosen.plane.stop("cache-a").await;
    assert!(!folder.exists() && !Path::new(&process).exists(), "nothing is left of a stopped server");
}

#[track_caller]
fn assert_mode(path: &Path, mode: u32) {
    let found = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(found, mode, "{}: {found:o}", path.display());
}

#[tokio::test]
async fn a_program_that_is_no_server_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("redis-server");
    std::fs::write(&program, "#!/bin/sh\necho Redis server v=5.0.1 sha=0\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let found = RealServers::find(Some(folder.path().as_os_str()));
    let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    assert!(chosen.to_string().starts_with("in-process server: "), "{chosen}");
    assert!(chosen.to_string().contains("5.0.1"), "{chosen}");

    std::fs::write(&program, "#!/bin/sh\n[ $1 = - ] || exec echo Redis server v=7.0.0\necho it is broken\nexit 3\n")
        .unwrap();
    let found = RealServers::find(Some(folder.path().as_os_str()));
    let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    let error = chosen.plane.start(spec(None, false, false)).await.err().unwrap().to_string();
    assert!(error.contains("did not start") && error.contains("it is broken"), "{error}");
}

#[tokio::test]
async fn a_real_server_that_loses_the_race_for_its_port_gets_another() {
    let Some(real) = RealServers::find(std::env::var_os("PATH").as_deref()) else {
        println!("not tested: no valkey-server or redis-server on PATH");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (program, lost) = (folder.path().join("redis-server"), folder.path().join("lost"));
    let script = format!(
        "#!/bin/sh\n[ \"$1\" != - ] || [ -e {lost} ] || {{ : > {lost}; echo 'Failed listening on port 1 (TCP), aborting.'; exit 1; }}\n\
         exec {real} \"$@\"\n",
        lost = lost.display(),
        real = real.path().display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let found = RealServers::find(Some(folder.path().as_os_str()));
    let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    let at = chosen.plane.start(spec(None, false, false)).await.unwrap();
    assert!(lost.exists(), "the race was lost once");
    connect(chosen.plane.as_ref(), &at, false, None).await.unwrap();
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing_behind() {
    let Some(chosen) = real_servers().await else { return };
    let plane = chosen.plane.as_ref();
    for number in 0..130 {
        let spec = ServerSpec { name: format!("cache-{number}"), ..spec(None, false, false) };
        tokio::select! {
            biased;
            _ = plane.start(spec) => panic!("a server cannot be ready that fast"),
            () = std::future::ready(()) => {}
        }
    }
    plane.start(spec(None, false, false)).await.unwrap();
}
