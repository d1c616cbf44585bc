//! Making one call.

use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use super::super::call::Call;
use super::super::paths::{self, MANAGED_REDIS, NETWORK};
use super::super::place::Situation;
use super::super::private_endpoint::Whose;
use super::super::{Shared, keys, private_endpoint, tags};
use super::{LASTING, parts, steps};
use crate::backend::{At, BackendError, Fields, Kind, Result, Step};
use crate::cache::{Auth, Persistence};

/// What one call needs.
struct Applying<'a> {
    shared: &'a Shared,
    at: &'a At,
    situation: Situation<'a>,
    cluster: String,
    step: &'a Step,
}

/// Makes the call. What is there, gone, or as asked for already is success.
pub(super) async fn apply(shared: &Shared, at: &At, step: &Step) -> Result<()> {
    let situation = shared.situation(at)?;
    let cluster = paths::cluster(&situation, &at.place.name);
    Applying { shared, at, situation, cluster, step }.make().await
}

impl Applying<'_> {
    async fn make(&self) -> Result<()> {
        match self.step.call {
            steps::CREATE => self.create().await,
            steps::UPDATE => self.update().await,
            steps::DELETE => self.delete(self.cluster.clone(), MANAGED_REDIS).await,
            steps::CREATE_DATABASE => {
                let call = Call::put(self.step.call, self.database(), MANAGED_REDIS, self.new_database());
                self.if_absent(call).await
            }
            steps::UPDATE_DATABASE => {
                let body = json!({"properties": database_properties(&self.step.fields)});
                self.send(Call::patch(self.step.call, self.database(), MANAGED_REDIS, body)).await.map(drop)
            }
            steps::REGENERATE => self.regenerate().await,
            steps::ASSIGN => self.assign().await,
            steps::REVOKE => self.revoke().await,
            private_endpoint::CREATE => self.open().await,
            private_endpoint::CREATE_DNS => {
                self.refuse_foreign_endpoint().await?;
                let zone = self.field("private_dns_zone_id").cloned().unwrap_or_default();
                let path = paths::dns_zone_group(&self.endpoint());
                let body = private_endpoint::dns_body(&zone);
                self.send(Call::put(self.step.call, path, NETWORK, body)).await.map(drop)
            }
            private_endpoint::DELETE => match self.whose_endpoint().await? {
                Whose::Ours => self.delete(self.endpoint(), NETWORK).await,
                Whose::Nobodys | Whose::Foreign => Ok(()),
            },
            other => Err(BackendError::new(Kind::Refused, "apply", format!("no call of managed redis: `{other}`"))),
        }
    }

    fn field(&self, key: &str) -> Option<&Value> {
        self.step.fields.get(key)
    }

    fn database(&self) -> String {
        paths::database(&self.cluster)
    }

    fn endpoint(&self) -> String {
        paths::private_endpoint(&self.situation, &self.at.place.name)
    }

    /// Sends it, and remembers where the cloud tells how it goes.
    async fn send(&self, call: Call) -> Result<Answer> {
        let answer = self.shared.arm.send(self.at, &call).await?;
        self.noted(answer)
    }

    fn noted(&self, answer: Answer) -> Result<Answer> {
        let mut answer = answer.done(self.step.call, &self.situation)?;
        if let Some(url) = answer.operation.take() {
            self.shared.operations.note(&self.cluster, self.step.call, url, self.shared.clock.now());
        }
        Ok(answer)
    }

    /// Makes only what is not there: a PUT would overwrite what is. Whose that is, the next look tells.
    async fn if_absent(&self, call: Call) -> Result<()> {
        let answer = self.shared.arm.send(self.at, &call.only_new()).await?;
        if answer.status == 412 {
            return Ok(());
        }
        self.noted(answer).map(drop)
    }

    async fn create(&self) -> Result<()> {
        let mut properties = cluster_properties(&self.step.fields);
        properties.entry("publicNetworkAccess").or_insert_with(|| "Disabled".into());
        let mut body = json!({
            "location": self.situation.location,
            "sku": {"name": self.field("sku")},
            "tags": self.tags(),
            "properties": properties,
        });
        if let Some(identity) = identity(&self.step.fields) {
            body["identity"] = identity;
        }
        self.if_absent(Call::put(self.step.call, self.cluster.clone(), MANAGED_REDIS, body)).await
    }

    async fn update(&self) -> Result<()> {
        let mut body = Map::new();
        if let Some(sku) = self.field("sku") {
            self.check_scaling(sku).await?;
            body.insert("sku".to_owned(), json!({"name": sku}));
        }
        if self.field("tags").is_some() {
            body.insert("tags".to_owned(), self.tags().into());
        }
        let properties = cluster_properties(&self.step.fields);
        if !properties.is_empty() {
            body.insert("properties".to_owned(), properties.into());
        }
        if let Some(identity) = identity(&self.step.fields) {
            body.insert("identity".to_owned(), identity);
        }
        let call = Call::patch(self.step.call, self.cluster.clone(), MANAGED_REDIS, body.into());
        self.send(call).await.map(drop)
    }

    fn tags(&self) -> Map<String, Value> {
        let map = |key: &str| self.field(key).and_then(Value::as_object).cloned().unwrap_or_default();
        match &self.step.mark {
            Some(mark) => tags::all(&map("tags"), mark, &keys::lasting(self.step, LASTING, self.shared.clock.now())),
            None => map("tags"),
        }
    }

    /// Azure tells which SKUs the cluster can become. That it does not tell is no refusal: it judges the change itself.
    async fn check_scaling(&self, sku: &Value) -> Result<()> {
        let path = format!("{}/listSkusForScaling", self.cluster);
        let answer = self.shared.arm.send(self.at, &Call::ask("listSkusForScaling", path, MANAGED_REDIS)).await?;
        let offered = answer.body.get("skus").and_then(Value::as_array).filter(|_| answer.is_success());
        let Some(offered) = offered.filter(|offered| !offered.is_empty()) else { return Ok(()) };
        let names: Vec<&str> = offered.iter().filter_map(|offer| offer.get("name").and_then(Value::as_str)).collect();
        if names.iter().any(|name| sku == name) {
            return Ok(());
        }
        let wanted = sku.as_str().unwrap_or_default();
        let message = format!("the cache cannot be scaled to {wanted}; azure offers: {}", names.join(", "));
        Err(BackendError::new(Kind::Refused, self.step.call, message).hint("name one of those as azure.sku"))
    }

    fn new_database(&self) -> Value {
        let mut properties = database_properties(&self.step.fields);
        // Left out, newer API versions turn keys off, and older ones on.
        properties.entry("accessKeysAuthentication").or_insert_with(|| "Enabled".into());
        for (field, property) in [("port", "port"), ("clustering_policy", "clusteringPolicy")] {
            if let Some(value) = self.field(field) {
                properties.insert(property.to_owned(), value.clone());
            }
        }
        let modules = self.field("modules").and_then(Value::as_array).into_iter().flatten();
        let modules: Vec<Value> = modules.map(|name| json!({"name": name})).collect();
        if !modules.is_empty() {
            properties.insert("modules".to_owned(), modules.into());
        }
        json!({"properties": properties})
    }

    /// Never repeated by the client: each time it makes another key.
    async fn regenerate(&self) -> Result<()> {
        let key = self.field("key_type").cloned().unwrap_or_default();
        let memory = format!("{} {key} {}", self.cluster, self.field("generation").cloned().unwrap_or_default());
        if self.shared.operations.is_made(&memory) {
            return Ok(());
        }
        let look = Call::get(super::GET, self.cluster.clone(), MANAGED_REDIS);
        let cluster = self.shared.arm.send(self.at, &look).await?.done(super::GET, &self.situation)?.body;
        keys::check_idle(&cluster, self.step)?;
        let path = format!("{}/regenerateKey", self.database());
        let call = Call::act(self.step.call, path, MANAGED_REDIS, json!({"keyType": key}));
        let answer = self.send(call).await?;
        if answer.status == 202 {
            // The mark is written once the cluster takes calls again; until then, do not make yet another key.
            self.shared.operations.made(memory);
        }
        Ok(())
    }

    async fn assign(&self) -> Result<()> {
        let id = self.field("object_id").and_then(Value::as_str).unwrap_or_default();
        let body = json!({"properties": {"accessPolicyName": "default", "user": {"objectId": id}}});
        let path = paths::assignment(&self.cluster, &paths::assignment_name(id));
        self.send(Call::put(self.step.call, path, MANAGED_REDIS, body)).await.map(drop)
    }

    /// Under whatever name somebody gave it.
    async fn revoke(&self) -> Result<()> {
        let id = self.field("object_id").and_then(Value::as_str).unwrap_or_default();
        let list = format!("{}/accessPolicyAssignments", self.database());
        let answer =
            self.shared.arm.send(self.at, &Call::get("accessPolicyAssignments.list", list, MANAGED_REDIS)).await?;
        let found = assignment_of(&answer.body, id).unwrap_or_else(|| paths::assignment_name(id));
        self.delete(paths::assignment(&self.cluster, &found), MANAGED_REDIS).await
    }

    async fn whose_endpoint(&self) -> Result<Whose> {
        let id = self.field("id").and_then(Value::as_str).unwrap_or_default();
        private_endpoint::whose(&self.shared.arm, self.at, &self.situation, id).await
    }

    /// A PUT would turn somebody's endpoint away from where it leads.
    async fn refuse_foreign_endpoint(&self) -> Result<()> {
        match self.whose_endpoint().await? {
            Whose::Foreign => Err(private_endpoint::taken(self.at, &self.situation, self.step.call)),
            Whose::Nobodys | Whose::Ours => Ok(()),
        }
    }

    async fn open(&self) -> Result<()> {
        self.refuse_foreign_endpoint().await?;
        let subnet = self.field("private_endpoint_subnet_id").cloned().unwrap_or_default();
        let id = self.field("id").and_then(Value::as_str).unwrap_or_default();
        let name = paths::private_endpoint_name(&self.at.place.name);
        let body =
            private_endpoint::body(self.situation.location, &self.cluster, parts::SUB_RESOURCE, &name, &subnet, id);
        self.send(Call::put(self.step.call, self.endpoint(), NETWORK, body)).await.map(drop)
    }

    async fn delete(&self, path: String, version: &'static str) -> Result<()> {
        let answer = self.shared.arm.send(self.at, &Call::delete(self.step.call, path, version)).await?;
        if answer.is_absent() {
            return Ok(());
        }
        self.noted(answer).map(drop)
    }
}

