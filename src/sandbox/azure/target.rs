//! What a path is about.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::id::Id;
use super::kind::Kind;

/// What a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A token from Entra.
    Token {
        tenant: String,
    },
    OpenIdConfiguration {
        tenant: String,
    },
    InstanceDiscovery,
    /// A token for a managed identity, from the metadata service of a machine.
    MachineToken,
    Arm {
        subscription: String,
        /// Spelt as in the path.
        group: Option<String>,
        what: What,
    },
    Unknown,
}

/// What of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Subscription,
    Groups,
    Group,
    Provider {
        namespace: String,
    },
    Register {
        namespace: String,
    },
    CheckName,
    /// What the caller may do.
    Permissions,
    /// The state of a long-running operation.
    Operation {
        namespace: String,
        family: String,
        id: String,
    },
    /// The result of an operation, asked for below its resource.
    Result {
        id: String,
    },
    /// All of a kind; `parent` if they are parts of one resource.
    List {
        kind: Kind,
        parent: Option<Id>,
    },
    Resource(Id),
    Action {
        id: Id,
        action: String,
    },
    /// A type that does not exist, or is not served.
    NoSuchType {
        namespace: String,
        types: String,
    },
}

/// Reads a path.
pub(super) fn parse(method: &Method, path: &str) -> Target {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match lower.as_slice() {
        [_, "oauth2", "v2.0", "token"] => Target::Token { tenant: segments[0].to_owned() },
        [_, "v2.0", ".well-known", "openid-configuration"] => {
            Target::OpenIdConfiguration { tenant: segments[0].to_owned() }
        }
        ["common", "discovery", "instance"] => Target::InstanceDiscovery,
        ["metadata", "identity", "oauth2", "token"] => Target::MachineToken,
        ["subscriptions", _, ..] => arm(method, &segments, &lower),
        _ => Target::Unknown,
    }
}

fn arm(method: &Method, segments: &[&str], lower: &[&str]) -> Target {
    let subscription = segments[1].to_owned();
    let outside = |what| Target::Arm { subscription: subscription.clone(), group: None, what };
    match &lower[2..] {
        [] => outside(What::Subscription),
        ["resourcegroups"] => outside(What::Groups),
        ["resourcegroups", _] => {
            Target::Arm { subscription: subscription.clone(), group: Some(segments[3].to_owned()), what: What::Group }
        }
        ["resourcegroups", _, "providers", _, _, ..] => {
            let group = segments[3];
            let what = resource(method, &subscription, Some(group), segments[5], &segments[6..]);
            Target::Arm { subscription: subscription.clone(), group: Some(group.to_owned()), what }
        }
        ["providers", _] => outside(What::Provider { namespace: segments[3].to_owned() }),
        ["providers", _, "register"] => outside(What::Register { namespace: segments[3].to_owned() }),
        ["providers", "microsoft.cache", "checknameavailability"] => outside(What::CheckName),
        ["providers", _, "locations", _, family, _] => outside(What::Operation {
            namespace: segments[3].to_owned(),
            family: (*family).to_owned(),
            id: lower[7].to_owned(),
        }),
        ["providers", _, _, ..] => outside(resource(method, &subscription, None, segments[3], &segments[4..])),
        _ => Target::Unknown,
    }
}

/// `rest` is what follows the namespace.
fn resource(method: &Method, subscription: &str, group: Option<&str>, namespace: &str, rest: &[&str]) -> What {
    if let [.., word, id] = rest
        && word.eq_ignore_ascii_case("operationresults")
    {
        return What::Result { id: id.to_ascii_lowercase() };
    }
    if namespace.eq_ignore_ascii_case("Microsoft.Authorization")
        && rest.last().is_some_and(|last| last.eq_ignore_ascii_case("permissions"))
    {
        return What::Permissions;
    }
    let unknown = || What::NoSuchType {
        namespace: namespace.to_owned(),
        types: rest.iter().step_by(2).copied().collect::<Vec<_>>().join("/"),
    };
    let below = |rest: &[&str]| group.and_then(|group| Id::of(subscription, group, namespace, rest));
    if rest.len().is_multiple_of(2) {
        return below(rest).map_or_else(unknown, What::Resource);
    }
    let Some((last, before)) = rest.split_last() else { return unknown() };
    if *method == Method::POST {
        return match below(before) {
            Some(id) => What::Action { id, action: (*last).to_owned() },
            None => unknown(),
        };
    }
    let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
    match Kind::find(namespace, &types) {
        Some(kind) if before.is_empty() => What::List { kind, parent: None },
        Some(kind) => below(before).map_or_else(unknown, |parent| What::List { kind, parent: Some(parent) }),
        None => unknown(),
    }
}
