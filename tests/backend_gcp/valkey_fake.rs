//! What the emulator cannot show: a user that Google makes by itself, and backups. A small server of the shape that
//! `memorystore/v1` has, for one instance.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use cache_driver::backend::{At, Backend, ConnectionPassword, Goal, Kind, Observed, Pace, Phase};
use cache_driver::cache::Product;
use cache_driver::clock::{Clock, ManualClock, SystemClock};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::valkey_cloud::{Cloud, backend, config};

const INSTANCE: &str = "projects/my-project/locations/europe-west3/instances/cache-abc";
const BACKUP: &str = "projects/my-project/locations/europe-west3/backupCollections/c/backups/last-words";

/// What is there by path, and the calls that came.
#[derive(Debug, Default)]
struct Told {
    resources: BTreeMap<String, Value>,
    calls: Vec<String>,
}

type Shared = Arc<Mutex<Told>>;

struct Fake {
    told: Shared,
    backend: Arc<dyn Backend>,
    at: At,
    serving: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(told): State<Shared>, method: Method, uri: Uri, _body: String) -> Response {
    let path = uri.path().trim_start_matches("/memorystore/v1/").to_owned();
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.calls.push(format!("{method} {}", path.trim_start_matches(INSTANCE)));
    if method != Method::GET {
        return Json(json!({"name": "projects/my-project/locations/europe-west3/operations/o", "done": false}))
            .into_response();
    }
    if let Some(resource) = told.resources.get(&path) {
        return Json(resource.clone()).into_response();
    }
    let error = json!({"error": {"code": 404, "message": "was not found", "status": "NOT_FOUND"}});
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}

impl Fake {
    async fn start() -> Self {
        let told = Shared::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(told.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(SystemClock.now()));
        let backend = backend(&config(&url), &clock, Product::GcpValkey);
        let at = Cloud::start(Product::GcpValkey, json!({})).await.at("cache-abc");
        Self { told, backend, at, serving }
    }

    fn tell(&self, path: &str, resource: Value) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.resources.insert(path.to_owned(), resource);
    }

    fn tell_instance(&self, more: &Value) {
        let mut instance = json!({
            "name": INSTANCE, "uid": "u-1", "state": "ACTIVE", "mode": "CLUSTER_DISABLED", "shardCount": 1,
            "authorizationMode": "TOKEN_AUTH", "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
            "endpoints": [{"connections": [
                {"pscAutoConnection": {"connectionType": "CONNECTION_TYPE_PRIMARY", "ipAddress": "10.0.0.2", "port": 6379}},
            ]}],
        });
        instance.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.tell(INSTANCE, instance);
    }

    /// The user `default` with a token, as Google makes them.
    fn tell_user(&self) {
        let user = format!("{INSTANCE}/tokenAuthUsers/default");
        let token =
            json!({"name": format!("{user}/authTokens/t1"), "state": "ACTIVE", "createTime": "2026-01-05T10:00:00Z"});
        self.tell(&user, json!({"name": user, "state": "ACTIVE"}));
        self.tell(&format!("{user}/authTokens"), json!({ "authTokens": [token] }));
        let mut told = token;
        told["token"] = "the-token-itself".into();
        self.tell(&format!("{user}/authTokens/t1"), told);
    }

    async fn observe(&self) -> Observed {
        self.backend.observe(&self.at).await.unwrap()
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner).calls)
    }
}

#[tokio::test]
async fn a_user_that_google_made_is_taken_as_it_is() {
    let fake = Fake::start().await;
    fake.tell_instance(&json!({}));
    fake.tell_user();
    let seen = fake.observe().await;
    assert_eq!((seen.phase, seen.missing.len()), (Phase::Ready, 0));
    let connection = fake.backend.connection(&fake.at, &seen).await.unwrap();
    let ConnectionPassword::Told(password) = connection.password else { panic!("a password") };
    assert_eq!(password.expose_secret(), "the-token-itself", "a list shows no tokens, so each is asked for");
    assert!(fake.calls().iter().all(|call| call.starts_with("GET")), "nothing was made");
}

#[tokio::test]
async fn a_final_backup_is_taken_once_and_the_removal_waits_for_it() {
    let fake = Fake::start().await;
    fake.tell_instance(&json!({}));
    fake.tell_user();
    let goal = Goal::Removed { final_snapshot: Some("last-words".to_owned()) };
    let [backup, delete] = fake.backend.steps(&goal, &fake.observe().await).try_into().unwrap();
    assert_eq!((backup.pace, delete.pace), (Pace::Instant, Pace::Long));
    let changing = |calls: Vec<String>| calls.into_iter().filter(|call| !call.starts_with("GET")).collect::<Vec<_>>();
    fake.calls();

    fake.backend.apply(&fake.at, &backup).await.unwrap();
    assert_eq!(changing(fake.calls()), ["POST :backup"]);
    assert_eq!(fake.backend.apply(&fake.at, &delete).await.unwrap_err().kind, Kind::Busy, "it does not show yet");

    fake.tell_instance(&json!({"backupCollection": BACKUP.split_once("/backups/").unwrap().0}));
    fake.tell(BACKUP, json!({"name": BACKUP, "state": "CREATING"}));
    fake.backend.apply(&fake.at, &backup).await.unwrap();
    assert_eq!(fake.backend.apply(&fake.at, &delete).await.unwrap_err().kind, Kind::Busy, "it is being taken");
    assert_eq!(changing(fake.calls()), [""; 0], "neither a second one, nor the removal");

    fake.tell(BACKUP, json!({"name": BACKUP, "state": "ACTIVE"}));
    fake.backend.apply(&fake.at, &backup).await.unwrap();
    fake.backend.apply(&fake.at, &delete).await.unwrap();
    assert_eq!(changing(fake.calls()), ["DELETE "]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_says_nothing_about_the_cache() {
    let fake = Fake::start().await;
    fake.tell(INSTANCE, json!({"name": INSTANCE, "state": {"odd": true}}));
    let error = fake.backend.observe(&fake.at).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable, "{error}");
}