/// The name of an object's assignment.
fn assignment_of(list: &Value, object_id: &str) -> Option<String> {
    let assignments = list.get("value").and_then(Value::as_array).into_iter().flatten();
    let mut of_object = assignments.filter(|assignment| {
        let id = assignment.pointer("/properties/user/objectId").and_then(Value::as_str);
        id.is_some_and(|id| id.eq_ignore_ascii_case(object_id))
    });
    of_object.next()?.get("name")?.as_str().map(str::to_owned)
}

/// The cluster's properties that are among the fields.
fn cluster_properties(fields: &Fields) -> Map<String, Value> {
    let mut properties = Map::new();
    for (field, property) in [
        ("high_availability", "highAvailability"),
        ("public_network_access", "publicNetworkAccess"),
        ("minimum_tls_version", "minimumTlsVersion"),
    ] {
        if let Some(value) = fields.get(field) {
            properties.insert(property.to_owned(), value.clone());
        }
    }
    if let Some(key) = fields.get("encryption_key") {
        let identity = fields.get("user_assigned_identity_id");
        let encryption = json!({"customerManagedKeyEncryption": {
            "keyEncryptionKeyUrl": key,
            "keyEncryptionKeyIdentity": {
                "identityType": "userAssignedIdentity",
                "userAssignedIdentityResourceId": identity,
            },
        }});
        properties.insert("encryption".to_owned(), encryption);
    }
    properties
}

