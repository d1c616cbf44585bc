//! The steps themselves.

use std::net::SocketAddr;

use rustls::ProtocolVersion;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::hint::{self, Problem};
use super::report::{Outcome, Report, Stage};
use super::resp::{Connection, Reply};
use super::{Target, Timeouts, tls, within};
use crate::clock::{Clock, Timestamp};

/// Longer texts of a server are cut.
const LONGEST_DETAIL: usize = 300;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What a step found, and what the next one needs.
type Step<T> = Result<(T, String), Problem>;

pub(super) struct Walk<'a> {
    target: &'a Target,
    timeouts: &'a Timeouts,
    clock: &'a dyn Clock,
    report: Report,
}

impl<'a> Walk<'a> {
    pub(super) fn new(target: &'a Target, timeouts: &'a Timeouts, clock: &'a dyn Clock) -> Self {
        Self { target, timeouts, clock, report: Report::new(target) }
    }

    pub(super) async fn run(mut self) -> Report {
        self.report.ok = self.walk().await.is_some();
        self.report
    }

    /// `None` as soon as a step failed.
    async fn walk(&mut self) -> Option<()> {
        let begun = self.clock.now();
        let addresses = self.resolve().await;
        let addresses = self.note(Stage::Dns, begun, addresses)?;

        let begun = self.clock.now();
        let connected = self.connect(&addresses).await;
        let (stream, address) = self.note(Stage::Tcp, begun, connected)?;

        let mut stream: Box<dyn Stream> = Box::new(stream);
        if self.target.tls {
            let begun = self.clock.now();
            let encrypted = self.encrypt(stream, address).await;
            stream = self.note(Stage::Tls, begun, encrypted)?;
        } else {
            self.skip(Stage::Tls, "not asked for");
        }

        let mut connection = Connection::new(stream);
        if let Some(password) = &self.target.password {
            let password = password.expose_secret().as_bytes();
            let words: Vec<&[u8]> = match &self.target.username {
                Some(user) => vec![b"AUTH", user.as_bytes(), password],
                None => vec![b"AUTH", password],
            };
            let begun = self.clock.now();
            let answer = self.ask(&mut connection, &words, "OK").await;
            self.note(Stage::Auth, begun, answer)?;
        } else {
            self.skip(Stage::Auth, "no password given");
        }

        let begun = self.clock.now();
        let answer = self.ask(&mut connection, &[b"PING"], "PONG").await;
        self.note(Stage::Ping, begun, answer)
    }

    /// Writes down how a step ended.
    fn note<T>(&mut self, stage: Stage, begun: Timestamp, step: Step<T>) -> Option<T> {
        // The machine's clock may have been set back meanwhile.
        let took = self.clock.now().duration_since(begun).as_secs_f64().max(0.0) * 1000.0;
        let (outcome, found, detail) = match step {
            Ok((found, detail)) => (Outcome::Ok, Some(found), detail),
            Err(problem) => {
                self.report.hint = Some(problem.hint);
                (Outcome::Failed, None, problem.why)
            }
        };
        let detail = self.printable(&detail);
        let entry = self.report.stage_mut(stage);
        entry.outcome = outcome;
        entry.took_ms = Some(took);
        entry.detail = detail;
        found
    }

    fn skip(&mut self, stage: Stage, why: &str) {
        let entry = self.report.stage_mut(stage);
        entry.outcome = Outcome::Skipped;
        why.clone_into(&mut entry.detail);
    }

    /// A server may send anything back, even the password (`ERR unknown command 'AUTH', with args beginning with: …`).
    fn printable(&self, text: &str) -> String {
        // Redis repeats at most 128 bytes of an argument, so a longer password would not be found whole.
        let mut text = text.split("args beginning with").next().unwrap_or_default().to_owned();
        if let Some(password) = self.target.password.as_ref().map(ExposeSecret::expose_secret)
            && !password.is_empty()
        {
            text = text.replace(password, "[password]");
        }
        text.chars().take(LONGEST_DETAIL).map(|c| if c.is_control() { '?' } else { c }).collect()
    }

