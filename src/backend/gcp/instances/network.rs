//! The VPC network that an instance is reachable from, as `projects/{project}/global/networks/{name}`.

use serde_json::Value;

use super::super::inputs::dotted;
use super::Resolving;
use crate::cache::{FieldError, Origin};

/// What Google takes where nobody names one.
const DEFAULT: &str = "default";

/// Where the name of a network may be written.
#[derive(Debug, Clone, Copy)]
enum From<'a> {
    Block(Option<&'a Origin>),
    Config,
    Nobody,
}

/// Resolves `network`. Gives the project of the network and that of the instance, where both are told.
///
/// Without the project of either, the path begins with `global/` and is completed when the call is made: the project
/// is then that of the credentials.
pub(in crate::backend::gcp) fn network(it: &mut Resolving<'_>) -> Option<(String, String)> {
    let config = it.setting.config;
    let (written, from) = match (it.native("network"), &config.network) {
        (Some((Value::String(written), origin)), _) => (written.as_str(), From::Block(origin)),
        (_, Some(written)) => (written.as_str(), From::Config),
        _ => (DEFAULT, From::Nobody),
    };
    let own = it.native("project").and_then(|(project, _)| project.as_str()).or(config.project.as_deref());
    let of_block = it.native("network_project");
    let origin = match from {
        From::Block(origin) => origin.or_else(|| it.spec.origin_of(&dotted("network_project"))),
        From::Config | From::Nobody => it.spec.origin_of(&dotted("network_project")),
    };
    let host = of_block.and_then(|(project, _)| project.as_str()).or(config.network_project.as_deref()).or(own);
    match parts(written) {
        Some((None, name)) => match host {
            Some(project) => it.out.put("network", format!("projects/{project}/global/networks/{name}"), origin),
            None => it.out.put("network", format!("global/networks/{name}"), origin),
        },
        Some((Some(project), name)) => {
            if let Some((asked, _)) = of_block.filter(|(asked, _)| asked.as_str() != Some(project)) {
                let hint = "the path says the project already: leave one of the two out";
                it.wrong(&dotted("network_project"), project, super::shown(asked), Some(hint));
            }
            it.out.put("network", format!("projects/{project}/global/networks/{name}"), origin);
            return own.map(|own| (project.to_owned(), own.to_owned()));
        }
        None => {
            let path = match from {
                From::Config => "providers.gcp.network".to_owned(),
                From::Block(_) | From::Nobody => it.spec.path_of(&dotted("network")),
            };
            let expected = "a name, or projects/{project}/global/networks/{name}";
            it.errors.push(FieldError::new(path, expected, written));
        }
    }
    host.zip(own).map(|(host, own)| (host.to_owned(), own.to_owned()))
}

/// Project and name of a network as it may be written: a name, a path, or a whole URL.
fn parts(written: &str) -> Option<(Option<&str>, &str)> {
    let path =
        written.find("projects/").filter(|_| written.starts_with("https://")).map_or(written, |at| &written[at..]);
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [name] | ["global", "networks", name] if !name.is_empty() => Some((None, name)),
        ["projects", project, "global", "networks", name] if !project.is_empty() && !name.is_empty() => {
            Some((Some(project), name))
        }
        _ => None,
    }
}

/// The path with the instance's own project, where none was told before.
pub(in crate::backend::gcp) fn complete(network: &str, project: &str) -> String {
    if network.starts_with("global/") { format!("projects/{project}/{network}") } else { network.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_name_a_path_or_a_url() {
        let path = "projects/shop/global/networks/caches";
        assert_eq!(parts("caches"), Some((None, "caches")));
        assert_eq!(parts(path), Some((Some("shop"), "caches")));
        assert_eq!(parts(&format!("https://www.googleapis.com/compute/v1/{path}")), Some((Some("shop"), "caches")));
        for bad in ["", "projects/shop", "shop/caches", "projects//global/networks/x", "projects/a/global/networks/"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
        assert_eq!(complete("global/networks/caches", "shop"), path);
        assert_eq!(complete(path, "other"), path);
    }
}
