//! `kill -9` of the driver at any moment: the next one continues.

use std::time::Duration;

use cache_driver::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::harness::{Caller, Process, Settings, World, eventually, sha256};

/// A cloud on which a creation takes about a second and a half, and a driver process.
struct Scene {
    world: World,
    settings: Settings,
    driver: Option<Process>,
    resource: Caller,
}

impl Scene {
    async fn start() -> Self {
        let world = World::fast(200.0).await;
        let settings = Settings::over(
            &world,
            "max_attempts = 2\n[lifecycle]\npoll_interval = \"50ms\"\n[lifecycle.retry_after]\nmin = \"1s\"\n",
        );
        let driver = settings.start().await;
        let resource = Caller::new(&driver.url, &world.id());
        Self { world, settings, driver: Some(driver), resource }
    }

    /// A PUT that is still on its way.
    fn put_on_its_way(&self, values: &Value) -> tokio::task::JoinHandle<()> {
        let body = self.resource.body(values);
        let url = format!("{}/redis/{}", self.driver.as_ref().unwrap().url, self.resource.id);
        tokio::spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            // It ends with the driver that it was sent to.
            http.put(url).json(&body).send().await.unwrap_err();
        })
    }

    /// Kills the driver and starts another one.
    async fn kill_and_start_another(&mut self) {
        self.driver.take().unwrap().kill().await;
        let driver = self.settings.start().await;
        self.resource = self.resource.at(&driver.url);
        self.driver = Some(driver);
    }

    async fn called(&self, action: &str, times: u64) {
        eventually(action, || async { (self.world.count(action) >= times).then_some(()) }).await;
    }

    async fn state(&self) -> Vec<Value> {
        self.world.caches().await
    }

    /// Gets it to 200 by PUTs: one cache, with the password that was given out.
    async fn finish(&mut self, values: Value) -> (String, String) {
        let ready = self.resource.put_until_settled(values).await.is(200);
        let cache = self.world.only_cache().await;
        let password = ready.password();
        assert_eq!(cache["auth_token_sha256"], json!([sha256(&password)]));
        assert_eq!(cache["ReplicationGroupId"], *ready.value("name"));
        (ready.value("name").as_str().unwrap().to_owned(), password)
    }
}

#[tokio::test]
async fn killed_before_the_create_call_reaches_the_cloud() {
    let mut scene = Scene::start().await;
    scene.world.fault(json!({"kind": "drop_before", "action": "CreateReplicationGroup", "times": 2}));
    scene.resource.put(json!({})).await.is(202);
    scene.kill_and_start_another().await;
    scene.finish(json!({})).await;
}

#[tokio::test]
async fn killed_inside_the_create_call_that_the_cloud_never_carried_out() {
    let mut scene = Scene::start().await;
    scene.world.fault(json!({"kind": "slow", "millis": 20_000, "action": "CreateReplicationGroup"}));
    let put = scene.put_on_its_way(&json!({}));
    scene.called("CreateReplicationGroup", 1).await;
    scene.kill_and_start_another().await;
    put.await.unwrap();
    assert!(scene.state().await.is_empty());
    scene.finish(json!({})).await;
}

#[tokio::test]
async fn killed_inside_the_create_call_that_the_cloud_carried_out() {
    let mut scene = Scene::start().await;
    // The first try is carried out and its answer lost; the driver dies while it tries again.
    scene.world.fault(json!([
        {"kind": "drop_after", "action": "CreateReplicationGroup"},
        {"kind": "slow", "millis": 20_000, "action": "CreateReplicationGroup", "skip": 1},
    ]));
    let put = scene.put_on_its_way(&json!({}));
    scene.called("CreateReplicationGroup", 2).await;
    let made = scene.world.only_cache().await;
    scene.kill_and_start_another().await;
    put.await.unwrap();
    scene.finish(json!({})).await;
    let cache = scene.world.only_cache().await;
    for field in ["ReplicationGroupId", "ReplicationGroupCreateTime", "auth_token_sha256"] {
        assert_eq!(cache[field], made[field], "{field}");
    }
}

