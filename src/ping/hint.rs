//! From what went wrong to what to look at.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::Target;
use super::resp::NoReply;
use super::tls::Unprepared;

/// Why a step failed, and what to do about it.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) why: String,
    pub(super) hint: String,
}

impl Problem {
    pub(super) fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), hint: hint.into() }
    }
}

const INSIDE: &str = "run this from inside the cache's network, for instance in a pod of the cluster that uses it";

pub(super) fn no_address(error: Option<&io::Error>) -> Problem {
    let why = error.map_or_else(|| "the name has no address".to_owned(), ToString::to_string);
    let hint =
        format!("check the host name; the names of private endpoints resolve only inside their network: {INSIDE}");
    Problem::new(why, hint)
}

pub(super) fn dns_silent() -> Problem {
    Problem::new("no answer in time", "the name server does not answer: check this machine's resolver")
}

pub(super) fn not_connected(at: SocketAddr, error: &io::Error) -> Problem {
    let why = format!("{at}: {error}");
    let hint = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "the host is there, but nothing listens on this port: check the port; a new cache may still be starting"
                .to_owned()
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable if is_private(at.ip()) => {
            format!("the address is private and there is no route to it: {INSIDE}")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no route to the address: check the network of this machine".to_owned()
        }
        _ => "check security groups and firewalls on the way".to_owned(),
    };
    Problem::new(why, hint)
}

pub(super) fn tcp_silent(addresses: &[SocketAddr]) -> Problem {
    let firewall = "packets are dropped on the way: let this machine in by security group or firewall rule";
    let private = addresses.iter().any(|at| is_private(at.ip()));
    let hint = if private { format!("{firewall}; the address is private: {INSIDE}") } else { firewall.to_owned() };
    Problem::new("no answer in time", hint)
}

/// Addresses that are reached only from inside a network: private, shared (RFC 6598), link-local, unique local.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_link_local() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

pub(super) fn unprepared(error: &Unprepared) -> Problem {
    let hint = match error {
        Unprepared::BadCa => "ca_cert must be one or more certificates in PEM",
        Unprepared::NoRoots => "install the machine's CA bundle (ca-certificates), or set ca_cert",
        Unprepared::BadHost(_) => "check the host name",
        Unprepared::Setup(_) => "this is a fault of the driver",
    };
    Problem::new(error.to_string(), hint)
}

pub(super) fn plain_server(why: &str) -> Problem {
    Problem::new(why, "the server speaks without TLS: turn TLS off for this client, or turn it on for the cache")
}

pub(super) fn handshake_failed(target: &Target, error: &io::Error) -> Problem {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) else {
        return Problem::new(
            error.to_string(),
            "the server ended the handshake: check that this is the cache's TLS port",
        );
    };
    let hint = match tls {
        TlsError::InvalidCertificate(problem) => certificate(target, problem),
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server asks clients for a certificate, which is not supported here".to_owned()
        }
        _ => "check that this is the cache's TLS port, and that it offers TLS 1.2 or 1.3".to_owned(),
    };
    Problem::new(tls.to_string(), hint)
}

fn certificate(target: &Target, problem: &CertificateError) -> String {
    match problem {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is for another host than {}: connect by the name that the cloud gave", target.host)
        }
        CertificateError::UnknownIssuer if target.ca_pem.is_none() => {
            "the certificate is signed by a CA that this machine does not know: set ca_cert to the cache's CA".to_owned()
        }
        // A new CA of the same name as the old one shows as a signature that does not fit.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate is signed by another CA than the given ca_cert: fetch the CA again, it may have been rotated".to_owned()
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid now: check the clock of this machine, then the certificate".to_owned()
        }
        _ => "the certificate is not acceptable: check that this is the cache, and not something in between".to_owned(),
    }
}

pub(super) fn handshake_silent() -> Problem {
    Problem::new(
        "no answer in time",
        "the connection stands but the server does not speak TLS: check the port, and whether the cache has TLS",
    )
}

pub(super) fn no_reply(target: &Target, error: &NoReply) -> Problem {
    // 0x15 begins a TLS alert: a TLS server's answer to a client that speaks in the clear.
    let tls_expected =
        !target.tls && matches!(error, NoReply::Foreign { first: 0x15 } | NoReply::Closed | NoReply::Io(_));
    let hint = match error {
        _ if tls_expected => "the server seems to expect TLS: turn TLS on for this client",
        NoReply::Foreign { .. } => "something else than a Redis or Valkey server listens there: check the port",
        NoReply::Closed | NoReply::Io(_) => "the server ended the connection: it may be restarting or full, try again",
    };
    let why = match error {
        NoReply::Io(source) => source.to_string(),
        other => other.to_string(),
    };
    Problem::new(why, hint)
}

pub(super) fn reply_silent(target: &Target) -> Problem {
    let hint = if target.tls {
        "the server is overloaded, or something between holds the connection"
    } else {
        "the server is overloaded, or it expects TLS: turn TLS on for this client"
    };
    Problem::new("no answer in time", hint)
}

/// The server answered with an error. Its codes: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>
pub(super) fn refused(target: &Target, error: &str) -> Problem {
    let code = error.split(' ').next().unwrap_or_default();
    let hint = match code {
        "NOAUTH" if target.password.is_none() => "the server asks for a password: give one",
        "NOAUTH" => "the server did not take the log-in: check user and password",
        "WRONGPASS" => {
            "the user or the password is wrong: read the resource's current secret, it may have been rotated"
        }
        "NOPERM" => "the user may log in but not run PING: check its access rules",
        "LOADING" | "MASTERDOWN" | "BUSY" => "the server is up but not ready: try again in a moment",
        "DENIED" => "the server is in protected mode and takes local clients only: set a password on it",
        _ if error.contains("without any password configured") => "the server asks for no password: leave it out",
        _ if error.contains("invalid password") => {
            "the password is wrong: read the resource's current secret, it may have been rotated"
        }
        _ if error.contains("max number of clients") => {
            "the server has no room for another client: close some, or take a larger size"
        }
        _ => "the server refused: its own words say why",
    };
    Problem::new(format!("the server says: {error}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_address_that_is_silent_is_to_be_tried_from_inside() {
        let inside = |ip: &str| tcp_silent(&[SocketAddr::new(ip.parse().unwrap(), 6379)]).hint.contains(INSIDE);
        for private in ["10.0.0.5", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1"] {
            assert!(inside(private), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1"] {
            assert!(!inside(public), "{public}");
        }
    }

    #[test]
    fn each_way_not_to_be_connected_has_its_own_hint() {
        let hint =
            |kind: io::ErrorKind, ip: &str| not_connected(SocketAddr::new(ip.parse().unwrap(), 1), &kind.into()).hint;
        assert!(hint(io::ErrorKind::ConnectionRefused, "10.0.0.5").contains("nothing listens"));
        assert!(hint(io::ErrorKind::HostUnreachable, "10.0.0.5").contains(INSIDE));
        assert!(hint(io::ErrorKind::NetworkUnreachable, "8.8.8.8").contains("no route"));
        assert!(hint(io::ErrorKind::ConnectionReset, "8.8.8.8").contains("firewalls"));
    }
}
