//! `job`: the contract of the orchestrator's Container Driver.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{FAST, World, command, eventually, signal};

/// One job's directory, with the files of the contract in it.
struct Job<'a> {
    world: &'a World,
    environment: Vec<(String, String)>,
}

impl<'a> Job<'a> {
    fn new(world: &'a World, inputs: &Value) -> Self {
        std::fs::create_dir_all(world.path("work")).unwrap();
        world.write("work/cache.json", &inputs.to_string());
        let set = [
            ("SCRIPTS_DIRECTORY", world.path("work")),
            // Relative names are of the job's directory.
            ("OUTPUTS_FILE", "outputs.json".to_owned()),
            ("SECRET_OUTPUTS_FILE", world.path("work/secrets.json")),
            ("ERROR_FILE", "error.txt".to_owned()),
            ("CACHE_DRIVER_CONFIG", world.config()),
        ];
        Self { world, environment: set.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, action: &str) -> Command {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut command = command(&["job"], &environment);
        if !action.is_empty() {
            command.env("ACTION", action);
        }
        command
    }

    /// Runs it to its end: the exit code, and what it said.
    async fn run(&self, action: &str) -> (i32, String) {
        let ended = self.command(action).output().await.unwrap();
        assert_eq!(ended.stdout, b"", "the files are the only outputs");
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.world.path(&format!("work/{name}"))).unwrap_or_default()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }
}

fn small(id: &str) -> Value {
    json!({"id": id, "type": "redis", "driver": {"values": {"size": "small"}}})
}

#[tokio::test]
async fn a_job_makes_a_cache_makes_it_once_and_removes_it() {
    let world = World::start(FAST).await;
    let job = Job::new(&world, &small("abc"));
    assert_eq!(job.run("create").await.0, 0, "{}", job.text("error.txt"));
    let (outputs, secrets) = (job.json("outputs.json"), job.json("secrets.json"));
    assert_eq!((&outputs["provider"], outputs["port"].is_u64()), (&json!("aws"), true));
    let password = secrets["password"].as_str().unwrap();
    assert_eq!((password.len(), &secrets["username"]), (32, &json!("default")));
    let mode =
        |name: &str| std::fs::metadata(world.path(&format!("work/{name}"))).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("secrets.json"), mode("outputs.json")), (0o600, 0o644));
    assert_eq!(job.text("error.txt"), "");

    let (code, said) = job.run("create").await;
    assert_eq!((code, world.count("CreateReplicationGroup")), (0, 1), "{said}");
    assert_eq!((job.json("outputs.json"), job.json("secrets.json")), (outputs, secrets.clone()));
    assert!(!said.contains(password) && !job.text("outputs.json").contains(password), "{said}");

    for _ in 0..2 {
        assert_eq!(job.run("destroy").await.0, 0, "{}", job.text("error.txt"));
        assert_eq!((job.json("outputs.json"), job.json("secrets.json")), (json!({}), json!({})));
    }
    assert_eq!((world.caches().await, world.count("DeleteReplicationGroup")), (0, 1));
}

#[tokio::test]
async fn a_job_that_was_killed_is_run_again_and_goes_on() {
    let world = World::start(200.0).await;
    let job = Job::new(&world, &small("abc"));
    let mut child = job.command("create").spawn().unwrap();
    eventually("the cloud has begun", async || world.count("CreateReplicationGroup") == 1).await;
    signal(&child, "-KILL");
    child.wait().await.unwrap();
    assert_eq!(job.text("outputs.json"), "");
    assert_eq!(job.run("create").await.0, 0, "{}", job.text("error.txt"));
    assert_eq!((world.caches().await, world.count("CreateReplicationGroup")), (1, 1));
}

#[tokio::test]
async fn a_job_that_is_told_to_stop_says_how_to_go_on() {
    let world = World::start(1.0).await;
    let job = Job::new(&world, &small("abc"));
    let mut child = job.command("create").spawn().unwrap();
    eventually("the cloud has begun", async || world.count("CreateReplicationGroup") == 1).await;
    signal(&child, "-TERM");
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    let error = job.text("error.txt");
    assert!(error.starts_with("RES-113: the job was told to stop"), "{error}");
    assert!(error.contains("\n  hint: the cloud works on by itself; run the same job again"), "{error}");
    assert_eq!(job.text("outputs.json"), "");
}

#[tokio::test]
async fn a_job_gives_up_when_its_time_is_over() {
    let world = World::start(1.0).await;
    let job = Job::new(&world, &small("abc"));
    let ended = job.command("create").args(["--timeout", "300ms"]).output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let error = job.text("error.txt");
    assert!(error.starts_with("RES-108: not done after ") && error.contains("run the same job again"), "{error}");
    assert!(error.contains("\n  last seen: creating"), "{error}");
}

