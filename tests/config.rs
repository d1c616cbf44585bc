//! The configuration from the outside: layers, the environment, and what a start with a bad one says.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

use std::path::PathBuf;
use std::time::Duration;

use cache_driver::cache::{Product, Provider};
use cache_driver::config::{self, Config, ConfigError, Loaded, Origin};
use tempfile::TempDir;

/// Stands wherever a secret could. No message may show it.
const CANARY: &str = "c4n4ryc4n4ryc4n4ryc4n4ryc4n4ry00";
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[derive(Default)]
struct Given {
    files: Vec<(&'static str, String)>,
    env: Vec<(String, String)>,
}

fn file(name: &'static str, text: impl Into<String>) -> Given {
    Given::default().file(name, text)
}

fn env(name: &str, value: &str) -> Given {
    Given::default().env(name, value)
}

impl Given {
    fn file(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Loads it, with `DIR` in every text standing for the directory of the files.
    fn load_in(self, dir: &TempDir) -> Result<Loaded, ConfigError> {
        let at = |name: &str| dir.path().join(name);
        let place = |text: &str| text.replace("DIR", dir.path().to_str().unwrap());
        for (name, text) in &self.files {
            std::fs::write(at(name), place(text)).unwrap();
        }
        let files: Vec<PathBuf> = self.files.iter().map(|(name, _)| at(name)).collect();
        let loaded = config::load(&files, self.env.iter().map(|(name, value)| (name.clone(), place(value))));
        if let Err(error) = &loaded {
            assert!(!error.problems.is_empty());
            let text = format!("{error}\n{error:?}");
            assert!(!text.contains(CANARY), "a message shows a value: {text}");
        }
        loaded
    }

    #[track_caller]
    fn load(self) -> Config {
        match self.load_in(&TempDir::new().unwrap()) {
            Ok(loaded) => loaded.config,
            Err(error) => panic!("{error}"),
        }
    }

    /// What a start says, with the directory of the files cut off.
    #[track_caller]
    fn refusal(self) -> String {
        let dir = TempDir::new().unwrap();
        let error = self.load_in(&dir).expect_err("it loads");
        error.to_string().replace(&format!("{}/", dir.path().display()), "")
    }
}

#[track_caller]
fn assert_says(refusal: &str, parts: &[&str]) {
    let line = refusal.lines().find(|line| parts.iter().all(|part| line.contains(part)));
    assert!(line.is_some(), "no line of this has all of {parts:?}:\n{refusal}");
}

#[test]
fn with_nothing_given_the_defaults_file_and_the_types_agree() {
    let loaded = serde_json::to_value(Given::default().load()).unwrap();
    assert_eq!(loaded, serde_json::to_value(Config::default()).unwrap());
}

#[test]
fn a_later_layer_wins_key_by_key_and_the_environment_wins_over_all() {
    let config = file("one.toml", "prefix = \"one\"\n[providers.aws]\nregion = \"one\"\nregions = [\"a\", \"b\"]")
        .file("two.toml", "[providers.aws]\nregion = \"two\"\nregions = [\"c\"]\nsubnet_group = \"two\"")
        .env("CACHE_DRIVER__PROVIDERS__AWS__SUBNET_GROUP", "env")
        .load();
    assert_eq!(config.prefix.to_string(), "one");
    assert_eq!(config.providers.aws.region.as_deref(), Some("two"));
    assert_eq!(config.providers.aws.regions, ["c"]);
    assert_eq!(config.providers.aws.subnet_group.as_deref(), Some("env"));
    assert_eq!(config.server, Config::default().server);
}

#[test]
fn files_named_in_the_environment_lie_below_those_of_the_command_line() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("base.toml"), "prefix = \"base\"\n[log]\nlevel = \"warn\"").unwrap();
    std::fs::write(dir.path().join("more.toml"), "[log]\nlevel = \"debug\"").unwrap();
    let given = file("over.toml", "prefix = \"over\"").env("CACHE_DRIVER_CONFIG", "DIR/base.toml:DIR/more.toml");
    let config = given.load_in(&dir).unwrap().config;
    assert_eq!((config.prefix.to_string().as_str(), config.log.level.as_str()), ("over", "debug"));
}

