//! EC2, API version 2016-11-15: the look-ups of `DescribeVpcs`, `DescribeSubnets`, `DescribeSecurityGroups`.
//!
//! There is one VPC with three subnets and a default security group. Any other subnet or group that is named by a well-formed id exists
//! too, unless it was removed.

use std::collections::BTreeMap;

use super::error::{Answer, AwsError};
use super::params::Params;
use super::store::{Region, Scope};
use super::validate::is_resource_id;
use super::xml::Xml;

/// `DescribeVpcs`.
pub(super) fn vpcs(region: &Region, params: &Params) -> Answer {
    let own = region.vpc();
    if let Some(other) = params.flat_list("VpcId").into_iter().find(|id| *id != own) {
        return Err(not_found("InvalidVpcID.NotFound", "vpc", &other));
    }
    let found = [own].into_iter().filter(|id| passes(params, &[("vpc-id", id), ("is-default", "true")]));
    let mut xml = Xml::new();
    xml.list("vpcSet", "item", found, |xml, id| {
        xml.leaf("vpcId", &id);
        xml.leaf("state", "available");
        xml.leaf("cidrBlock", "172.31.0.0/16");
        xml.leaf("ownerId", &region.scope.account);
        xml.leaf("instanceTenancy", "default");
        xml.flag("isDefault", true);
    });
    Ok(xml.into_bytes())
}

/// `DescribeSubnets`.
pub(super) fn subnets(region: &Region, params: &Params) -> Answer {
    let asked = params.flat_list("SubnetId");
    if let Some(missing) = asked.iter().find(|id| !is_resource_id(id, "subnet-") || region.removed.contains(*id)) {
        return Err(not_found("InvalidSubnetID.NotFound", "subnet", missing));
    }
    let vpc = region.vpc();
    let listed = if asked.is_empty() { region.subnets() } else { asked };
    let found: Vec<_> = listed
        .into_iter()
        .map(|id| (region.zone_of(&id), id))
        .filter(|(zone, id)| {
            !region.removed.contains(id)
                && passes(params, &[("vpc-id", &vpc), ("subnet-id", id), ("availability-zone", zone)])
        })
        .collect();
    let Scope { account, region: name } = &region.scope;
    let mut xml = Xml::new();
    xml.list("subnetSet", "item", found.iter().enumerate(), |xml, (index, (zone, id))| {
        xml.leaf("subnetId", id);
        xml.leaf("subnetArn", &format!("arn:aws:ec2:{name}:{account}:subnet/{id}"));
        xml.leaf("state", "available");
        xml.leaf("vpcId", &vpc);
        xml.leaf("cidrBlock", &format!("172.31.{}.0/20", index % 16 * 16));
        xml.number("availableIpAddressCount", 4091);
        xml.leaf("availabilityZone", zone);
        xml.flag("defaultForAz", true);
        xml.flag("mapPublicIpOnLaunch", false);
        xml.leaf("ownerId", account);
    });
    Ok(xml.into_bytes())
}

/// `DescribeSecurityGroups`.
pub(super) fn security_groups(region: &Region, moved: &BTreeMap<String, String>, params: &Params) -> Answer {
    let asked = params.flat_list("GroupId");
    if let Some(malformed) = asked.iter().find(|id| !is_resource_id(id, "sg-")) {
        return Err(AwsError::new("InvalidGroupId.Malformed", 400, format!("Invalid id: \"{malformed}\"")));
    }
    if let Some(missing) = asked.iter().find(|id| region.removed.contains(*id)) {
        return Err(not_found("InvalidGroup.NotFound", "security group", missing));
    }
    let vpc = region.vpc();
    let vpc_of = |id: &str| moved.get(id).unwrap_or(&vpc);
    let usual = region.default_security_group();
    let listed = if asked.is_empty() { vec![usual.clone()] } else { asked };
    let found = listed.into_iter().filter(|id| {
        let name = if *id == usual { "default" } else { id.as_str() };
        !region.removed.contains(id)
            && passes(params, &[("vpc-id", vpc_of(id)), ("group-id", id), ("group-name", name)])
    });
    let mut xml = Xml::new();
    xml.list("securityGroupInfo", "item", found, |xml, id| {
        xml.leaf("ownerId", &region.scope.account);
        xml.leaf("groupId", &id);
        xml.leaf("groupName", if id == usual { "default" } else { &id });
        xml.leaf("groupDescription", "made by the sandbox");
        xml.leaf("vpcId", vpc_of(&id));
        xml.element("ipPermissions", |_| {});
        xml.element("ipPermissionsEgress", |_| {});
    });
    Ok(xml.into_bytes())
}

fn not_found(code: &'static str, what: &str, id: &str) -> AwsError {
    AwsError::new(code, 400, format!("The {what} ID '{id}' does not exist"))
}

/// Whether every filter of the request admits an object with these attributes; filters on others admit nothing.
fn passes(params: &Params, attributes: &[(&str, &str)]) -> bool {
    (1..).map_while(|index| params.get(&format!("Filter.{index}.Name")).map(|name| (index, name))).all(
        |(index, name)| {
            let values = params.flat_list(&format!("Filter.{index}.Value"));
            attributes.iter().any(|(known, value)| *known == name && values.iter().any(|wanted| wanted == value))
        },
    )
}
