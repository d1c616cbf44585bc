//! STS, API version 2011-06-15: `GetCallerIdentity` and `AssumeRole`.

use jiff::SignedDuration;

use super::context::letters;
use super::error::{Answer, AwsError};
use super::identity::{self, Caller};
use super::params::Params;
use super::store::{Session, State};
use super::xml::Xml;
use crate::clock::Timestamp;
use crate::random::Random;

/// A role whose name ends so can only be assumed with an external id (any).
const NEEDS_EXTERNAL_ID: &str = "-external";
/// Sessions that are remembered; the oldest keys are of no use to anybody by then.
const SESSIONS: usize = 10_000;

/// `GetCallerIdentity`.
pub(super) fn caller_identity(caller: &Caller) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.leaf("Arn", &caller.arn);
    xml.leaf("UserId", &caller.user_id);
    xml.leaf("Account", &caller.scope.account);
    xml.into_bytes()
}

/// `AssumeRole`: any role of any account, whose keys then act in that account.
pub(super) fn assume_role(
    state: &mut State,
    caller: &Caller,
    params: &Params,
    now: Timestamp,
    random: &dyn Random,
) -> Answer {
    let invalid = |message: String| AwsError::new("ValidationError", 400, message);
    let arn = params.get("RoleArn").ok_or_else(|| invalid("RoleArn must not be null".to_owned()))?;
    let (account, path) = role(arn).ok_or_else(|| invalid(format!("{arn} is invalid")))?;
    let name = params.get("RoleSessionName").unwrap_or_default();
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(2..=64).contains(&name.len()) || !name.bytes().all(letter) {
        return Err(invalid("RoleSessionName must have 2 to 64 letters, digits or any of _+=,.@-".to_owned()));
    }
    let seconds = params.number("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(invalid("DurationSeconds must be between 900 and 43200".to_owned()));
    }
    if path.ends_with(NEEDS_EXTERNAL_ID) && params.get("ExternalId").is_none() {
        let message = format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", caller.arn);
        return Err(AwsError::new("AccessDenied", 403, message));
    }

    let role_name = path.rsplit('/').next().unwrap_or(path);
    let unique = letters(random, 16).to_ascii_uppercase();
    let access_key = format!("ASIA{unique}");
    let user_id = format!("AROA{}:{name}", letters(random, 16).to_ascii_uppercase());
    let session_arn = format!("arn:aws:sts::{account}:assumed-role/{role_name}/{name}");
    let expires = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    if state.sessions.len() >= SESSIONS {
        state.sessions.pop_first();
    }
    let session = Session { account: account.to_owned(), arn: session_arn.clone(), user_id: user_id.clone() };
    state.sessions.insert(access_key.clone(), session);

    let mut xml = Xml::new();
    xml.element("AssumedRoleUser", |xml| {
        xml.leaf("AssumedRoleId", &user_id);
        xml.leaf("Arn", &session_arn);
    });
    xml.element("Credentials", |xml| {
        xml.leaf("AccessKeyId", &access_key);
        xml.leaf("SecretAccessKey", &letters(random, 40));
        xml.leaf("SessionToken", &letters(random, 120));
        xml.time("Expiration", expires);
    });
    xml.number("PackedPolicySize", 0);
    Ok(xml.into_bytes())
}

/// Account and path of a role's ARN.
fn role(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let prefix = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, role) = (parts.next()?, parts.next()?.strip_prefix("role/")?);
    let legal = prefix.0 == "arn" && prefix.1.starts_with("aws") && prefix.2 == "iam" && prefix.3.is_empty();
    (legal && identity::is_account(account) && !role.is_empty()).then_some((account, role))
}
