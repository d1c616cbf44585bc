//! The two access keys of a cache: both are valid, and each can be made anew.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::random;
use super::reply::Reply;
use super::resource::Keys;
use crate::random::Random;

/// Two new keys.
pub(super) fn pair(random: &dyn Random) -> Keys {
    Keys { primary: random::key(random), secondary: random::key(random) }
}

/// As answers show them.
pub(super) fn show(keys: &Keys) -> Value {
    json!({ "primaryKey": keys.primary.expose_secret(), "secondaryKey": keys.secondary.expose_secret() })
}

/// Shows them.
pub(super) fn list(ctx: &Context<'_>, id: &Id) -> Answer {
    let resource = ctx.existing(id)?;
    let keys = resource.keys.as_ref().ok_or_else(|| ArmError::busy(&id.shown()))?;
    Ok(Reply::ok(show(keys)))
}

/// Makes one anew, at once.
pub(super) fn regenerate(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let which = given.get("keyType").and_then(Value::as_str).unwrap_or_default().to_owned();
    ctx.existing(id)?;
    ctx.idle(&id.root())?;
    let new = random::key(ctx.random);
    let resource = ctx.state.resources.get_mut(&id.key()).filter(|resource| !resource.is_shell());
    let Some((resource, mut keys)) = resource.and_then(|resource| resource.keys.clone().map(|keys| (resource, keys)))
    else {
        return Err(ArmError::bad(format!("The resource '{}' has no keys.", id.shown())));
    };
    match which.as_str() {
        "Primary" => keys.primary = new,
        "Secondary" => keys.secondary = new,
        _ => {
            let message = format!(
                "The value '{which}' of the property 'keyType' is invalid. Valid values are: Primary, Secondary."
            );
            return Err(ArmError::bad(message));
        }
    }
    let body = show(&keys);
    resource.keys = Some(keys);
    resource.rekeyed = true;
    Ok(Reply::ok(body))
}
