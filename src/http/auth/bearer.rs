//! The header `Authorization`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::config::HashedSecret;

/// The token of the one header `Authorization: Bearer`.
pub(super) fn of(headers: &HeaderMap) -> Result<&str, &'static str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or("no header Authorization")?;
    if values.next().is_some() {
        return Err("more than one header Authorization");
    }
    let text = value.to_str().map_err(|_| "a header Authorization that is not ASCII")?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("a header Authorization of another scheme than Bearer");
    }
    let token = token.trim_matches(' ');
    if token.is_empty() { Err("an empty bearer token") } else { Ok(token) }
}

/// The id of the known token that this is.
pub(super) fn token<'a>(known: &'a [HashedSecret], token: &str) -> Result<&'a str, &'static str> {
    find(known, token).ok_or("an unknown bearer token")
}

/// Looks at all of them, whichever it is.
pub(super) fn find<'a>(known: &'a [HashedSecret], secret: &str) -> Option<&'a str> {
    let mut found = None;
    for candidate in known {
        if candidate.matches(secret) {
            found = Some(candidate.id.as_str());
        }
    }
    found
}
