//! Token authentication of clusters and Valkey: users and their tokens.
//!
//! The servers behind the endpoints know no users, only passwords: every token of every user opens the door, under the name
//! `default`.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::call::Call;
use super::context::{Context, hex, uuid};
use super::durations;
use super::error::{Answer, ApiError};
use super::fields::{AUTH_TOKEN, TOKEN_AUTH_USER};
use super::operation::time;
use super::paging;
use super::product::Product;
use super::resources;
use super::schema;
use super::store::{Key, Task, Token, TokenChange, User};

fn user_name(key: &Key, user: &str) -> String {
    format!("{}/tokenAuthUsers/{user}", key.name())
}

fn token_name(key: &Key, user: &str, token: &str) -> String {
    format!("{}/authTokens/{token}", user_name(key, user))
}

/// A user as `get` shows it.
pub(super) fn show_user(key: &Key, name: &str, user: &User) -> Value {
    json!({ "name": user_name(key, name), "state": user.state })
}

fn show_token(key: &Key, user: &str, name: &str, token: &Token) -> Value {
    json!({
        "name": token_name(key, user, name),
        "token": token.secret.expose_secret(),
        "createTime": time(token.created),
        "state": token.state,
    })
}

fn numbered(call: &Call, fields: &'static [schema::Field], mut value: Value) -> Value {
    if let Some(message) = value.as_object_mut().filter(|_| call.wants_numbers()) {
        schema::number_enums(fields, message);
    }
    value
}

fn user<'a>(ctx: &'a Context<'_>, key: &Key) -> Result<&'a User, ApiError> {
    let users = &ctx.state.resource(key)?.users;
    users.get(&ctx.call.user).ok_or_else(|| ApiError::not_found(&user_name(key, &ctx.call.user)))
}

/// `tokenAuthUsers.list`.
pub(super) fn list_users(ctx: &Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let users = ctx.state.resource(&key)?.users.iter();
    let shown = users.map(|(name, user)| numbered(ctx.call, TOKEN_AUTH_USER, show_user(&key, name, user)));
    paging::page(ctx, "tokenAuthUsers", shown.collect())
}

/// `tokenAuthUsers.get`.
pub(super) fn get_user(ctx: &Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let user = user(ctx, &key)?;
    Ok(numbered(ctx.call, TOKEN_AUTH_USER, show_user(&key, &ctx.call.user, user)))
}

/// `tokenAuthUsers.authTokens.list`.
pub(super) fn list_tokens(ctx: &Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let tokens = user(ctx, &key)?.tokens.iter();
    let name = &ctx.call.user;
    let shown = tokens.map(|(id, token)| numbered(ctx.call, AUTH_TOKEN, show_token(&key, name, id, token)));
    paging::page(ctx, "authTokens", shown.collect())
}

/// `tokenAuthUsers.authTokens.get`.
pub(super) fn get_token(ctx: &Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let Call { user: name, token: id, .. } = ctx.call;
    let token = user(ctx, &key)?.tokens.get(id).ok_or_else(|| ApiError::not_found(&token_name(&key, name, id)))?;
    Ok(numbered(ctx.call, AUTH_TOKEN, show_token(&key, name, id, token)))
}

/// The instance takes tokens, and is in a state for a change.
fn require_token_auth(ctx: &Context<'_>, key: &Key) -> Result<(), ApiError> {
    let resource = ctx.state.resource(key)?;
    if !resource.has_token_auth() {
        return Err(ApiError::precondition("Token-based authentication is not enabled."));
    }
    if matches!(resource.state(), "CREATING" | "DELETING") {
        let message =
            format!("Unable to change users. Please wait until instance is in {} state.", key.product.ready());
        return Err(ApiError::precondition(message));
    }
    Ok(())
}

fn begin(ctx: &mut Context<'_>, key: &Key, target: String, verb: &'static str, change: TokenChange) -> Answer {
    let operation = ctx.state.operations.begin(key, target, verb, ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, durations::TOKENS);
    let task = Task { change, due, operation: operation.clone(), settling: false };
    ctx.state.resource_mut(key)?.tasks.push(task);
    resources::accepted(ctx, key.product, operation)
}

/// `addTokenAuthUser`.
pub(super) fn add_user(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    require_token_auth(ctx, &key)?;
    let given = ctx.call.body_field("tokenAuthUser").or(ctx.call.body_field("token_auth_user"));
    let name = given.ok_or_else(|| Call::required("token_auth_user"))?;
    // Given in full, only the last segment counts.
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if name.is_empty() || name.len() > 63 || !plain {
        return Err(ApiError::invalid(format!("invalid token auth user name {name:?}: invalid argument")));
    }
    if ctx.state.resource(&key)?.users.contains_key(&name) {
        return Err(ApiError::already_exists(&user_name(&key, &name)));
    }
    let user = User { state: "CREATING", tokens: BTreeMap::new() };
    ctx.state.resource_mut(&key)?.users.insert(name.clone(), user);
    begin(ctx, &key, key.name(), "update", TokenChange::AddUser { user: name })
}

/// `tokenAuthUsers.delete`; with tokens only by force.
pub(super) fn delete_user(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    require_token_auth(ctx, &key)?;
    let name = ctx.call.user.clone();
    if !user(ctx, &key)?.tokens.is_empty() && ctx.call.query("force") != Some("true") {
        return Err(ApiError::precondition(format!(
            "The token auth user {name} has auth tokens. Delete them first or set force to true."
        )));
    }
    if let Some(user) = ctx.state.resource_mut(&key)?.users.get_mut(&name) {
        user.state = "DELETING";
    }
    begin(ctx, &key, user_name(&key, &name), "delete", TokenChange::DeleteUser { user: name })
}

/// `tokenAuthUsers.addAuthToken`: the service makes the token.
pub(super) fn add_token(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    require_token_auth(ctx, &key)?;
    let user = user(ctx, &key)?;
    if user.state != "ACTIVE" {
        return Err(ApiError::precondition("The token auth user is not ACTIVE."));
    }
    let given = ctx.call.body.get("authToken").or_else(|| ctx.call.body.get("auth_token"));
    let given = schema::read(AUTH_TOKEN, given.unwrap_or(&json!({})), "auth_token")?;
    let wanted = given.get("name").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
    let id = wanted.map_or_else(|| uuid(ctx.random), str::to_owned);
    let name = ctx.call.user.clone();
    if user.tokens.contains_key(&id) {
        return Err(ApiError::already_exists(&token_name(&key, &name, &id)));
    }
    let token = Token { state: "CREATING", secret: SecretString::from(hex(ctx.random, 64)), created: ctx.now };
    if let Some(user) = ctx.state.resource_mut(&key)?.users.get_mut(&name) {
        user.tokens.insert(id.clone(), token);
    }
    begin(ctx, &key, user_name(&key, &name), "update", TokenChange::AddToken { user: name, token: id })
}

/// `tokenAuthUsers.authTokens.delete`.
pub(super) fn delete_token(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    require_token_auth(ctx, &key)?;
    let Call { user: name, token: id, .. } = ctx.call;
    let target = token_name(&key, name, id);
    if !user(ctx, &key)?.tokens.contains_key(id) {
        return Err(ApiError::not_found(&target));
    }
    if let Some(token) = ctx.state.resource_mut(&key)?.users.get_mut(name).and_then(|user| user.tokens.get_mut(id)) {
        token.state = "DELETING";
    }
    begin(ctx, &key, target, "delete", TokenChange::DeleteToken { user: name.clone(), token: id.clone() })
}
