//! The secret in the path, for callers that cannot send headers.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

use super::bearer::find;
use crate::config::HashedSecret;

/// Takes the first segment out of the path if it is a known secret, and gives the secret's id. It counts as it stands:
/// nothing is decoded, and case matters.
pub(super) fn take(known: &[HashedSecret], uri: &mut Uri) -> Result<String, &'static str> {
    if known.is_empty() {
        return Err("no secret in the path");
    }
    let path = uri.path();
    let inner = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = inner.split_once('/').unwrap_or((inner, ""));
    let Some(id) = find(known, first) else { return Err("no known secret in the path") };
    let id = id.to_owned();
    let text = uri.query().map_or_else(|| format!("/{rest}"), |query| format!("/{rest}?{query}"));
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).expect("a part of a legal path is one"));
    *uri = Uri::from_parts(parts).expect("the other parts were legal before");
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_taken_out_and_the_rest_stays() {
        let known = [HashedSecret::of("one", "s3cret")];
        for (from, to) in [
            ("/s3cret", "/"),
            ("/s3cret/redis/abc", "/redis/abc"),
            ("/s3cret/redis/abc?dry_run=true", "/redis/abc?dry_run=true"),
            ("/s3cret?a=b", "/?a=b"),
            ("/s3cret/s3cret/abc", "/s3cret/abc"),
        ] {
            let mut uri: Uri = from.parse().unwrap();
            assert_eq!(take(&known, &mut uri).as_deref(), Ok("one"), "{from}");
            assert_eq!(uri.to_string(), to);
        }
        for other in ["/", "/S3CRET/redis/abc", "/s3cre%74/redis/abc", "/redis/s3cret", "/s3cret%2fredis/abc"] {
            let mut uri: Uri = other.parse().unwrap();
            assert!(take(&known, &mut uri).is_err(), "{other}");
            assert_eq!(uri.to_string(), other);
        }
    }
}
