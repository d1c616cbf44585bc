//! A backend over an imagined cloud. Poses as any product; every promise of the trait is kept.

use async_trait::async_trait;
use cache_driver::backend::{
    At, Backend, BackendError, Capabilities, Change, Class, Connection, ConnectionPassword, Credentials, Diagnosis,
    Fields, Finding, Goal, Kind, Listed, Observed, Pace, PasswordMaker, Permission, Resolved, Result, Scope, Step,
    Typical,
};
use cache_driver::cache::{Auth, CacheName, Capacity, Engine, FieldError, Mode, OnDelete, Place, Product, Size, Spec};
use cache_driver::clock::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::cloud::{Accepted, Cloud, Durations, Key};

/// The account of the driver's own identity.
pub const OWN_ACCOUNT: &str = "111122223333";
/// The regions that this backend may use, the default one first.
pub const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];

const CREATE: &str = "CreateCache";
const UPDATE: &str = "UpdateCache";
const MARK: &str = "MarkCache";
const ADD_PASSWORD: &str = "AddPassword";
const DROP_PASSWORD: &str = "DropOldPassword";
const DELETE: &str = "DeleteCache";

/// What changes of a field cost.
const CHANGES: &[(&str, Class)] = &[
    ("auth", Class::InPlace),
    ("engine", Class::Replace),
    ("memory_gb", Class::Disruptive),
    ("mode", Class::Replace),
    ("replicas", Class::InPlace),
    ("shards", Class::InPlace),
    ("tls", Class::Impossible),
    ("version", Class::Disruptive),
];

/// A backend over an imagined cloud.
#[derive(Debug)]
pub struct Memory {
    cloud: Cloud,
    capabilities: Capabilities,
}

impl Memory {
    /// A backend that poses as `product`. Its password is made by whoever makes it at the real one.
    pub fn new(product: Product, cloud: Cloud) -> Self {
        let password = match product {
            Product::AwsReplicationGroup => PasswordMaker::Driver,
            Product::AwsServerless | Product::AwsMemcached | Product::GcpMemcached => PasswordMaker::Nobody,
            _ => PasswordMaker::Cloud,
        };
        let usual = Durations::default();
        let capabilities = Capabilities {
            product,
            engines: product.engines(),
            modes: product.modes(),
            on_delete: OnDelete::ALL,
            password,
            adopts: true,
            failed_creation_vanishes: false,
            mark_lags: false,
            typical: Typical { create: usual.create, update: usual.update, delete: usual.delete },
            changes: CHANGES,
            permissions: const { &[Permission::write("imagined:*")] },
        };
        Self { cloud, capabilities }
    }

    /// Whose the credentials are: request credentials belong to an account named after their key id.
    fn account_of(credentials: &Credentials) -> String {
        let key = |name: &str| match credentials {
            Credentials::Given(given) => given.field(name).map(|field| field.expose_secret().to_owned()),
            Credentials::Own | Credentials::Named(_) => None,
        };
        match credentials {
            Credentials::Own => OWN_ACCOUNT.to_owned(),
            Credentials::Named(name) => format!("account-{name}"),
            Credentials::Given(_) => {
                let id = ["access_key_id", "client_email", "appId"].into_iter().find_map(key);
                format!("account-of-{}", id.unwrap_or_else(|| "a-token".to_owned()))
            }
        }
    }

    fn key(at: &At) -> Key {
        (Self::account_of(&at.credentials), at.place.location.clone(), at.place.name.to_string())
    }

    fn step(call: &'static str, why: &str, pace: Pace) -> Step {
        Step { call, why: why.to_owned(), pace, fields: Fields::new(), mark: None, secret: None }
    }
}

