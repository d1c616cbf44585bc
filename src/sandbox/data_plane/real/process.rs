//! A server that runs, and the way to change it.

use std::fmt;
use std::io;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;

use super::super::secret::Hashed;
use crate::clock::Clock;
use crate::ping::resp::{Connection, Reply};
use crate::ping::{tls, within};
use crate::sandbox::server::Listening;

pub(super) const HOST: &str = "127.0.0.1";
/// The user that this process logs in as.
pub(super) const ADMIN: &str = "sandbox-admin";
/// A server on this machine that takes longer for one command is not well.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// What clients may do: everything but what managed services keep to themselves (CONFIG, ACL, SHUTDOWN, DEBUG …).
/// ElastiCache: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SupportedCommands.html>
const CLIENT_RIGHTS: [&str; 6] = ["resetkeys", "~*", "&*", "+@all", "-@admin", "-migrate"];

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    /// Certificate, key and log of the server.
    pub(super) folder: TempDir,
    pub(super) admin: Admin,
}

impl Process {
    /// False once the process has ended, for whatever reason.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn listening(&self) -> Listening {
        Listening { host: HOST.to_owned(), port: self.admin.port }
    }

    pub(super) fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Ends the server and waits until it is gone. There is nothing that it would want to save.
    pub(super) async fn end(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "sandbox server not ended");
        }
        if let Err(error) = self.folder.close() {
            tracing::debug!(error = &error as &dyn std::error::Error, "folder of a sandbox server not removed");
        }
    }
}

/// How to log in as administrator.
pub(super) struct Admin {
    pub(super) port: u16,
    pub(super) password: SecretString,
    pub(super) tls: Option<ClientConfig>,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Admin {
    /// Logs in and runs one command.
    pub(super) async fn command(&self, words: &[&[u8]], clock: &dyn Clock) -> io::Result<Reply> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the sandbox server does not answer");
        within(clock, REPLY_TIMEOUT, self.talk(words)).await.ok_or_else(late)?
    }

    /// Makes these passwords the valid ones, of which any will do; without any, no password is needed.
    pub(super) async fn set_passwords(&self, passwords: &[Hashed], clock: &dyn Clock) -> io::Result<()> {
        let rules = client_rules(passwords);
        let mut words: Vec<&[u8]> = vec![b"ACL", b"SETUSER", b"default"];
        words.extend(rules.iter().map(String::as_bytes));
        self.command(&words, clock).await.map(|_| ())
    }

    async fn talk(&self, words: &[&[u8]]) -> io::Result<Reply> {
        let stream = TcpStream::connect((HOST, self.port)).await?;
        match &self.tls {
            None => self.talk_over(Connection::new(stream), words).await,
            Some(config) => {
                let name = tls::server_name(HOST).map_err(io::Error::other)?;
                let stream = tls::handshake(config.clone(), name, stream).await?;
                self.talk_over(Connection::new(stream), words).await
            }
        }
    }

    async fn talk_over<S>(&self, mut connection: Connection<S>, words: &[&[u8]]) -> io::Result<Reply>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let login: [&[u8]; 3] = [b"AUTH", ADMIN.as_bytes(), self.password.expose_secret().as_bytes()];
        refusal(connection.command(&login).await.map_err(io::Error::other)?)?;
        refusal(connection.command(words).await.map_err(io::Error::other)?)
    }
}

fn refusal(reply: Reply) -> io::Result<Reply> {
    match reply {
        Reply::Error(error) => Err(io::Error::other(error)),
        other => Ok(other),
    }
}

/// The rules of the user that clients are.
pub(super) fn client_rules(passwords: &[Hashed]) -> Vec<String> {
    let mut rules = vec!["on".to_owned(), "resetpass".to_owned()];
    if passwords.is_empty() {
        rules.push("nopass".to_owned());
    }
    rules.extend(passwords.iter().map(|password| format!("#{}", password.hex())));
    rules.extend(CLIENT_RIGHTS.map(str::to_owned));
    rules
}
