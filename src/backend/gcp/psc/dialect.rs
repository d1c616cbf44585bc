//! What tells the two products apart: calls, names of fields, words.

use crate::backend::Capabilities;
use crate::backend::gcp::collection::Collection;
use crate::cache::{Auth, Engine, Mode, Product};

/// How one of the products says things. Both say the same things.
#[derive(Debug)]
pub(in crate::backend::gcp) struct Dialect {
    pub(in crate::backend::gcp) capabilities: Capabilities,
    pub(in crate::backend::gcp) collection: Collection,
    pub(in crate::backend::gcp) calls: Calls,
    /// The query parameter that names a new cache.
    pub(in crate::backend::gcp) id_parameter: &'static str,
    /// What the names of node types begin with.
    pub(in crate::backend::gcp) node_prefix: &'static str,
    pub(in crate::backend::gcp) versions: Versions,
    /// The field that holds the engine's parameters.
    pub(in crate::backend::gcp) parameters: &'static str,
    /// `authorizationMode`.
    pub(in crate::backend::gcp) auth: [(Auth, &'static str); 3],
    /// `transitEncryptionMode`: on, off.
    pub(in crate::backend::gcp) tls: [&'static str; 2],
    /// `appendFsync`, by the words of the engine.
    pub(in crate::backend::gcp) fsync: [(&'static str, &'static str); 3],
    /// What the words of `serverCaMode` begin with.
    pub(in crate::backend::gcp) ca_prefix: &'static str,
    /// The class of the service connection policy that its network needs.
    pub(in crate::backend::gcp) service_class: &'static str,
}

/// The names of the calls, as Google's discovery documents spell them.
#[derive(Debug)]
pub(in crate::backend::gcp) struct Calls {
    pub(in crate::backend::gcp) create: &'static str,
    pub(in crate::backend::gcp) get: &'static str,
    pub(in crate::backend::gcp) patch: &'static str,
    pub(in crate::backend::gcp) delete: &'static str,
    pub(in crate::backend::gcp) backup: &'static str,
    pub(in crate::backend::gcp) get_backup: &'static str,
    pub(in crate::backend::gcp) get_authority: &'static str,
    pub(in crate::backend::gcp) get_shared_authority: &'static str,
    pub(in crate::backend::gcp) add_user: &'static str,
    pub(in crate::backend::gcp) get_user: &'static str,
    pub(in crate::backend::gcp) add_token: &'static str,
    pub(in crate::backend::gcp) list_tokens: &'static str,
    pub(in crate::backend::gcp) get_token: &'static str,
    pub(in crate::backend::gcp) delete_token: &'static str,
}

/// Which versions of its engine a product has.
#[derive(Debug)]
pub(in crate::backend::gcp) enum Versions {
    /// Those that Google chooses. All are of this version.
    Given(&'static str),
    /// Any from `least` on; `known` are those that Google offers as of October 2026.
    Chosen {
        /// What their names begin with (`VALKEY_`).
        prefix: &'static str,
        least: &'static str,
        known: &'static [&'static str],
    },
}

impl Dialect {
    pub(super) const fn product(&self) -> Product {
        self.capabilities.product
    }

    pub(super) fn engine(&self) -> Engine {
        self.capabilities.engines[0]
    }

    pub(super) fn mode(&self) -> Mode {
        self.capabilities.modes[0]
    }

    /// Whether its mode is something to choose.
    pub(super) fn modes_can_be_chosen(&self) -> bool {
        self.capabilities.modes.len() > 1
    }

    /// The version that every cache has, where none can be chosen.
    pub(super) fn given_version(&self) -> Option<&'static str> {
        match self.versions {
            Versions::Given(version) => Some(version),
            Versions::Chosen { .. } => None,
        }
    }

    /// The word of `authorizationMode`.
    pub(super) fn auth_word(&self, auth: Auth) -> &'static str {
        self.auth.iter().find(|(known, _)| *known == auth).map_or(self.auth[0].1, |(_, word)| word)
    }

    /// What a word of `authorizationMode` means.
    pub(super) fn auth_of(&self, word: &str) -> Option<Auth> {
        self.auth.iter().find(|(_, known)| *known == word).map(|(auth, _)| *auth)
    }

    /// The engine's word for a word of `appendFsync`.
    pub(super) fn fsync_of(&self, word: &str) -> Option<&'static str> {
        self.fsync.iter().find(|(_, known)| *known == word).map(|(engine, _)| *engine)
    }

    /// The word of `appendFsync` for the engine's word.
    pub(super) fn fsync_word(&self, engine: &str) -> Option<&'static str> {
        self.fsync.iter().find(|(known, _)| *known == engine).map(|(_, word)| *word)
    }

    /// The name that Google has for a version (`VALKEY_8_0`), where one can be chosen.
    pub(super) fn version_word(&self, version: &str) -> Option<String> {
        match self.versions {
            Versions::Given(_) => None,
            Versions::Chosen { prefix, .. } => Some(format!("{prefix}{}", version.replace('.', "_"))),
        }
    }

    /// The version of a name of Google's.
    pub(super) fn version_of(&self, word: &str) -> Option<String> {
        match self.versions {
            Versions::Given(_) => None,
            Versions::Chosen { prefix, .. } => Some(word.strip_prefix(prefix)?.replace('_', ".")),
        }
    }
}
