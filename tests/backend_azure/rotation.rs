//! Two keys, one of which is in use.

use cache_driver::backend::{ConnectionPassword, Goal, Observed};
use cache_driver::cache::{Mark, Password};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::Cloud;

async fn key(cloud: &Cloud, seen: &Observed) -> String {
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), seen).await.unwrap();
    let ConnectionPassword::Told(key) = connection.password else { panic!("no key") };
    key.expose_secret().to_owned()
}

fn generation(cloud: &Cloud, generation: u32) -> Mark {
    let password = Password { key: "k1".to_owned(), generation, salt: "abcdefghijklmnop".to_owned() };
    Mark { password: Some(password), want: format!("{generation:012}"), ..cloud.mark() }
}

async fn rotated_and_settled(cloud: Cloud, regenerate: &str) {
    let secret = SecretString::from("unused");
    let first = key(&cloud, &cloud.ready("cache-abc", json!({})).await).await;
    let mut keys = vec![first.clone()];
    for number in 1..4 {
        let mark = generation(&cloud, number);
        let goal = Goal::Rotated { mark: &mark, password: &secret };
        let before = cloud.observe("cache-abc").await;
        let steps = cloud.backend.steps(&goal, &before);
        assert_eq!(steps[0].call, regenerate);
        // Between the two calls the key that is in use stays what it was; and the first again does no harm.
        cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap();
        let between = cloud.observe("cache-abc").await;
        assert_eq!(key(&cloud, &between).await, *keys.last().unwrap());
        cloud.run("cache-abc", &cloud.backend.steps(&goal, &between)).await;
        cloud.minutes(5);

        let after = cloud.observe("cache-abc").await;
        let written = after.mark().unwrap().clone();
        assert_eq!((&written.want, written.password.as_ref().unwrap().generation), (&mark.want, number));
        let new = key(&cloud, &after).await;
        assert!(!keys.contains(&new), "a key that nobody had");
        assert!(cloud.backend.steps(&goal, &after).is_empty());

        let settled = Mark { want: format!("{number:011}s"), ..written };
        let goal = Goal::Settled { mark: &settled, password: &secret };
        cloud.run("cache-abc", &cloud.backend.steps(&goal, &after)).await;
        cloud.minutes(5);
        let after = cloud.observe("cache-abc").await;
        assert_eq!(key(&cloud, &after).await, new, "settling leaves the key in use alone");
        keys.push(new);
    }
}

#[tokio::test]
async fn a_managed_caches_key_is_changed_without_a_moment_between() {
    rotated_and_settled(Cloud::start().await, "databases.regenerateKey").await;
}

#[tokio::test]
async fn a_classic_caches_key_is_changed_without_a_moment_between() {
    rotated_and_settled(Cloud::classic().await, "redis.regenerateKey").await;
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_key_by_itself() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let (mark, secret) = (generation(&cloud, 1), SecretString::from("unused"));
    let steps = cloud.backend.steps(&Goal::Rotated { mark: &mark, password: &secret }, &seen);
    cloud.fault(json!({"kind": "drop_after", "action": "databases.regenerateKey"}));
    cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
    assert_eq!(cloud.count("databases.regenerateKey"), 1);
}
