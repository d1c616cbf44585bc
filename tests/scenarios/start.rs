//! A start with a bad configuration: file or variable, path, reason and the nearest key, never a value; exit code 2.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::harness::{command, not_compiled};

const CANARY: &str = "c4n4ry-0123456789abcdef0123456789abcdef";

struct Refused {
    _dir: TempDir,
    file: PathBuf,
    text: String,
}

/// Starts a driver that must not start.
async fn refused(config: &str, environment: &[(&str, &str)]) -> Refused {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("driver.toml");
    std::fs::write(&file, config).unwrap();
    let output =
        command().args(["serve", "--config"]).arg(&file).envs(environment.iter().copied()).output().await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty(), "it said something on standard output");
    assert!(!text.contains("c4n4ry"), "a value is shown: {text}");
    Refused { _dir: dir, file, text }
}

impl Refused {
    #[track_caller]
    fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text.contains(part), "`{part}` is not in: {}", self.text);
        }
    }
}

const GOOD: &str = "[providers.aws]\nenabled = true\nregion = \"eu-central-1\"\n\
                    [secrets]\nkeyring = [{ id = \"k1\", key = \"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\" }]\n";

#[tokio::test]
async fn a_misspelt_key_of_a_file_is_told_with_the_file_and_the_nearest_key() {
    let refused = refused(&format!("{GOOD}[server]\nlitsen = \"{CANARY}\"\n"), &[]).await;
    refused.says(&[refused.file.to_str().unwrap(), "server.litsen", "listen"]);
}

#[tokio::test]
async fn a_misspelt_variable_is_told_by_its_name() {
    let refused = refused(GOOD, &[("CACHE_DRIVER__LIFECYCLE__POLL_INTERVALL", CANARY)]).await;
    refused.says(&["CACHE_DRIVER__LIFECYCLE__POLL_INTERVALL", "poll_interval"]);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_told_with_what_it_should_be() {
    let refused = refused(GOOD, &[("CACHE_DRIVER__SERVER__CONCURRENCY_LIMIT", CANARY)]).await;
    refused.says(&["CACHE_DRIVER__SERVER__CONCURRENCY_LIMIT", "server.concurrency_limit", "number"]);
}

#[tokio::test]
async fn a_short_key_of_the_keyring_is_told_and_not_shown() {
    let short = "c4".repeat(8);
    let refused_short = refused(&GOOD.replace(&"0a".repeat(32), &short), &[]).await;
    refused_short.says(&["secrets.keyring", "32"]);
    assert!(!refused_short.text.contains(&short));
    refused(&GOOD.replace(&"0a".repeat(32), "c4n4ry"), &[]).await.says(&["secrets.keyring", "hex"]);
}

#[tokio::test]
async fn every_problem_is_told_at_once() {
    let config = format!("{GOOD}[log]\nlevle = \"{CANARY}\"\n[cookie]\nunreadable = \"{CANARY}\"\n");
    refused(&config, &[]).await.says(&["log.levle", "cookie.unreadable"]);
}

#[tokio::test]
async fn a_provider_that_is_not_in_the_binary_names_the_feature_to_add() {
    let Some(missing) = not_compiled() else { return };
    let config = format!("{GOOD}[providers.{missing}]\nenabled = true\n");
    refused(&config, &[]).await.says(&[missing.as_str(), &format!("--features {missing}")]);
}

#[tokio::test]
async fn a_wrong_input_among_a_routes_defaults_is_told_at_the_start() {
    let config =
        format!("{GOOD}[routes.redis]\nresource_type = \"redis\"\n[routes.redis.defaults]\nsise = \"small\"\n");
    refused(&config, &[]).await.says(&["routes.redis.defaults.sise", "size"]);
}

#[tokio::test]
async fn no_provider_and_no_key_say_what_to_set() {
    refused("", &[]).await.says(&["providers", "secrets.keyring"]);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let output = command().args(["serve", "--config", "no-such-file.toml"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no-such-file.toml"));
}
