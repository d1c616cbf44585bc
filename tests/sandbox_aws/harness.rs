//! Starts a sandbox on a clock that stands still, and makes SDK clients for it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_elasticache::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_elasticache::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_elasticache::operation::create_replication_group::builders::CreateReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types::ReplicationGroup;
use cache_driver::clock::{ManualClock, Timestamp};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};

/// A key of the default account.
pub(crate) const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// A token that the service accepts.
pub(crate) const TOKEN: &str = "canary-token-0123456789";

/// A sandbox and its clock.
pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    pub(crate) cache: aws_sdk_elasticache::Client,
}

impl Cloud {
    /// With nothing behind the endpoints. The clock stands on a Monday morning.
    pub(crate) async fn start() -> Self {
        Self::with(Arc::new(NoDataPlane)).await
    }

    pub(crate) async fn with(data_plane: Arc<dyn DataPlane>) -> Self {
        let clock = ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap());
        let options = SandboxOptions {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededSource::new(7)),
            speed: 1.0,
            data_plane,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let running = AwsSandbox::start(options).await.unwrap();
        let cache = client(&running, KEY, "eu-central-1");
        Self { running, clock, cache }
    }

    pub(crate) fn client(&self, key: &str, region: &'static str) -> aws_sdk_elasticache::Client {
        client(&self.running, key, region)
    }

    pub(crate) fn sts(&self, key: &str) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(Credentials::new(key, "synthetic", None, None, "test"))
            .endpoint_url(self.running.url())
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }

    /// A small group, to be sent or to be refined.
    pub(crate) fn create(&self, id: &str) -> CreateReplicationGroupFluentBuilder {
        self.cache
            .create_replication_group()
            .replication_group_id(id)
            .replication_group_description("a test")
            .engine("valkey")
            .engine_version("8.0")
            .cache_node_type("cache.t4g.micro")
    }

    /// A group with a token that has become available.
    pub(crate) async fn available(&self, id: &str) -> ReplicationGroup {
        self.create(id).transit_encryption_enabled(true).auth_token(TOKEN).send().await.unwrap();
        self.minutes(20);
        self.group(id).await
    }

    pub(crate) async fn group(&self, id: &str) -> ReplicationGroup {
        let found = self.cache.describe_replication_groups().replication_group_id(id).send().await.unwrap();
        found.replication_groups()[0].clone()
    }

    pub(crate) async fn status(&self, id: &str) -> String {
        let found = self.cache.describe_replication_groups().replication_group_id(id).send().await;
        match found {
            Ok(found) => found.replication_groups()[0].status().unwrap().to_owned(),
            Err(error) => error.code().unwrap().to_owned(),
        }
    }

    /// The messages of the group's own events, the newest first.
    pub(crate) async fn events(&self, id: &str) -> Vec<String> {
        let kind = aws_sdk_elasticache::types::SourceType::ReplicationGroup;
        let found =
            self.cache.describe_events().source_type(kind).source_identifier(id).duration(20_160).send().await.unwrap();
        found.events().iter().map(|event| event.message().unwrap().to_owned()).collect()
    }

    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        let done = self.running.control().mutate(change).await.unwrap();
        assert_eq!(done, json!({ "done": true }));
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.running.control().calls().count(action)
    }
}

fn client(running: &Running, key: &str, region: &'static str) -> aws_sdk_elasticache::Client {
    client_with(running, Credentials::new(key, "synthetic", None, None, "test"), region)
}

pub(crate) fn client_with(
    running: &Running,
    credentials: Credentials,
    region: &'static str,
) -> aws_sdk_elasticache::Client {
    let config = aws_sdk_elasticache::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .retry_config(RetryConfig::disabled())
        .credentials_provider(credentials)
        .endpoint_url(running.url())
        .build();
    aws_sdk_elasticache::Client::from_conf(config)
}

/// Code and HTTP status of an answer that must be an error.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug, E>(answer: Result<T, SdkError<E>>) -> (String, u16)
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let error = answer.expect_err("it should have been refused");
    let Some(response) = error.raw_response() else { panic!("no answer: {}", DisplayErrorContext(&error)) };
    let status = response.status().as_u16();
    assert!(response.headers().get("x-amzn-requestid").is_some(), "an error without request id");
    let text = error.message().unwrap_or_default();
    assert!(!text.is_empty(), "an error without message");
    (error.code().unwrap_or_default().to_owned(), status)
}

/// A time on the SDK's type.
pub(crate) fn sdk_time(at: Timestamp) -> aws_sdk_elasticache::primitives::DateTime {
    aws_sdk_elasticache::primitives::DateTime::from_millis(at.as_millisecond())
}
