//! The commands. Errors are worded as Redis words them, because client libraries look at them.
//! Reference: <https://redis.io/docs/latest/commands/>

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::Shared;
use super::reply::Reply;
use super::session::Session;
use super::store::{Full, Store, TimeLeft};
use crate::clock::Timestamp;

/// The Redis version that the commands here behave like.
pub(super) const VERSION: &str = "7.0.0";
/// What a node of a cluster is called; there is one node only.
const NODE: &str = "0000000000000000000000000000000000000001";
const SYNTAX: &str = "ERR syntax error";

pub(super) fn wrong_number(command: &str) -> Reply {
    Reply::Error(format!("ERR wrong number of arguments for '{command}' command"))
}

pub(super) fn mode(shared: &Shared) -> &'static str {
    if shared.cluster { "cluster" } else { "standalone" }
}

/// `name` is in upper case.
pub(super) fn run(session: &mut Session<'_>, name: &[u8], args: &[Vec<u8>]) -> Reply {
    let shared = session.shared;
    let now = shared.clock.now();
    match (name, args) {
        (b"PING", []) => Reply::Simple("PONG"),
        (b"PING" | b"ECHO", [text]) => Reply::text(text),
        (b"SELECT", [index]) if index == b"0" => Reply::OK,
        (b"SELECT", [index]) if number(index).is_some() => Reply::error("ERR DB index is out of range"),
        (b"SELECT", [_]) => Reply::error("ERR value is not an integer or out of range"),
        (b"GET", [key]) => store(shared).get(key, now).map_or(Reply::Nothing, Reply::text),
        (b"SET", [key, value, options @ ..]) => set(&mut store(shared), key, value, options, now),
        (b"DEL", [_, ..]) => {
            let mut store = store(shared);
            count(args.iter().filter(|key| store.remove(key, now)).count())
        }
        (b"EXISTS", [_, ..]) => {
            let store = store(shared);
            count(args.iter().filter(|key| store.get(key, now).is_some()).count())
        }
        (b"TTL", [key]) => match store(shared).time_left(key, now) {
            TimeLeft::NotThere => Reply::Integer(-2),
            TimeLeft::Unlimited => Reply::Integer(-1),
            TimeLeft::For(left) => Reply::Integer(rounded_seconds(left)),
        },
        (b"INFO", _) => Reply::text(info(shared, now)),
        (b"CLIENT", [what, rest @ ..]) => client(session, &what.to_ascii_uppercase(), rest),
        (b"COMMAND", _) => Reply::List(Vec::new()),
        (b"CLUSTER", [what, ..]) if shared.cluster => cluster(shared, &what.to_ascii_uppercase()),
        (b"CLUSTER", [_, ..]) => Reply::error("ERR This instance has cluster support disabled"),
        (b"READONLY" | b"READWRITE", []) if shared.cluster => Reply::OK,
        (b"PING" | b"ECHO" | b"SELECT" | b"GET" | b"SET" | b"DEL" | b"EXISTS" | b"TTL" | b"CLIENT" | b"CLUSTER", _) => {
            wrong_number(&String::from_utf8_lossy(name).to_lowercase())
        }
        // The arguments are not repeated, as Redis would: they may be secret.
        _ => Reply::Error(format!("ERR unknown command '{}'", shortened(name))),
    }
}

fn store(shared: &Shared) -> MutexGuard<'_, Store> {
    shared.store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(keys: usize) -> Reply {
    Reply::Integer(i64::try_from(keys).unwrap_or(i64::MAX))
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn shortened(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(64).collect()
}

fn rounded_seconds(left: Duration) -> i64 {
    i64::try_from((left.as_millis() + 500) / 1000).unwrap_or(i64::MAX)
}

/// `SET key value [NX | XX] [EX seconds | PX milliseconds]`
fn set(store: &mut Store, key: &[u8], value: &[u8], options: &[Vec<u8>], now: Timestamp) -> Reply {
    let (mut only_new, mut only_known, mut until) = (false, false, None);
    let mut options = options;
    while let [option, rest @ ..] = options {
        options = match (option.to_ascii_uppercase().as_slice(), rest) {
            (b"NX", rest) if !only_known => {
                only_new = true;
                rest
            }
            (b"XX", rest) if !only_new => {
                only_known = true;
                rest
            }
            (unit @ (b"EX" | b"PX"), [length, rest @ ..]) if until.is_none() => {
                let Some(length) = number(length) else {
                    return Reply::error("ERR value is not an integer or out of range");
                };
                let millis = if unit == b"EX" { length.checked_mul(1000) } else { Some(length) };
                let millis = millis.and_then(|millis| u64::try_from(millis).ok()).filter(|millis| *millis > 0);
                until = millis.and_then(|millis| now.checked_add(Duration::from_millis(millis)).ok());
                if until.is_none() {
                    return Reply::error("ERR invalid expire time in 'set' command");
                }
                rest
            }
            _ => return Reply::error(SYNTAX),
        };
    }
    let known = store.get(key, now).is_some();
    if (only_new && known) || (only_known && !known) {
        return Reply::Nothing;
    }
    match store.set(key, value, until, now) {
        Ok(()) => Reply::OK,
        Err(Full) => Reply::error("OOM command not allowed when used memory > 'maxmemory'."),
    }
}

fn info(shared: &Shared, now: Timestamp) -> String {
    let uptime = now.duration_since(shared.since).as_secs().max(0);
    format!(
        "# Server\r\nserver_name:cache-driver sandbox\r\nredis_version:{VERSION}\r\nredis_mode:{}\r\ntcp_port:{}\r\n\
         uptime_in_seconds:{uptime}\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n\
         # Cluster\r\ncluster_enabled:{}\r\n",
        mode(shared),
        shared.address.port(),
        u8::from(shared.cluster),
    )
}

/// What client libraries send when they connect.
fn client(session: &mut Session<'_>, what: &[u8], args: &[Vec<u8>]) -> Reply {
    match (what, args) {
        (b"SETNAME", [name]) => {
            session.name.clone_from(name);
            Reply::OK
        }
        (b"GETNAME", []) if session.name.is_empty() => Reply::Nothing,
        (b"GETNAME", []) => Reply::text(&session.name),
        (b"ID", []) => Reply::Integer(session.id),
        (b"SETINFO", [_, _]) | (b"NO-EVICT" | b"NO-TOUCH", [_]) => Reply::OK,
        _ => Reply::Error(format!("ERR unknown subcommand or wrong number of arguments for '{}'", shortened(what))),
    }
}

/// A cluster of one node that has all slots.
fn cluster(shared: &Shared, what: &[u8]) -> Reply {
    let port = shared.address.port();
    let host = shared.address.ip().to_string();
    match what {
        b"SLOTS" => {
            let node = vec![Reply::text(host), Reply::Integer(port.into()), Reply::text(NODE), Reply::List(Vec::new())];
            Reply::List(vec![Reply::List(vec![Reply::Integer(0), Reply::Integer(16383), Reply::List(node)])])
        }
        b"NODES" => Reply::text(format!("{NODE} {host}:{port}@0 myself,master - 0 0 1 connected 0-16383\n")),
        b"MYID" => Reply::text(NODE),
        b"INFO" => Reply::text(
            "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_known_nodes:1\r\ncluster_size:1\r\n",
        ),
        _ => Reply::Error(format!("ERR unknown subcommand '{}'", shortened(what))),
    }
}
