//! `completions`, `sizes`, `token`, and the help.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::harness::sha256;
use crate::run;

/// Has a shell read a script without running it; nothing if the shell is not on this machine.
async fn reads(shell: &str, script: &str) -> Option<bool> {
    let mut child = Command::new(shell).arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).await.unwrap();
    let ended = child.wait_with_output().await.unwrap();
    Some(ended.status.success() && ended.stderr.is_empty())
}

#[tokio::test]
async fn completions_are_scripts_that_their_shells_can_read() {
    for shell in ["bash", "zsh", "fish"] {
        let told = run(&["completions", shell], &[], "").await;
        assert_eq!((told.code, told.err.as_str()), (0, ""));
        assert!(told.out.contains("apply") && told.out.contains("cookie-file"), "{shell}");
        match reads(shell, &told.out).await {
            Some(is_read) => assert!(is_read, "{shell} cannot read it"),
            None => println!("not tested: no {shell} on this machine"),
        }
    }
    assert_eq!(reads("bash", "if true; then").await, Some(false), "a broken script is noticed");
    let unknown = run(&["completions", "cmd"], &[], "").await;
    assert!(unknown.code == 2 && unknown.err.contains("bash"), "{unknown:?}");
}

#[tokio::test]
async fn bash_completes_commands_and_options() {
    let script = run(&["completions", "bash"], &[], "").await.out;
    // The function that bash would call, under the name that the script gave it.
    let ask = "COMP_WORDS=(cache-driver apply --coo); COMP_CWORD=2
        $(complete -p cache-driver | sed 's/.*-F \\([^ ]*\\).*/\\1/') cache-driver --coo apply; echo \"${COMPREPLY[@]}\"";
    let ended = Command::new("bash").args(["-c", &format!("{script}\n{ask}")]).output().await.unwrap();
    assert_eq!(String::from_utf8(ended.stdout).unwrap().trim(), "--cookie-file");
}

#[tokio::test]
async fn sizes_are_shown_without_a_configuration_for_all_products_or_some() {
    let all = run(&["sizes"], &[], "").await;
    assert_eq!((all.code, all.err.as_str()), (0, ""));
    assert!(all.out.contains("azure/managed-redis\n") && all.out.contains("gcp/memcached\n"), "{}", all.out);
    let one = run(&["sizes", "--product", "aws/replication-group"], &[], "").await.out;
    assert!(one.starts_with("aws/replication-group\n") && !one.contains("gcp/"), "{one}");
    let row = one.lines().find(|line| line.trim_start().starts_with("xlarge ")).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>()[..5],
        ["xlarge", "12", "13.07", "node_type", "cache.r7g.large"]
    );
    let available = run(&["sizes", "--product", "gcp/valkey"], &[], "").await.out;
    assert!(available.contains("with HA") && available.contains("STANDARD_SMALL"), "{available}");

    let json =
        run(&["sizes", "--output", "json", "--product", "gcp/redis", "--product", "aws/serverless"], &[], "").await;
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["aws/serverless", "gcp/redis"]);
    assert_eq!(json["gcp/redis"]["xlarge"][0]["memory_gb"], 12.0);
    let unknown = run(&["sizes", "--product", "aws/redis"], &[], "").await;
    assert!(unknown.code == 2 && unknown.err.contains("aws/replication-group"), "{unknown:?}");
}

#[tokio::test]
async fn a_token_comes_with_the_hash_that_the_configuration_takes() {
    let told = run(&["token", "--output", "json"], &[], "").await;
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["sha256"], sha256(told["secret"].as_str().unwrap()));
    assert!(run(&["token"], &[], "").await.out.starts_with("secret  "));
}

#[tokio::test]
async fn the_help_has_groups_examples_and_exit_codes_and_no_colours_for_a_pipe() {
    let help = run(&["--help"], &[], "").await;
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for part in
        ["\nServe:\n  serve ", "\nAsk a driver:\n  apply ", "\nOptions:\n  -h, --help", "\nExit codes:\n  0  done"]
    {
        assert!(help.out.contains(part), "{part} in {}", help.out);
    }
    assert!(!help.out.contains('\u{1b}') && !help.out.contains('{'), "{}", help.out);
    for command in
        ["serve", "apply", "get", "delete", "job", "plan", "ping", "register", "token", "sizes", "completions"]
    {
        let help = run(&[command, "--help"], &[("NO_COLOR", "1")], "").await;
        assert_eq!(help.code, 0);
        assert!(help.out.contains("\nExamples:\n  ") && !help.out.contains('\u{1b}'), "{command}: {}", help.out);
    }
}

#[tokio::test]
async fn a_slip_of_the_finger_ends_with_two_and_a_suggestion() {
    for (args, meant) in [
        (vec!["serv"], "'serve'"),
        (vec!["apply", "f", "--dryrun"], "'--dry-run'"),
        (vec!["sizes", "--outputs", "json"], "'--output'"),
        (vec!["register", "--url", "https://d.example.com", "--formt", "driver"], "'--format'"),
        (vec!["plan", "f", "--sandbx"], "'--sandbox'"),
    ] {
        let ended = run(&args, &[], "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains("similar") && ended.err.contains(meant), "{args:?}: {}", ended.err);
    }
    let none = run(&[], &[], "").await;
    assert!(none.code == 2 && none.err.contains("Ask a driver:"), "{none:?}");
}
