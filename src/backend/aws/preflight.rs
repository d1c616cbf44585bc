//! Whether what replication groups need is there: identity, permissions, subnet group, security groups, key.

use std::collections::BTreeMap;

use aws_sdk_elasticache::Client;
use serde_json::{Value, json};

use super::Shared;
use super::error::classify;
use super::query::{Asking, Element, Service};
use crate::backend::{At, BackendError, Feature, Fields, Finding, Kind, Permission};

/// The call that shows whether the region answers at all.
const LIST: &str = "DescribeReplicationGroups";
const PERMISSIONS: &str = "permissions";

pub(super) async fn preflight(shared: &Shared, at: &At, wanted: &Fields, needed: &[Permission]) -> Vec<Finding> {
    let region = at.place.location.as_str();
    let (account, arn) = match shared.clients.caller(at).await {
        Ok(caller) => caller,
        Err(error) => return vec![Finding::failed("identity", error)],
    };
    let mut findings = vec![Finding::ok("identity", format!("account {account}, {arn}"))];
    let client = match shared.clients.elasticache(&at.credentials, region).await {
        Ok(client) => client,
        Err(error) => {
            findings.push(Finding::failed("client", error));
            return findings;
        }
    };
    let listed = client.describe_replication_groups().max_records(20).send().await;
    match listed.map_err(|error| classify(LIST, error)) {
        Ok(_) => findings.push(Finding::ok(LIST, format!("allowed in {region}"))),
        Err(error) => {
            findings.push(Finding::failed(LIST, error));
            return findings;
        }
    }
    let keys = match shared.clients.keys(at).await {
        Ok(keys) => keys,
        Err(error) => {
            findings.push(Finding::failed("identity", error));
            return findings;
        }
    };
    let asking = match Asking::new(&shared.config, shared.clock.as_ref(), region, keys) {
        Ok(asking) => asking,
        Err(error) => {
            findings.push(Finding::failed("client", error));
            return findings;
        }
    };
    let look = Look { shared, asking, region, account: &account };
    let (group, vpc) = look.subnet_group(&client, wanted).await;
    findings.push(group);
    findings.extend(look.security_groups(wanted, vpc.as_deref()).await);
    let key = wanted.get("kms_key_id").and_then(Value::as_str);
    if let Some(key) = key {
        findings.push(look.key(key).await);
    }
    findings.push(look.permissions(&arn, at.place.name.as_str(), needed, key).await);
    findings
}

struct Look<'a> {
    shared: &'a Shared,
    asking: Asking<'a>,
    region: &'a str,
    account: &'a str,
}