#[tokio::test]
async fn killed_while_the_cloud_creates() {
    let mut scene = Scene::start().await;
    scene.resource.put(json!({})).await.is(202);
    let made = scene.world.only_cache().await;
    scene.kill_and_start_another().await;
    scene.finish(json!({})).await;
    assert_eq!(scene.world.only_cache().await["ReplicationGroupCreateTime"], made["ReplicationGroupCreateTime"]);
    assert_eq!(scene.world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn killed_while_the_cloud_creates_and_the_cookie_is_lost_too() {
    let mut scene = Scene::start().await;
    scene.resource.put(json!({})).await.is(202);
    scene.kill_and_start_another().await;
    scene.resource = scene.resource.forgetful();
    scene.finish(json!({})).await;
    assert_eq!(scene.world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn killed_at_arbitrary_moments_again_and_again() {
    let mut scene = Scene::start().await;
    let clock = SystemClock;
    for millis in [0, 3, 9, 20, 40, 80] {
        let put = scene.put_on_its_way(&json!({"parameters": {"maxmemory-policy": "allkeys-lru"}}));
        // Blind on purpose: any moment is as good as another.
        clock.sleep(Duration::from_millis(millis)).await;
        scene.kill_and_start_another().await;
        // It may have been answered before the driver died.
        put.await.ok();
    }
    let values = json!({"parameters": {"maxmemory-policy": "allkeys-lru"}});
    let first = scene.finish(values.clone()).await;
    scene.kill_and_start_another().await;
    assert_eq!(scene.finish(values).await, first);
}

#[tokio::test]
async fn killed_between_the_steps_of_an_update() {
    let mut scene = Scene::start().await;
    let before = scene.finish(json!({})).await;
    let wanted = json!({"high_availability": true, "size": "medium"});
    scene.resource.put(wanted.clone()).await.is(202);
    assert_eq!(scene.world.only_cache().await["Status"], "modifying");
    scene.kill_and_start_another().await;
    assert_eq!(scene.finish(wanted).await, before);
    let cache = scene.world.only_cache().await;
    assert_eq!((&cache["AutomaticFailover"], &cache["NodeGroups"][0]["ReplicaCount"]), (&json!(true), &json!(1)));
    assert_eq!(cache["CacheNodeType"], "cache.t4g.medium");
}

#[tokio::test]
async fn killed_inside_an_update_call_that_the_cloud_carried_out() {
    let mut scene = Scene::start().await;
    let before = scene.finish(json!({})).await;
    scene.world.fault(json!([
        {"kind": "drop_after", "action": "IncreaseReplicaCount"},
        {"kind": "slow", "millis": 20_000, "action": "IncreaseReplicaCount", "skip": 1},
    ]));
    let put = scene.put_on_its_way(&json!({"replicas": 1}));
    scene.called("IncreaseReplicaCount", 2).await;
    scene.kill_and_start_another().await;
    put.await.unwrap();
    assert_eq!(scene.finish(json!({"replicas": 1})).await, before);
    assert_eq!(scene.world.only_cache().await["NodeGroups"][0]["ReplicaCount"], 1);
}

#[tokio::test]
async fn killed_during_the_removal() {
    let mut scene = Scene::start().await;
    scene.finish(json!({})).await;
    scene.resource.delete().await.is(202);
    scene.kill_and_start_another().await;
    scene.resource.delete_until_settled().await.is(204);
    assert!(scene.state().await.is_empty());
}

#[tokio::test]
async fn killed_before_the_delete_call_reaches_the_cloud() {
    let mut scene = Scene::start().await;
    scene.finish(json!({})).await;
    scene.world.fault(json!({"kind": "drop_before", "action": "DeleteReplicationGroup", "times": 2}));
    scene.resource.delete().await.is(202);
    scene.kill_and_start_another().await;
    scene.resource.delete_until_settled().await.is(204);
    assert!(scene.state().await.is_empty());
}

#[tokio::test]
async fn killed_between_delete_and_a_new_put_the_new_life_has_a_new_password() {
    let mut scene = Scene::start().await;
    let (name, password) = scene.finish(json!({})).await;
    scene.resource.delete().await.is(202);
    scene.kill_and_start_another().await;
    let (again, fresh) = scene.finish(json!({})).await;
    assert_eq!(again, name);
    assert_ne!(fresh, password);
}
