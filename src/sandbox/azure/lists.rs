//! Lists, in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::reply::Reply;
use super::resource::Resource;

/// Entries of one page. The real ones are larger; small ones find callers that read the first page only.
const PAGE: usize = 20;

/// All resources of a kind in a subscription, or in one of its groups.
pub(super) fn all(ctx: &Context<'_>, kind: Kind, subscription: &str, group: Option<&str>) -> Answer {
    page(ctx, |resource| {
        let id = &resource.id;
        id.kind == kind
            && id.subscription.eq_ignore_ascii_case(subscription)
            && group.is_none_or(|group| id.group.eq_ignore_ascii_case(group))
    })
}

/// All parts of one kind of a resource.
pub(super) fn parts(ctx: &Context<'_>, kind: Kind, parent: &Id) -> Answer {
    ctx.existing(parent)?;
    let key = parent.key();
    page(ctx, |resource| resource.id.kind == kind && resource.id.parent().is_some_and(|parent| parent.key() == key))
}

fn page(ctx: &Context<'_>, wanted: impl Fn(&Resource) -> bool) -> Answer {
    let after = match ctx.request.query("$skiptoken") {
        None => String::new(),
        Some(token) => {
            let key = URL_SAFE_NO_PAD.decode(token).ok().and_then(|key| String::from_utf8(key).ok());
            key.ok_or_else(|| ArmError::gateway(400, "InvalidSkipToken", "The provided skip token is invalid."))?
        }
    };
    let mut found = ctx.state.resources.iter().filter(|(key, resource)| **key > after && wanted(resource));
    let page: Vec<(&String, &Resource)> = found.by_ref().take(PAGE).collect();
    let shown: Vec<Value> = page.iter().map(|(_, resource)| ctx.show(resource)).collect();
    let mut body = json!({ "value": shown });
    if let (Some((last, _)), Some(_)) = (page.last(), found.next()) {
        let token = URL_SAFE_NO_PAD.encode(last);
        let next = format!("{}{}?api-version={}&$skiptoken={token}", ctx.request.base, ctx.request.path, ctx.version);
        body["nextLink"] = json!(next);
    }
    Ok(Reply::ok(body))
}
