//! What the configuration says, as `serve` would take it.

use super::report::{About, Section};
use crate::backend::Finding;
use crate::cli::table::number;
use crate::config::{Access, Auth, Config, Require, Server};

/// The configuration, which is known to be valid: what is wrong with it ends every command before this.
pub(super) fn look(config: &Config, has_tls: bool, routes: Vec<Finding>) -> Section {
    let mut findings =
        vec![listen(&config.server, has_tls), callers(&config.server.auth), operators(&config.server.auth)];
    let ids: Vec<&str> = config.secrets.keyring.iter().map(|key| key.id.as_str()).collect();
    let (active, further) = ids.split_first().map_or(("none", &[][..]), |(active, further)| (*active, further));
    let keys = if further.is_empty() {
        format!("new passwords and cookies are made with the key {active}")
    } else {
        let older = further.join(", ");
        format!("new passwords and cookies are made with the key {active}; older ones may be of {older}")
    };
    findings.push(Finding::ok("keyring", keys));
    findings.extend(routes);
    Section { about: About::Configuration, findings }
}

fn listen(server: &Server, has_tls: bool) -> Finding {
    let scheme = if has_tls { "https" } else { "http" };
    let seen = format!("{scheme}://{}", server.listen);
    if !has_tls && !server.listen.ip().is_loopback() && server.auth.proves_callers() {
        let seen = format!("{seen}: callers' secrets come in the clear, unless a proxy in front speaks TLS");
        return Finding::warning("listen", seen).mend("set server.tls.cert_file and server.tls.key_file");
    }
    let certificate = server.tls.cert_file.as_ref().filter(|_| has_tls);
    Finding::ok("listen", certificate.map_or(seen.clone(), |file| format!("{seen}, certificate {}", file.display())))
}

fn callers(auth: &Auth) -> Finding {
    let counted = |count: usize, what: &str| (count > 0).then(|| number(count, what));
    let ways: Vec<String> = [
        counted(auth.tokens.len(), "bearer token"),
        counted(auth.path_secrets.len(), "path secret"),
        counted(auth.jwt.keys.len(), "jwt key"),
        auth.mtls.client_ca_file.as_ref().map(|_| "client certificates".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let bound = if auth.allow_ips.is_empty() { "" } else { ", from the allowed addresses only" };
    if ways.is_empty() {
        let seen = format!("whoever reaches it may call{bound}");
        return Finding::warning("callers", seen).mend("set server.auth.tokens: `cache-driver token` makes one");
    }
    let joined = match auth.require {
        Require::Any => ways.join(" or "),
        Require::All => ways.join(" and "),
    };
    Finding::ok("callers", format!("by {joined}{bound}"))
}

fn operators(auth: &Auth) -> Finding {
    let seen = match (auth.operators.access, auth.operators.tokens.len()) {
        (Access::Open, _) => "open to everybody".to_owned(),
        (Access::Callers, 0) => "open to callers".to_owned(),
        (Access::Callers, count) => format!("open to callers, and to {} of operators", number(count, "token")),
    };
    Finding::ok("operators' paths", seen)
}
