//! How far a request is: a bar on a terminal, a line for each change of what happens otherwise.

use std::fmt;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::caller::Answer;
use crate::config;

/// Whether standard error is something to draw on. A terminal without colours may be none that can move its cursor.
pub(super) fn may_draw() -> bool {
    let plain = config::process_var("NO_COLOR").is_some() || config::process_var("TERM").as_deref() == Some("dumb");
    std::io::stderr().is_terminal() && !plain
}

/// What a 202 or 409 says: what is happening, and how long it will take.
pub(super) fn told(answer: &Answer) -> (String, Duration) {
    let time = |pointer: &str| answer.text(pointer).parse::<Timestamp>().ok();
    let (now, end) = (time("/current_time"), time("/estimated_completion_time"));
    let left = now.zip(end).and_then(|(now, end)| Duration::try_from(end.duration_since(now)).ok());
    // `message` is beyond the specification; other drivers of this API tell the status alone.
    let what = [answer.text("/message"), answer.text("/status")].into_iter().find(|text| !text.is_empty());
    let what = what.unwrap_or("in progress");
    let what =
        if answer.status == 409 { format!("waiting for another operation to end: {what}") } else { what.to_owned() };
    (what, left.unwrap_or_default())
}

/// `about 40 s left`, `about 9 min left`.
pub(super) fn left_in_words(left: Duration) -> String {
    match left.as_secs() {
        0 => "any moment now".to_owned(),
        seconds @ 1..=119 => format!("about {seconds} s left"),
        seconds => format!("about {} min left", seconds.div_ceil(60)),
    }
}

/// The progress of one request.
pub(in crate::cli) struct Progress {
    drawn: Option<ProgressBar>,
    print: fn(fmt::Arguments<'_>),
    id: String,
    what: String,
    left: Duration,
    /// When the estimate was told, since the bar began.
    told_at: Duration,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("id", &self.id).field("what", &self.what).finish_non_exhaustive()
    }
}

impl Progress {
    /// With `bars`, one more among them; otherwise lines, by `print`.
    pub(in crate::cli) fn new(bars: Option<&MultiProgress>, id: &str, print: fn(fmt::Arguments<'_>)) -> Self {
        let drawn = bars.map(|bars| {
            let style = ProgressStyle::with_template("   {prefix:16} [{bar:30}] {percent:>3}%  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            let bar = bars.add(ProgressBar::new(100)).with_style(style).with_prefix(id.to_owned());
            bar.set_position(0);
            bar
        });
        Self { drawn, print, id: id.to_owned(), what: String::new(), left: Duration::ZERO, told_at: Duration::ZERO }
    }

    pub(in crate::cli) fn is_drawn(&self) -> bool {
        self.drawn.is_some()
    }

    /// A 202 or 409 has come.
    pub(in crate::cli) fn show(&mut self, answer: &Answer) {
        let (what, left) = told(answer);
        let is_news = what != self.what;
        (self.what, self.left) = (what, left);
        match &self.drawn {
            Some(bar) => {
                self.told_at = bar.elapsed();
                self.tick();
            }
            None if is_news => {
                let (status, took) = (answer.status, answer.took.as_millis());
                let left = left_in_words(self.left);
                (self.print)(format_args!("   {:<16} {status} in {took} ms  {} ({left})", self.id, self.what));
            }
            None => {}
        }
    }

    /// No news, for whoever watches a bar.
    pub(in crate::cli) fn tick(&self) {
        let Some(bar) = &self.drawn else { return };
        let elapsed = bar.elapsed();
        let left = (self.told_at + self.left).saturating_sub(elapsed);
        let whole = (elapsed + left).as_secs_f64();
        bar.set_position(if whole > 0.0 { share(elapsed.as_secs_f64() / whole) } else { 0 });
        bar.set_message(format!("{} ({})", self.what, left_in_words(left)));
    }

    /// Something that is not the driver's: a connection that was lost, and the like.
    pub(in crate::cli) fn note(&mut self, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        match &self.drawn {
            Some(bar) => bar.set_message(format!("{first}; trying again")),
            None if first != self.what => {
                (self.print)(format_args!("   {:<16} {first}; trying again", self.id));
                first.clone_into(&mut self.what);
            }
            None => {}
        }
    }

    pub(in crate::cli) fn end(&self, answer: &Answer) {
        let Some(bar) = &self.drawn else {
            let (status, took) = (answer.status, answer.took.as_millis());
            return (self.print)(format_args!("   {:<16} {status} in {took} ms", self.id));
        };
        bar.set_position(100);
        bar.finish_with_message(answer.status.to_string());
    }

    /// It did not come to an end.
    pub(in crate::cli) fn abandon(&self) {
        if let Some(bar) = &self.drawn {
            bar.abandon();
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=99 first")]
fn share(part: f64) -> u64 {
    (part * 100.0).clamp(0.0, 99.0) as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hint(status: u16, body: serde_json::Value) -> Answer {
        Answer {
            status,
            body,
            retry_after: None,
            cookie: None,
            request_id: String::new(),
            trace_id: String::new(),
            took: Duration::ZERO,
            left: None,
        }
    }

    #[test]
    fn a_hint_is_told_with_what_is_left_of_the_driver_s_own_time() {
        let body = json!({"status": "creating", "message": "creating: the cloud works",
            "current_time": "2025-06-15T15:06:40Z", "estimated_completion_time": "2025-06-15T15:16:40Z"});
        assert_eq!(told(&hint(202, body.clone())), ("creating: the cloud works".to_owned(), Duration::from_mins(10)));
        assert_eq!(told(&hint(409, body)).0, "waiting for another operation to end: creating: the cloud works");
        assert_eq!(told(&hint(202, json!({"status": "deleting"}))), ("deleting".to_owned(), Duration::ZERO));
        assert_eq!(told(&hint(202, json!({}))).0, "in progress");
    }

    #[test]
    fn what_is_left_is_told_in_seconds_or_minutes() {
        for (seconds, words) in
            [(0, "any moment now"), (1, "about 1 s left"), (119, "about 119 s left"), (121, "about 3 min left")]
        {
            assert_eq!(left_in_words(Duration::from_secs(seconds)), words);
        }
    }
}
