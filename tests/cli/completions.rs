//! `completions`, `sizes`, `token`, and the help.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::harness::sha256;
use crate::run;

/// What each half-typed line becomes when the key for completion is pressed.
const COMPLETED: [(&str, &str); 3] = [
    ("cache-driver swe", "cache-driver sweep"),
    ("cache-driver apply --coo", "cache-driver apply --cookie-file"),
    ("cache-driver sizes --output j", "cache-driver sizes --output json"),
];

/// Asks bash's function for completion, under the name that the script gave it.
const BASH: &str = r#"set -eu
source "$1"
ask=$(complete -p cache-driver | sed 's/.*-F \([^ ]*\).*/\1/')
for line in "${@:2}"; do
    COMP_WORDS=($line) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    "$ask" cache-driver "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${line% *} ${COMPREPLY[*]}"
done"#;

const FISH: &str = r"source $argv[1]
for line in $argv[2..]
    echo (string replace --regex ' \S*$' '' -- $line) (complete -C $line | string split --fields 1 \t)
end";

/// zsh completes only what is typed on a terminal: it gets one, presses TAB, and has another key print what stands there.
const ZSH: &str = r#"zmodload zsh/zpty
there=${1:h}
zpty shell zsh -f -i
zpty -w shell "fpath=($there \$fpath); autoload -Uz compinit; compinit -u -D
    told() { print -r -- \$BUFFER >>$there/told; zle kill-whole-line }; zle -N told; bindkey '^B' told"
for line in "${@:2}"; do zpty -w -n shell "$line"$'\t\x02'; done
zpty -w shell exit
while zpty -r shell; do :; done >$there/terminal
cat $there/told"#;

#[tokio::test]
async fn bash_zsh_and_fish_complete_commands_options_and_values() {
    for (shell, options, code) in
        [("bash", &["--norc"][..], BASH), ("zsh", &["-f"], ZSH), ("fish", &["--no-config"], FISH)]
    {
        let told = run(&["completions", shell], &[], "").await;
        assert_eq!((told.code, told.err.as_str()), (0, ""));
        let dir = tempfile::tempdir().unwrap();
        // The name under which zsh looks for it.
        let script = dir.path().join("_cache-driver");
        std::fs::write(&script, told.out).unwrap();
        let asked = Command::new(shell)
            .args(options)
            .args(["-c", code])
            // The shells but fish take the first for their own name.
            .args((shell != "fish").then_some(shell))
            .arg(&script)
            .args(COMPLETED.map(|(typed, _)| typed))
            .env("HOME", dir.path())
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap();
        let ended = ended.unwrap_or_else(|error| panic!("{shell}, which scripts/install.sh installs: {error}"));
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "", "{shell}");
        let out = String::from_utf8(ended.stdout).unwrap();
        // zsh is ready for a value or the next word.
        let lines: Vec<&str> = out.lines().map(|line| line.trim_end_matches([' ', '='])).collect();
        assert_eq!(lines, COMPLETED.map(|(_, completed)| completed), "{shell}");
    }
}

#[tokio::test]
async fn completions_for_a_shell_that_is_not_known_name_those_that_are() {
    let unknown = run(&["completions", "cmd"], &[], "").await;
    assert!(unknown.code == 2 && unknown.err.contains("bash"), "{unknown:?}");
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
    let apply = run(&["apply", "--help"], &[("NO_COLOR", "1")], "").await;
    assert!(apply.out.contains("\nExamples:\n  ") && !apply.out.contains('\u{1b}'), "{}", apply.out);
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
