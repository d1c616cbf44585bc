//! `ListTagsForResource`, `AddTagsToResource`, `RemoveTagsFromResource`.

use std::collections::BTreeMap;

use super::context::Context;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Change, Work};
use super::store::Region;
use super::validate;
use super::xml::Xml;

/// A resource that has tags.
enum Resource {
    Group(String),
    Snapshot(String),
    SubnetGroup(String),
    ParameterGroup(String),
}

/// `ListTagsForResource`. A group that is busy cannot be asked for its tags.
pub(super) fn list(ctx: &mut Context<'_>) -> Answer {
    let resource = resource(ctx)?;
    Ok(answer(tags_of(ctx.region, &resource, "list its tags")?))
}

/// `AddTagsToResource`. On a group it is a change that takes time.
pub(super) fn add(ctx: &mut Context<'_>) -> Answer {
    let resource = resource(ctx)?;
    let added = validate::tags(ctx.params)?;
    if added.is_empty() {
        return Err(AwsError::missing("Tags"));
    }
    let mut tags = tags_of(ctx.region, &resource, "change its tags")?.clone();
    tags.extend(added);
    validate::tag_count(&tags)?;
    replace(ctx, &resource, tags)
}

/// `RemoveTagsFromResource`.
pub(super) fn remove(ctx: &mut Context<'_>) -> Answer {
    let resource = resource(ctx)?;
    let keys = ctx.params.list("TagKeys");
    if keys.is_empty() {
        return Err(AwsError::missing("TagKeys"));
    }
    let mut tags = tags_of(ctx.region, &resource, "change its tags")?.clone();
    for key in &keys {
        if tags.remove(key).is_none() {
            return Err(AwsError::new("TagNotFound", 404, format!("Tag {key} not found.")));
        }
    }
    replace(ctx, &resource, tags)
}

/// What an ARN of this account and region names.
fn resource(ctx: &Context<'_>) -> Result<Resource, AwsError> {
    let arn = ctx.params.required("ResourceName")?;
    let invalid =
        || AwsError::new("InvalidARN", 400, format!("The ARN {arn} is not valid for this account and region."));
    let (_, kind_and_name) = arn.split_once(":elasticache:").ok_or_else(invalid)?;
    let mut parts = kind_and_name.splitn(4, ':').skip(2);
    let (Some(kind), Some(name)) = (parts.next(), parts.next()) else { return Err(invalid()) };
    if arn != ctx.region.arn(kind, name) {
        return Err(invalid());
    }
    match kind {
        "replicationgroup" => Ok(Resource::Group(name.to_owned())),
        "cluster" => {
            let owner =
                ctx.region.groups.values().find(|group| group.members().iter().any(|own| own.cluster_id == name));
            owner.map(|group| Resource::Group(group.id.clone())).ok_or_else(|| AwsError::cluster_not_found(name))
        }
        "snapshot" => Ok(Resource::Snapshot(name.to_owned())),
        "subnetgroup" => Ok(Resource::SubnetGroup(name.to_owned())),
        "parametergroup" => Ok(Resource::ParameterGroup(name.to_owned())),
        _ => Err(invalid()),
    }
}

fn tags_of<'a>(region: &'a Region, resource: &Resource, what: &str) -> Result<&'a BTreeMap<String, String>, AwsError> {
    match resource {
        Resource::Group(id) => {
            let group = region.group(id)?;
            if group.is_available() { Ok(&group.tags) } else { Err(AwsError::group_state(id, group.status(), what)) }
        }
        Resource::Snapshot(name) => {
            region.snapshots.get(name).map(|found| &found.tags).ok_or_else(|| AwsError::snapshot_not_found(name))
        }
        Resource::SubnetGroup(name) => region
            .subnet_groups
            .get(name)
            .map(|found| &found.tags)
            .ok_or_else(|| AwsError::subnet_group_not_found(name)),
        Resource::ParameterGroup(name) => {
            let found = region.parameter_groups.get(name).map(|found| &found.tags);
            found.ok_or_else(|| AwsError::parameter_group_not_found(name))
        }
    }
}

fn replace(ctx: &mut Context<'_>, resource: &Resource, tags: BTreeMap<String, String>) -> Answer {
    let answer = answer(&tags);
    match resource {
        Resource::Group(id) => {
            let due = |group: &super::group::Group| {
                let settings = &group.settings;
                ctx.pace.due(ctx.now, durations::modify(&[Change::Tags], settings, settings))
            };
            let group = ctx.region.change_group(id, "change its tags")?;
            let work = Work::Modify {
                target: Box::new(group.settings.clone()),
                changes: vec![Change::Tags],
                failure: ctx.failure.take(),
            };
            let due = due(group);
            group.work = Some((work, due));
            group.tags = tags;
        }
        Resource::Snapshot(name) => {
            ctx.region.snapshots.entry(name.clone()).and_modify(|found| found.tags = tags);
        }
        Resource::SubnetGroup(name) => {
            ctx.region.subnet_groups.entry(name.clone()).and_modify(|found| found.tags = tags);
        }
        Resource::ParameterGroup(name) => {
            ctx.region.parameter_groups.entry(name.clone()).and_modify(|found| found.tags = tags);
        }
    }
    Ok(answer)
}

fn answer(tags: &BTreeMap<String, String>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.list("TagList", "Tag", tags, |xml, (key, value)| {
        xml.leaf("Key", key);
        xml.leaf("Value", value);
    });
    xml.into_bytes()
}
