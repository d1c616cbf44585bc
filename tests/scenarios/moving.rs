//! What happens to a cache when its route moves from one cloud to another.

use cache_driver::cache::Provider;
use serde_json::{Value, json};

use crate::harness::{ACCOUNT_A, Clouds, keys};

use Provider::{Aws, Azure, Gcp};

/// Each cloud is left, and each is reached.
const DIRECTIONS: [(Provider, Provider); 4] = [(Aws, Gcp), (Gcp, Aws), (Aws, Azure), (Azure, Gcp)];

#[tokio::test]
async fn one_request_works_on_every_cloud_and_the_outputs_have_the_same_keys() {
    let clouds = Clouds::start().await;
    for values in [json!({}), json!({"size": "medium", "mode": "cluster", "high_availability": "true"})] {
        let mut keys: Vec<Vec<String>> = Vec::new();
        for provider in [Aws, Gcp, Azure] {
            let (_, made) = clouds.made(provider, &values).await;
            // Where a client needs no CA, or there is nowhere else to read, there is none of these.
            let optional = ["ca_cert", "reader_host", "reader_port", "engine_version"];
            let object = |pointer: &str| made.body.pointer(pointer).unwrap().as_object().unwrap().clone();
            let told = object("/resource/values").into_iter().chain(object("/resource/secrets"));
            keys.push(told.map(|(key, _)| key).filter(|key| !optional.contains(&key.as_str())).collect());
            assert_eq!((made.value("tls"), made.value("auth")), (&json!(true), &json!("password")));
        }
        assert!(keys.iter().all(|other| *other == keys[0]), "{values}: {keys:?}");
    }
}

#[tokio::test]
async fn what_exists_stays_and_keeps_answering_and_new_caches_are_made_on_the_new_cloud() {
    for (from, to) in DIRECTIONS {
        let clouds = Clouds::start().await;
        let (resource, made) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(to).await;
        let before = clouds.mutating();
        for mut asking in [resource.at(&driver.url), resource.at(&driver.url).forgetful()] {
            assert_eq!(asking.put(json!({})).await.is(200).body["resource"], made.body["resource"], "{from} to {to}");
            assert_eq!(asking.get().await.is(200).body["resource"], made.body["resource"]);
        }
        assert_eq!(clouds.mutating(), before);
        let mut fresh = clouds.aws.resource(&driver);
        assert_eq!(*clouds.ready(&mut fresh, &json!({})).await.value("provider"), to.as_str());
        assert_eq!(clouds.counts(from, to).await, (1, 1));
        for mut leaving in [resource.at(&driver.url).forgetful(), fresh] {
            clouds.gone(&mut leaving).await;
        }
        assert_eq!(clouds.counts(from, to).await, (0, 0));
    }
}

#[tokio::test]
async fn a_cache_that_stays_where_it_is_can_still_be_changed() {
    for (from, to) in DIRECTIONS {
        let clouds = Clouds::start().await;
        let (resource, _) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(to).await;
        let mut resource = resource.at(&driver.url);
        let wanted = json!({"size": "large"});
        resource.put(wanted.clone()).await.is(202);
        let changed = clouds.ready(&mut resource, &wanted).await;
        assert_eq!(*changed.value("provider"), from.as_str());
        assert!(changed.value("memory_gb").as_f64().unwrap() >= 6.0, "{}", changed.text);
        assert_eq!(clouds.counts(from, to).await, (1, 0));
    }
}

#[tokio::test]
async fn a_request_that_names_the_other_cloud_is_refused_and_nothing_is_called() {
    for (from, to) in DIRECTIONS {
        let clouds = Clouds::start().await;
        let (resource, _) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(from).await;
        let before = clouds.mutating();
        let wishes =
            [json!({"provider": to.as_str()}), json!({"provider": to.as_str(), "on_provider_change": "reject"})];
        for wanted in wishes {
            for mut asking in [resource.at(&driver.url), resource.at(&driver.url).forgetful()] {
                let refused = asking.put(wanted.clone()).await.refused("RES-106");
                assert!(refused.hint().contains("on_provider_change"), "{}", refused.text);
            }
        }
        assert_eq!(clouds.mutating(), before);
    }
}

