//! What a ping found out.

use std::fmt;

use serde::Serialize;

use super::Target;

/// A step on the way to a cache, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Resolve the host name.
    Dns,
    /// Open a connection.
    Tcp,
    /// Agree on encryption, and check the certificate.
    Tls,
    /// Log in.
    Auth,
    /// Get an answer to a command.
    Ping,
}

impl Stage {
    /// Every step, in order.
    pub const ALL: [Self; 5] = [Self::Dns, Self::Tcp, Self::Tls, Self::Auth, Self::Ping];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::Ping => "PING",
        })
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went well.
    Ok,
    /// It was not asked for: TLS is off, or there is no password.
    Skipped,
    /// It failed; nothing after it was tried.
    Failed,
    /// An earlier step failed.
    NotReached,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Failed => "FAILED",
            Self::NotReached => "not reached",
        })
    }
}

/// One step, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageReport {
    /// Which step.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds; `None` for a step that was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
    /// What was found, or why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// The whole walk. Printed, it is a table; serialised, it is the same in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The host that was tried.
    pub host: String,
    /// The port that was tried.
    pub port: u16,
    /// Whether TLS was expected.
    pub tls: bool,
    /// Whether every step that was asked for went well.
    pub ok: bool,
    /// Every step, in order, with those that were not reached.
    pub stages: Vec<StageReport>,
    /// What to look at, if a step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Report {
    /// A report in which nothing was reached yet.
    pub(super) fn new(target: &Target) -> Self {
        let stage = |stage| StageReport { stage, outcome: Outcome::NotReached, took_ms: None, detail: String::new() };
        Self {
            host: target.host.clone(),
            port: target.port,
            tls: target.tls,
            ok: false,
            stages: Stage::ALL.map(stage).to_vec(),
            hint: None,
        }
    }

    /// How one step ended.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> &StageReport {
        &self.stages[stage as usize]
    }

    pub(super) fn stage_mut(&mut self, stage: Stage) -> &mut StageReport {
        &mut self.stages[stage as usize]
    }

    /// The step that failed, if one did.
    #[must_use]
    pub fn failed(&self) -> Option<&StageReport> {
        self.stages.iter().find(|step| step.outcome == Outcome::Failed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.tls { "with TLS" } else { "without TLS" };
        write!(f, "{} port {}, {how}", self.host, self.port)?;
        for step in &self.stages {
            let took = step.took_ms.map_or_else(String::new, |took| format!("{took:.1} ms"));
            let line = format!("  {:<5} {:<12} {took:>11}  {}", step.stage, step.outcome, step.detail);
            write!(f, "\n{}", line.trim_end())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
