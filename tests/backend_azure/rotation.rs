//! Two keys, one of which is in use.

use cache_driver::backend::{Backend, ConnectionPassword, Goal, Kind, Observed, Phase};
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

#[tokio::test]
async fn a_replica_that_looked_before_another_one_rotated_makes_no_key_anew() {
    for (cloud, regenerate) in
        [(Cloud::start().await, "databases.regenerateKey"), (Cloud::classic().await, "redis.regenerateKey")]
    {
        let before = cloud.ready("cache-abc", json!({})).await;
        let (at, secret) = (cloud.at("cache-abc"), SecretString::from("unused"));
        let late = cloud.another();
        let wanted = [generation(&cloud, 1), generation(&cloud, 2)];
        let planned = wanted.each_ref().map(|mark| late.steps(&Goal::Rotated { mark, password: &secret }, &before));
        cloud.run("cache-abc", &planned[0]).await;
        cloud.minutes(5);
        let after = cloud.observe("cache-abc").await;
        let new = key(&cloud, &after).await;
        // For the same generation, and for the next: both would make the key anew that is in use now.
        for steps in &planned {
            let refused = late.apply(&at, &steps[0]).await.unwrap_err();
            assert_eq!((refused.kind, refused.operation), (Kind::Busy, regenerate), "{refused}");
        }
        assert_eq!(cloud.count(regenerate), 1);
        assert_eq!(key(&cloud, &after).await, new);
        // What looks again goes on.
        let next = late.steps(&Goal::Rotated { mark: &wanted[1], password: &secret }, &after);
        assert_eq!(next[0].fields["key_type"], "Primary");
        late.apply(&at, &next[0]).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_may_still_be_made_anew_is_handed_out_by_nobody() {
    for (cloud, path) in [
        (Cloud::start().await, "Microsoft.Cache/redisEnterprise/cache-abc/databases/default/regenerateKey"),
        (Cloud::classic().await, "Microsoft.Cache/redis/cache-abc/regenerateKey"),
    ] {
        let before = cloud.ready("cache-abc", json!({})).await;
        let first = key(&cloud, &before).await;
        let (at, mark, secret) = (cloud.at("cache-abc"), generation(&cloud, 1), SecretString::from("unused"));
        cloud.run("cache-abc", &cloud.backend.steps(&Goal::Rotated { mark: &mark, password: &secret }, &before)).await;
        let replicas = [cloud.backend.clone(), cloud.another()];
        for replica in &replicas {
            let seen = replica.observe(&at).await.unwrap();
            let refused = replica.connection(&at, &seen).await.unwrap_err();
            assert_eq!(refused.kind, Kind::Busy, "{refused}");
        }
        // The other replica's call, on its way since before the mark was written.
        cloud.raw("POST", path, &json!({"keyType": "Secondary"})).await;
        cloud.clock.advance(2 * cloud.config.timeouts.operation + std::time::Duration::from_secs(5));
        let seen = cloud.observe("cache-abc").await;
        let new = key(&cloud, &seen).await;
        assert_ne!(new, first);
        let ConnectionPassword::Told(other) = replicas[1].connection(&at, &seen).await.unwrap().password else {
            panic!()
        };
        assert_eq!(other.expose_secret(), new);
    }
}

/// Rotates as the driver does, until the key can be had.
async fn rotate(cloud: &Cloud, replica: std::sync::Arc<dyn Backend>, mark: &Mark) -> String {
    let (at, secret) = (cloud.at("cache-abc"), SecretString::from("unused"));
    for _ in 0..200 {
        let seen = replica.observe(&at).await.unwrap();
        let steps = if seen.phase == Phase::Ready {
            replica.steps(&Goal::Rotated { mark, password: &secret }, &seen)
        } else {
            Vec::new()
        };
        let mut busy = seen.phase != Phase::Ready;
        for step in &steps {
            busy |= replica.apply(&at, step).await.is_err_and(|error| error.kind == Kind::Busy);
            if busy {
                break;
            }
        }
        let there = replica.observe(&at).await.unwrap();
        match replica.connection(&at, &there).await {
            Ok(connection) if !busy && steps.is_empty() => {
                let ConnectionPassword::Told(key) = connection.password else { panic!("no key") };
                return key.expose_secret().to_owned();
            }
            _ => cloud.clock.advance(std::time::Duration::from_secs(3)),
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn replicas_that_race_for_a_rotation_tell_the_same_key() {
    for cloud in [Cloud::start().await, Cloud::classic().await] {
        let first = key(&cloud, &cloud.ready("cache-abc", json!({})).await).await;
        let mark = generation(&cloud, 1);
        let (one, other, third) = tokio::join!(
            rotate(&cloud, cloud.backend.clone(), &mark),
            rotate(&cloud, cloud.another(), &mark),
            rotate(&cloud, cloud.another(), &mark),
        );
        assert_eq!((&one, &other), (&third, &third));
        assert_ne!(one, first);
        cloud.minutes(1);
        assert_eq!(key(&cloud, &cloud.observe("cache-abc").await).await, one, "and it stays");
    }
}
