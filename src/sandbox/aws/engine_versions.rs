//! `DescribeCacheEngineVersions` and `ListAllowedNodeTypeModifications`.

use super::catalog::{self, VERSIONS};
use super::context::Context;
use super::error::{Answer, AwsError};
use super::paging;
use super::xml::Xml;

/// `DescribeCacheEngineVersions`.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let page = paging::page(params, 20, 100)?;
    let default_only = params.flag("DefaultOnly")?.unwrap_or(false);
    let wanted = |name: &str, got: &[&str]| params.get(name).is_none_or(|wish| got.contains(&wish));
    let found = VERSIONS.iter().filter(|version| {
        wanted("Engine", &[version.engine])
            && wanted("EngineVersion", &[version.full, version.short])
            && wanted("CacheParameterGroupFamily", &[version.family])
            && (!default_only || catalog::default_version(version.engine).as_ref() == Some(*version))
    });
    let (found, marker) = page.cut(found.collect());
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("CacheEngineVersions", "CacheEngineVersion", found, |xml, version| {
        xml.leaf("Engine", version.engine);
        xml.leaf("EngineVersion", version.full);
        xml.leaf("CacheParameterGroupFamily", version.family);
        xml.leaf("CacheEngineDescription", if version.engine == "valkey" { "Valkey" } else { "Redis" });
        xml.leaf("CacheEngineVersionDescription", &format!("{} version {}", version.engine, version.full));
    });
    Ok(xml.into_bytes())
}

/// `ListAllowedNodeTypeModifications`.
pub(super) fn allowed_node_types(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let current = if let Some(cluster) = params.get("CacheClusterId") {
        let cluster = cluster.to_ascii_lowercase();
        let owner =
            ctx.region.groups.values().find(|group| group.members().iter().any(|own| own.cluster_id == cluster));
        owner.ok_or_else(|| AwsError::cluster_not_found(&cluster))?
    } else {
        ctx.region.group(&params.identifier("ReplicationGroupId")?)?
    };
    let current = current.settings.node_type.as_str();
    let rank = catalog::size_rank(current);
    let others = || catalog::node_types().into_iter().filter(|other| other != current);
    let mut xml = Xml::new();
    let up = others().filter(|other| catalog::size_rank(other) >= rank);
    xml.list("ScaleUpModifications", "member", up, |xml, other| xml.text(&other));
    let down = others().filter(|other| catalog::size_rank(other) < rank);
    xml.list("ScaleDownModifications", "member", down, |xml, other| xml.text(&other));
    Ok(xml.into_bytes())
}
