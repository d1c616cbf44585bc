//! The certificate authorities of an instance with TLS. While one is rotated there are two.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time;

/// One of them, as the instance shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::backend::gcp) struct TlsCertificate {
    /// PEM.
    pub(in crate::backend::gcp) cert: String,
    /// When it ends.
    pub(in crate::backend::gcp) expire_time: Option<String>,
}

/// The certificates that have not expired, as one PEM text. One that says no end has none.
pub(in crate::backend::gcp) fn valid(shown: &Value, now: Timestamp) -> Option<String> {
    let all: Vec<TlsCertificate> = Vec::deserialize(shown).ok()?;
    let valid = |one: &&TlsCertificate| {
        !one.cert.trim().is_empty() && time(one.expire_time.as_deref()).is_none_or(|end| end > now)
    };
    let texts: Vec<&str> = all.iter().filter(valid).map(|one| one.cert.trim_end()).collect();
    (!texts.is_empty()).then(|| texts.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expired_certificates_are_left_out_and_all_others_are_there() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let shown = json!([
            {"cert": "-----OLD-----\n", "expireTime": "2026-03-01T10:00:00.123456789Z", "serialNumber": "1"},
            {"cert": "-----ONE-----\n", "expireTime": "2027-03-01T10:00:00Z"},
            {"cert": "-----TWO-----"},
        ]);
        assert_eq!(valid(&shown, now).unwrap(), "-----ONE-----\n-----TWO-----\n");
        assert_eq!(valid(&json!([{"cert": "x", "expireTime": "2020-01-01T00:00:00Z"}]), now), None);
        assert_eq!(valid(&json!([]), now), None);
    }
}
