//! `policy`.

use std::collections::BTreeSet;
use std::sync::Arc;

use cache_driver::backend::{Access, Permission, enabled};
use cache_driver::cache::{Provider, SizeTable};
use cache_driver::clock::{Clock, SystemClock};
use cache_driver::config::Providers;
use serde_json::{Value, json};

use crate::run;

/// Everything that the products of a cloud say they have to be allowed.
fn said(provider: Provider, is_meant: fn(&Permission) -> bool) -> BTreeSet<String> {
    let mut providers = Providers::default();
    (providers.aws.enabled, providers.gcp.enabled, providers.azure.enabled) = (true, true, true);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let registry = enabled(&providers, &SizeTable::embedded(), &clock);
    let ours = registry.all().map(|backend| backend.capabilities()).filter(|one| one.product.provider() == provider);
    let meant = ours.flat_map(|one| one.permissions).filter(|one| is_meant(one));
    meant.map(|one| one.action.to_owned()).collect()
}

/// The actions of a policy or role, each once.
#[track_caller]
fn printed(provider: Provider, text: &str) -> BTreeSet<String> {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let actions = match provider {
        Provider::Aws => {
            let statements = value["Statement"].as_array().unwrap();
            statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap().clone()).collect()
        }
        Provider::Gcp => value["includedPermissions"].as_array().unwrap().clone(),
        Provider::Azure => value["Actions"].as_array().unwrap().clone(),
    };
    let all: Vec<String> = actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect();
    let once: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "each stands there once: {all:?}");
    once
}

#[tokio::test]
async fn it_holds_what_the_products_say_and_nothing_else() {
    for provider in Provider::ALL {
        let all: fn(&Permission) -> bool = |_| true;
        let usual: fn(&Permission) -> bool = |one| one.feature.is_none_or(|feature| feature.as_str() == "first-cache");
        let reading: fn(&Permission) -> bool = |one| one.access == Access::Read && one.feature.is_none();
        for (more, expected) in [
            (&["--with", "all"][..], said(*provider, all)),
            (&[][..], said(*provider, usual)),
            (&["--read-only"][..], said(*provider, reading)),
        ] {
            let args = [&["policy", provider.as_str(), "--output", "json"][..], more].concat();
            let ended = run(&args, &[], "").await;
            assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args:?}");
            assert_eq!(printed(*provider, &ended.out), expected, "{args:?}");
        }
    }
}

#[tokio::test]
async fn reading_changes_nothing_and_shows_no_secret() {
    for provider in Provider::ALL {
        let args = ["policy", provider.as_str(), "--read-only", "--with", "all", "--output", "json"];
        for action in printed(*provider, &run(&args, &[], "").await.out) {
            let name = action.rsplit([':', '.']).next().unwrap();
            let reads = match provider {
                // It takes on a role whose own policy says what it may do.
                Provider::Aws if name == "AssumeRole" => true,
                Provider::Aws if name == "GetObject" => false,
                Provider::Aws => ["Describe", "Get", "Simulate"].iter().any(|verb| name.starts_with(verb)),
                Provider::Gcp => matches!(name, "get" | "list"),
                Provider::Azure => name.ends_with("/read") || name.ends_with("/listSkusForScaling/action"),
            };
            assert!(reads, "{action}");
        }
    }
}

