//! A request taken apart: which method of which service, on what.

use std::collections::BTreeMap;

use axum::http::Method as Http;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::ApiError;
use super::product::{Api, Product};
use super::store::Key;

/// A method of one of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    ListLocations,
    GetLocation,
    SharedAuthority,
    ListOperations,
    GetOperation,
    DeleteOperation,
    CancelOperation,
    Of(Product, Verb),
    Backups(BackupVerb),
}

/// A method on collections of backups or what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackupVerb {
    ListCollections,
    GetCollection,
    List,
    Get,
    Delete,
    /// Not here.
    Export,
}

/// A method on a collection or on something in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    List,
    Get,
    Patch,
    Delete,
    Upgrade,
    Failover,
    UpdateParameters,
    ApplyParameters,
    AuthString,
    Backup,
    CertificateAuthority,
    AddTokenAuthUser,
    ListUsers,
    GetUser,
    DeleteUser,
    AddAuthToken,
    ListTokens,
    GetToken,
    DeleteToken,
    /// A method of the real service that is not here.
    Other(&'static str),
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) method: Method,
    pub(super) project: String,
    pub(super) location: String,
    /// The resource or operation, if the path names one.
    pub(super) id: Option<String>,
    pub(super) user: String,
    pub(super) token: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) bearer: Option<String>,
    /// The project that pays and whose quota counts, if it is another than the resource's.
    pub(super) user_project: Option<String>,
}

const OTHERS: [&str; 8] = [
    "import",
    "export",
    "rescheduleMaintenance",
    "rescheduleClusterMaintenance",
    "startMigration",
    "finishMigration",
    "getTags",
    "setTags",
];

impl Call {
    /// Understands method and path. `path` begins after the service's name: `/v1/projects/…`.
    pub(super) fn parse(api: Api, http: &Http, path: &str) -> Option<Self> {
        let path = path.strip_prefix("/v1/")?;
        let (path, verb) = match path.rsplit_once(':') {
            Some((path, verb)) if !verb.contains('/') => (path, Some(verb.to_owned())),
            _ => (path, None),
        };
        let segments: Vec<String> =
            path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ("projects", project, "locations", rest) = (*words.first()?, *words.get(1)?, *words.get(2)?, &words[3..])
        else {
            return None;
        };
        let mut call = Self {
            api,
            method: Method::ListLocations,
            project: project.to_owned(),
            location: rest.first().copied().unwrap_or_default().to_owned(),
            id: rest.get(2).map(|id| (*id).to_owned()),
            user: rest.get(4).copied().unwrap_or_default().to_owned(),
            token: rest.get(6).copied().unwrap_or_default().to_owned(),
            query: BTreeMap::new(),
            body: Value::Null,
            bearer: None,
            user_project: None,
        };
        call.method = method(api, http, rest, verb.as_deref())?;
        Some(call)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether enums in resources are wanted as numbers. Within an operation's response they are words all the same.
    pub(super) fn wants_numbers(&self) -> bool {
        self.query("$alt").is_some_and(|alt| alt.contains("enum-encoding=int"))
    }

    /// The key of the resource that the path names.
    pub(super) fn key(&self, product: Product) -> Key {
        Key {
            product,
            project: self.project.clone(),
            location: self.location.clone(),
            id: self.id.clone().unwrap_or_default(),
        }
    }

    /// The full name of the operation that the path names.
    pub(super) fn operation_name(&self) -> String {
        let id = self.id.as_deref().unwrap_or_default();
        format!("projects/{}/locations/{}/operations/{id}", self.project, self.location)
    }

    /// The name of the resource that the call is about, for faults and the record: also of one to be created.
    pub(super) fn resource(&self) -> Option<&str> {
        match self.method {
            Method::Of(product, Verb::Create) => self.query(product.id_parameter()),
            _ => self.id.as_deref(),
        }
    }

    /// The method's id without `projects.locations`: `redis.instances.create`.
    pub(super) fn action(&self) -> String {
        let api = self.api.name();
        match self.method {
            Method::ListLocations => format!("{api}.locations.list"),
            Method::GetLocation => format!("{api}.locations.get"),
            Method::SharedAuthority => format!("{api}.locations.getSharedRegionalCertificateAuthority"),
            Method::ListOperations => format!("{api}.operations.list"),
            Method::GetOperation => format!("{api}.operations.get"),
            Method::DeleteOperation => format!("{api}.operations.delete"),
            Method::CancelOperation => format!("{api}.operations.cancel"),
            Method::Of(product, verb) => format!("{}.{}", product.prefix(), verb.name()),
            Method::Backups(verb) => format!("{api}.{}", verb.name()),
        }
    }

    /// The permission that it needs, and what it is needed on.
    pub(super) fn permission(&self) -> (String, String) {
        let api = self.api.name();
        let place = format!("projects/{}/locations/{}", self.project, self.location);
        match self.method {
            Method::ListLocations => (format!("{api}.locations.list"), format!("projects/{}", self.project)),
            Method::GetLocation | Method::SharedAuthority => (format!("{api}.locations.get"), place),
            Method::ListOperations => (format!("{api}.operations.list"), place),
            Method::GetOperation => (format!("{api}.operations.get"), self.operation_name()),
            Method::DeleteOperation => (format!("{api}.operations.delete"), self.operation_name()),
            Method::CancelOperation => (format!("{api}.operations.cancel"), self.operation_name()),
            Method::Of(product, verb) => {
                let prefix = product.prefix();
                let permission = match verb {
                    Verb::Patch => format!("{prefix}.update"),
                    Verb::CertificateAuthority => format!("{prefix}.get"),
                    verb => format!("{prefix}.{}", verb.name()),
                };
                let on = if matches!(verb, Verb::Create | Verb::List) { place } else { self.key(product).name() };
                (permission, on)
            }
            Method::Backups(verb) => {
                // Backups have their permissions beside the collections'.
                let name = verb.name().trim_start_matches("backupCollections.");
                let is_of_backups = name.starts_with("backups.");
                let permission = if is_of_backups { format!("{api}.{name}") } else { format!("{api}.{}", verb.name()) };
                (permission, place)
            }
        }
    }

    /// The body as an object; an absent one is empty.
    pub(super) fn body_field(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// An error for a parameter that must be there.
    pub(super) fn required(field: &str) -> ApiError {
        ApiError::invalid(format!("Missing required parameter: {field}")).on_field(field, "Required field is not set")
    }
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::List => "list",
            Self::Get => "get",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Upgrade => "upgrade",
            Self::Failover => "failover",
            Self::UpdateParameters => "updateParameters",
            Self::ApplyParameters => "applyParameters",
            Self::AuthString => "getAuthString",
            Self::Backup => "backup",
            Self::CertificateAuthority => "getCertificateAuthority",
            Self::AddTokenAuthUser => "addTokenAuthUser",
            Self::ListUsers => "tokenAuthUsers.list",
            Self::GetUser => "tokenAuthUsers.get",
            Self::DeleteUser => "tokenAuthUsers.delete",
            Self::AddAuthToken => "tokenAuthUsers.addAuthToken",
            Self::ListTokens => "tokenAuthUsers.authTokens.list",
            Self::GetToken => "tokenAuthUsers.authTokens.get",
            Self::DeleteToken => "tokenAuthUsers.authTokens.delete",
            Self::Other(name) => name,
        }
    }
}