impl Look<'_> {
    /// The subnet group, and the VPC that it is in.
    async fn subnet_group(&self, client: &Client, wanted: &Fields) -> (Finding, Option<String>) {
        let named = wanted.get("subnet_group").and_then(Value::as_str).or(self.shared.config.subnet_group.as_deref());
        let Some(name) = named else {
            let seen = "none in the config: every request has to name one as aws.subnet_group";
            let make = "set providers.aws.subnet_group; `aws elasticache create-cache-subnet-group` makes one";
            return (Finding::warning("subnet group", seen).mend(make), None);
        };
        let subject = format!("subnet group {name}");
        let described = client.describe_cache_subnet_groups().cache_subnet_group_name(name).send().await;
        let found = match described.map_err(|error| classify("DescribeCacheSubnetGroups", error)) {
            Ok(found) => found,
            Err(error) if error.kind == Kind::Credentials => return (Finding::unknown(subject, error), None),
            Err(error) => {
                let make = format!(
                    "run `aws elasticache create-cache-subnet-group --cache-subnet-group-name {name} \
                     --cache-subnet-group-description caches --subnet-ids SUBNET SUBNET --region {}`, or name another one \
                     in providers.aws.subnet_group",
                    self.region
                );
                return (Finding::problem(subject, error.message).mend(make), None);
            }
        };
        let Some(group) = found.cache_subnet_groups().first() else {
            return (Finding::warning(subject, "aws showed none of that name"), None);
        };
        let vpc = group.vpc_id().map(str::to_owned);
        let zones = group.subnets().iter().filter_map(|subnet| subnet.subnet_availability_zone()?.name());
        let mut zones: Vec<&str> = zones.collect();
        zones.sort_unstable();
        zones.dedup();
        let seen = format!(
            "{} subnets in {}, zones {}",
            group.subnets().len(),
            vpc.as_deref().unwrap_or("an unknown vpc"),
            if zones.is_empty() { "unknown".to_owned() } else { zones.join(", ") }
        );
        if zones.len() == 1 {
            let add = format!(
                "`high_availability` needs two zones: run `aws elasticache modify-cache-subnet-group \
                 --cache-subnet-group-name {name} --subnet-ids …` with a subnet of another zone"
            );
            return (Finding::warning(subject, seen).mend(add), vpc);
        }
        (Finding::ok(subject, seen), vpc)
    }

    /// Each security group: that it exists, that it is in the VPC of the subnet group, and that it is not open to the world.
    async fn security_groups(&self, wanted: &Fields, vpc: Option<&str>) -> Vec<Finding> {
        let of_wanted = wanted.get("security_group_ids").and_then(Value::as_array);
        let ids: Vec<String> = match of_wanted {
            Some(ids) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => self.shared.config.security_group_ids.clone(),
        };
        if ids.is_empty() {
            let seen = "none in the config: every request has to name some as aws.security_group_ids";
            let set = "set providers.aws.security_group_ids; the vpc's default group is never used";
            return vec![Finding::warning("security groups", seen).mend(set)];
        }
        let mut findings = Vec::new();
        for id in ids {
            let subject = format!("security group {id}");
            let parameters = [("GroupId.1".to_owned(), id.clone())];
            let asked = self.asking.query(Service::Ec2, "DescribeSecurityGroups", "2016-11-15", &parameters).await;
            findings.push(match asked {
                Ok(answer) => self.security_group(subject, &id, vpc, &answer),
                Err(error) if error.message.contains("InvalidGroup") => {
                    let mend = format!(
                        "name an existing one in providers.aws.security_group_ids; `aws ec2 describe-security-groups \
                         --region {}` lists them",
                        self.region
                    );
                    Finding::problem(subject, error.message).mend(mend)
                }
                Err(error) => Finding::unknown(subject, error).mend("allow ec2:DescribeSecurityGroups"),
            });
        }
        findings
    }

    fn security_group(&self, subject: String, id: &str, vpc: Option<&str>, answer: &Element) -> Finding {
        let Some(group) = answer.find("securityGroupInfo").and_then(|set| set.children.first()) else {
            return Finding::problem(subject, "aws knows none of that id")
                .mend("check providers.aws.security_group_ids");
        };
        let own = group.get("vpcId");
        if let Some(vpc) = vpc.filter(|vpc| !own.is_empty() && own != *vpc) {
            let mend = format!(
                "name groups of {vpc} in providers.aws.security_group_ids; `aws ec2 describe-security-groups --filters \
                 Name=vpc-id,Values={vpc} --region {}` lists them",
                self.region
            );
            return Finding::problem(subject, format!("it is in {own}, and the subnet group is in {vpc}")).mend(mend);
        }
        let mut ranges = Vec::new();
        if let Some(permissions) = group.children.iter().find(|child| child.name == "ipPermissions") {
            permissions.all("cidrIp", &mut ranges);
            permissions.all("cidrIpv6", &mut ranges);
        }
        if ranges.iter().any(|range| matches!(*range, "0.0.0.0/0" | "::/0")) {
            let mend = format!(
                "run `aws ec2 revoke-security-group-ingress --group-id {id} …`, and let in the security group of your \
                 workloads instead"
            );
            return Finding::warning(subject, "it lets every address in").mend(mend);
        }
        Finding::ok(subject, format!("{} in {own}", group.get("groupName")))
    }

    async fn key(&self, arn: &str) -> Finding {
        let subject = format!("key {arn}");
        let asked =
            self.asking.json(Service::Kms, "DescribeKey", "TrentService.DescribeKey", &json!({"KeyId": arn})).await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) if error.kind == Kind::Credentials => {
                let mend =
                    "allow kms:DescribeKey and kms:CreateGrant on it: `cache-driver policy aws --with encryption-key`";
                return Finding::problem(subject, error.message).mend(mend);
            }
            Err(error) if error.kind == Kind::Refused => {
                let mend = "name an existing key of this region as encryption_key; `aws kms list-keys` lists them";
                return Finding::problem(subject, error.message).mend(mend);
            }
            Err(error) => return Finding::unknown(subject, error),
        };
        let state = answer.pointer("/KeyMetadata/KeyState").and_then(Value::as_str).unwrap_or("unknown");
        if state == "Enabled" {
            Finding::ok(subject, "enabled")
        } else {
            Finding::problem(subject, format!("it is {state}")).mend(format!("run `aws kms enable-key --key-id {arn}`"))
        }
    }

    /// Asks IAM to judge every action on the resources that it would be made on.
    async fn permissions(&self, arn: &str, name: &str, needed: &[Permission], key: Option<&str>) -> Finding {
        let Some(principal) = principal(arn) else {
            let seen = format!("{arn} has no policies that could be asked for; aws judges at the first call");
            return Finding::warning(PERMISSIONS, seen);
        };
        let (mut denied, mut asked) = (Vec::new(), 0_usize);
        for (resource, actions) in self.questions(name, needed, key) {
            asked += actions.len();
            match self.simulate(&principal, &resource, &actions).await {
                Ok(found) => denied.extend(found),
                Err(error) => {
                    let untested = needed.iter().filter(|permission| is_tested(permission, key.is_some()));
                    let untested: Vec<&str> = untested.map(|permission| permission.action).collect();
                    let seen = format!("could not be asked: {}; not tested: {}", error.message, untested.join(", "));
                    let mend = "allow iam:SimulatePrincipalPolicy on the identity itself, or compare with `cache-driver policy aws`";
                    return Finding::warning(PERMISSIONS, seen).mend(mend);
                }
            }
        }
        if denied.is_empty() {
            return Finding::ok(PERMISSIONS, format!("all {asked} that were asked for are allowed to {principal}"));
        }
        denied.sort_unstable();
        denied.dedup();
        let mend = format!("attach what `cache-driver policy aws --account-id {}` prints to {principal}", self.account);
        Finding::problem(PERMISSIONS, format!("missing: {}", denied.join(", "))).mend(mend)
    }

    /// Actions by the resource that they are judged on: of several kinds the first, which is the one that is changed.
    fn questions(&self, name: &str, needed: &[Permission], key: Option<&str>) -> BTreeMap<String, Vec<&'static str>> {
        let mut questions: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for permission in needed.iter().filter(|permission| is_tested(permission, key.is_some())) {
            let resource = match (permission.resources.first(), key) {
                (_, Some(key)) if permission.feature == Some(Feature::EncryptionKey) => key.to_owned(),
                (Some(resource), _) => self.resource(resource, name),
                (None, _) => "*".to_owned(),
            };
            questions.entry(resource).or_default().push(permission.action);
        }
        questions
    }

    /// A resource that the pattern stands for.
    fn resource(&self, pattern: &str, name: &str) -> String {
        let partition = match self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let (service, rest) = pattern.split_once(':').unwrap_or((pattern, "*"));
        let rest =
            rest.replace("{prefix}-*", name).replace("{parameters}*", &format!("{}-check", self.shared.prefix()));
        format!("arn:{partition}:{service}:{}:{}:{rest}", self.region, self.account)
    }

    /// The actions that are not allowed.
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
    async fn simulate(
        &self,
        principal: &str,
        resource: &str,
        actions: &[&'static str],
    ) -> Result<Vec<String>, BackendError> {
        let mut parameters = vec![("PolicySourceArn".to_owned(), principal.to_owned())];
        parameters.push(("ResourceArns.member.1".to_owned(), resource.to_owned()));
        let numbered = actions.iter().enumerate();
        parameters.extend(numbered.map(|(n, action)| (format!("ActionNames.member.{}", n + 1), (*action).to_owned())));
        let answer = self.asking.query(Service::Iam, "SimulatePrincipalPolicy", "2010-05-08", &parameters).await?;
        let results = answer.find("EvaluationResults").map_or(&[][..], |results| &results.children);
        let refused = results.iter().filter(|result| result.get("EvalDecision") != "allowed");
        Ok(refused.map(|result| result.get("EvalActionName").to_owned()).collect())
    }
}

