//! A server that answers whatever a test wants, and the backends that call it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cache_driver::backend::gcp::backends;
use cache_driver::backend::{At, Backend, Credentials, Given, Goal, Observed, Step};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Place, Product, SizeTable, read};
use cache_driver::clock::{BoxFuture, Clock, ManualClock, Timestamp};
use cache_driver::config::Gcp;
use secrecy::SecretString;
use serde_json::{Value, json};

/// What a call was.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With the service in front: `/memorystore/v1/projects/…`.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }

    pub(crate) fn is_token(&self) -> bool {
        self.path == "/token"
    }
}

/// What a test answers: `None` for what it does not care about.
type Answer = dyn Fn(&Seen) -> Option<Response> + Send + Sync;

/// A server on loopback that remembers what it was asked.
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Told>,
    server: tokio::task::JoinHandle<()>,
}

struct Told {
    seen: Mutex<Vec<Seen>>,
    tokens: AtomicUsize,
    answer: Box<Answer>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    /// Grants tokens (`token-1`, `token-2`, …) and has no caches, but for what `answer` says.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Self {
        let told = Told { seen: Mutex::default(), tokens: AtomicUsize::new(0), answer: Box::new(answer) };
        let state = Arc::new(told);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(state.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state, server }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// Calls of the APIs.
    pub(crate) fn calls(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| !seen.is_token()).collect()
    }

    /// Calls for tokens.
    pub(crate) fn exchanges(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_token).collect()
    }

    /// A config that leads here.
    pub(crate) fn config(&self) -> Gcp {
        Gcp {
            enabled: true,
            project: Some("main-project".to_owned()),
            region: Some("europe-west3".to_owned()),
            network: Some("default".to_owned()),
            endpoint_url: Some(self.url.clone()),
            ..Gcp::default()
        }
    }
}

async fn serve(State(told): State<Arc<Told>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
    let url = reqwest::Url::parse(&format!("http://fake{}", parts.uri)).unwrap();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let seen = Seen {
        method: parts.method.to_string(),
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let answer = (told.answer)(&seen);
    let is_token = seen.is_token();
    let missing = format!("Resource '{}' was not found", seen.path);
    told.seen.lock().unwrap().push(seen);
    if let Some(answer) = answer {
        return answer;
    }
    if is_token {
        let number = told.tokens.fetch_add(1, Ordering::SeqCst) + 1;
        let token = format!("token-{number}");
        return ok(&json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"}));
    }
    error(404, "NOT_FOUND", &missing, &json!([]))
}

pub(crate) fn ok(body: &Value) -> Response {
    answer(200, body)
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    let headers = [("content-type", "application/json; charset=UTF-8")];
    (StatusCode::from_u16(status).unwrap(), headers, body.to_string()).into_response()
}

/// An error as Google writes it.
pub(crate) fn error(status: u16, word: &str, message: &str, details: &Value) -> Response {
    answer(status, &json!({"error": {"code": status, "message": message, "status": word, "details": details}}))
}

/// A clock on which nobody has to wait: whoever sleeps moves it on.
#[derive(Debug, Clone)]
pub(crate) struct Hasty(pub(crate) ManualClock);

impl Hasty {
    pub(crate) fn new() -> Self {
        Self(ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap()))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn backend(config: &Gcp, clock: &Hasty, product: Product) -> Arc<dyn Backend> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let mut backends = backends(config, SizeTable::embedded(), clock, "cache-driver/test");
    backends.retain(|backend| backend.capabilities().product == product);
    backends.remove(0)
}

pub(crate) fn at(product: Product, name: &str, credentials: Credentials) -> At {
    let place = Place {
        product,
        account: None,
        location: "europe-west3".to_owned(),
        group: None,
        name: CacheName::existing(name),
    };
    At { place, credentials }
}

/// The calls that make a cache.
pub(crate) fn creation(backend: &dyn Backend, values: &Value) -> Vec<Step> {
    let Value::Object(values) = values else { panic!("an object") };
    let spec = read(&[Layer { origin: Origin::Request, values }]).unwrap();
    let resolved = backend.resolve(&spec).unwrap();
    let mark = mark();
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &[],
        mark: &mark,
        password: None,
        tags: &[],
        at_maintenance: false,
    };
    backend.steps(&goal, &Observed::absent("main-project"))
}

pub(crate) fn mark() -> Mark {
    let since = "2026-01-05T10:00:00Z".parse().unwrap();
    Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), since)
}

/// A key that is made for the occasion.
pub(crate) static PEM: LazyLock<String> = LazyLock::new(|| {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
});

/// The key of a service account, as Google hands it out.
pub(crate) fn key() -> Value {
    json!({
        "type": "service_account",
        "project_id": "key-project",
        "private_key_id": "0123456789abcdef",
        "private_key": PEM.as_str(),
        "client_email": "driver@key-project.iam.gserviceaccount.com",
        "client_id": "100000000000000000001",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    })
}

#[track_caller]
pub(crate) fn given(account: &Value) -> Credentials {
    Credentials::Given(Arc::new(Given::recognise(account.as_object().unwrap()).unwrap()))
}

pub(crate) fn static_token() -> SecretString {
    SecretString::from("CANARY-static-token")
}

/// A Valkey instance that is ready and needs no token.
pub(crate) fn valkey(name: &str) -> Value {
    json!({
        "name": format!("projects/main-project/locations/europe-west3/instances/{name}"),
        "uid": format!("uid-of-{name}"),
        "createTime": "2026-01-05T10:00:00.123456789Z",
        "state": "ACTIVE",
        "mode": "CLUSTER_DISABLED",
        "shardCount": 1,
        "nodeType": "STANDARD_SMALL",
        "engineVersion": "VALKEY_8_0",
        "authorizationMode": "AUTH_DISABLED",
        "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
        "endpoints": [{"connections": [{"pscAutoConnection": {
            "connectionType": "CONNECTION_TYPE_PRIMARY", "ipAddress": "10.128.0.5", "port": 6379,
            "network": "projects/main-project/global/networks/default", "projectId": "main-project",
        }}]}],
        "labels": {
            "managed-by": "cache-driver", "cache-driver-id": "res-1", "cache-driver-w": "0123456789ab",
            "cache-driver-t": "1767607200", "cache-driver-d": "delete",
        },
    })
}
