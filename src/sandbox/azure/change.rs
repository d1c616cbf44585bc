//! What PUT and PATCH on something that exists have in common.

use serde_json::Value;

use super::context::Context;
use super::error::ArmError;
use super::id::Id;
use super::locations::{self, Location};
use super::operations::{Family, Operation};
use super::resource::{Act, Fields};

/// How long a change takes, by whether the size changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds {
    pub(super) update: u64,
    pub(super) scale: u64,
}

/// Makes a resource become `fields`. Tags are ARM's own and change at once, whatever goes on; anything else is an operation, and
/// only if it differs.
pub(super) fn replace(
    ctx: &mut Context<'_>,
    id: &Id,
    fields: Fields,
    seconds: Seconds,
    family: Family,
) -> Result<Option<Operation>, ArmError> {
    let key = id.key();
    let existing = ctx.existing(id)?;
    if existing.is_deleting() {
        return Err(ArmError::busy(&id.shown()));
    }
    if existing.is_shell() {
        let message =
            format!("The resource '{}' is in a failed state and cannot be updated. Delete it first.", id.shown());
        return Err(ArmError::bad(message));
    }
    let current = match existing.work.as_ref().map(|work| &work.act) {
        Some(Act::Update { fields, .. }) => fields,
        _ => &existing.fields,
    };
    let same = without_tags(current) == without_tags(&fields);
    if !same {
        ctx.idle(id)?;
    }
    let existing = ctx.existing(id)?;
    let scaling = size(&existing.fields) != size(&fields);
    let tags = fields.get("tags").cloned();
    ctx.state.remember(&key);
    if let (Some(resource), Some(tags)) = (ctx.state.resources.get_mut(&key), tags) {
        resource.fields.insert("tags".to_owned(), tags.clone());
        if let Some(Act::Update { fields, .. }) = resource.work.as_mut().map(|work| &mut work.act) {
            fields.insert("tags".to_owned(), tags);
        }
    }
    if same {
        return Ok(None);
    }
    let seconds = if scaling { seconds.scale } else { seconds.update };
    Ok(Some(ctx.begin(id, Act::Update { fields: Box::new(fields), scaling }, seconds, family)))
}

fn without_tags(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    fields.remove("tags");
    fields
}

/// The SKU, wherever the kind has it.
fn size(fields: &Fields) -> Option<&Value> {
    fields.get("sku").or_else(|| fields.get("properties")?.get("sku"))
}

/// The location of a body, which ARM itself wants and reads.
pub(super) fn location(given: &Fields, full_type: &str) -> Result<Location, ArmError> {
    let Some(text) = given.get("location").and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        let message = "The location property is required for this definition.";
        return Err(ArmError::gateway(400, "LocationRequired", message));
    };
    locations::find(text).ok_or_else(|| {
        let message = format!(
            "The provided location '{text}' is not available for resource type '{full_type}'. List of available regions for the \
             resource type is '{}'.",
            locations::names()
        );
        ArmError::gateway(400, "LocationNotAvailableForResourceType", message)
    })
}

/// A resource does not move.
pub(super) fn same_location(ctx: &Context<'_>, id: &Id, wanted: Location) -> Result<(), ArmError> {
    let Some(existing) = ctx.state.resources.get(&id.key()) else { return Ok(()) };
    if existing.location == wanted {
        return Ok(());
    }
    let message = format!(
        "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created \
         in location '{}'. Please select a new resource name.",
        id.name(),
        existing.location.name,
        id.group,
        wanted.name
    );
    Err(ArmError::gateway(409, "InvalidResourceLocation", message))
}

/// The tags of a body: text by name, at most fifty.
pub(super) fn tags(given: &Fields) -> Result<Option<Value>, ArmError> {
    const MOST: usize = 50;
    const NAME: usize = 512;
    const VALUE: usize = 256;
    let tags = match given.get("tags") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(tags)) => tags,
        Some(_) => return Err(ArmError::content("the property 'tags' is not an object")),
    };
    if tags.len() > MOST {
        let message = format!(
            "Too many tags on the resource/resource group. Requested tag count - '{}'. Maximum number of tags allowed - '{MOST}'.",
            tags.len()
        );
        return Err(ArmError::gateway(400, "TooManyTags", message));
    }
    for (name, value) in tags {
        let Some(value) = value.as_str() else {
            return Err(ArmError::content(&format!("the value of the tag '{name}' is not a string")));
        };
        if name.is_empty() || name.len() > NAME || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            let message = format!(
                "The tag name '{name}' is invalid. It must be of 1 to {NAME} characters, without '<,>,%,&,\\,?,/'."
            );
            return Err(ArmError::gateway(400, "InvalidTagName", message));
        }
        if value.chars().count() > VALUE {
            let message = format!("The value of the tag '{name}' exceeds the maximum length of {VALUE} characters.");
            return Err(ArmError::gateway(400, "InvalidTagValueLength", message));
        }
    }
    Ok(Some(Value::Object(tags.clone())))
}

/// One of the words that a property may have; `default` if it is not given.
pub(super) fn word(given: Option<&Fields>, name: &str, known: &[&str], default: &str) -> Result<String, ArmError> {
    let value = match given.and_then(|given| given.get(name)) {
        None | Some(Value::Null) => return Ok(default.to_owned()),
        Some(value) => value,
    };
    let text = value.as_str().ok_or_else(|| ArmError::content(&format!("the property '{name}' is not a string")))?;
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(text));
    found.map(|known| (*known).to_owned()).ok_or_else(|| {
        let known = known.join(", ");
        ArmError::bad(format!("The value '{text}' of the property '{name}' is invalid. Valid values are: {known}."))
    })
}