/// What every installation needs, and what the key needs if there is one. Whether the other features are used is not known here.
fn is_tested(permission: &Permission, has_key: bool) -> bool {
    !permission.only_check
        && match permission.feature {
            None => permission.action != "sts:GetCallerIdentity",
            Some(Feature::EncryptionKey) => has_key,
            Some(_) => false,
        }
}

/// The user or role whose policies decide: of a session that is its role. A path of the role is not part of the session's ARN,
/// so roles with one cannot be asked for, and IAM says so.
fn principal(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, _, account, resource] = parts[..] else { return None };
    match (service, resource.split('/').collect::<Vec<_>>().as_slice()) {
        ("iam", ["user" | "role", ..]) => Some(arn.to_owned()),
        ("sts", ["assumed-role", role, ..]) => Some(format!("{prefix}:{partition}:iam::{account}:role/{role}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_judged_by_its_role() {
        let role = Some("arn:aws:iam::111122223333:role/driver".to_owned());
        assert_eq!(principal("arn:aws:sts::111122223333:assumed-role/driver/session"), role);
        let user = "arn:aws:iam::111122223333:user/ops/ann";
        assert_eq!(principal(user).as_deref(), Some(user));
        for none in ["arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:federated-user/ann", ""] {
            assert_eq!(principal(none), None, "{none}");
        }
    }
}
