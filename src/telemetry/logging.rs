//! Logging, set up from the configuration.

use tracing::dispatcher::{Dispatch, SetGlobalDefaultError, set_global_default};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets, filter_fn};
use tracing_subscriber::fmt::{MakeWriter, fmt};
use tracing_subscriber::layer::SubscriberExt;

use crate::config::{Log, LogFormat};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is neither a level nor filter directives.
    #[error("`log.level` cannot be read")]
    Level(#[from] ParseError),
    /// Another subscriber was installed before.
    #[error("logging is set up already")]
    Installed(#[from] SetGlobalDefaultError),
}

/// A subscriber that writes to `writer`: for tests, with `tracing::dispatcher::with_default`.
///
/// JSON lines have `timestamp`, `level`, `target`, `message` and the event's fields at the top, and the fields of the
/// spans around it, outermost first, in `spans`. The environment has no say in the filter.
pub fn dispatch<W>(log: &Log, writer: W) -> Result<Dispatch, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Not `EnvFilter`: its regular expressions would be a third of a megabyte for directives that nobody needs here.
    let chosen: Targets = log.level.parse()?;
    let builder = fmt().with_max_level(LevelFilter::TRACE).with_writer(writer);
    Ok(match log.format {
        LogFormat::Json => {
            let json = builder.json().flatten_event(true).with_current_span(false).finish();
            Dispatch::new(json.with(chosen).with(filter_fn(may_be_logged)))
        }
        LogFormat::Pretty => {
            let pretty = builder.with_ansi(false).finish();
            Dispatch::new(pretty.with(chosen).with(filter_fn(may_be_logged)))
        }
    })
}

/// Sends the logs of the whole process to standard error. Once in a process.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let dispatch = dispatch(log, std::io::stderr)?;
    Ok(set_global_default(dispatch)?)
}

/// Cloud SDKs and HTTP libraries write requests with their passwords and tokens into debug and trace events, whatever
/// the filter is set to: of others, only what is for operators is let through.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = ["cache_driver", "tower_http"]
        .iter()
        .any(|name| target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")));
    ours || *metadata.level() <= Level::INFO
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, events: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = Log { format, level: level.to_owned() };
        let dispatch = dispatch(&log, move || writer.clone()).unwrap();
        tracing::dispatcher::with_default(&dispatch, events);
        String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_has_the_message_the_fields_and_the_spans() {
        let text = logged(LogFormat::Json, "info", || {
            let _span = tracing::info_span!("request", request_id = "r1").entered();
            tracing::info!(provider = "aws", "created");
            tracing::debug!("left out");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "created");
        assert_eq!(line["provider"], "aws");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["spans"][0]["request_id"], "r1");
    }

    #[test]
    fn directives_choose_by_target() {
        let text = logged(LogFormat::Pretty, "warn,cache_driver::driver=debug", || {
            tracing::debug!(target: "cache_driver::driver", "seen");
            tracing::info!(target: "cache_driver::http", "left out");
        });
        assert!(text.contains("seen") && !text.contains("left out"), "{text}");
    }

    #[test]
    fn libraries_are_never_logged_below_info_since_they_print_requests() {
        let text = logged(LogFormat::Json, "trace", || {
            tracing::trace!(target: "cache_driver::driver", "ours");
            tracing::debug!(target: "aws_smithy_runtime::client", "AuthToken=canary");
            tracing::trace!(target: "cache_driver_of_others", "canary");
            tracing::warn!(target: "hyper::proto", "theirs");
        });
        assert!(text.contains("ours") && text.contains("theirs") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn a_bad_filter_is_an_error() {
        let log = Log { format: LogFormat::Json, level: "cache_driver=loud".to_owned() };
        assert!(matches!(dispatch(&log, io::sink), Err(TelemetryError::Level(_))));
    }
}
