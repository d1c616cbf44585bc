//! One client: who it is, and what it may do.

use std::sync::PoisonError;

use super::super::secret::is_one_of;
use super::Shared;
use super::commands;
use super::reply::Reply;
use super::request::Limits;

const DEFAULT_USER: &[u8] = b"default";

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) shared: &'a Shared,
    pub(super) id: i64,
    pub(super) name: Vec<u8>,
    known: bool,
    resp3: bool,
    over: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(shared: &'a Shared, id: i64) -> Self {
        // As in Redis, who came in without a password may stay when one is set later.
        let known = shared.passwords.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        Self { shared, id, name: Vec::new(), known, resp3: false, over: false }
    }

    pub(super) fn limits(&self) -> Limits {
        if self.known { Limits::CLIENT } else { Limits::STRANGER }
    }

    pub(super) fn speaks_resp3(&self) -> bool {
        self.resp3
    }

    /// Whether the client said goodbye.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Runs one command, of at least one word.
    pub(super) fn answer(&mut self, words: &[Vec<u8>]) -> Reply {
        let (name, args) = words.split_first().expect("an empty command is not answered");
        let name = name.to_ascii_uppercase();
        match name.as_slice() {
            b"AUTH" => self.auth(args),
            b"HELLO" => self.hello(args),
            b"QUIT" => {
                self.over = true;
                Reply::OK
            }
            _ if !self.is_known() => Reply::error("NOAUTH Authentication required."),
            _ => commands::run(self, &name, args),
        }
    }

    /// A server whose password was taken away asks nobody for one.
    fn is_known(&mut self) -> bool {
        self.known = self.known || self.no_password();
        self.known
    }

    fn no_password(&self) -> bool {
        self.shared.passwords.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn auth(&mut self, args: &[Vec<u8>]) -> Reply {
        match args {
            [_] if self.no_password() => Reply::error(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ),
            [password] => self.log_in(DEFAULT_USER, password),
            [user, password] => self.log_in(user, password),
            [] => commands::wrong_number("auth"),
            _ => Reply::error("ERR syntax error"),
        }
    }

    fn log_in(&mut self, user: &[u8], password: &[u8]) -> Reply {
        let passwords = self.shared.passwords.read().unwrap_or_else(PoisonError::into_inner);
        // Both are looked at in any case: a wrong user takes as long as a wrong password.
        let right = is_one_of(&passwords, password) || passwords.is_empty();
        if user == DEFAULT_USER && right {
            self.known = true;
            Reply::OK
        } else {
            Reply::error("WRONGPASS invalid username-password pair or user is disabled.")
        }
    }

    /// `HELLO [version [AUTH user password] [SETNAME name]]`
    fn hello(&mut self, args: &[Vec<u8>]) -> Reply {
        let (resp3, mut options) = match args.split_first() {
            None => (self.resp3, args),
            Some((version, options)) if version == b"2" => (false, options),
            Some((version, options)) if version == b"3" => (true, options),
            Some(_) => return Reply::error("NOPROTO unsupported protocol version"),
        };
        let mut name = None;
        while let [word, rest @ ..] = options {
            options = match (word.to_ascii_uppercase().as_slice(), rest) {
                (b"AUTH", [user, password, rest @ ..]) => {
                    if let refused @ Reply::Error(_) = self.log_in(user, password) {
                        return refused;
                    }
                    rest
                }
                (b"SETNAME", [given, rest @ ..]) => {
                    name = Some(given.clone());
                    rest
                }
                _ => return Reply::error("ERR Syntax error in HELLO option"),
            };
        }
        if !self.is_known() {
            return Reply::error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
                 <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
            );
        }
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.resp3 = resp3;
        Reply::Map(vec![
            ("server", Reply::text("redis")),
            ("version", Reply::text(commands::VERSION)),
            ("proto", Reply::Integer(if resp3 { 3 } else { 2 })),
            ("id", Reply::Integer(self.id)),
            ("mode", Reply::text(commands::mode(self.shared))),
            ("role", Reply::text("master")),
            ("modules", Reply::List(Vec::new())),
        ])
    }
}
