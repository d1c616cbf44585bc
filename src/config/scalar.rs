//! Readers of single values, lenient about spelling: an environment variable is always a text, so `"8080"` is 8080.
//!
//! Messages say what was expected and never what came: it could be a secret in the wrong place.

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// A value that can be written as itself or as a text.
pub(super) trait Scalar: FromStr {
    /// What a message calls it.
    const EXPECTED: &'static str;
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";
}

impl Scalar for u16 {
    const EXPECTED: &'static str = "a whole number from 0 to 65535";
}

impl Scalar for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";
}

impl Scalar for usize {
    const EXPECTED: &'static str = "a whole number, 0 or more";
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";
}

impl Scalar for SocketAddr {
    const EXPECTED: &'static str = "an IP address and a port, such as \"127.0.0.1:8080\"";
}

/// For `deserialize_with`.
pub(super) fn read<'de, D: Deserializer<'de>, T: Scalar>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(ScalarVisitor(PhantomData))
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> ScalarVisitor<T> {
    fn parse<E: Error>(text: &str) -> Result<T, E> {
        text.trim().parse().map_err(|_| E::custom(format_args!("expected {}", T::EXPECTED)))
    }
}

impl<T: Scalar> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Self::parse(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Self::parse(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Self::parse(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        Self::parse(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        Self::parse(value)
    }
}

/// Durations with their unit, as `humantime` reads and writes them. For `with`.
pub(super) mod duration {
    use super::{Deserializer, Duration, DurationVisitor, Serializer};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }

    pub(in crate::config) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*value))
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, such as \"30s\" or \"1h 30m\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        humantime::parse_duration(text.trim())
            .map_err(|_| E::custom("expected a duration with its unit, such as \"30s\" or \"1h 30m\""))
    }
}
