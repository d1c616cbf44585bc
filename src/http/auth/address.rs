//! Where a caller calls from.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::config::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The caller's address: of the connection, or, if that is a trusted proxy, the rightmost one in `X-Forwarded-For` that is
/// of no trusted proxy. What stands left of it was written by the caller. `None` if a proxy tells something unreadable.
pub(super) fn of_caller(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let mut address = peer?.to_canonical();
    // Each proxy adds what it sees, as an element or as a header of its own.
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        if !is_proxy(address, proxies) {
            return Some(address);
        }
        let hops = value.to_str().ok()?.rsplit(',').map(str::trim);
        for hop in hops.filter(|hop| !hop.is_empty()) {
            if !is_proxy(address, proxies) {
                return Some(address);
            }
            address = parse(hop)?;
        }
    }
    Some(address)
}

fn is_proxy(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// An address; some proxies add the port, and then put brackets around an IPv6 address.
fn parse(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let address = address.or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[&str]) -> Option<String> {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(FORWARDED_FOR, value.parse().unwrap());
        }
        of_caller(Some(peer.parse().unwrap()), &map, &proxies).map(|address| address.to_string())
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        for (peer, headers, expected) in [
            ("203.0.113.9", &["192.0.2.1"][..], Some("203.0.113.9")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["203.0.113.9"], Some("203.0.113.9")),
            ("::ffff:10.0.0.1", &["203.0.113.9"], Some("203.0.113.9")),
            ("10.0.0.1", &["192.0.2.1, 203.0.113.9"], Some("203.0.113.9")),
            ("10.0.0.1", &["192.0.2.1,203.0.113.9 , 10.0.0.2"], Some("203.0.113.9")),
            ("10.0.0.1", &["192.0.2.1", "203.0.113.9, 10.0.0.2"], Some("203.0.113.9")),
            ("10.0.0.1", &["192.0.2.1", "10.0.0.2"], Some("192.0.2.1")),
            ("10.0.0.1", &["10.0.0.3, 2001:db8::7"], Some("10.0.0.3")),
            ("10.0.0.1", &["203.0.113.9:4711"], Some("203.0.113.9")),
            ("10.0.0.1", &["[2001:db9::1]:4711"], Some("2001:db9::1")),
            ("10.0.0.1", &["[2001:db9::1]"], Some("2001:db9::1")),
            ("10.0.0.1", &["192.0.2.1, unknown"], None),
            ("10.0.0.1", &["unknown, 203.0.113.9"], Some("203.0.113.9")),
            ("10.0.0.1", &[", "], Some("10.0.0.1")),
        ] {
            assert_eq!(seen(peer, headers).as_deref(), expected, "{peer} {headers:?}");
        }
    }
}
