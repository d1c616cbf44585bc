//! Times as Azure writes them.

use crate::clock::Timestamp;

/// `2026-01-05T10:00:00.0000000+00:00`.
pub(super) fn long(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.7f+00:00").to_string()
}

/// `20260105T100000Z`.
pub(super) fn compact(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// `2026-01-05 10:00:00Z`, as Entra has it.
pub(super) fn entra(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// What an operation shows as its end before there is any.
pub(super) const NEVER: &str = "0001-01-01T00:00:00+00:00";

/// Tenths of microseconds since the year 1, as in the query of an operation's address.
pub(super) fn ticks(at: Timestamp) -> i128 {
    at.as_nanosecond() / 100 + 621_355_968_000_000_000
}