#[tokio::test]
async fn a_policy_of_aws_is_narrowed_wherever_aws_can() {
    let args = [
        "policy",
        "aws",
        "--prefix",
        "shop",
        "--account-id",
        "111122223333",
        "--region",
        "eu-central-1",
        "--with",
        "all",
    ];
    let told = run(&args, &[], "").await.out;
    let policy: Value = serde_json::from_str(&told).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let resources = statement["Resource"].as_array().unwrap();
        let everything = resources == &[json!("*")];
        for action in statement["Action"].as_array().unwrap() {
            let name = action.as_str().unwrap().rsplit(':').next().unwrap();
            assert_eq!(
                everything,
                name.starts_with("Describe") && name != "DescribeKey" || name == "GetCallerIdentity",
                "{name}"
            );
        }
        for resource in resources.iter().map(|resource| resource.as_str().unwrap()) {
            let own = !resource.contains(":replicationgroup:") || resource.ends_with(":replicationgroup:shop-*");
            assert!(own, "{resource}");
            assert!(
                !resource.contains("elasticache:")
                    || resource.contains(":eu-central-1:111122223333:")
                    || resource.contains("/elasticache."),
                "{resource}"
            );
        }
    }
    let of = |sid: &str| {
        let all = policy["Statement"].as_array().unwrap();
        all.iter().find(|statement| statement["Sid"] == sid).unwrap_or_else(|| panic!("{sid} in {told}")).clone()
    };
    assert_eq!(
        of("CreateServiceLinkedRole")["Condition"]["StringLike"]["iam:AWSServiceName"],
        "elasticache.amazonaws.com"
    );
    assert_eq!(of("CreateGrant")["Condition"]["Bool"]["kms:GrantIsForAWSResource"], "true");
    let key = "arn:aws:kms:eu-central-1:111122223333:key/1234";
    let args = [
        "policy",
        "aws",
        "--with",
        "encryption-key,accounts",
        "--key",
        key,
        "--assume",
        "arn:aws:iam::222233334444:role/x",
    ];
    let told = run(&args, &[], "").await.out;
    let reading = run(&["policy", "aws", "--read-only", "--with", "accounts"], &[], "").await.out;
    assert!(reading.contains("\"sts:AssumeRole\""), "{reading}");
    assert!(
        told.contains(key) && told.contains("arn:aws:iam::222233334444:role/x") && !told.contains("s3:GetObject"),
        "{told}"
    );
}

#[tokio::test]
async fn caches_of_previous_prefixes_are_allowed_too() {
    let told = run(&["policy", "aws", "--prefix", "shop", "--prefix", "old"], &[], "").await.out;
    let policy: Value = serde_json::from_str(&told).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let resources: Vec<&str> = statement["Resource"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let once: BTreeSet<&str> = resources.iter().copied().collect();
        assert_eq!(once.len(), resources.len(), "each stands there once: {resources:?}");
        let own = |name: &str| resources.iter().any(|one| one.ends_with(&format!(":replicationgroup:{name}-*")));
        assert_eq!(own("shop"), own("old"), "{resources:?}");
        assert!(!own("cache"), "{resources:?}");
    }
    assert!(told.contains(":replicationgroup:old-*"), "{told}");
}

#[tokio::test]
async fn the_trust_of_aws_is_for_one_service_account() {
    let provider = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF";
    let args = [
        "policy",
        "aws",
        "--output",
        "trust",
        "--oidc-provider",
        provider,
        "--service-account",
        "ops:driver",
        "--account-id",
        "111122223333",
    ];
    let trust: Value = serde_json::from_str(&run(&args, &[], "").await.out).unwrap();
    let statement = &trust["Statement"][0];
    assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
    assert_eq!(statement["Principal"]["Federated"], format!("arn:aws:iam::111122223333:oidc-provider/{provider}"));
    assert_eq!(statement["Condition"]["StringEquals"][format!("{provider}:sub")], "system:serviceaccount:ops:driver");
    assert_eq!(statement["Condition"]["StringEquals"][format!("{provider}:aud")], "sts.amazonaws.com");
}

#[tokio::test]
async fn a_product_and_a_scope_narrow_it_down() {
    let told = run(&["policy", "gcp", "--product", "gcp/valkey"], &[], "").await.out;
    assert!(told.contains("- memorystore.instances.create\n") && !told.contains("redis."), "{told}");
    assert!(told.starts_with("# Coarser, and without a role of your own: roles/memorystore.admin, "), "{told}");
    let args = [
        "policy",
        "azure",
        "--product",
        "azure/classic-redis",
        "--subscription",
        "0000-1",
        "--resource-group",
        "caches",
    ];
    let role: Value = serde_json::from_str(&run(&args, &[], "").await.out).unwrap();
    assert_eq!(role["AssignableScopes"], json!(["/subscriptions/0000-1/resourceGroups/caches"]));
    assert!(!role["Actions"].to_string().contains("redisEnterprise"), "{role}");
}

