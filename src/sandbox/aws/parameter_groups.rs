//! `CreateCacheParameterGroup`, `DescribeCacheParameterGroups`, `ModifyCacheParameterGroup`, `ResetCacheParameterGroup`,
//! `DeleteCacheParameterGroup`, `DescribeCacheParameters`.

use super::catalog;
use super::context::Context;
use super::error::{Answer, AwsError};
use super::paging;
use super::parameters::{self, CLUSTER_ENABLED, PARAMETERS, Parameter};
use super::store::{ParameterGroup, Region};
use super::validate;
use super::xml::Xml;

/// Parameters that one request may change.
const AT_ONCE: usize = 20;

/// What other actions want to know of a parameter group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) family: String,
    /// Whether it turns cluster mode on.
    pub(super) cluster_on: bool,
}

/// The name of a family's own group.
pub(super) fn default_name(family: &str, cluster: bool) -> String {
    if cluster { format!("default.{family}.cluster.on") } else { format!("default.{family}") }
}

/// The group of that name, one's own or a family's.
pub(super) fn find(region: &Region, name: &str) -> Result<Found, AwsError> {
    if let Some(own) = region.parameter_groups.get(name) {
        let cluster_on = own.values.get(CLUSTER_ENABLED).is_some_and(|value| value == "yes");
        return Ok(Found { family: own.family.clone(), cluster_on });
    }
    let family = name.strip_prefix("default.").ok_or_else(|| AwsError::parameter_group_not_found(name))?;
    let (family, cluster_on) = family.strip_suffix(".cluster.on").map_or((family, false), |family| (family, true));
    if !catalog::is_family(family) {
        return Err(AwsError::parameter_group_not_found(name));
    }
    Ok(Found { family: family.to_owned(), cluster_on })
}

fn family_groups() -> Vec<ParameterGroup> {
    let mut groups = Vec::new();
    for family in catalog::families() {
        for cluster in [false, true] {
            let suffix = if cluster { " with cluster mode on" } else { "" };
            groups.push(ParameterGroup {
                name: default_name(family, cluster),
                family: family.to_owned(),
                description: format!("Default parameter group for {family}{suffix}"),
                values: [(CLUSTER_ENABLED.to_owned(), "yes".to_owned())].into_iter().filter(|_| cluster).collect(),
                tags: std::collections::BTreeMap::new(),
            });
        }
    }
    groups
}

/// `CreateCacheParameterGroup`.
pub(super) fn create(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let name = params.identifier("CacheParameterGroupName")?;
    validate::name("CacheParameterGroupName", &name, 255)?;
    let family = params.required("CacheParameterGroupFamily")?;
    if !catalog::is_family(family) {
        return Err(AwsError::value(format!(
            "CacheParameterGroupFamily {family} is not a valid parameter group family."
        )));
    }
    let description = params.required("Description")?;
    validate::description("Description", description)?;
    if ctx.region.parameter_groups.contains_key(&name) {
        let message = format!("Parameter group {name} already exists.");
        return Err(AwsError::new("CacheParameterGroupAlreadyExists", 400, message));
    }
    let group = ParameterGroup {
        name: name.clone(),
        family: family.to_owned(),
        description: description.to_owned(),
        values: std::collections::BTreeMap::new(),
        tags: validate::tags(params)?,
    };
    let mut xml = Xml::new();
    xml.element("CacheParameterGroup", |xml| fields(xml, ctx.region, &group));
    ctx.region.event(ctx.now, "cache-parameter-group", &name, format!("Parameter group {name} created"));
    ctx.region.parameter_groups.insert(name, group);
    Ok(xml.into_bytes())
}

fn fields(xml: &mut Xml, region: &Region, group: &ParameterGroup) {
    xml.leaf("CacheParameterGroupName", &group.name);
    xml.leaf("CacheParameterGroupFamily", &group.family);
    xml.leaf("Description", &group.description);
    xml.flag("IsGlobal", false);
    xml.leaf("ARN", &region.arn("parametergroup", &group.name));
}

/// `DescribeCacheParameterGroups`.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let page = paging::page(ctx.params, 20, 100)?;
    let mut groups = family_groups();
    groups.extend(ctx.region.parameter_groups.values().cloned());
    if ctx.params.get("CacheParameterGroupName").is_some() {
        let name = ctx.params.identifier("CacheParameterGroupName")?;
        groups.retain(|group| group.name == name);
        if groups.is_empty() {
            return Err(AwsError::parameter_group_not_found(&name));
        }
    }
    let (groups, marker) = page.cut(groups);
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("CacheParameterGroups", "CacheParameterGroup", groups, |xml, group| fields(xml, ctx.region, &group));
    Ok(xml.into_bytes())
}

