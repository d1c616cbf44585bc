//! What the load prints.

use std::time::Duration;

/// Times of many calls, sorted.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    fn at(&self, percent: usize) -> f64 {
        let last = self.0.len() - 1;
        self.0[last * percent / 100].as_secs_f64() * 1000.0
    }

    pub(crate) fn text(&self) -> String {
        format!(
            "p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms ({} calls)",
            self.at(50),
            self.at(99),
            self.at(100),
            self.0.len()
        )
    }
}

pub(crate) fn title(text: &str) {
    println!("{text}\n");
    row("what", "figure", "goal");
    row("---", "---", "---");
}

pub(crate) fn row(what: &str, figure: &str, goal: &str) {
    println!("| {what:<52} | {figure:<52} | {goal:<16} |");
}
