//! `Prefer: wait=N` (RFC 7240).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The header that says which preference was followed.
pub(super) const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long the caller would like the answer to be held back, at most `max`. The first `wait` counts, as section 2 of the
/// RFC says; one that cannot be read is passed over, as it says too.
pub(super) fn wait(headers: &HeaderMap, max: Duration) -> Option<Duration> {
    let preferences =
        headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    for preference in preferences {
        let main = preference.split(';').next().unwrap_or_default();
        let Some((name, value)) = main.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("wait") {
            let seconds: u64 = value.trim().trim_matches('"').parse().ok()?;
            return Some(Duration::from_secs(seconds).min(max));
        }
    }
    None
}

/// The value of `Preference-Applied`.
pub(super) fn applied(wait: Duration) -> HeaderValue {
    HeaderValue::from_str(&format!("wait={}", wait.as_secs())).expect("digits are legal in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Option<u64> {
        let headers = lines.iter().map(|line| (PREFER, HeaderValue::from_static(line))).collect();
        wait(&headers, Duration::from_mins(5)).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_read_as_the_rfc_writes_it_and_bounded() {
        for (lines, wanted) in [
            (&["wait=10"][..], Some(10)),
            (&["respond-async, Wait = \"20\"; foo=bar"], Some(20)),
            (&["return=minimal", "wait=5"], Some(5)),
            (&["wait=1, wait=9"], Some(1)),
            (&["wait=100000"], Some(300)),
            (&["wait=soon"], None),
            (&["wait=-1"], None),
            (&["wait"], None),
            (&["awaits=3"], None),
            (&[], None),
        ] {
            assert_eq!(read(lines), wanted, "{lines:?}");
        }
    }
}
