//! The API versions that each resource type understands.

use super::error::ArmError;
use super::kind::Kind;
use super::locations;

const MANAGED: &[&str] = &[
    "2021-03-01",
    "2021-08-01",
    "2022-01-01",
    "2023-07-01",
    "2023-11-01",
    "2024-02-01",
    "2024-10-01",
    "2025-04-01",
    "2025-07-01",
];
const CLASSIC: &[&str] = &[
    "2016-04-01",
    "2017-02-01",
    "2017-10-01",
    "2018-03-01",
    "2019-07-01",
    "2020-06-01",
    "2020-12-01",
    "2021-06-01",
    "2022-05-01",
    "2022-06-01",
    "2023-04-01",
    "2023-08-01",
    "2024-03-01",
    "2024-11-01",
];

/// The first version that can make and change Managed Redis SKUs.
pub(super) const MANAGED_SKUS: &str = "2025-04-01";
/// The version that wants `publicNetworkAccess` and turns access keys off unless asked for.
pub(super) const STRICT: &str = "2025-07-01";

/// The version of a call, or why it is none.
pub(super) fn check(given: Option<&str>, kind: Option<Kind>) -> Result<&str, ArmError> {
    let given = given.filter(|given| !given.is_empty()).ok_or_else(|| {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        ArmError::gateway(400, "MissingApiVersionParameter", message)
    })?;
    let Some(known) = kind.and_then(known) else {
        return if is_date(given) { Ok(given) } else { Err(invalid(given, MANAGED)) };
    };
    if known.contains(&given) {
        return Ok(given);
    }
    if !is_date(given) {
        return Err(invalid(given, known));
    }
    let message = format!(
        "No registered resource provider found for location '' and API version '{given}' for type '{}'. The supported \
         api-versions are '{}'. The supported locations are '{}'.",
        kind.map(Kind::noun).unwrap_or_default(),
        known.join(", "),
        locations::names()
    );
    Err(ArmError::gateway(400, "NoRegisteredProviderFound", message))
}

/// `None` where any date will do: the network's versions are many, and their differences do not matter here.
fn known(kind: Kind) -> Option<&'static [&'static str]> {
    match kind {
        Kind::Cluster | Kind::Database | Kind::Assignment => Some(MANAGED),
        _ if kind.is_classic() => Some(CLASSIC),
        _ => None,
    }
}

fn invalid(given: &str, known: &[&str]) -> ArmError {
    let message = format!("The api-version '{given}' is invalid. The supported versions are '{}'.", known.join(","));
    ArmError::gateway(400, "InvalidApiVersionParameter", message)
}

/// `2025-07-01`, and anything behind it such as `-preview`.
fn is_date(text: &str) -> bool {
    text.get(..10).is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok())
        && matches!(text.get(10..), Some("" | "-preview"))
}