impl BackupVerb {
    const fn name(self) -> &'static str {
        match self {
            Self::ListCollections => "backupCollections.list",
            Self::GetCollection => "backupCollections.get",
            Self::List => "backupCollections.backups.list",
            Self::Get => "backupCollections.backups.get",
            Self::Delete => "backupCollections.backups.delete",
            Self::Export => "backupCollections.backups.export",
        }
    }
}

fn method(api: Api, http: &Http, rest: &[&str], verb: Option<&str>) -> Option<Method> {
    let (get, post, delete) = (*http == Http::GET, *http == Http::POST, *http == Http::DELETE);
    let found = match (rest, verb) {
        ([], None) if get => Method::ListLocations,
        ([_], None) if get => Method::GetLocation,
        ([_, "sharedRegionalCertificateAuthority"], None) if get && api != Api::Memcache => Method::SharedAuthority,
        ([_, "operations"], None) if get => Method::ListOperations,
        ([_, "operations", _], None) if get => Method::GetOperation,
        ([_, "operations", _], None) if delete => Method::DeleteOperation,
        ([_, "operations", _], Some("cancel")) if post => Method::CancelOperation,
        ([_, "backupCollections", below @ ..], verb) if api != Api::Memcache => {
            return on_backups(http, below, verb).map(Method::Backups);
        }
        ([_, collection, below @ ..], verb) => {
            let product = Product::find(api, collection)?;
            return on_collection(product, http, below, verb).map(|verb| Method::Of(product, verb));
        }
        _ => return None,
    };
    Some(found)
}

fn on_backups(http: &Http, below: &[&str], verb: Option<&str>) -> Option<BackupVerb> {
    let (get, delete) = (*http == Http::GET, *http == Http::DELETE);
    let found = match (below, verb) {
        ([], None) if get => BackupVerb::ListCollections,
        ([_], None) if get => BackupVerb::GetCollection,
        ([_, "backups"], None) if get => BackupVerb::List,
        ([_, "backups", _], None) if get => BackupVerb::Get,
        ([_, "backups", _], None) if delete => BackupVerb::Delete,
        ([_, "backups", _], Some("export")) if *http == Http::POST => BackupVerb::Export,
        _ => return None,
    };
    Some(found)
}

