//! A small Memcached in this process, for instances that are really to be reached: the text protocol's `version`, `get`,
//! `gets`, `set`, `add`, `replace`, `delete`, `flush_all`, `stats` and `quit`, and the cluster configuration that
//! auto-discovery asks for. Nothing expires.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::sandbox::Listening;

/// Bytes of a value, as the real default; and of a command line.
const LARGEST: usize = 1 << 20;
const LINE: u64 = 8192;
/// Most keys of one server.
const KEYS: usize = 10_000;

/// Servers by name.
#[derive(Debug, Default)]
pub(super) struct Memcached {
    servers: Mutex<HashMap<String, Server>>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    /// Ends the connections too: they are children of the accepting task.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Flags and data by key.
type Store = Arc<Mutex<HashMap<String, (String, Vec<u8>)>>>;

impl Memcached {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn start(&self, name: &str) -> io::Result<Listening> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = Server { address, accepting: tokio::spawn(accept(listener, address)) };
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), server);
        Ok(Listening { host: address.ip().to_string(), port: address.port() })
    }

    /// Stops a server and closes its connections.
    pub(super) fn stop(&self, name: &str) {
        let gone = self.servers.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(server) = gone {
            tracing::debug!(address = %server.address, "sandbox memcached stopped");
        }
    }
}

async fn accept(listener: TcpListener, address: SocketAddr) {
    let store = Store::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(serve(stream, Arc::clone(&store), address)); }
                Err(error) => tracing::debug!(%error, "sandbox connection not accepted"),
            },
        }
    }
}

async fn serve(stream: TcpStream, store: Store, address: SocketAddr) {
    // A client that goes away is none of our business.
    converse(stream, &store, address).await.ok();
}

async fn converse(mut stream: TcpStream, store: &Store, address: SocketAddr) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        if (&mut reader).take(LINE).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            ["quit"] => return Ok(()),
            [verb @ ("set" | "add" | "replace"), key, flags, _, length, rest @ ..] => {
                let Some(length) = length.parse().ok().filter(|length| *length <= LARGEST) else {
                    writer.write_all(b"SERVER_ERROR object too large for cache\r\n").await?;
                    return Ok(());
                };
                let mut data = vec![0; length + 2];
                reader.read_exact(&mut data).await?;
                data.truncate(length);
                let stored = put(store, verb, key, flags, data);
                if rest.contains(&"noreply") { Vec::new() } else { stored.to_vec() }
            }
            ["get" | "gets", keys @ ..] => get(store, keys, words[0] == "gets"),
            ["config", "get", "cluster"] => {
                let (ip, port) = (address.ip(), address.port());
                let nodes = format!("1\n{ip}|{ip}|{port}\n");
                format!("CONFIG cluster 0 {}\r\n{nodes}\r\nEND\r\n", nodes.len()).into_bytes()
            }
            words => short(store, words).to_vec(),
        };
        writer.write_all(&answer).await?;
    }
}

fn put(store: &Store, verb: &str, key: &str, flags: &str, data: Vec<u8>) -> &'static [u8] {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let known = store.contains_key(key);
    if (verb == "add" && known) || (verb == "replace" && !known) {
        return b"NOT_STORED\r\n";
    }
    if !known && store.len() >= KEYS {
        return b"SERVER_ERROR out of memory storing object\r\n";
    }
    store.insert(key.to_owned(), (flags.to_owned(), data));
    b"STORED\r\n"
}

fn get(store: &Store, keys: &[&str], with_cas: bool) -> Vec<u8> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let mut answer = Vec::new();
    for key in keys {
        if let Some((flags, data)) = store.get(*key) {
            let cas = if with_cas { " 1" } else { "" };
            answer.extend_from_slice(format!("VALUE {key} {flags} {}{cas}\r\n", data.len()).as_bytes());
            answer.extend_from_slice(data);
            answer.extend_from_slice(b"\r\n");
        }
    }
    answer.extend_from_slice(b"END\r\n");
    answer
}

fn short(store: &Store, words: &[&str]) -> &'static [u8] {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    match words {
        ["version"] => b"VERSION 1.6.15\r\n",
        ["stats", ..] => b"STAT version 1.6.15\r\nEND\r\n",
        ["flush_all", ..] => {
            store.clear();
            b"OK\r\n"
        }
        ["delete", key, ..] => {
            if store.remove(*key).is_some() {
                b"DELETED\r\n"
            } else {
                b"NOT_FOUND\r\n"
            }
        }
        _ => b"ERROR\r\n",
    }
}