#[tokio::test]
async fn what_cannot_be_printed_ends_with_two() {
    for (args, told) in [
        (vec!["policy"], "PROVIDER"),
        (vec!["policy", "oracle"], "aws, gcp, azure"),
        (vec!["policy", "aws", "--product", "gcp/redis"], "there are: aws/replication-group"),
        (vec!["policy", "aws", "--with", "magic"], "encryption-key"),
        (vec!["policy", "aws", "--output", "yaml"], "it has: json, terraform, trust"),
        (vec!["policy", "gcp", "--output", "trust"], "it has: yaml, json, terraform"),
        (vec!["policy", "aws", "--account-id", "12"], "twelve digits"),
        (vec!["policy", "aws", "--partition", "moon"], "aws-us-gov"),
        (vec!["policy", "aws", "--prefix", "Shop!"], "--prefix"),
        (vec!["policy", "aws", "--region", "eu\"central"], "--region"),
        (vec!["policy", "azure", "--subscription", "a/b"], "--subscription"),
    ] {
        let ended = run(&args, &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(told), "{args:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_flag_without_effect_is_refused_with_what_it_is_for() {
    for (args, told) in [
        (vec!["gcp", "--prefix", "cache"], "--prefix is for aws, and has no effect on what gcp gets"),
        (vec!["azure", "--any-name"], "--any-name is for aws"),
        (vec!["aws", "--project", "p"], "--project is for gcp"),
        (vec!["gcp", "--subscription", "s"], "--subscription is for azure"),
        (vec!["aws", "--resource-group", "g"], "--resource-group is for azure"),
        (vec!["gcp", "--with", "private-endpoint"], "private-endpoint is for azure"),
        (vec!["aws", "--with", "accounts,private-endpoint"], "aws has: accounts, encryption-key"),
        (vec!["azure", "--with", "first-cache"], "first-cache is for aws"),
        (vec!["aws", "--key", "arn:aws:kms:::key/k"], "--key has no effect without --with encryption-key"),
        (vec!["aws", "--bucket", "b", "--with", "accounts"], "--bucket has no effect without --with restore-file"),
        (vec!["aws", "--assume", "arn:aws:iam:::role/r"], "--assume has no effect without --with accounts"),
        (vec!["aws", "--oidc-provider", "o"], "--oidc-provider has no effect without --output trust"),
        (vec!["gcp", "--project", "p"], "--project has no effect without --output terraform"),
    ] {
        let all: Vec<&str> = std::iter::once("policy").chain(args).collect();
        let ended = run(&all, &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{all:?}");
        assert!(ended.err.contains(told), "{all:?}: {}", ended.err);
    }
    for args in [["policy", "gcp", "--with", "none"], ["policy", "azure", "--with", "all"]] {
        assert_eq!(run(&args, &[], "").await.code, 0, "{args:?}");
    }
}

#[tokio::test]
async fn the_files_in_deploy_are_what_it_prints() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/iam");
    for (file, args) in [
        ("aws/policy.json", &["aws"][..]),
        ("aws/policy-full.json", &["aws", "--with", "all"]),
        ("aws/policy-read-only.json", &["aws", "--read-only"]),
        ("aws/trust.json", &["aws", "--output", "trust"]),
        ("gcp/role.yaml", &["gcp"]),
        ("gcp/role-full.yaml", &["gcp", "--with", "all"]),
        ("gcp/role-read-only.yaml", &["gcp", "--read-only", "--name", "cache-driver-read-only"]),
        ("azure/role.json", &["azure"]),
        ("azure/role-full.json", &["azure", "--with", "all"]),
        ("azure/role-read-only.json", &["azure", "--read-only", "--name", "cache-driver-read-only"]),
    ] {
        let written = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let printed = run(&[&["policy"][..], args].concat(), &[], "").await.out;
        assert_eq!(written, printed, "write deploy/iam/{file} anew: cache-driver policy {}", args.join(" "));
    }
}
