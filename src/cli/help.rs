//! The help: commands in groups, each with examples.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::Cli;

/// Commands by what they are for. One that stands in none is listed last.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Serve", &["serve", "job", "demo", "sandbox"]),
    ("Ask a driver", &["apply", "get", "delete"]),
    ("Look and mend", &["plan", "ping", "check", "list", "sweep", "release"]),
    ("Set up", &["register", "policy", "token", "sizes"]),
    ("Describe", &["schema", "openapi", "completions"]),
];

/// What people type, by command.
const EXAMPLES: [(&str, &str); 20] = [
    (
        "serve",
        "  cache-driver serve --sandbox                 emulated clouds, no account
  cache-driver serve --config driver.toml      the clouds that the file enables",
    ),
    (
        "job",
        "  ACTION=create OUTPUTS_FILE=outputs.json SECRET_OUTPUTS_FILE=secrets.json ERROR_FILE=error.txt \\
    cache-driver job --inputs cache.json --id shop-sessions --config driver.toml
The orchestrator's Container Driver sets the variables; docs/commands.md has the whole contract.",
    ),
    ("demo", "  cache-driver demo"),
    (
        "sandbox",
        "  cache-driver sandbox --aws-port 4100         and point boto3's endpoint_url at it
  cache-driver sandbox --data-plane            real servers behind the endpoints",
    ),
    (
        "apply",
        "  cache-driver apply cache.json --id shop-sessions --url http://127.0.0.1:8080 --route redis
  cache-driver apply cache.json --id shop-sessions --token-file token --dry-run
  echo '{\"type\": \"redis\", \"driver\": {\"values\": {\"size\": \"small\"}}}' |
    cache-driver apply - --id shop-sessions
Without --url the variable CACHE_DRIVER_URL tells where the driver is. Ends with 0 when the cache is
ready, with 1 when it is refused or not ready in time.",
    ),
    (
        "get",
        "  cache-driver get shop-sessions --url http://127.0.0.1:8080 --route redis
  cache-driver get shop-sessions --output json --show-secrets | cache-driver ping -
Ends with 1 when there is no such resource.",
    ),
    (
        "delete",
        "  cache-driver delete shop-sessions --url http://127.0.0.1:8080 --route redis
  cache-driver delete shop-sessions --cookie-file cookies.json --no-wait",
    ),
    (
        "plan",
        "  cache-driver plan cache.json --config driver.toml
  echo '{\"type\": \"redis\", \"driver\": {\"values\": {\"size\": \"large\"}}}' | cache-driver plan - --sandbox
Asks the clouds itself; `apply --dry-run` has a running driver do it.",
    ),
    (
        "ping",
        "  cache-driver ping cache.example.com:6379 --tls --password-file password
  cache-driver ping outputs.json               what a driver answered
  cache-driver ping                            what CACHE_URL or CACHE_HOST says",
    ),
    (
        "check",
        "  cache-driver check --config driver.toml
  cache-driver check --provider aws --sandbox  what it looks at, without an account
Ends with 1 if there is a problem, which comes with what mends it. Warnings alone are 0.",
    ),
    (
        "list",
        "  cache-driver list --state held --config driver.toml
  cache-driver list --orphans --known in-use --output json --config driver.toml
Ends with 1 if a place could not be listed: it may hold more.",
    ),
    (
        "sweep",
        "  cache-driver sweep --dry-run --config driver.toml
  cache-driver sweep --wait 10m --config driver.toml
Ends with 1 if something failed or a place could not be listed; the next sweep tries again.",
    ),
    (
        "release",
        "  cache-driver release shop-ledger --dry-run --config driver.toml
  cache-driver release shop-ledger --config driver.toml
Ends with 1 if there is no such cache, or if a place where one may be could not be looked at.",
    ),
    (
        "register",
        "  cache-driver register --url https://drivers.example.com --org my-org
  cache-driver register --url https://drivers.example.com --format terraform > driver.tf",
    ),
    (
        "policy",
        "  cache-driver policy aws --prefix acme --account-id 111122223333 > policy.json
  cache-driver policy azure --with private-endpoint --resource-group caches > role.json
Ends with 2 if the cloud has no such product or form. Needs no configuration and no network.",
    ),
    ("token", "  cache-driver token\nGive the secret to the caller and put the hash into server.auth.tokens."),
    (
        "sizes",
        "  cache-driver sizes --product aws/replication-group
  cache-driver sizes --output json",
    ),
    ("schema", "  cache-driver schema > inputs.schema.json"),
    ("openapi", "  cache-driver openapi > openapi.json"),
    (
        "completions",
        "  cache-driver completions bash > /etc/bash_completion.d/cache-driver
  cache-driver completions zsh > \"${fpath[1]}/_cache-driver\"
  cache-driver completions fish > ~/.config/fish/completions/cache-driver.fish",
    ),
];

const END: &str = "Exit codes:
  0  done
  1  it failed: standard error says what, why, and what to do
  2  the command line, a file that it names, or the configuration is wrong

Every resource has an id that never changes, which the orchestrator calls GUResID. Who asks by hand
makes one up: 3 to 63 of a-z, 0-9 and -.

`cache-driver help COMMAND` shows options and examples; docs/commands.md describes all commands.";

/// The whole command line, with its help.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    let groups = grouped(&command);
    for (name, text) in EXAMPLES {
        if command.find_subcommand(name).is_some() {
            command = command.mut_subcommand(name, |sub| sub.after_help(format!("Examples:\n{text}")));
        }
    }
    command
        .help_template(format!(
            "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}{{after-help}}"
        ))
        .after_help(END)
}

fn grouped(command: &Command) -> String {
    let known: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let others: Vec<&str> =
        command.get_subcommands().map(Command::get_name).filter(|name| !known.contains(name)).collect();
    let mut text = String::new();
    for (title, names) in GROUPS.iter().copied().chain([("More", others.as_slice())]) {
        let there: Vec<&Command> = names.iter().filter_map(|name| command.find_subcommand(name)).collect();
        if there.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{title}:");
        for sub in there {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:<12} {about}", sub.get_name());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_command_stands_in_a_group_and_has_an_example() {
        let help = command().render_help().to_string();
        assert!(!help.contains("\nMore:"), "{help}");
        for sub in command().get_subcommands() {
            assert!(help.contains(&format!("\n  {:<12} ", sub.get_name())), "{}: {help}", sub.get_name());
            assert!(sub.get_after_help().is_some(), "{} has no example", sub.get_name());
        }
    }
}