#[tokio::test]
async fn why_a_job_failed_stands_in_its_error_file_with_code_cause_and_what_to_do() {
    let world = World::start(FAST).await;
    let wrong = json!({"id": "abc", "type": "redis", "driver": {"values": {"sise": "small", "replicas": 9}}});
    let job = Job::new(&world, &wrong);
    let (code, said) = job.run("create").await;
    let error = job.text("error.txt");
    assert_eq!(code, 1);
    assert!(error.starts_with("RES-101: ") && error.contains("(did you mean `size`?)"), "{error}");
    assert!(error.contains("driver.values.replicas: expected a whole number"), "every field at once: {error}");
    assert!(said.contains(error.trim_end()), "standard error has it too: {said}");
    // A destroy needs no legal values.
    assert_eq!(job.run("destroy").await.0, 0, "{}", job.text("error.txt"));
    assert_eq!(job.text("error.txt"), "", "the error of the job before is gone");

    world.fault(json!({"action": "CreateReplicationGroup", "kind": "create_failed", "message": "the rack is on fire"}));
    let job = Job::new(&world, &small("def"));
    assert_eq!(job.run("create").await.0, 1);
    let error = job.text("error.txt");
    assert!(error.starts_with("RES-104: ") && error.contains("the rack is on fire"), "{error}");
    assert!(error.contains("\n  at: aws/replication-group"), "{error}");
}

#[tokio::test]
async fn inputs_come_from_variables_and_files_and_the_account_counts() {
    let world = World::start(FAST).await;
    world.configure("developer_inputs = [\"size\"]\n");
    let job = Job::new(&world, &json!({}))
        .set("CACHE_JOB_ID", "of-the-environment")
        .set("CACHE_JOB_ROUTE", "redis")
        .set("CACHE_JOB_VALUES", "{\"replicas\": 1}")
        .set("RESOURCE_INPUTS_FILE", "resource.json");
    world.write("work/resource.json", "{\"size\": \"medium\"}");
    world.write(
        "work/account.json",
        "{\"AccessKeyId\": \"ASIASANDBOX444455556666\", \"SecretAccessKey\": \"CANARY\", \"SessionToken\": \"CANARY\"}",
    );
    let (code, said) = job.run("create").await;
    assert_eq!(code, 0, "{}", job.text("error.txt"));
    assert_eq!(job.json("outputs.json")["memory_gb"], json!(3.09));
    assert!(job.text("outputs.json").contains(":444455556666:"), "{}", job.text("outputs.json"));
    assert!(!said.contains("CANARY"), "{said}");
    assert_eq!(job.run("destroy").await.0, 0, "{}", job.text("error.txt"));
    assert_eq!(world.caches().await, 0);
}

#[tokio::test]
async fn a_destroy_finds_the_cache_by_its_account_whatever_became_of_the_other_inputs() {
    let world = World::start(FAST).await;
    let account =
        json!({"AccessKeyId": "ASIASANDBOX444455556666", "SecretAccessKey": "CANARY", "SessionToken": "CANARY"});
    let inputs = |size: &str, account: Value| json!({"id": "abc", "type": "redis", "driver": {"values": {"size": size}, "secrets": {"account": account}}});
    let made = Job::new(&world, &inputs("small", account.clone()));
    assert_eq!(made.run("create").await.0, 0, "{}", made.text("error.txt"));
    for wrong in [json!("CANARY"), json!(["CANARY"])] {
        let (code, said) = Job::new(&world, &inputs("small", wrong.clone())).run("destroy").await;
        assert_eq!((code, world.caches().await), (1, 1), "{said}");
        assert!(said.contains("RES-103") && said.contains("driver.secrets.account"), "{said}");
        assert!(!said.contains("CANARY"), "{said}");
    }
    // JSON as text, and a size that is none any more.
    let (code, said) = Job::new(&world, &inputs("no-size", account.to_string().into())).run("destroy").await;
    assert_eq!((code, world.caches().await), (0, 0), "{said}");
    let audit: Vec<&str> = said.lines().filter(|line| line.contains("audit")).collect();
    assert!(!audit.is_empty() && audit.iter().all(|line| line.contains("command line")), "{said}");
}

#[tokio::test]
async fn a_broken_contract_ends_with_two_and_makes_nothing() {
    let world = World::start(FAST).await;
    let good = small("abc");
    for (inputs, variable, action, told) in [
        (&good, ("A", "b"), "", "ACTION is not set"),
        (&good, ("A", "b"), "apply", "ACTION = `apply`: expected create or destroy"),
        (&good, ("OUTPUTS_FILE", ""), "create", "OUTPUTS_FILE is not set"),
        (&good, ("SECRET_OUTPUTS_FILE", "no/such/f"), "create", "there is no directory no/such"),
        (&good, ("OUTPUTS_FILE", "."), "create", "OUTPUTS_FILE = . cannot be written: "),
        (
            &good,
            ("SECRET_OUTPUTS_FILE", "/proc/secrets.json"),
            "create",
            "SECRET_OUTPUTS_FILE = /proc/secrets.json cannot",
        ),
        (&json!({"type": "redis"}), ("A", "b"), "create", "CACHE_JOB_ID"),
        (&json!(["CANARY"]), ("A", "b"), "create", "cache.json: expected one JSON object"),
        (&good, ("CACHE_DRIVER__PREFIKS", "a"), "create", "prefix"),
    ] {
        let job = Job::new(&world, inputs).set(variable.0, variable.1);
        let (code, said) = job.run(action).await;
        assert_eq!(code, 2, "{told}: {said}");
        assert!(job.text("error.txt").contains(told), "{told} in {}", job.text("error.txt"));
    }
    let lost = Job::new(&world, &small("abc")).set("SCRIPTS_DIRECTORY", "/no/such/directory");
    let (code, said) = lost.run("create").await;
    assert!(code == 2 && said.contains("SCRIPTS_DIRECTORY = /no/such/directory"), "{said}");
    assert_eq!(world.caches().await, 0);
}
