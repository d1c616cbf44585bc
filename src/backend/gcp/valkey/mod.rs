//! Memorystore for Valkey (`memorystore/v1`), with or without cluster mode.

use std::sync::Arc;

use super::Shared;
use super::collection::Collection;
use super::psc::{CHANGES, Calls, Dialect, ON_DELETE, Psc, TYPICAL, Versions};
use crate::backend::{Backend, Capabilities, Feature, PasswordMaker, Permission};
use crate::cache::{Auth, Product};

const PRODUCT: Product = Product::GcpValkey;

pub(super) static DIALECT: Dialect = Dialect {
    capabilities: Capabilities {
        product: PRODUCT,
        engines: PRODUCT.engines(),
        modes: PRODUCT.modes(),
        on_delete: ON_DELETE,
        password: PasswordMaker::Cloud,
        adopts: true,
        failed_creation_vanishes: true,
        mark_lags: true,
        typical: TYPICAL,
        changes: CHANGES,
        // Users and tokens have no permissions of their own: they are part of the instance.
        permissions: &[
            Permission::read("cloudkms.cryptoKeys.get").with(Feature::EncryptionKey),
            Permission::read("compute.networks.get").for_check(),
            Permission::read("memorystore.backups.get"),
            Permission::write("memorystore.instances.backup"),
            Permission::write("memorystore.instances.create"),
            Permission::write("memorystore.instances.delete"),
            Permission::read("memorystore.instances.get"),
            Permission::read("memorystore.instances.list"),
            Permission::write("memorystore.instances.update"),
            Permission::read("memorystore.locations.get"),
            Permission::read("memorystore.operations.list"),
            Permission::read("networkconnectivity.serviceConnectionPolicies.list").for_check(),
        ],
    },
    collection: Collection::Valkey,
    calls: Calls {
        create: "memorystore.instances.create",
        get: "memorystore.instances.get",
        patch: "memorystore.instances.patch",
        delete: "memorystore.instances.delete",
        backup: "memorystore.instances.backup",
        get_backup: "memorystore.backupCollections.backups.get",
        get_authority: "memorystore.instances.getCertificateAuthority",
        get_shared_authority: "memorystore.getSharedRegionalCertificateAuthority",
        add_user: "memorystore.instances.addTokenAuthUser",
        get_user: "memorystore.instances.tokenAuthUsers.get",
        add_token: "memorystore.instances.tokenAuthUsers.addAuthToken",
        list_tokens: "memorystore.instances.tokenAuthUsers.authTokens.list",
        get_token: "memorystore.instances.tokenAuthUsers.authTokens.get",
        delete_token: "memorystore.instances.tokenAuthUsers.authTokens.delete",
    },
    id_parameter: "instanceId",
    node_prefix: "",
    versions: Versions::Chosen { prefix: "VALKEY_", least: "7.2", known: &["7.2", "8.0", "9.0"] },
    parameters: "engineConfigs",
    auth: [(Auth::None, "AUTH_DISABLED"), (Auth::Iam, "IAM_AUTH"), (Auth::Password, "TOKEN_AUTH")],
    tls: ["SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_DISABLED"],
    fsync: [("no", "NEVER"), ("everysec", "EVERY_SEC"), ("always", "ALWAYS")],
    ca_prefix: "",
    service_class: "gcp-memorystore",
};

/// The backend.
pub(super) fn backend(shared: Arc<Shared>) -> Arc<dyn Backend> {
    Arc::new(Psc::new(shared, &DIALECT))
}
