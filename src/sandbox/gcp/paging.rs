//! `pageSize`, `pageToken` and `nextPageToken`.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ApiError};

/// The default and the most.
const MOST: usize = 1000;

/// The wanted part of `items`, as the list field `name` of a response.
pub(super) fn page(ctx: &Context<'_>, name: &str, items: Vec<Value>) -> Answer {
    let (call, most) = (ctx.call, ctx.state.page_size.unwrap_or(MOST));
    let size = match call.query("pageSize") {
        None | Some("0") => most,
        Some(size) => size
            .parse::<usize>()
            .map_err(|_| ApiError::json("page_size", format!("Invalid value at 'page_size' (TYPE_INT32), \"{size}\"")))?
            .min(most),
    };
    let start = match call.query("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|start| start.parse::<usize>().ok())
            .ok_or_else(|| ApiError::invalid("Invalid page token."))?,
    };
    let more = items.len() > start.saturating_add(size);
    let part: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut response = json!({});
    // An empty list is not written at all.
    if !part.is_empty() {
        response[name] = part.into();
    }
    if more {
        response["nextPageToken"] = format!("after-{}", start + size).into();
    }
    Ok(response)
}
