//! `CreateCacheSubnetGroup`, `DescribeCacheSubnetGroups`, `ModifyCacheSubnetGroup`, `DeleteCacheSubnetGroup`.

use super::context::Context;
use super::error::{Answer, AwsError};
use super::paging;
use super::store::{Region, SubnetGroup};
use super::validate;
use super::xml::Xml;

/// Subnets that one group may have.
const SUBNETS: usize = 20;

/// `CreateCacheSubnetGroup`.
pub(super) fn create(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let name = checked_name(ctx)?;
    let description = params.required("CacheSubnetGroupDescription")?;
    validate::description("CacheSubnetGroupDescription", description)?;
    if ctx.region.subnet_groups.contains_key(&name) {
        let message = format!("Cache subnet group {name} already exists.");
        return Err(AwsError::new("CacheSubnetGroupAlreadyExists", 400, message));
    }
    let group = SubnetGroup {
        name: name.clone(),
        description: description.to_owned(),
        subnets: checked_subnets(ctx)?,
        tags: validate::tags(params)?,
    };
    ctx.region.removed.remove(&name);
    ctx.region.subnet_groups.insert(name.clone(), group);
    ctx.region.event(ctx.now, "cache-subnet-group", &name, format!("Cache subnet group {name} created"));
    one(ctx.region, &name)
}

fn checked_name(ctx: &Context<'_>) -> Result<String, AwsError> {
    let name = ctx.params.identifier("CacheSubnetGroupName")?;
    let legal = name.len() <= 255
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte));
    if legal {
        return Ok(name);
    }
    Err(AwsError::value(
        "CacheSubnetGroupName must have 1 to 255 letters, digits, hyphens, dots, underscores or spaces.",
    ))
}

fn checked_subnets(ctx: &Context<'_>) -> Result<Vec<String>, AwsError> {
    let subnets = ctx.params.list("SubnetIds");
    if subnets.is_empty() {
        return Err(AwsError::missing("SubnetIds"));
    }
    if subnets.len() > SUBNETS {
        let message = format!("A cache subnet group has at most {SUBNETS} subnets.");
        return Err(AwsError::new("CacheSubnetQuotaExceededFault", 400, message));
    }
    validate::subnets(ctx.region, &subnets)?;
    Ok(subnets)
}

/// `DescribeCacheSubnetGroups`. A group that is named exists, unless it was removed.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let page = paging::page(ctx.params, 20, 100)?;
    if ctx.params.get("CacheSubnetGroupName").is_some() {
        let name = checked_name(ctx)?;
        ctx.region.require_subnet_group(&name)?;
        let mut xml = Xml::new();
        let group = &ctx.region.subnet_groups[&name];
        xml.list("CacheSubnetGroups", "CacheSubnetGroup", [group], |xml, group| fields(xml, ctx.region, group));
        return Ok(xml.into_bytes());
    }
    let (groups, marker) = page.cut(ctx.region.subnet_groups.values().collect());
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("CacheSubnetGroups", "CacheSubnetGroup", groups, |xml, group| fields(xml, ctx.region, group));
    Ok(xml.into_bytes())
}

/// `ModifyCacheSubnetGroup`.
pub(super) fn modify(ctx: &mut Context<'_>) -> Answer {
    let name = checked_name(ctx)?;
    ctx.region.require_subnet_group(&name)?;
    let description = ctx.params.get("CacheSubnetGroupDescription");
    if let Some(text) = description {
        validate::description("CacheSubnetGroupDescription", text)?;
    }
    let subnets = if ctx.params.has_list("SubnetIds") { Some(checked_subnets(ctx)?) } else { None };
    if let Some(group) = ctx.region.subnet_groups.get_mut(&name) {
        if let Some(text) = description {
            text.clone_into(&mut group.description);
        }
        if let Some(subnets) = subnets {
            group.subnets = subnets;
        }
    }
    one(ctx.region, &name)
}

/// `DeleteCacheSubnetGroup`: refused until the last cluster in it is gone.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let name = checked_name(ctx)?;
    if name == "default" {
        return Err(AwsError::value("The default cache subnet group cannot be deleted."));
    }
    ctx.region.require_subnet_group(&name)?;
    let retained = ctx.region.retained.values().map(|retained| &retained.group);
    if ctx.region.groups.values().chain(retained).any(|group| group.subnet_group == name) {
        let message = format!("Cache subnet group {name} is currently in use by a cache cluster.");
        return Err(AwsError::new("CacheSubnetGroupInUse", 400, message));
    }
    ctx.region.subnet_groups.remove(&name);
    ctx.region.event(ctx.now, "cache-subnet-group", &name, format!("Cache subnet group {name} deleted"));
    ctx.region.removed.insert(name);
    Ok(Vec::new())
}

fn one(region: &Region, name: &str) -> Answer {
    let group = region.subnet_groups.get(name).ok_or_else(|| AwsError::subnet_group_not_found(name))?;
    let mut xml = Xml::new();
    xml.element("CacheSubnetGroup", |xml| fields(xml, region, group));
    Ok(xml.into_bytes())
}

fn fields(xml: &mut Xml, region: &Region, group: &SubnetGroup) {
    xml.leaf("CacheSubnetGroupName", &group.name);
    xml.leaf("CacheSubnetGroupDescription", &group.description);
    xml.leaf("VpcId", &region.vpc());
    xml.list("Subnets", "Subnet", &group.subnets, |xml, subnet| {
        xml.leaf("SubnetIdentifier", subnet);
        xml.element("SubnetAvailabilityZone", |xml| xml.leaf("Name", &region.zone_of(subnet)));
        xml.list("SupportedNetworkTypes", "member", ["ipv4"], Xml::text);
    });
    xml.leaf("ARN", &region.arn("subnetgroup", &group.name));
    xml.list("SupportedNetworkTypes", "member", ["ipv4"], Xml::text);
}
