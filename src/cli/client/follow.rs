//! Repeats a request until it is done, as the orchestrator does.

use std::time::Duration;

use indicatif::MultiProgress;
use jiff::Timestamp;

use super::caller::{Answer, Ask};
use super::progress::Progress;
use super::reach::Remote;
use crate::cli::{Failed, serve};

/// How long a driver that has answered before may be away: it is being replaced by a newer one, say.
const AWAY: Duration = Duration::from_mins(2);
/// Between two attempts at a driver that is away, and where an answer says nothing better.
const PAUSE: Duration = Duration::from_secs(2);
/// How long after its own deadline a driver may still tell what went wrong.
const GRACE: Duration = Duration::from_mins(1);
/// How often a bar moves.
const FRAME: Duration = Duration::from_millis(200);

/// Asks until the answer is neither 202 nor 409, or `limit` has passed; without one, until the driver itself gives up.
pub(super) async fn until_done(
    remote: &mut Remote,
    ask: Ask<'_>,
    drawn: bool,
    limit: Option<Duration>,
) -> Result<Answer, Failed> {
    let bars = drawn.then(MultiProgress::new);
    let mut progress = Progress::new(bars.as_ref(), &remote.id, crate::cli::print_error_line);
    let clock = remote.caller.clock.clone();
    let began = clock.now();
    let mut known = Known { began, answered: None, limit, deadline: None, last: String::new() };
    let stop = serve::shutdown();
    tokio::pin!(stop);
    loop {
        let cookie = remote.jar.cookie();
        let ask = Ask { cookie: cookie.as_deref(), ..ask.clone() };
        let sent = tokio::select! {
            sent = remote.caller.send(&ask) => sent,
            () = &mut stop => return Err(interrupted(&progress)),
        };
        let pause = match sent {
            Ok(answer) => {
                remote.jar.keep(&answer)?;
                let now = clock.now();
                match answer.status {
                    202 | 409 if answer.body["error"].is_null() => {
                        progress.show(&answer);
                        known.answered(&answer, now);
                        answer.retry_after.unwrap_or(PAUSE)
                    }
                    // Too much load, or shutting down: it says so itself, and when to come back.
                    429 | 503 if answer.retry_after.is_some() && known.may_be_away(now) => {
                        progress.note(&format!("{}: {}", answer.text("/error"), answer.text("/message")));
                        answer.retry_after.unwrap_or(PAUSE)
                    }
                    200..=399 => {
                        progress.end(&answer);
                        return Ok(answer);
                    }
                    _ => {
                        progress.abandon();
                        return Ok(answer);
                    }
                }
            }
            Err(trouble) if trouble.passing && known.answered.is_some() && known.may_be_away(clock.now()) => {
                progress.note(&trouble.text);
                PAUSE
            }
            Err(trouble) => {
                progress.abandon();
                return Err(trouble.into());
            }
        };
        let now = clock.now();
        let left = known.left(now).unwrap_or(Duration::MAX);
        if left.is_zero() {
            progress.abandon();
            return Err(known.gave_up(now));
        }
        // The last look is taken when the time is over, whatever `Retry-After` says.
        let until = later(now, pause.min(left));
        while clock.now() < until {
            let rest = since(clock.now(), until);
            tokio::select! {
                () = clock.sleep(if progress.is_drawn() { rest.min(FRAME) } else { rest }) => progress.tick(),
                () = &mut stop => return Err(interrupted(&progress)),
            }
        }
    }
}

/// What is known of a request that is repeated.
struct Known {
    began: Timestamp,
    /// When the driver last answered.
    answered: Option<Timestamp>,
    limit: Option<Duration>,
    /// When the driver gives up, by this machine's clock.
    deadline: Option<Timestamp>,
    last: String,
}

impl Known {
    fn answered(&mut self, answer: &Answer, now: Timestamp) {
        let time = |pointer: &str| answer.text(pointer).parse::<Timestamp>().ok();
        let deadline = time("/timeout_deadline").or_else(|| time("/timeout"));
        // By the driver's own clock, which need not be this machine's.
        let left = time("/current_time").zip(deadline).map(|(theirs, end)| since(theirs, end));
        self.deadline = left.map(|left| later(now, left + GRACE)).or(self.deadline);
        self.answered = Some(now);
        self.last = super::progress::told(answer).0;
    }

    /// Whether a driver that does not answer now has not been away for too long.
    fn may_be_away(&self, now: Timestamp) -> bool {
        since(self.answered.unwrap_or(self.began), now) < AWAY
    }

    fn left(&self, now: Timestamp) -> Option<Duration> {
        let until = self.limit.map(|limit| later(self.began, limit)).or(self.deadline)?;
        Some(since(now, until))
    }

    fn gave_up(&self, now: Timestamp) -> Failed {
        let waited = humantime::format_duration(Duration::from_secs(since(self.began, now).as_secs()));
        let last = if self.last.is_empty() { String::new() } else { format!("; last seen: {}", self.last) };
        let what = if self.limit.is_some() { "--timeout has passed" } else { "the driver's own deadline has passed" };
        Failed::Run(format!(
            "not done after {waited}, and {what}{last}\n  hint: the driver goes on by itself; repeat the command to go on waiting"
        ))
    }
}

fn interrupted(progress: &Progress) -> Failed {
    progress.abandon();
    let how = "interrupted\n  hint: the driver goes on by itself; repeat the command to go on waiting";
    Failed::Run(how.to_owned())
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn known(limit: Option<u64>) -> Known {
        Known {
            began: at(0),
            answered: None,
            limit: limit.map(Duration::from_secs),
            deadline: None,
            last: String::new(),
        }
    }

    fn hint() -> Answer {
        Answer {
            status: 202,
            body: json!({"status": "creating", "message": "creating: step 1", "current_time": "2001-01-01T00:00:00Z",
                "timeout_deadline": "2001-01-01T00:10:00Z"}),
            retry_after: None,
            cookie: None,
            request_id: String::new(),
            trace_id: String::new(),
            took: Duration::ZERO,
            left: None,
        }
    }

    #[test]
    fn without_a_limit_the_driver_s_deadline_counts_by_its_own_clock() {
        let mut known = known(None);
        assert_eq!(known.left(at(5)), None, "nothing is known yet");
        known.answered(&hint(), at(100));
        assert_eq!(known.left(at(100)), Some(Duration::from_mins(10) + GRACE));
        assert_eq!(known.left(at(100_000)), Some(Duration::ZERO));
        let Failed::Run(told) = known.gave_up(at(800)) else { panic!("it is no fault of the command line") };
        assert!(told.contains("13m 20s") && told.contains("last seen: creating: step 1"), "{told}");
    }

    #[test]
    fn a_limit_counts_from_the_beginning_whatever_the_driver_says() {
        let mut known = known(Some(90));
        known.answered(&hint(), at(60));
        assert_eq!(known.left(at(60)), Some(Duration::from_secs(30)));
        assert!(known.may_be_away(at(60 + 119)) && !known.may_be_away(at(60 + 121)));
    }
}
