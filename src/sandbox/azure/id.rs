//! Resource ids.

use super::kind::Kind;

/// The id of a resource below a resource group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) kind: Kind,
    /// One name for each of the kind's types. Never empty.
    pub(super) names: Vec<String>,
}

impl Id {
    /// Reads `/subscriptions/…/resourceGroups/…/providers/…`; `None` if it is no id, or of a type that is not served.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let segments: Vec<&str> = text.trim_matches('/').split('/').collect();
        let [subscriptions, subscription, groups, group, providers, namespace, rest @ ..] = segments.as_slice() else {
            return None;
        };
        let literals = [(subscriptions, "subscriptions"), (groups, "resourceGroups"), (providers, "providers")];
        if literals.iter().any(|(got, wanted)| !got.eq_ignore_ascii_case(wanted)) {
            return None;
        }
        Self::of(subscription, group, namespace, rest)
    }

    /// The same, of its parts: `rest` is types and names by turns.
    pub(super) fn of(subscription: &str, group: &str, namespace: &str, rest: &[&str]) -> Option<Self> {
        if rest.is_empty() || !rest.len().is_multiple_of(2) || rest.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
        let names = rest.iter().skip(1).step_by(2).map(|name| (*name).to_owned()).collect();
        let kind = Kind::find(namespace, &types)?;
        Some(Self { subscription: subscription.to_owned(), group: group.to_owned(), kind, names })
    }

    /// As answers show it.
    pub(super) fn shown(&self) -> String {
        let mut text = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/{}",
            self.subscription,
            self.group,
            self.kind.namespace()
        );
        for (kind, name) in self.kind.types().iter().zip(&self.names) {
            text.push('/');
            text.push_str(kind);
            text.push('/');
            text.push_str(name);
        }
        text
    }

    /// What it is stored under: ids differ in more than case or not at all.
    pub(super) fn key(&self) -> String {
        self.shown().to_ascii_lowercase()
    }

    /// The resource that this one is a part of.
    pub(super) fn parent(&self) -> Option<Self> {
        let kind = self.kind.parent()?;
        let names = self.names[..self.names.len() - 1].to_vec();
        Some(Self { kind, names, ..self.clone() })
    }

    /// A part of this resource.
    pub(super) fn child(&self, kind: Kind, name: &str) -> Self {
        let names = self.names.iter().cloned().chain([name.to_owned()]).collect();
        Self { kind, names, ..self.clone() }
    }

    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The name of the resource that it is, or is a part of.
    pub(super) fn top(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The outermost resource: itself, if it is no part of another.
    pub(super) fn root(&self) -> Self {
        let mut root = self.clone();
        while let Some(parent) = root.parent() {
            root = parent;
        }
        root
    }
}
