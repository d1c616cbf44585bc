//! What the demo prints.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;

use super::caller::Answer;

pub(super) fn title(text: &str) {
    say!("\n{text}");
}

/// The outputs of one resource. Secrets are shown by their length only.
pub(super) fn outputs(id: &str, body: &Value) {
    say!("   {id}");
    let object = |pointer: &str| body.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    for (key, value) in object("/resource/values") {
        match value.as_str() {
            Some(text) if text.contains('\n') => say!("     {key:<15} ({} lines of PEM)", text.lines().count()),
            Some(text) => say!("     {key:<15} {text}"),
            None => say!("     {key:<15} {value}"),
        }
    }
    for (key, value) in object("/resource/secrets") {
        let length = value.as_str().map_or(0, |text| text.chars().count());
        say!("     {key:<15} {} ({length} characters)", "*".repeat(length.min(8)));
    }
}

/// What differs between two sets of outputs.
pub(super) fn changed(before: &Value, after: &Value) {
    let values =
        |body: &Value| body.pointer("/resource/values").and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (values(before), values(after));
    let mut same = true;
    for (key, value) in &after {
        if before.get(key) != Some(value) {
            say!("     {key:<15} {} -> {value}", before.get(key).unwrap_or(&Value::Null));
            same = false;
        }
    }
    if same {
        say!("     endpoint and password are the same as before: clients need not know");
    }
}

/// The progress of one request: a bar on a terminal, a line per change of phase otherwise.
pub(super) struct Bar {
    drawn: Option<ProgressBar>,
    id: &'static str,
    said: String,
}

impl Bar {
    pub(super) fn new(bars: Option<&MultiProgress>, id: &'static str) -> Self {
        let bar = bars.map(|bars| {
            let style = ProgressStyle::with_template("   {prefix:16} [{bar:30}] {percent:>3}%  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            let bar = bars.add(ProgressBar::new(100)).with_style(style).with_prefix(id);
            bar.set_position(0);
            bar
        });
        Self { drawn: bar, id, said: String::new() }
    }

    /// A 202: how far, what is happening, when it will be done.
    pub(super) fn show(&mut self, answer: &Answer) {
        let time = |pointer: &str| answer.text(pointer).parse::<Timestamp>().ok();
        let (now, end) = (time("/current_time"), time("/estimated_completion_time"));
        let left =
            now.zip(end).and_then(|(now, end)| Duration::try_from(end.duration_since(now)).ok()).unwrap_or_default();
        let text = format!("{} (about {} s left)", answer.text("/message"), left.as_secs());
        match &self.drawn {
            Some(bar) => {
                let elapsed = bar.elapsed().as_secs_f64();
                let whole = elapsed + left.as_secs_f64();
                bar.set_position(if whole > 0.0 { share(elapsed / whole) } else { 0 });
                bar.set_message(text);
            }
            None if answer.text("/message") != self.said => {
                say!("   {:<16} 202 in {} ms  {text}", self.id, answer.took.as_millis());
                answer.text("/message").clone_into(&mut self.said);
            }
            None => {}
        }
    }

    pub(super) fn end(&mut self, answer: &Answer) {
        match &self.drawn {
            Some(bar) => {
                bar.set_position(100);
                bar.finish_with_message(answer.status.to_string());
            }
            None => say!("   {:<16} {} in {} ms", self.id, answer.status, answer.took.as_millis()),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=99 first")]
fn share(part: f64) -> u64 {
    (part * 100.0).clamp(0.0, 99.0) as u64
}
