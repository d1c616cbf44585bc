//! Addresses and networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// The addresses that Humanitec's own service calls from, for every one of its customers: those that its security page
/// and the data source `humanitec_source_ip_ranges` of its Terraform provider list, as of November 2026.
pub const HUMANITEC: [Ipv4Addr; 12] = [
    Ipv4Addr::new(34, 159, 97, 57),
    Ipv4Addr::new(35, 198, 74, 96),
    Ipv4Addr::new(34, 141, 77, 162),
    Ipv4Addr::new(34, 89, 188, 214),
    Ipv4Addr::new(34, 159, 140, 35),
    Ipv4Addr::new(34, 89, 165, 141),
    Ipv4Addr::new(34, 32, 134, 107),
    Ipv4Addr::new(34, 91, 7, 12),
    Ipv4Addr::new(34, 91, 109, 253),
    Ipv4Addr::new(34, 141, 184, 227),
    Ipv4Addr::new(34, 147, 1, 204),
    Ipv4Addr::new(35, 204, 216, 33),
];

const EXPECTED: &str = "expected an IP address or a network, such as \"192.0.2.7\" or \"10.0.0.0/8\"";

/// An address, or all that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether it holds this address. An IPv4 address that is written as IPv6 is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.prefix)).unwrap_or_default() == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - u32::from(self.prefix)).unwrap_or_default() == 0
            }
            _ => false,
        }
    }

    /// Whether it holds every address of its family.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.prefix == 0
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| EXPECTED.to_owned())?;
        if address != address.to_canonical() {
            return Err("write an IPv4 address as such, not within an IPv6 address".to_owned());
        }
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            // `u8` would read "+8" as well.
            Some(text) if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().map_err(|_| EXPECTED.to_owned())?,
            Some(_) => return Err(EXPECTED.to_owned()),
            None => most,
        };
        if prefix > most {
            return Err(format!("expected at most {most} after the slash"));
        }
        let rest = match address {
            IpAddr::V4(address) => u128::from(address.to_bits().checked_shl(prefix.into()).unwrap_or_default()),
            IpAddr::V6(address) => address.to_bits().checked_shl(prefix.into()).unwrap_or_default(),
        };
        if rest != 0 {
            return Err(
                "the address has bits beyond the prefix; did you mean a longer one, or a single address?".into()
            );
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Where callers may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// [`HUMANITEC`].
    Humanitec,
    /// A network.
    Network(Network),
}

impl Source {
    /// Whether this address is one of it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match self {
            Self::Humanitec => HUMANITEC.iter().any(|known| IpAddr::V4(*known) == address.to_canonical()),
            Self::Network(network) => network.contains(address),
        }
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "humanitec" {
            return Ok(Self::Humanitec);
        }
        text.parse()
            .map(Self::Network)
            .map_err(|reason: String| if reason == EXPECTED { format!("{EXPECTED}, or \"humanitec\"") } else { reason })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Humanitec => f.write_str("humanitec"),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.trim().parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.trim().parse().map_err(D::Error::custom)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.4/30", "::ffff:192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::/0", "::1", "203.0.113.9"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.1/8", "example.com", "::ffff:10.0.0.1", "/8"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_preset_is_twelve_addresses() {
        let preset: Source = "humanitec".parse().unwrap();
        assert!(preset.contains("34.159.97.57".parse().unwrap()));
        assert!(preset.contains("::ffff:35.204.216.33".parse().unwrap()));
        assert!(!preset.contains("34.159.97.58".parse().unwrap()));
        assert!("Humanitec".parse::<Source>().is_err());
    }
}