    async fn resolve(&self) -> Step<Vec<SocketAddr>> {
        let lookup = tokio::net::lookup_host((self.target.host.as_str(), self.target.port));
        let found = within(self.clock, self.timeouts.dns, lookup).await.ok_or_else(hint::dns_silent)?;
        let mut addresses: Vec<SocketAddr> = found.map_err(|error| hint::no_address(Some(&error)))?.collect();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(hint::no_address(None));
        }
        let detail = addresses.iter().map(|at| at.ip().to_string()).collect::<Vec<_>>().join(", ");
        Ok((addresses, detail))
    }

    async fn connect(&self, addresses: &[SocketAddr]) -> Step<(TcpStream, SocketAddr)> {
        let mut problem = hint::tcp_silent(addresses);
        let attempts = async {
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Some((stream, *address)),
                    Err(error) => problem = hint::not_connected(*address, &error),
                }
            }
            None
        };
        match within(self.clock, self.timeouts.tcp, attempts).await {
            Some(Some((stream, address))) => Ok(((stream, address), format!("connected to {address}"))),
            Some(None) => Err(problem),
            None => Err(hint::tcp_silent(addresses)),
        }
    }

    async fn encrypt(&self, stream: Box<dyn Stream>, address: SocketAddr) -> Step<Box<dyn Stream>> {
        let config = tls::client_config(self.target.ca_pem.as_deref()).map_err(|error| hint::unprepared(&error))?;
        let name = tls::server_name(&self.target.host).map_err(|error| hint::unprepared(&error))?;
        match within(self.clock, self.timeouts.tls, tls::handshake(config, name, stream)).await {
            Some(Ok(stream)) => {
                let detail = match stream.get_ref().1.protocol_version() {
                    Some(ProtocolVersion::TLSv1_3) => "TLS 1.3, certificate valid",
                    Some(ProtocolVersion::TLSv1_2) => "TLS 1.2, certificate valid",
                    _ => "certificate valid",
                };
                Ok((Box::new(stream), detail.to_owned()))
            }
            Some(Err(error)) => {
                let problem = hint::handshake_failed(self.target, &error);
                let answered = matches!(
                    error.get_ref().and_then(|inner| inner.downcast_ref()),
                    Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_))
                );
                // A server that sent a certificate or an alert does speak TLS.
                if !answered && self.speaks_plain(address).await {
                    return Err(hint::plain_server(&problem.why));
                }
                Err(problem)
            }
            None if self.speaks_plain(address).await => {
                Err(hint::plain_server("no answer to the TLS greeting in time"))
            }
            None => Err(hint::handshake_silent()),
        }
    }

    /// Whether a Redis server answers there without TLS. Sends no credentials.
    async fn speaks_plain(&self, address: SocketAddr) -> bool {
        let probe = async {
            let stream = TcpStream::connect(address).await.ok()?;
            Connection::new(stream).command(&[b"PING"]).await.ok()
        };
        matches!(within(self.clock, self.timeouts.reply, probe).await, Some(Some(_)))
    }

    async fn ask(&self, connection: &mut Connection<Box<dyn Stream>>, words: &[&[u8]], good: &str) -> Step<()> {
        let answer = within(self.clock, self.timeouts.reply, connection.command(words)).await;
        match answer.ok_or_else(|| hint::reply_silent(self.target))? {
            Ok(Reply::Simple(text)) if text == good => Ok(((), text)),
            Ok(Reply::Error(text)) => Err(hint::refused(self.target, &text)),
            Ok(_) => Err(Problem::new(
                "an answer that does not fit",
                "something between changes the answers: check the port",
            )),
            Err(error) => Err(hint::no_reply(self.target, &error)),
        }
    }
}
