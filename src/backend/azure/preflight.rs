//! Whether what the driver needs is there: identity, subscription, provider, resource group, permissions.

use serde_json::Value;

use super::Shared;
use super::client::{Answer, Call};
use super::paths;
use super::place::Situation;
use crate::backend::{At, BackendError, Finding, Kind, Result};

const PROVIDER: &str = "provider Microsoft.Cache";

/// Looks at everything that a cache needs before it can be made. `kind` is the resource type below `Microsoft.Cache`,
/// `needed` the actions that the driver calls.
pub(super) async fn preflight(
    shared: &Shared,
    at: &At,
    kind: &str,
    version: &'static str,
    needed: &[&str],
) -> Vec<Finding> {
    let situation = match shared.situation(at) {
        Ok(situation) => situation,
        Err(error) => return vec![finding("place", Err(error))],
    };
    let token = shared.arm.token(&at.credentials).await;
    if token.is_err() {
        return vec![finding("identity", token.map(|()| String::new()))];
    }
    let look = Look { shared, at, situation: &situation };
    let mut findings = vec![finding("identity", Ok("entra gave a token".to_owned()))];
    // Whoever has a role on the group only may not read the subscription itself: the group answers for it.
    let group = look.get("resourceGroups.get", situation.group_path(), paths::RESOURCES).await;
    let has_group = group.is_ok();
    let found = group.map(|_| format!("{} in subscription {}", situation.group, situation.subscription));
    findings.push(finding("resource group", found));
    let provider = format!("{}/providers/Microsoft.Cache", situation.subscription_path());
    let provider = look.get("providers.get", provider, paths::RESOURCES).await;
    let registration = provider
        .map(|answer| answer.body.get("registrationState").and_then(Value::as_str).unwrap_or("unknown").to_owned());
    let is_unregistered = registration.as_ref().is_ok_and(|state| !state.eq_ignore_ascii_case("Registered"));
    findings.push(match registration {
        Ok(state) if is_unregistered => Finding {
            subject: PROVIDER.to_owned(),
            ok: false,
            message: format!("it is `{state}`; {}", situation.registration("Microsoft.Cache")),
        },
        // Reading it takes a right on the subscription, which is not needed for anything else.
        Err(error) if has_group && error.kind == Kind::Credentials => finding(
            PROVIDER,
            Ok("the identity may not read whether it is registered; the first call shows it".to_owned()),
        ),
        other => finding(PROVIDER, other),
    });
    if has_group && !is_unregistered {
        let path = format!("{}/providers/Microsoft.Cache/{kind}", situation.group_path());
        let listed = look.get("list", path, version).await;
        findings.push(finding(
            &format!("Microsoft.Cache/{kind}"),
            listed.map(|_| format!("may be listed in {}", situation.group)),
        ));
        findings.push(look.permissions(needed).await);
    }
    findings
}

struct Look<'a> {
    shared: &'a Shared,
    at: &'a At,
    situation: &'a Situation<'a>,
}

impl Look<'_> {
    async fn get(&self, name: &'static str, path: String, version: &'static str) -> Result<Answer> {
        let answer = self.shared.arm.send(self.at, &Call::get(name, path, version)).await?;
        answer.done(name, self.situation)
    }

    /// What the identity may do on the group, as far as it may read that.
    async fn permissions(&self, needed: &[&str]) -> Finding {
        let subject = "permissions".to_owned();
        let path = format!("{}/providers/Microsoft.Authorization/permissions", self.situation.group_path());
        let Ok(answer) = self.get("permissions.list", path, paths::AUTHORIZATION).await else {
            let message = "the identity may not read its own permissions; azure judges at the first call".to_owned();
            return Finding { subject, ok: true, message };
        };
        let missing: Vec<&str> = needed.iter().copied().filter(|action| !is_granted(&answer.body, action)).collect();
        let message = if missing.is_empty() {
            format!("all that is needed on {}", self.situation.group)
        } else {
            format!(
                "missing on {}: {}; `cache-driver policy azure` prints all",
                self.situation.group,
                missing.join(", ")
            )
        };
        Finding { subject, ok: missing.is_empty(), message }
    }
}

fn finding(subject: &str, found: std::result::Result<String, BackendError>) -> Finding {
    let subject = subject.to_owned();
    match found {
        Ok(message) => Finding { subject, ok: true, message },
        Err(error) => {
            let message = match error.hint {
                Some(hint) => format!("{}; {hint}", error.message),
                None => error.message,
            };
            Finding { subject, ok: false, message }
        }
    }
}

/// Whether one of the roles allows an action, and does not take it back.
fn is_granted(permissions: &Value, action: &str) -> bool {
    let roles = permissions.get("value").and_then(Value::as_array).into_iter().flatten();
    let has = |role: &Value, key: &str| {
        let patterns = role.get(key).and_then(Value::as_array).into_iter().flatten();
        patterns
            .filter_map(Value::as_str)
            .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()))
    };
    roles.into_iter().any(|role| has(role, "actions") && !has(role, "notActions"))
}

/// `*` stands for anything, also across slashes.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_right_is_granted_by_a_pattern_and_taken_back_by_another() {
        let permissions = json!({"value": [
            {"actions": ["Microsoft.Cache/redis/*"], "notActions": []},
            {"actions": ["*/read"], "notActions": ["Microsoft.Secret/*"]},
        ]});
        for (action, granted) in [
            ("Microsoft.Cache/redis/write", true),
            ("Microsoft.Cache/redisEnterprise/write", false),
            ("Microsoft.Cache/redisEnterprise/databases/read", true),
            ("Microsoft.Secret/things/read", false),
        ] {
            assert_eq!(is_granted(&permissions, action), granted, "{action}");
        }
        assert!(!is_granted(&json!(null), "x") && matches("*", "x/y") && matches("a*b*c", "a1b2c"));
    }
}
