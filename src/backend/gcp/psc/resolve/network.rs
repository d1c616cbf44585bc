//! The network that the cache is reached from, by Private Service Connect.

use super::security::is_path;
use super::{Resolving, shown};
use crate::cache::Provider;

/// What stands before the path in links.
const LINK: &str = "https://www.googleapis.com/compute/v1/";

impl Resolving<'_> {
    /// `network`: its full path, or its name alone where only the credentials tell the project.
    pub(super) fn network(&mut self) {
        let named = self.native("network");
        let project = self.native("network_project");
        let origin = named.and_then(|(_, origin)| origin).or_else(|| project.and_then(|(_, origin)| origin));
        let config = self.setting.config;
        let of_config = || config.network.clone().unwrap_or_else(|| "default".to_owned());
        let name = named.map_or_else(of_config, |(name, _)| shown(name));
        let name = name.strip_prefix(LINK).unwrap_or(&name);
        let host = project.map(|(project, _)| shown(project)).or_else(|| config.network_project.clone());
        if !name.contains('/') {
            let of_cache = || self.native("project").map(|(project, _)| shown(project));
            let known = host.or_else(of_cache).or_else(|| config.project.clone());
            let network = known.map_or_else(|| name.to_owned(), |project| path(&project, name));
            self.out.put("network", network, origin);
            return;
        }
        if !is_path_of_network(name) {
            self.wrong("gcp.network", "a name, or projects/…/global/networks/…", name, None);
            return;
        }
        let of_path = name.split('/').nth(1).unwrap_or_default().to_owned();
        let sets_project = self.spec.native(Provider::Gcp, "network_project").is_some();
        if let Some(other) = host.filter(|host| sets_project && *host != of_path) {
            self.wrong("gcp.network_project", format!("unset, or {of_path} as in gcp.network"), other, None);
            return;
        }
        self.out.put("network", name, origin);
    }
}

fn path(project: &str, name: &str) -> String {
    format!("projects/{project}/global/networks/{name}")
}

fn is_path_of_network(text: &str) -> bool {
    let without_global = text.replacen("/global/", "/", 1);
    text.contains("/global/networks/") && is_path(&without_global, &["projects", "networks"])
}