#[test]
fn a_source_can_be_asked_for() {
    let dir = TempDir::new().unwrap();
    let loaded = file("a.toml", "[providers.aws]\nregion = \"x\"\nregions = [\"y\"]")
        .file("b.toml", "\n[providers.aws]\n  region = \"z\"")
        .env("CACHE_DRIVER__LOG__LEVEL", "debug")
        .load_in(&dir)
        .unwrap();
    let in_file = |name: &str, line, column| Origin::File(dir.path().join(name), Some((line, column)));
    assert_eq!(loaded.sources.explain("providers.aws.region"), in_file("b.toml", 3, 3));
    assert_eq!(loaded.sources.explain("providers.aws.regions"), in_file("a.toml", 3, 1));
    assert_eq!(loaded.sources.explain("log.level"), Origin::Variable("CACHE_DRIVER__LOG__LEVEL".to_owned()));
    assert_eq!(loaded.sources.explain("log.format"), Origin::Defaults);
}

#[test]
fn variables_are_read_at_the_field() {
    let config = env("CACHE_DRIVER__SERVER__LISTEN", "[::1]:0")
        .env("CACHE_DRIVER__SERVER__BODY_LIMIT", "1024")
        .env("CACHE_DRIVER__SERVER__LEGACY__WAIT", "2m")
        .env("CACHE_DRIVER__COOKIE__CREDENTIALS", "false")
        .env("CACHE_DRIVER__COOKIE__UNREADABLE", "ignore")
        .env("CACHE_DRIVER__SANDBOX__SPEED", "2.5")
        .env("CACHE_DRIVER__PROVIDERS__AWS__REGIONS", r#"["us-east-1", 'eu-west-1']"#)
        .env("CACHE_DRIVER__PROVIDERS__AWS__VERSIONS__VALKEY", "8.0")
        .env("CACHE_DRIVER__PROVIDERS__AWS__ACCOUNTS__TEAM_A", r#"{ role_arn = "arn:aws:iam::1:role/a" }"#)
        .env("CACHE_DRIVER__PROVIDERS__AWS__ACCOUNTS__TEAM_A__EXTERNAL_ID", "918273645")
        .env("CACHE_DRIVER__ROUTES__MY_CACHE__RESOURCE_TYPE", "org/cache")
        .env("CACHE_DRIVER__ROUTES__MY_CACHE__PROVIDER", "aws")
        .env("CACHE_DRIVER__ROUTES__MY_CACHE__DEFAULTS", r#"{"parameters": {"maxmemory-policy": "allkeys-lru"}}"#)
        .env("CACHE_DRIVER__ROUTES__MY_CACHE__DEFAULTS__NODE_TYPE", "cache.t4g.micro")
        .env("CACHE_DRIVER__LIFECYCLE__DEADLINES__AWS_REPLICATION_GROUP__CREATE", "90m")
        .env("CACHE_DRIVER__SECRETS__KEYRING", &format!(r#"[{{"id":"k1","key":"{KEY}"}}]"#))
        .load();
    assert_eq!(config.server.listen.to_string(), "[::1]:0");
    assert_eq!((config.server.body_limit, config.server.legacy.wait), (1024, Duration::from_mins(2)));
    assert!(!config.cookie.credentials && config.cookie.unreadable == config::Unreadable::Ignore);
    assert!((config.sandbox.speed - 2.5).abs() < f64::EPSILON);
    assert_eq!(config.providers.aws.regions, ["us-east-1", "eu-west-1"]);
    assert_eq!(config.providers.aws.versions.valkey, "8.0");
    assert_eq!(config.providers.aws.accounts["team-a"].external_id.as_deref(), Some("918273645"));
    let route = &config.routes["my-cache"];
    assert_eq!((route.resource_type.as_str(), route.provider), ("org/cache", Some(Provider::Aws)));
    assert_eq!(route.defaults["parameters"]["maxmemory-policy"], "allkeys-lru");
    assert_eq!(route.defaults["node_type"], "cache.t4g.micro");
    let deadlines = config.lifecycle.deadlines_of(Product::AwsReplicationGroup);
    assert_eq!((deadlines.create, deadlines.update), (Duration::from_mins(90), Duration::from_mins(40)));
    assert_eq!(config.secrets.active().unwrap().bytes.expose()[..4], [0, 1, 2, 3]);
}

#[test]
fn variables_of_kubernetes_and_empty_ones_set_nothing() {
    let config = env("CACHE_DRIVER_PORT", "tcp://10.0.0.1:8080")
        .env("CACHE_DRIVER_SERVICE_HOST", "10.0.0.1")
        .env("CACHE_DRIVER__PREFIX", "")
        .env("PATH", "/bin")
        .load();
    assert_eq!(config.prefix.to_string(), "cache");
}

#[test]
fn the_built_in_route_gives_way_to_configured_ones() {
    let names = |config: Config| config.routes.into_keys().collect::<Vec<_>>();
    assert_eq!(names(Given::default().load()), ["redis"]);
    assert_eq!(names(file("a.toml", "[routes.valkey]\nresource_type = \"o/valkey\"").load()), ["valkey"]);
    let both =
        file("a.toml", "[routes.valkey]\nresource_type = \"o/valkey\"\n[routes.redis]\nprovider = \"aws\"").load();
    assert_eq!(both.routes["redis"].resource_type, "redis");
    assert_eq!(names(both), ["redis", "valkey"]);
}

#[test]
fn every_problem_of_every_layer_is_told_at_once_with_its_place() {
    let refusal = file(
        "a.toml",
        "prefixx = \"a\"\n\n[server]\n  body_limit = -1\nlisten = \"localhost:80\"\n[sever]\nx = 1",
    )
    .file(
        "b.toml",
        "[providers.aws]\nendpoint = \"http://x\"\nenabled = \"perhaps\"\n[providers.aws.versions]\nvalkey = 8.1",
    )
    .env("CACHE_DRIVER__PROVIDERS__AWS__REIGON", "eu")
    .env("CACHE_DRIVER__LIFECYCLE__POLL_INTERVAL", "10")
    .env("CACHE_DRIVER__ROUTES__REDIS__PROVIDER", "asw")
    .refusal();
    assert_says(&refusal, &["a.toml:1:1: prefixx: unknown key", "did you mean `prefix`?"]);
    assert_says(&refusal, &["a.toml:4:3: server.body_limit: expected a whole number"]);
    assert_says(&refusal, &["a.toml:5:1: server.listen: expected an IP address and a port"]);
    assert_says(&refusal, &["a.toml:6:2: sever: unknown key", "did you mean `server`?"]);
    assert_says(&refusal, &["b.toml:2:1: providers.aws.endpoint: unknown key", "`endpoint_url`"]);
    assert_says(&refusal, &["b.toml:3:1: providers.aws.enabled: expected true or false"]);
    assert_says(
        &refusal,
        &["b.toml:5:1: providers.aws.versions.valkey: expected a text, got a number; put it in quotes"],
    );
    assert_says(&refusal, &["CACHE_DRIVER__PROVIDERS__AWS__REIGON: providers.aws.reigon: unknown key", "`region`"]);
    assert_says(&refusal, &["CACHE_DRIVER__LIFECYCLE__POLL_INTERVAL: ", "a duration with its unit"]);
    assert_says(&refusal, &["CACHE_DRIVER__ROUTES__REDIS__PROVIDER: ", "expected one of: aws, gcp, azure", "`aws`"]);
    assert_eq!(refusal.lines().next(), Some("the configuration has 10 problems"), "{refusal}");
}

#[test]
fn a_section_that_only_a_variable_opens_is_told_with_the_variable() {
    let refusal = env("CACHE_DRIVER__SEVER__LISTEN", "x").refusal();
    assert_says(&refusal, &["CACHE_DRIVER__SEVER__LISTEN: sever: unknown key", "did you mean `server`?"]);
}

#[test]
fn bad_names_and_ranges_are_refused_with_the_reason() {
    for (toml, parts) in [
        ("prefix = \"Cache\"", ["a.toml:1:1: prefix: 1 to 19", "starting with a letter"]),
        ("previous_prefixes = [\"ok\", \"no--good\"]", ["a.toml:1:", "previous_prefixes.1"]),
        ("[routes.alive]\nresource_type = \"redis\"", ["a.toml:1:", "routes.alive: the name is reserved: `/alive`"]),
        ("[routes.plan]\nresource_type = \"redis\"", ["routes.plan", "is reserved"]),
        ("[routes.Redis]\nresource_type = \"redis\"", ["routes.Redis", "a-z, 0-9 and '-'"]),
        ("[routes.a-name-that-is-too-long]\nresource_type = \"redis\"", ["too-long", "1 to 16"]),
        ("[routes.x]\nprovider = \"aws\"", ["a.toml:1:", "routes.x.resource_type: is missing"]),
        ("[routes.x]\nresource_type = \"a/b/c\"", ["a.toml:2:1", "routes.x.resource_type"]),
        (
            "[routes.x]\nresource_type = \"x\"\nprovider = \"aws\"\nproduct = \"gcp/redis\"",
            ["a.toml:4:1", "gcp/redis is not a product"],
        ),
        ("[profiles.Prod]\nsize = \"small\"", ["profiles.Prod", "a name is made of"]),
        ("[lifecycle.deadlines.\"aws/redis\"]\ncreate = \"1m\"", ["a.toml:1:", "aws/replication-group"]),
        ("[lifecycle]\nretry_after = { min = \"2m\" }", ["lifecycle.retry_after.max", "less than `min`"]),
        ("[sandbox]\nspeed = 0", ["a.toml:2:1: sandbox.speed", "more than 0"]),
        ("[log]\nlevel = \"cache_driver=loud\"", ["a.toml:2:1: log.level", "filter directives"]),
        ("[providers.aws]\nendpoint_url = \"127.0.0.1:1\"", ["a.toml:2:1: providers.aws.endpoint_url", "URL"]),
        ("[providers.gcp]\nendpoint_url = \"http://me:c4n4ryc4n4ryc4n4ryc4n4ryc4n4ry00@h\"", ["a.toml:2:1", "URL"]),
        ("prefix = 99999999999999999999", ["a.toml:1:1: prefix", "too large"]),
        ("[routes.x]\nresource_type = 3", ["the configuration has 1 problem", ""]),
        ("server = 3", ["a.toml:1:1: server: expected a table, got a number", ""]),
    ] {
        assert_says(&file("a.toml", toml).refusal(), &parts);
    }
}

#[test]
fn a_file_that_cannot_be_read_or_is_no_toml_is_named() {
    let missing = config::load(&[PathBuf::from("/nowhere/a.toml")], std::iter::empty()).unwrap_err().to_string();
    assert_says(&missing, &["/nowhere/a.toml: cannot read the file"]);
    assert_says(&file("a.toml", "prefix = \"a\"\nprefix = \"b\"").refusal(), &["a.toml:2:1: not TOML: duplicate key"]);
}

#[test]
fn no_message_shows_a_value_even_beside_a_syntax_error() {
    for toml in [
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = {CANARY} }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = \"{CANARY} }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = \"{CANARY}\" \"{CANARY}\" }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = '{CANARY}', key = '{CANARY}' }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = \"\\q{CANARY}\" }}]"),
        format!("[secrets]\nkeyring = \"{CANARY}\""),
        format!("[secrets]\nkeyring = [\"{CANARY}\"]"),
        format!("[secrets]\nkeyring = [{{ id = \"{CANARY}\", key = \"{KEY}\" }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = \"{CANARY}\" }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = [\"{CANARY}\"] }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key_file = \"{CANARY}\" }}]"),
        format!("[secrets]\nkeyring = [{{ id = \"k1\", key = \"{KEY}\", key_file = \"{CANARY}\" }}]"),
        format!("[secrets]\nkeyring = {{ id = \"k1\", key = \"{CANARY}\" }}"),
        format!("secrets = \"{CANARY}\""),
        format!("prefix = \"{CANARY}\""),
        format!("[server]\nlisten = \"{CANARY}\"\nrequest_timeout = \"{CANARY}\"\nbody_limit = \"{CANARY}\""),
        format!("[cookie]\nunreadable = \"{CANARY}\"\ncredentials = \"{CANARY}\""),
        format!("[log]\nlevel = \"{CANARY}={CANARY}\""),
        format!("[routes.redis]\nresource_type = \"{CANARY} \"\nproduct = \"{CANARY}\""),
        CANARY.to_owned(),
        format!("[providers.azure.accounts.a]\ntenant_id = \"t\"\nclient_secret = \"{CANARY}\""),
        format!("[providers.azure.accounts.a]\ntenant_id = \"t\"\nclient_id = 1\nclient_secret = [\"{CANARY}\"]"),
    ] {
        file("a.toml", toml).refusal();
    }
    for (name, value) in [
        ("SECRETS__KEYRING", format!("[{{\"id\": \"k1\", \"key\": \"{CANARY}\"")),
        ("SECRETS__KEYRING", CANARY.to_owned()),
        ("SECRETS", format!("{{ keyring = {CANARY} }}")),
        ("PROVIDERS__AWS__ACCOUNTS__A", CANARY.to_owned()),
        ("PROVIDERS__AWS__MAX_ATTEMPTS", CANARY.to_owned()),
        ("PREFIX__X", CANARY.to_owned()),
        ("NONSENSE", CANARY.to_owned()),
    ] {
        env(&format!("CACHE_DRIVER__{name}"), &value).refusal();
    }
}

#[test]
fn two_variables_that_contradict_each_other_are_refused() {
    let refusal = env("CACHE_DRIVER__LOG", "pretty").env("CACHE_DRIVER__LOG__FORMAT", "pretty").refusal();
    assert_says(&refusal, &["CACHE_DRIVER__LOG__FORMAT: log.format: `log` is set as a whole"]);
    assert_says(&env("CACHE_DRIVER__LOG____LEVEL", "info").refusal(), &["a part of the name is empty"]);
}

#[test]
fn a_loaded_configuration_prints_and_serialises_without_secrets() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("key"), format!("{KEY}\n")).unwrap();
    let key =
        format!(r#"{{"type": "service_account", "client_email": "e", "token_uri": "u", "private_key": "{CANARY}"}}"#);
    std::fs::write(dir.path().join("gcp.json"), key + "\r\n").unwrap();
    std::fs::write(dir.path().join("azure"), format!("{CANARY}\n")).unwrap();
    std::fs::write(dir.path().join("ca.pem"), "PEM\n").unwrap();
    let toml = format!(
        "[secrets]\nkeyring = [{{ id = \"k1\", key_file = \"DIR/key\" }}, {{ id = \"k2\", key = \"{KEY}\" }}]
        [providers.aws]\ncache_ca_file = \"DIR/ca.pem\"\nca_file = \"DIR/ca.pem\"
        [providers.gcp.accounts.a]\ncredentials_file = \"DIR/gcp.json\"
        [providers.azure.accounts.a]\ntenant_id = \"t\"\nclient_id = \"c\"\nclient_secret_file = \"DIR/azure\""
    );
    let given = file("a.toml", toml)
        .env("CACHE_DRIVER__PROVIDERS__AZURE__ACCOUNTS__B__TENANT_ID", "t")
        .env("CACHE_DRIVER__PROVIDERS__AZURE__ACCOUNTS__B__CLIENT_ID", "c")
        .env("CACHE_DRIVER__PROVIDERS__AZURE__ACCOUNTS__B__CLIENT_SECRET", &format!("{{{CANARY}"));
    let loaded = given.load_in(&dir).unwrap();
    let config = &loaded.config;
    assert_eq!(config.secrets.key("k1").unwrap().bytes.expose(), config.secrets.key("k2").unwrap().bytes.expose());
    assert_eq!(config.providers.aws.cache_ca.as_deref(), Some("PEM"));
    assert_eq!(config.providers.aws.ca_pem.as_deref(), Some("PEM"));
    let expose = |secret: &Option<secrecy::SecretString>| {
        secrecy::ExposeSecret::expose_secret(secret.as_ref().unwrap()).to_owned()
    };
    assert!(expose(&config.providers.gcp.accounts["a"].credentials).ends_with('}'));
    assert_eq!(expose(&config.providers.azure.accounts["a"].client_secret), CANARY);
    assert_eq!(expose(&config.providers.azure.accounts["b"].client_secret), format!("{{{CANARY}"));

    let sandboxed = config::sandbox_overlay(
        config.clone(),
        config::Emulators::default(),
        None,
        &[],
        *CANARY.as_bytes().first_chunk().unwrap(),
    );
    for text in [format!("{loaded:#?}"), serde_json::to_string(config).unwrap(), format!("{sandboxed:?}")] {
        assert!(!text.contains(CANARY) && !text.contains(KEY), "{text}");
        assert!(!text.contains("1, 2, 3, 4"), "bytes of a key: {text}");
    }
    assert!(serde_json::to_string(config).unwrap().contains("\"key\":\"[redacted]\""));
}

#[test]
fn a_file_that_is_no_key_of_a_service_account_is_named_with_the_reason() {
    for (text, part) in [
        (CANARY.to_owned(), "no JSON object"),
        (format!("{{\"type\": \"external_account\", \"x\": \"{CANARY}\"}}"), "these have external_account"),
        (format!("{{\"type\": \"{CANARY}\"}}"), "these have another"),
        (format!("{{\"type\": \"service_account\", \"private_key\": \"{CANARY}\"}}"), "lacks client_email, token_uri"),
    ] {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("gcp.json"), text).unwrap();
        let toml = "[providers.gcp.accounts.a]\ncredentials_file = \"DIR/gcp.json\"";
        let error = file("a.toml", toml).load_in(&dir).unwrap_err().to_string();
        assert!(error.contains("a.toml:2:1: providers.gcp.accounts.a.credentials_file: "), "{error}");
        assert!(error.contains(part) && !error.contains(CANARY), "{error}");
    }
}

#[test]
fn a_file_of_a_secret_that_cannot_be_used_is_named_with_the_reason() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("empty"), "\n").unwrap();
    std::fs::write(dir.path().join("short"), CANARY).unwrap();
    let keyring = |file: &str| format!("[secrets]\nkeyring = [{{ id = \"k1\", key_file = \"{file}\" }}]");
    for (name, reason) in [("missing", "No such file"), ("empty", "is empty"), ("short", "too short")] {
        let error = file("a.toml", keyring(&format!("DIR/{name}"))).load_in(&dir).unwrap_err().to_string();
        assert_says(&error, &["a.toml:2:", "secrets.keyring.0", "key_file", reason]);
    }
    let error = file("a.toml", "[providers.aws]\nca_file = \"DIR/none\"").load_in(&dir).unwrap_err().to_string();
    assert_says(&error, &["a.toml:2:1: providers.aws.ca_file: cannot read", "/none"]);
    let both = "[providers.aws]\ncache_ca = \"x\"\ncache_ca_file = \"DIR/none\"";
    assert_says(&file("a.toml", both).refusal(), &["a.toml:3:1", "one is enough"]);
}
