//! What is tried again at once, and after how long.

use std::time::Duration;

use super::http::{Reply, Trouble};
use super::status::Status;

/// The wait before the second try; it doubles before each further one.
const FIRST: Duration = Duration::from_millis(500);
/// Whoever asks to wait longer than this is not waited for: the caller asks again later.
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait before the next try, if there is to be one. `tried` counts from 1. A call that is `repeatable` does no
/// harm when it is made twice: it only reads, or it carries a `requestId`.
///
/// | what came back | repeatable | any other |
/// |---|---|---|
/// | no connection | again | again: it was surely not done |
/// | 429, 503 | again | again: Google says that it did nothing |
/// | no answer, 500, 502, 504 | again | never |
/// | anything else | never | never |
pub(super) fn pause(outcome: &Result<Reply, Trouble>, repeatable: bool, tried: u32) -> Option<Duration> {
    let own = FIRST.saturating_mul(1 << tried.saturating_sub(1).min(8));
    match outcome {
        Err(Trouble::Setup(_) | Trouble::TooLong(_)) => None,
        Err(Trouble::NotSent(_)) => Some(own),
        Err(Trouble::NoAnswer(_)) => repeatable.then_some(own),
        Ok(reply) => {
            let again = match reply.status {
                429 | 503 => true,
                500 | 502 | 504 => repeatable,
                _ => false,
            };
            let asked = || Status::of_answer(reply.status, &reply.body).and_then(|status| status.retry_delay);
            let wait = again.then(|| reply.retry_after.or_else(asked).unwrap_or(own));
            wait.filter(|wait| *wait <= LONGEST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16) -> Reply {
        Reply { status, body: Vec::new(), request_id: None, retry_after: None }
    }

    #[test]
    fn only_what_can_do_no_harm_is_tried_again() {
        let broken = || Err(Trouble::NoAnswer("broken".to_owned()));
        for (outcome, repeatable, any) in [
            (Err(Trouble::NotSent("refused".to_owned())), true, true),
            (Ok(reply(429)), true, true),
            (Ok(reply(503)), true, true),
            (broken(), true, false),
            (Ok(reply(500)), true, false),
            (Ok(reply(502)), true, false),
            (Ok(reply(504)), true, false),
            (Ok(reply(400)), false, false),
            (Ok(reply(403)), false, false),
            (Ok(reply(409)), false, false),
            (Ok(reply(200)), false, false),
            (Err(Trouble::Setup("no tls".to_owned())), false, false),
            (Err(Trouble::TooLong(1)), false, false),
        ] {
            assert_eq!(pause(&outcome, true, 1).is_some(), repeatable, "{outcome:?}");
            assert_eq!(pause(&outcome, false, 1).is_some(), any, "{outcome:?}");
        }
    }

    #[test]
    fn the_wait_grows_and_follows_the_server_within_reason() {
        assert_eq!(pause(&Ok(reply(503)), true, 1), Some(Duration::from_millis(500)));
        assert_eq!(pause(&Ok(reply(503)), true, 2), Some(Duration::from_secs(1)));
        let asks = |seconds: u64| {
            let mut reply = reply(429);
            reply.retry_after = Some(Duration::from_secs(seconds));
            pause(&Ok(reply), true, 1)
        };
        assert_eq!(asks(4), Some(Duration::from_secs(4)));
        assert_eq!(asks(60), None);
        let body = r#"{"error": {"code": 429, "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}]}}"#;
        let told = Reply { status: 429, body: body.into(), request_id: None, retry_after: None };
        assert_eq!(pause(&Ok(told), false, 1), Some(Duration::from_secs(3)));
    }
}
