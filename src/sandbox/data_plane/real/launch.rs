//! From a specification to a server that answers.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::super::secret::{Hashed, hex};
use super::Binary;
use super::process::{ADMIN, Admin, HOST, Process, client_rules};
use crate::clock::Clock;
use crate::ping::resp::Reply;
use crate::ping::tls;
use crate::random::Random;
use crate::sandbox::certificate::{Authority, ServerCertificate};
use crate::sandbox::server::ServerSpec;

/// Somebody else may take a free port before the server does; more often than this, something else is wrong.
const PORT_TRIES: usize = 5;
/// A server answers after about 15 ms, a cluster after two seconds: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>
const READY_TRIES: usize = 400;
const READY_PAUSE: Duration = Duration::from_millis(25);

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const LOG: &str = "log";

pub(super) struct Launcher<'a> {
    pub(super) binary: &'a Binary,
    pub(super) authority: &'a Authority,
    pub(super) clock: &'a dyn Clock,
    pub(super) random: &'a dyn Random,
}

struct Ports {
    clients: u16,
    /// Where the nodes of a cluster would talk to each other.
    bus: u16,
}

impl Launcher<'_> {
    /// Returns when the server answers. `wanted_port` is tried first.
    pub(super) async fn launch(&self, spec: &ServerSpec, wanted_port: Option<u16>) -> io::Result<Process> {
        let mut wanted_port = wanted_port;
        let mut failure = io::Error::new(io::ErrorKind::AddrInUse, "no free port");
        for _ in 0..PORT_TRIES {
            let ports = free_ports(wanted_port.take()).await?;
            let mut process = self.spawn(spec, &ports).await?;
            match self.ready(spec, &mut process).await {
                Ok(()) => return Ok(process),
                Err(error) => {
                    let log = last_line(process.folder.path());
                    let lost_race = !process.is_alive()
                        && (log.contains("ddress already in use") || log.contains("Failed listening"));
                    process.end().await;
                    failure = io::Error::other(format!("{} did not start: {error}: {log}", self.binary.name()));
                    if !lost_race {
                        break;
                    }
                }
            }
        }
        Err(failure)
    }

    async fn spawn(&self, spec: &ServerSpec, ports: &Ports) -> io::Result<Process> {
        let password = self.password();
        let certificate = if spec.tls { Some(self.authority.server().map_err(io::Error::other)?) } else { None };
        let tls = match certificate {
            Some(_) => Some(tls::client_config(Some(&self.authority.pem())).map_err(io::Error::other)?),
            None => None,
        };
        let (folder, log) = tokio::task::spawn_blocking(move || prepare_folder(certificate.as_ref())).await??;
        let mut child = self
            .binary
            .command()
            .arg("-")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A server that ended at once says why in its log, which is more than the broken pipe does.
            let _ = input.write_all(config(spec, ports, &password).as_bytes()).await;
        }
        Ok(Process { child, folder, admin: Admin { port: ports.clients, password, tls } })
    }

    /// 256 random bits, in hexadecimal digits.
    fn password(&self) -> SecretString {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        hex(&bytes).into()
    }

    async fn ready(&self, spec: &ServerSpec, process: &mut Process) -> io::Result<()> {
        self.patiently(process, &[b"PING"], |reply| *reply == Reply::Simple("PONG".to_owned())).await?;
        if spec.cluster {
            process.admin().command(&[b"CLUSTER", b"ADDSLOTSRANGE", b"0", b"16383"], self.clock).await?;
            let well =
                |reply: &Reply| matches!(reply, Reply::Bulk(Some(text)) if text.starts_with(b"cluster_state:ok"));
            self.patiently(process, &[b"CLUSTER", b"INFO"], well).await?;
        }
        Ok(())
    }

    /// Repeats a command until its answer is the wanted one. Logging in first proves that it is our server that listens there.
    async fn patiently(
        &self,
        process: &mut Process,
        words: &[&[u8]],
        wanted: impl Fn(&Reply) -> bool,
    ) -> io::Result<()> {
        let mut seen = io::Error::other("no answer");
        for _ in 0..READY_TRIES {
            if let Some(status) = process.child.try_wait()? {
                return Err(io::Error::other(format!("it ended, {status}")));
            }
            match process.admin().command(words, self.clock).await {
                Ok(reply) if wanted(&reply) => return Ok(()),
                Ok(_) => seen = io::Error::other("it never became ready"),
                Err(error) => seen = error,
            }
            self.clock.sleep(READY_PAUSE).await;
        }
        Err(seen)
    }
}

/// Ports that nobody holds at this moment.
async fn free_ports(wanted: Option<u16>) -> io::Result<Ports> {
    let clients = match wanted {
        Some(port) => match TcpListener::bind((HOST, port)).await {
            Ok(free) => free,
            Err(_) => TcpListener::bind((HOST, 0)).await?,
        },
        None => TcpListener::bind((HOST, 0)).await?,
    };
    // Both are held at the same time, so that they differ.
    let bus = TcpListener::bind((HOST, 0)).await?;
    Ok(Ports { clients: clients.local_addr()?.port(), bus: bus.local_addr()?.port() })
}

fn config(spec: &ServerSpec, ports: &Ports, admin: &SecretString) -> String {
    let passwords: Vec<Hashed> = spec.password.iter().map(Hashed::new).collect();
    let mut lines = vec![
        format!("bind {HOST}"),
        format!("port {}", if spec.tls { 0 } else { ports.clients }),
        "dir .".to_owned(),
        "save \"\"".to_owned(),
        "appendonly no".to_owned(),
        "daemonize no".to_owned(),
        "loglevel warning".to_owned(),
        "maxmemory 64mb".to_owned(),
        "maxmemory-policy volatile-lru".to_owned(),
        "maxclients 512".to_owned(),
        format!("user default {}", client_rules(&passwords).join(" ")),
        format!("user {ADMIN} on #{} ~* &* +@all", Hashed::new(admin).hex()),
    ];
    if spec.tls {
        lines.push(format!("tls-port {}", ports.clients));
        lines.push(format!("tls-cert-file {CERTIFICATE}"));
        lines.push(format!("tls-key-file {KEY}"));
        // The server wants a CA although it never asks a client for a certificate.
        lines.push(format!("tls-ca-cert-file {CERTIFICATE}"));
        lines.push("tls-auth-clients no".to_owned());
    }
    if spec.cluster {
        lines.push("cluster-enabled yes".to_owned());
        lines.push("cluster-config-file nodes.conf".to_owned());
        lines.push(format!("cluster-port {}", ports.bus));
        lines.push(format!("cluster-announce-ip {HOST}"));
        if spec.tls {
            lines.push("tls-cluster yes".to_owned());
            lines.push(format!("cluster-announce-tls-port {}", ports.clients));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A folder that only this user can enter, with what the server reads there, and the file for its log.
fn prepare_folder(certificate: Option<&ServerCertificate>) -> io::Result<(TempDir, File)> {
    let mine = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix("cache-driver-").permissions(mine).tempdir()?;
    if let Some(certificate) = certificate {
        std::fs::write(folder.path().join(CERTIFICATE), certificate.pem())?;
        let mut key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.path().join(KEY))?;
        key.write_all(certificate.key_pem().expose_secret().as_bytes())?;
    }
    let log = File::create(folder.path().join(LOG))?;
    Ok((folder, log))
}

/// The last words of the server.
fn last_line(folder: &Path) -> String {
    let log = std::fs::read(folder.join(LOG)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log).into_owned();
    log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it logged nothing").to_owned()
}
