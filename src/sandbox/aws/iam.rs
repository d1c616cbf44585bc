//! IAM, API version 2010-05-08: `SimulatePrincipalPolicy`, which tells what was denied by `/_sandbox/mutate`.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>

use super::error::{Answer, AwsError};
use super::params::Params;
use super::store::State;
use super::xml::Xml;

/// `SimulatePrincipalPolicy`: every action on every resource.
pub(super) fn simulate(state: &State, params: &Params) -> Answer {
    let invalid = |message: &str| AwsError::new("InvalidInput", 400, message);
    let principal = params.get("PolicySourceArn").ok_or_else(|| invalid("PolicySourceArn must not be null"))?;
    let is_principal = ["user/", "role/", "group/"].iter().any(|kind| principal.contains(&format!(":{kind}")));
    if !principal.starts_with("arn:aws") || !principal.contains(":iam::") || !is_principal {
        return Err(invalid(&format!("Invalid Entity Arn: {principal} does not clearly define entity type and name.")));
    }
    let actions = params.list("ActionNames");
    if actions.is_empty() {
        return Err(invalid("ActionNames must not be empty"));
    }
    let mut resources = params.list("ResourceArns");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
    let mut xml = Xml::new();
    xml.flag("IsTruncated", false);
    xml.list("EvaluationResults", "member", pairs, |xml, (action, resource)| {
        xml.leaf("EvalActionName", action);
        xml.leaf("EvalResourceName", resource);
        xml.leaf("EvalDecision", if state.denies(action) { "implicitDeny" } else { "allowed" });
        xml.element("MatchedStatements", |_| {});
        xml.element("MissingContextValues", |_| {});
    });
    Ok(xml.into_bytes())
}
