//! What a thread logs.

use std::io;
use std::sync::{Arc, Mutex};

use cache_driver::config::{Log, LogFormat};
use cache_driver::telemetry;
use serde_json::Value;
use tracing::dispatcher::DefaultGuard;

/// What this thread logs; a test's server runs on it.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    pub(crate) fn begin(level: &str) -> (Self, DefaultGuard) {
        let captured = Self::default();
        let writer = captured.clone();
        let log = Log { format: LogFormat::Json, level: level.to_owned() };
        let dispatch = telemetry::dispatch(&log, move || writer.clone()).unwrap();
        (captured, tracing::dispatcher::set_default(&dispatch))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines in which `key` is this.
    pub(crate) fn lines(&self, key: &str, value: &str) -> Vec<Value> {
        let lines = self.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        lines.into_iter().filter(|line| line[key] == value).collect()
    }
}
