//! Repeats a request until it is done, as the orchestrator does.

use std::time::Duration;

use indicatif::MultiProgress;
use jiff::Timestamp;

use super::caller::{Answer, Ask};
use super::progress::Progress;
use super::reach::Session;
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
    session: &mut Session,
    ask: Ask<'_>,
    drawn: bool,
    limit: Option<Duration>,
) -> Result<Answer, Failed> {
    let bars = drawn.then(MultiProgress::new);
    let mut progress = Progress::new(bars.as_ref(), &session.id, crate::cli::print_error_line);
    let clock = session.caller.clock.clone();
    let began = clock.now();
    let mut known = Known { began, answered: None, limit, deadline: None, last: String::new() };
    let stop = serve::shutdown();
    tokio::pin!(stop);
    loop {
        let cookie = session.jar.cookie();
        let ask = Ask { cookie: cookie.as_deref(), ..ask.clone() };
        let sent = tokio::select! {
            sent = session.caller.send(&ask) => sent,
            () = &mut stop => return Err(interrupted(&progress)),
        };
        let pause = match sent {
            Ok(answer) => {
                session.jar.keep(&answer)?;
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
        let left = known.left(now);
        if left.is_some_and(|left| left < pause) {
            progress.abandon();
            return Err(known.gave_up(now));
        }
        let until = later(now, pause);
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