#[tokio::test]
async fn a_replacement_goes_on_whichever_driver_is_asked_and_leaves_nothing_behind() {
    let wanted = json!({"on_provider_change": "replace"});
    for (from, to) in DIRECTIONS {
        for with_cookie in [true, false] {
            let clouds = Clouds::start().await;
            let (mut resource, old) = clouds.made(from, &json!({})).await;
            let mut new = None;
            for _ in 0..20 {
                // Each request meets a driver that knows nothing.
                let driver = clouds.driver(to).await;
                resource = resource.at(&driver.url);
                let mut asking = if with_cookie { resource.clone() } else { resource.forgetful() };
                let answer = asking.put(wanted.clone()).await;
                resource.cookie = asking.cookie;
                assert_eq!(clouds.at(from).await.len(), 1, "the old one serves until the new one is ready");
                if answer.status == 200 {
                    new = Some(answer);
                    break;
                }
                answer.is(202);
                assert!(!clouds.is_retired(from).await);
                clouds.aws.minutes(7);
            }
            let new = new.expect("the new one becomes ready");
            assert_eq!(*new.value("provider"), to.as_str());
            let password = "/resource/secrets/password";
            assert_ne!(new.body.pointer(password), old.body.pointer(password));
            assert!(clouds.is_retired(from).await);

            // The grace is over: the next request has the old one removed, and nothing else.
            clouds.aws.minutes(24 * 60 + 1);
            for _ in 0..20 {
                let driver = clouds.driver(to).await;
                let mut asking =
                    if with_cookie { resource.at(&driver.url) } else { resource.at(&driver.url).forgetful() };
                let again = asking.put(wanted.clone()).await.is(200);
                assert_eq!(again.body["resource"], new.body["resource"]);
                clouds.aws.minutes(7);
            }
            assert_eq!(clouds.counts(from, to).await, (0, 1), "{from} to {to}, cookie {with_cookie}");
        }
    }
}

#[tokio::test]
async fn a_replacement_that_fails_leaves_the_old_cache_in_use() {
    let wanted = json!({"on_provider_change": "replace"});
    for (from, to) in DIRECTIONS {
        let clouds = Clouds::start().await;
        let (resource, old) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(to).await;
        let mut resource = resource.at(&driver.url);
        let fault = json!({"kind": "create_failed", "message": "no synthetic machines are left"});
        clouds.fault(to, fault);
        let mut refused = None;
        for _ in 0..10 {
            let answer = resource.put(wanted.clone()).await;
            if answer.status == 400 {
                refused = Some(answer);
                break;
            }
            clouds.aws.minutes(7);
        }
        let refused = refused.expect("the failure is told");
        assert!(refused.text.contains("no synthetic machines are left"), "{}", refused.text);
        assert!(!clouds.is_retired(from).await);
        // Told once; then it goes on, with what was there all the while.
        let new = clouds.ready(&mut resource, &wanted).await;
        assert_eq!(*new.value("provider"), to.as_str());
        assert_ne!(new.body["resource"], old.body["resource"]);
        clouds.gone(&mut resource).await;
        assert_eq!(clouds.counts(from, to).await, (0, 0));
    }
}

