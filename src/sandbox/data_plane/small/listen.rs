//! Connections of the small server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Shared;
use super::reply::Reply;
use super::request::{self, Unread};
use super::session::Session;
use crate::ping::within;

/// Most connections of one server at a time.
const MOST_CONNECTIONS: usize = 256;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Answers to a pipeline are sent when they are this long, in bytes, or when the pipeline is done.
const ENOUGH: usize = 64 * 1024;

/// Accepts until it is cancelled, and takes its connections along.
pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut served: i64 = 0;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "sandbox connection not accepted");
                // Out of file descriptors: trying again at once would spin.
                shared.clock.sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        if connections.len() >= MOST_CONNECTIONS {
            turn_away(&stream, tls.is_some());
            continue;
        }
        served += 1;
        connections.spawn(connection(stream, tls.clone(), Arc::clone(&shared), served));
    }
}

/// As Redis does: a reason without TLS, nothing with it.
fn turn_away(stream: &TcpStream, tls: bool) {
    if !tls {
        // A fresh connection has room for this line; if not, the client sees the end of it.
        let _ = stream.try_write(b"-ERR max number of clients reached\r\n");
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>, id: i64) {
    let result = match tls {
        None => talk(stream, &shared, id).await,
        Some(acceptor) => match within(shared.clock.as_ref(), HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Some(Ok(stream)) => talk(stream, &shared, id).await,
            Some(Err(error)) => Err(error),
            None => Err(io::ErrorKind::TimedOut.into()),
        },
    };
    if let Err(error) = result {
        tracing::trace!(error = &error as &dyn std::error::Error, "sandbox connection failed");
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, shared: &Shared, id: i64) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut session = Session::new(shared, id);
    let mut out = Vec::new();
    loop {
        let words = match request::read(&mut stream, session.limits()).await {
            Ok(words) => words,
            Err(Unread::Closed) => return Ok(()),
            Err(Unread::Io(error)) => return Err(error),
            Err(Unread::Malformed(what)) => {
                Reply::Error(format!("ERR Protocol error: {what}")).write(&mut out, false);
                stream.write_all(&out).await?;
                return stream.shutdown().await;
            }
        };
        if !words.is_empty() {
            let reply = session.answer(&words);
            reply.write(&mut out, session.speaks_resp3());
        }
        if stream.buffer().is_empty() || out.len() >= ENOUGH || session.is_over() {
            stream.write_all(&out).await?;
            stream.flush().await?;
            out.clear();
        }
        if session.is_over() {
            return stream.shutdown().await;
        }
    }
}