/// `ModifyCacheParameterGroup`: all or nothing.
pub(super) fn modify(ctx: &mut Context<'_>) -> Answer {
    let name = own_name(ctx)?;
    let mut wanted = Vec::new();
    for pair in ctx.params.structures("ParameterNameValues") {
        let parameter = pair.get("ParameterName").cloned().unwrap_or_default();
        let value = pair.get("ParameterValue").cloned().unwrap_or_default();
        if !changeable(&parameter)?.allows(&value) {
            return Err(AwsError::value(format!("The value {value} is not allowed for parameter {parameter}.")));
        }
        wanted.push((parameter, value));
    }
    if wanted.is_empty() || wanted.len() > AT_ONCE {
        return Err(AwsError::value(format!("ParameterNameValues must have 1 to {AT_ONCE} parameters.")));
    }
    if wanted.iter().any(|(parameter, _)| parameter == CLUSTER_ENABLED) && is_used(ctx.region, &name) {
        return Err(in_use(&name));
    }
    if let Some(group) = ctx.region.parameter_groups.get_mut(&name) {
        group.values.extend(wanted);
    }
    Ok(named(&name))
}

/// `ResetCacheParameterGroup`.
pub(super) fn reset(ctx: &mut Context<'_>) -> Answer {
    let name = own_name(ctx)?;
    let all = ctx.params.flag("ResetAllParameters")?.unwrap_or(false);
    let listed: Vec<String> = ctx
        .params
        .structures("ParameterNameValues")
        .into_iter()
        .filter_map(|mut pair| pair.remove("ParameterName"))
        .collect();
    if all != listed.is_empty() {
        return Err(AwsError::combination("Either ResetAllParameters or ParameterNameValues must be given."));
    }
    for parameter in &listed {
        changeable(parameter)?;
    }
    if let Some(group) = ctx.region.parameter_groups.get_mut(&name) {
        group.values.retain(|parameter, _| !all && !listed.contains(parameter));
    }
    Ok(named(&name))
}

/// `DeleteCacheParameterGroup`.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let name = own_name(ctx)?;
    if is_used(ctx.region, &name) {
        return Err(in_use(&name));
    }
    ctx.region.parameter_groups.remove(&name);
    ctx.region.event(ctx.now, "cache-parameter-group", &name, format!("Parameter group {name} deleted"));
    Ok(Vec::new())
}

/// The name of a group that may be changed.
fn own_name(ctx: &Context<'_>) -> Result<String, AwsError> {
    let name = ctx.params.identifier("CacheParameterGroupName")?;
    find(ctx.region, &name)?;
    if name.starts_with("default.") {
        let message = format!("The default parameter group {name} cannot be changed.");
        return Err(AwsError::new("InvalidCacheParameterGroupState", 400, message));
    }
    Ok(name)
}

fn changeable(parameter: &str) -> Result<&'static Parameter, AwsError> {
    let found = parameters::find(parameter)
        .ok_or_else(|| AwsError::value(format!("The parameter {parameter} does not exist in this family.")))?;
    if found.modifiable {
        Ok(found)
    } else {
        Err(AwsError::value(format!("The parameter {parameter} cannot be modified.")))
    }
}

fn is_used(region: &Region, name: &str) -> bool {
    region.groups.values().any(|group| {
        group.settings.parameter_group == name
            || group.pending().is_some_and(|(target, _)| target.parameter_group == name)
    })
}

fn in_use(name: &str) -> AwsError {
    let message = format!("One or more cache clusters are using parameter group {name}.");
    AwsError::new("InvalidCacheParameterGroupState", 400, message)
}

fn named(name: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.leaf("CacheParameterGroupName", name);
    xml.into_bytes()
}

/// `DescribeCacheParameters`.
pub(super) fn describe_parameters(ctx: &mut Context<'_>) -> Answer {
    let page = paging::page(ctx.params, 20, 100)?;
    let name = ctx.params.identifier("CacheParameterGroupName")?;
    let found = find(ctx.region, &name)?;
    let own = ctx.region.parameter_groups.get(&name).map(|group| group.values.clone()).unwrap_or_default();
    let listed = PARAMETERS.iter().map(|parameter| {
        let set = own.get(parameter.name).map(String::as_str);
        let value = match set {
            None if parameter.name == CLUSTER_ENABLED && found.cluster_on => Some("yes"),
            None => parameter.value,
            set => set,
        };
        (parameter, value, if set.is_some() { "user" } else { "system" })
    });
    let wanted = ctx.params.get("Source");
    let (listed, marker) =
        page.cut(listed.filter(|(_, _, source)| wanted.is_none_or(|wanted| wanted == *source)).collect());
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("Parameters", "Parameter", listed, |xml, (parameter, value, source)| {
        xml.leaf("ParameterName", parameter.name);
        xml.optional("ParameterValue", value);
        xml.leaf("Source", source);
        xml.leaf("DataType", parameter.kind);
        xml.leaf("AllowedValues", parameter.allowed);
        xml.flag("IsModifiable", parameter.modifiable);
        xml.leaf("MinimumEngineVersion", "5.0.6");
        xml.leaf("ChangeType", if parameter.reboot { "requires-reboot" } else { "immediate" });
    });
    Ok(xml.into_bytes())
}