fn on_collection(product: Product, http: &Http, below: &[&str], verb: Option<&str>) -> Option<Verb> {
    let (get, post, patch, delete) =
        (*http == Http::GET, *http == Http::POST, *http == Http::PATCH, *http == Http::DELETE);
    let psc = product.is_psc();
    let found = match (below, verb) {
        ([], None) if post => Verb::Create,
        ([], None) if get => Verb::List,
        ([_], None) if get => Verb::Get,
        ([_], None) if patch => Verb::Patch,
        ([_], None) if delete => Verb::Delete,
        ([_], Some("upgrade")) if post && !psc => Verb::Upgrade,
        ([_], Some("failover")) if post && product == Product::Redis => Verb::Failover,
        ([_], Some("updateParameters")) if patch && product == Product::Memcache => Verb::UpdateParameters,
        ([_], Some("applyParameters")) if post && product == Product::Memcache => Verb::ApplyParameters,
        ([_], Some("backup")) if post && psc => Verb::Backup,
        ([_], Some("addTokenAuthUser")) if post && psc => Verb::AddTokenAuthUser,
        ([_], Some(verb)) => Verb::Other(OTHERS.into_iter().find(|known| *known == verb)?),
        ([_, "authString"], None) if get && product == Product::Redis => Verb::AuthString,
        ([_, "certificateAuthority"], None) if get && psc => Verb::CertificateAuthority,
        ([_, "tokenAuthUsers"], None) if get && psc => Verb::ListUsers,
        ([_, "tokenAuthUsers", _], None) if get && psc => Verb::GetUser,
        ([_, "tokenAuthUsers", _], None) if delete && psc => Verb::DeleteUser,
        ([_, "tokenAuthUsers", _], Some("addAuthToken")) if post && psc => Verb::AddAuthToken,
        ([_, "tokenAuthUsers", _, "authTokens"], None) if get && psc => Verb::ListTokens,
        ([_, "tokenAuthUsers", _, "authTokens", _], None) if get && psc => Verb::GetToken,
        ([_, "tokenAuthUsers", _, "authTokens", _], None) if delete && psc => Verb::DeleteToken,
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(api: Api, http: &Http, path: &str) -> Option<String> {
        Call::parse(api, http, path).map(|call| call.action())
    }

    #[test]
    fn methods_have_the_names_of_the_discovery_documents() {
        let at = "/v1/projects/p/locations/l";
        let cases = [
            (Api::Redis, Http::POST, "/instances", "redis.instances.create"),
            (Api::Redis, Http::GET, "/instances/i/authString", "redis.instances.getAuthString"),
            (Api::Redis, Http::PATCH, "/clusters/c", "redis.clusters.patch"),
            (Api::Redis, Http::GET, "/clusters/c/certificateAuthority", "redis.clusters.getCertificateAuthority"),
            (Api::Redis, Http::GET, "/operations/o", "redis.operations.get"),
            (Api::Redis, Http::POST, "/operations/o:cancel", "redis.operations.cancel"),
            (Api::Memorystore, Http::POST, "/instances/i:addTokenAuthUser", "memorystore.instances.addTokenAuthUser"),
            (
                Api::Memorystore,
                Http::POST,
                "/instances/i/tokenAuthUsers/u:addAuthToken",
                "memorystore.instances.tokenAuthUsers.addAuthToken",
            ),
            (Api::Redis, Http::POST, "/clusters/c:backup", "redis.clusters.backup"),
            (
                Api::Memorystore,
                Http::GET,
                "/backupCollections/c/backups/b",
                "memorystore.backupCollections.backups.get",
            ),
            (Api::Memcache, Http::PATCH, "/instances/i:updateParameters", "memcache.instances.updateParameters"),
        ];
        for (api, http, path, wanted) in cases {
            assert_eq!(action(api, &http, &format!("{at}{path}")).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_a_service_does_not_have_is_not_found() {
        let at = "/v1/projects/p/locations/l";
        for (api, path) in [
            (Api::Memcache, "/clusters"),
            (Api::Memcache, "/backupCollections"),
            (Api::Memorystore, "/instances/i/authString"),
            (Api::Redis, "/x"),
        ] {
            assert_eq!(action(api, &Http::GET, &format!("{at}{path}")), None, "{path}");
        }
        assert_eq!(action(Api::Redis, &Http::GET, "/v1beta1/projects/p/locations"), None);
    }
}