fn identity(fields: &Fields) -> Option<Value> {
    let id = fields.get("user_assigned_identity_id")?.as_str()?;
    Some(json!({"type": "UserAssigned", "userAssignedIdentities": {id: {}}}))
}

/// The database's properties that are among the fields and can change.
fn database_properties(fields: &Fields) -> Map<String, Value> {
    let mut properties = Map::new();
    if let Some(tls) = fields.get("tls").and_then(Value::as_bool) {
        properties.insert("clientProtocol".to_owned(), if tls { "Encrypted" } else { "Plaintext" }.into());
    }
    if let Some(auth) = fields.get("auth") {
        let keys = if auth == Auth::Password.as_str() { "Enabled" } else { "Disabled" };
        properties.insert("accessKeysAuthentication".to_owned(), keys.into());
    }
    for (field, property) in [("eviction_policy", "evictionPolicy"), ("clustering_policy", "clusteringPolicy")] {
        if let Some(value) = fields.get(field) {
            properties.insert(property.to_owned(), value.clone());
        }
    }
    if let Some(kind) = fields.get("persistence").and_then(Value::as_str) {
        let is = |wanted: Persistence| kind == wanted.as_str();
        let mut persistence = json!({"aofEnabled": is(Persistence::Aof), "rdbEnabled": is(Persistence::Rdb)});
        if is(Persistence::Aof) {
            persistence["aofFrequency"] = "1s".into();
        }
        if is(Persistence::Rdb) {
            persistence["rdbFrequency"] = fields.get("rdb_frequency").cloned().unwrap_or_else(|| "12h".into());
        }
        properties.insert("persistence".to_owned(), persistence);
    }
    properties
}