#[tokio::test]
async fn a_delete_at_any_moment_of_a_replacement_leaves_nothing_on_either_cloud() {
    let wanted = json!({"on_provider_change": "replace"});
    for (from, to) in DIRECTIONS {
        for steps in 1..=4 {
            for with_cookie in [true, false] {
                let clouds = Clouds::start().await;
                let (resource, _) = clouds.made(from, &json!({})).await;
                let driver = clouds.driver(to).await;
                let mut resource = resource.at(&driver.url);
                for _ in 0..steps {
                    resource.put(wanted.clone()).await;
                    clouds.aws.minutes(4);
                }
                let driver = clouds.driver(to).await;
                let mut leaving = resource.at(&driver.url);
                if !with_cookie {
                    leaving = leaving.forgetful();
                }
                clouds.gone(&mut leaving).await;
                assert_eq!(clouds.counts(from, to).await, (0, 0), "{from} to {to} after {steps}, cookie {with_cookie}");
            }
        }
    }
}

#[tokio::test]
async fn an_account_of_the_cloud_that_was_left_still_reaches_what_lives_there() {
    let clouds = Clouds::start().await;
    let aws_keys = keys(ACCOUNT_A);
    let driver = clouds.driver(Aws).await;
    let mut resource = clouds.aws.resource(&driver).with_account(aws_keys.clone());
    let made = clouds.ready(&mut resource, &json!({})).await;
    let driver = clouds.driver(Gcp).await;
    let resource = resource.at(&driver.url);
    // The definition still sends the old account, or already the new one; the cookie has the old one's.
    for account in [aws_keys.clone(), json!({"access_token": "synthetic"})] {
        let mut asking = resource.clone().with_account(account);
        assert_eq!(asking.put(json!({})).await.is(200).body["resource"], made.body["resource"]);
    }
    // What is new cannot be made with it.
    let mut fresh = clouds.aws.resource(&driver).with_account(aws_keys);
    let refused = fresh.put(json!({})).await.refused("RES-103");
    assert!(refused.message().contains("aws") && refused.message().contains("gcp"), "{}", refused.text);
    assert_eq!(clouds.at(Gcp).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_delete_without_credentials_reaches_both_clouds_by_the_cookie() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Aws).await;
    let mut resource = clouds.aws.resource(&driver).with_account(keys(ACCOUNT_A));
    clouds.ready(&mut resource, &json!({})).await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = resource.at(&driver.url).with_account(json!({"access_token": "synthetic"}));
    clouds.ready(&mut resource, &json!({"on_provider_change": "replace"})).await;
    assert_eq!(clouds.counts(Aws, Gcp).await, (1, 1));
    resource.account = None;
    clouds.gone(&mut resource).await;
    assert_eq!(clouds.counts(Aws, Gcp).await, (0, 0));
}

#[tokio::test]
async fn a_lost_answer_to_the_creation_of_the_replacement_makes_no_second_one() {
    let wanted = json!({"on_provider_change": "replace"});
    for (from, to) in DIRECTIONS {
        let clouds = Clouds::start().await;
        let (resource, _) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(to).await;
        let mut resource = resource.at(&driver.url);
        let action = match to {
            Aws => "CreateReplicationGroup",
            Gcp => "redis.instances.create",
            Azure => "redisEnterprise.create",
        };
        let fault = json!({"kind": "drop_after", "action": action});
        clouds.fault(to, fault);
        resource.put(wanted.clone()).await.is(202);
        let driver = clouds.driver(to).await;
        let mut resource = resource.at(&driver.url).forgetful();
        clouds.ready(&mut resource, &wanted).await;
        assert_eq!(clouds.counts(from, to).await, (1, 1));
    }
}

#[tokio::test]
async fn a_cache_that_is_protected_outlives_its_replacement() {
    let clouds = Clouds::start().await;
    let protected = json!({"deletion_protection": true});
    let (resource, _) = clouds.made(Aws, &protected).await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = resource.at(&driver.url);
    let wanted = json!({"deletion_protection": true, "on_provider_change": "replace"});
    clouds.ready(&mut resource, &wanted).await;
    for _ in 0..4 {
        clouds.aws.minutes(24 * 60);
        resource.put(wanted.clone()).await.is(200);
    }
    assert_eq!(clouds.counts(Aws, Gcp).await, (1, 1));
    assert!(!clouds.is_retired(Aws).await);
}
