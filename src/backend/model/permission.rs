//! What an identity has to be allowed to do, in the cloud's own words.

use crate::cache::product::words;

words! {
    /// What an action does.
    Access, "access" {
        /// It looks, and shows no secret.
        Read = "read",
        /// It hands out a secret.
        Secret = "secret",
        /// It changes something.
        Write = "write",
    }
}

words! {
    /// Something that not every installation uses, and that takes permissions of its own.
    Feature, "feature" {
        /// `account`: identities named in the config that the driver's own one takes on.
        Accounts = "accounts",
        /// `auth = "iam"`, where the cloud has to be told who may log in.
        IamAuth = "iam-auth",
        /// `encryption_key`: a key of the customer's.
        EncryptionKey = "encryption-key",
        /// The first cache of an account makes the cloud's own role.
        FirstCache = "first-cache",
        /// `private_endpoint_subnet_id`, `private_dns_zone_id`.
        PrivateEndpoint = "private-endpoint",
        /// `restore_from` with a file in object storage.
        RestoreFile = "restore-file",
    }
}

/// One action that the driver makes, or has made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Its name, as policies spell it.
    pub action: &'static str,
    /// What it does.
    pub access: Access,
    /// Whether only `check` asks for it: without it the driver works, and `check` says less.
    pub only_check: bool,
    /// The feature that it is for; `None` if every installation needs it.
    pub feature: Option<Feature>,
    /// What it acts on, as the end of the cloud's resource names: `replicationgroup:{prefix}-*`. Empty where policies cannot
    /// narrow it down, or where the scope of a role does.
    pub resources: &'static [&'static str],
}

impl Permission {
    /// An action that looks.
    #[must_use]
    pub const fn read(action: &'static str) -> Self {
        Self { action, access: Access::Read, only_check: false, feature: None, resources: &[] }
    }

    /// An action that hands out a secret.
    #[must_use]
    pub const fn secret(action: &'static str) -> Self {
        Self { access: Access::Secret, ..Self::read(action) }
    }

    /// An action that changes something.
    #[must_use]
    pub const fn write(action: &'static str) -> Self {
        Self { access: Access::Write, ..Self::read(action) }
    }

    /// The same, asked for by `check` alone.
    #[must_use]
    pub const fn for_check(self) -> Self {
        Self { only_check: true, ..self }
    }

    /// The same, for whoever uses the feature.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// The same, on these resources.
    #[must_use]
    pub const fn on(self, resources: &'static [&'static str]) -> Self {
        Self { resources, ..self }
    }
}
