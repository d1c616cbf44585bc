//! What was found, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::backend::{Finding, Verdict};
use crate::cli::table::number;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether there is no problem.
    ok: bool,
    pub(super) problems: usize,
    warnings: usize,
    checks: Vec<Section>,
}

/// What was found in one place.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    /// What was looked at.
    #[serde(flatten)]
    pub(super) about: About,
    /// What was found.
    pub(super) findings: Vec<Finding>,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub(super) enum About {
    /// The configuration.
    Configuration,
    /// A product in a place, with somebody's rights.
    Cloud {
        /// The product.
        product: String,
        /// Region or location.
        location: String,
        /// AWS account id, Google project, Azure subscription, if the configuration names one.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// Azure resource group.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// `own`, or the name of an account of the configuration.
        credentials: String,
    },
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Cloud { product, location, account, group, credentials } = self else {
            return f.write_str("configuration");
        };
        write!(f, "{product} in {location}")?;
        for part in [account, group].into_iter().flatten() {
            write!(f, ", {part}")?;
        }
        match credentials.as_str() {
            "own" => f.write_str(", with the driver's own identity"),
            name => write!(f, ", with the account {name}"),
        }
    }
}

impl Report {
    pub(super) fn new(checks: Vec<Section>) -> Self {
        let count = |verdict| {
            let all = checks.iter().flat_map(|section| &section.findings);
            all.filter(|finding| finding.verdict == verdict).count()
        };
        let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
        Self { ok: problems == 0, problems, warnings, checks }
    }

    /// How many problems there are.
    pub(super) fn summary(&self) -> String {
        format!("{}, {}", number(self.problems, "problem"), number(self.warnings, "warning"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.checks {
            writeln!(f, "{}", section.about)?;
            let width =
                section.findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or_default();
            let width = width.min(40);
            for finding in &section.findings {
                writeln!(f, "  {:<8} {:<width$}  {}", finding.verdict, finding.subject, finding.message)?;
                if let Some(how) = &finding.mend {
                    writeln!(f, "  {:<8} {:<width$}  -> {how}", "", "")?;
                }
            }
            writeln!(f)?;
        }
        f.write_str(&self.summary())
    }
}