#[async_trait]
impl Backend for Memory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut resolved = Resolved::default();
        let engine = spec.engine.unwrap_or(self.capabilities.engines[0]);
        if !self.capabilities.engines.contains(&engine) {
            let offered = self.capabilities.engines.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", ");
            errors.push(FieldError::new(spec.path_of("engine"), offered, format!("`{engine}`")));
        }
        let mode = spec.mode.unwrap_or(self.capabilities.modes[0]);
        if !self.capabilities.modes.contains(&mode) {
            let offered = self.capabilities.modes.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ");
            errors.push(FieldError::new(spec.path_of("mode"), offered, format!("`{mode}`")));
        }
        let auth = match (spec.auth, self.capabilities.password) {
            (Some(Auth::Iam), _) => {
                errors.push(FieldError::new(spec.path_of("auth"), "password or none", "`iam`"));
                Auth::None
            }
            (Some(Auth::Password), PasswordMaker::Nobody) => {
                errors.push(FieldError::new(spec.path_of("auth"), "none", "`password`"));
                Auth::None
            }
            (Some(auth), _) => auth,
            (None, PasswordMaker::Nobody) => Auth::None,
            (None, _) => Auth::Password,
        };
        let capacity = spec.capacity.unwrap_or(Capacity::Size(Size::Small));
        let capacity_origin = spec.origin_of("size").or_else(|| spec.origin_of("memory_gb"));
        let replicas = spec.replicas.unwrap_or_else(|| u32::from(spec.high_availability == Some(true)));
        let replicas_origin = spec.origin_of("replicas").or_else(|| spec.origin_of("high_availability"));
        resolved.put("engine", engine.as_str(), spec.origin_of("engine"));
        resolved.put("mode", mode.as_str(), spec.origin_of("mode"));
        resolved.put("auth", auth.as_str(), spec.origin_of("auth"));
        resolved.put("tls", spec.tls.unwrap_or(engine != Engine::Memcached), spec.origin_of("tls"));
        resolved.put("memory_gb", capacity.promised_gb(), capacity_origin);
        resolved.put("replicas", replicas, replicas_origin);
        resolved.put("shards", spec.shards.unwrap_or(1), spec.origin_of("shards"));
        let version = spec.version.as_ref().map_or("8.0", |version| version.as_str());
        resolved.put("version", version, spec.origin_of("version"));
        resolved.capacity = Some(capacity.to_string());
        resolved.memory_gb = Some(capacity.promised_gb());
        if errors.is_empty() { Ok(resolved) } else { Err(errors) }
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        let location = spec.region.clone().unwrap_or_else(|| REGIONS[0].to_owned());
        if !REGIONS.contains(&location.as_str()) {
            let error = FieldError::new(spec.path_of("region"), REGIONS.join(", "), format!("`{location}`"));
            return Err(vec![error.hint("the config allows these regions only")]);
        }
        Ok(Place { product: self.capabilities.product, account: None, location, group: None, name: name.clone() })
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        let place = |location: &&str| Place {
            product: self.capabilities.product,
            account: None,
            location: (*location).to_owned(),
            group: None,
            name: name.clone(),
        };
        REGIONS.iter().map(place).collect()
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.cloud.arrive("WhoAmI", &Self::key(at), false).await?;
        Ok(Self::account_of(&at.credentials))
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        let key = Self::key(at);
        self.cloud.arrive("DescribeCache", &key, false).await?;
        Ok(self.cloud.observe(&key))
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        let mut changes = Vec::new();
        for field in &wanted.set {
            let (Some(to), Some(from)) = (wanted.fields.get(field), seen.fields.get(field)) else { continue };
            if from != to {
                let class =
                    CHANGES.iter().find(|(name, _)| name == field).map_or(Class::Impossible, |(_, class)| *class);
                changes.push(Change { field: field.clone(), from: from.clone(), to: to.clone(), class });
            }
        }
        changes
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        let absent = seen.phase == cache_driver::backend::Phase::Absent;
        match goal {
            Goal::Present { resolved, mark, password, .. } if absent => {
                let step = Self::step(CREATE, "there is none", Pace::Long);
                let secret = password.cloned();
                vec![Step { fields: resolved.fields.clone(), mark: Some((*mark).clone()), secret, ..step }]
            }
            Goal::Present { changes: [], .. } => Vec::new(),
            Goal::Present { changes, mark, password, .. } => {
                let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
                let step = Self::step(UPDATE, &format!("{} differs", names.join(", ")), Pace::Long);
                let fields = changes.iter().map(|change| (change.field.clone(), change.to.clone())).collect();
                vec![Step { fields, mark: Some((*mark).clone()), secret: password.cloned(), ..step }]
            }
            Goal::Marked { mark } => {
                let step = Self::step(MARK, "what the driver wrote on it has changed", Pace::Instant);
                vec![Step { mark: Some((*mark).clone()), ..step }]
            }
            Goal::Rotated { mark, password } => {
                let step = Self::step(ADD_PASSWORD, "a new password is wanted", Pace::Long);
                vec![Step { mark: Some((*mark).clone()), secret: Some((*password).clone()), ..step }]
            }
            Goal::Settled { mark, .. } => {
                let step = Self::step(DROP_PASSWORD, "the old password is to end", Pace::Instant);
                vec![Step { mark: Some((*mark).clone()), ..step }]
            }
            Goal::Removed { .. } if absent => Vec::new(),
            Goal::Removed { final_snapshot } => {
                let mut step = Self::step(DELETE, "it is to be gone", Pace::Long);
                if let Some(name) = final_snapshot {
                    step.fields.insert("final_snapshot".to_owned(), name.clone().into());
                }
                vec![step]
            }
        }
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        let key = Self::key(at);
        let lost = self.cloud.arrive(step.call, &key, true).await?;
        let (fields, mark, mut secret) = (step.fields.clone(), step.mark.clone(), step.secret.clone());
        let accepted = match step.call {
            CREATE => {
                let wants = fields.get("auth") == Some(&Value::from("password"));
                if wants && self.capabilities.password == PasswordMaker::Cloud {
                    secret = Some(SecretString::from(format!("made-by-the-cloud-for-{}", key.2)));
                }
                self.cloud.create(&key, fields, mark, secret);
                Accepted::Done
            }
            UPDATE | ADD_PASSWORD => self.cloud.update(&key, fields, mark, secret),
            MARK => self.cloud.write_mark(&key, mark),
            DROP_PASSWORD => self.cloud.keep_newest_password(&key, mark),
            DELETE => {
                let snapshot = fields.get("final_snapshot").and_then(Value::as_str).map(str::to_owned);
                self.cloud.delete(&key, snapshot)
            }
            other => panic!("no such call: {other}"),
        };
        match (accepted, step.call) {
            _ if lost => Err(BackendError::new(Kind::Unavailable, step.call, "the connection broke")),
            (Accepted::Busy, _) => Err(BackendError::new(Kind::Busy, step.call, "the cache is busy")),
            (Accepted::Absent, DELETE) | (Accepted::Done, _) => Ok(()),
            (Accepted::Absent, _) => Err(BackendError::new(Kind::Refused, step.call, "there is no such cache")),
        }
    }

    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection> {
        let field = |name: &str| seen.fields.get(name);
        let text = |name: &str| field(name).and_then(Value::as_str);
        let auth = text("auth").and_then(|word| word.parse().ok()).unwrap_or(Auth::None);
        let password = match (auth, self.capabilities.password) {
            (Auth::Password, PasswordMaker::Driver) => ConnectionPassword::Derived,
            (Auth::Password, _) => {
                let told = self.cloud.newest_password(&Self::key(at));
                ConnectionPassword::Told(
                    told.ok_or_else(|| BackendError::new(Kind::Refused, "GetPassword", "the cloud knows no password"))?,
                )
            }
            _ => ConnectionPassword::None,
        };
        Ok(Connection {
            endpoint: seen.endpoint.clone().expect("it is asked for only of a cache with an endpoint"),
            reader: seen.reader.clone(),
            tls: field("tls").and_then(Value::as_bool).unwrap_or(false),
            ca_cert: None,
            auth,
            username: None,
            password,
            cluster_mode: text("mode") == Some(Mode::Cluster.as_str()),
            engine: text("engine").and_then(|word| word.parse().ok()).unwrap_or(Engine::Redis),
            engine_version: text("version").map(str::to_owned),
            memory_gb: field("memory_gb").and_then(Value::as_f64),
        })
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        let key = Self::key(at);
        self.cloud.arrive("DescribeEvents", &key, false).await?;
        let (cause, events) = self.cloud.events(&key, since);
        Ok(Diagnosis { kind: cause.as_ref().map(|_| Kind::Refused), cause, events })
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let account = Self::account_of(&scope.credentials);
        let key = (account.clone(), scope.location.clone(), "*".to_owned());
        self.cloud.arrive("ListCaches", &key, false).await?;
        let mut listed = Vec::new();
        for key in self.cloud.caches().keys().filter(|(a, l, _)| *a == account && *l == scope.location) {
            let seen = self.cloud.observe(key);
            let Some(ownership) = seen.ownership else { continue };
            let place = Place {
                product: self.capabilities.product,
                account: Some(account.clone()),
                location: key.1.clone(),
                group: None,
                name: CacheName::existing(key.2.clone()),
            };
            let (phase, status, created_at) = (seen.phase, seen.status, seen.created_at);
            listed.push(Listed { place, ownership, phase, status, created_at, fields: None });
        }
        Ok(listed)
    }

    async fn preflight(&self, at: &At, _wanted: &Fields) -> Vec<Finding> {
        let subject = format!("identity {}", Self::account_of(&at.credentials));
        vec![Finding::ok(subject, "everything is there")]
    }
}
