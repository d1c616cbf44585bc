//! Lists and their pages.

use serde_json::Value;

use crate::harness::{Cloud, SUBSCRIPTION, classic, cluster, group, small, standard};

async fn names(cloud: &Cloud, path: &str) -> Vec<String> {
    let mut page = cloud.get(path).await;
    let mut names = Vec::new();
    loop {
        assert_eq!(page.status, 200);
        let value = page.body["value"].as_array().unwrap();
        assert!(value.len() <= 20, "pages are small here");
        names.extend(value.iter().map(|resource| resource["name"].as_str().unwrap().to_owned()));
        let Some(next) = page.body.get("nextLink").and_then(Value::as_str) else { return names };
        assert!(next.starts_with(&cloud.running.url()), "the address is absolute");
        page = cloud.follow(next).await;
    }
}

#[tokio::test]
async fn clusters_are_listed_by_group_and_by_subscription_in_pages() {
    let cloud = Cloud::start().await;
    for number in 0..45 {
        cloud.put(&cluster(&format!("c-{number:02}")), small()).await;
    }
    cloud.put(&cluster("elsewhere").replace("Caches", "Others"), small()).await;
    cloud.put(&classic("classic"), standard()).await;
    let in_group = format!("{}/providers/Microsoft.Cache/redisEnterprise", group());
    let found = names(&cloud, &in_group).await;
    assert_eq!((found.len(), found[44].as_str()), (45, "c-44"));
    let everywhere = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache/redisEnterprise");
    assert_eq!(names(&cloud, &everywhere).await.len(), 46);
    assert_eq!(cloud.count("redisEnterprise.list"), 6);
    let classics = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache/redis");
    assert_eq!(names(&cloud, &classics).await, ["classic"]);
    let others = everywhere.replace(SUBSCRIPTION, "22222222-2222-2222-2222-222222222222");
    assert!(names(&cloud, &others).await.is_empty());
}

#[tokio::test]
async fn the_database_is_listed_below_its_cluster() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let path = format!("{}/databases", cluster("c"));
    assert!(names(&cloud, &path).await.is_empty());
    cloud.put(&format!("{path}/default"), crate::harness::with_keys()).await;
    assert_eq!(names(&cloud, &path).await, ["default"]);
    assert_eq!(cloud.get(&format!("{}/databases", cluster("nobody"))).await.status, 404);
}
