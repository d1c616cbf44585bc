//! Names in code type that stand for something of this project: keys of the configuration, commands, codes, files.

use std::collections::BTreeSet;

use tokio::process::Command;

use crate::errors::CODES;
use crate::pages::{Page, root};

/// Sections of the configuration. A dotted name that begins with one is a key.
const SECTIONS: &[&str] =
    &["cookie", "lifecycle", "log", "providers", "routes", "sandbox", "secrets", "server", "telemetry"];
/// Folders of this project. A path that begins with one has to lead somewhere.
const FOLDERS: &[&str] = &["benches/", "config/", "deploy/", "docs/", "scripts/", "src/", "tests/"];

/// What there is.
pub(crate) struct Known {
    keys: BTreeSet<String>,
    pub(crate) commands: BTreeSet<String>,
}

impl Known {
    pub(crate) async fn of_the_program() -> Self {
        let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
        let help = Command::new(env!("CARGO_BIN_EXE_cache-driver")).arg("--help").output().await.unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        // A command stands two blanks in; what is further in goes on with a description.
        let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
        let commands = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        let commands = commands.filter_map(|line| line.split_whitespace().next());
        let commands = commands.chain(["help"]).map(str::to_owned).collect();
        Self { keys: keys(&text), commands }
    }
}

/// Every key and table of the defaults file, those without a default included.
fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = general(name);
            let parts: Vec<&str> = section.split('.').collect();
            keys.extend((1..=parts.len()).map(|length| parts[..length].join(".")));
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| is_key(key)) {
            keys.insert(general(&format!("{section}.{key}")));
        }
    }
    keys
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// The key with chosen names (of routes, accounts, products, clouds) taken for any.
fn general(key: &str) -> String {
    let mut parts: Vec<&str> = key.trim_start_matches('.').split('.').collect();
    if parts.len() > 1 && matches!(parts[0], "routes" | "profiles") {
        parts[1] = "*";
    }
    if parts.len() > 3 && parts[2] == "accounts" {
        parts[3] = "*";
    }
    if parts.len() > 2 && parts[1] == "deadlines" {
        parts[2] = "*";
    }
    parts.join(".")
}

/// Names that nothing answers to.
pub(crate) fn problems(page: &Page, known: &Known) -> Vec<String> {
    // What has been is told of in the words of its time.
    if page.path == "CHANGELOG.md" || page.path.starts_with("docs/decisions/") {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for (line, text) in page.prose() {
        let mut told = |problem: String| wrong.push(format!("{}:{line}: {problem}", page.path));
        for name in text.split('`').skip(1).step_by(2) {
            if is_unknown_key(name, known) {
                told(format!("`{name}` is no key of config/default.toml"));
            }
            if let Some(command) = command(name).filter(|command| !known.commands.contains(*command)) {
                told(format!("`{name}`: the program has no command `{command}`"));
            }
            if is_missing_file(name) {
                told(format!("there is no `{name}`"));
            }
        }
        for code in text.match_indices("RES-").map(|(at, _)| &text[at + 4..]) {
            let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
            if digits.len() == 3 && !CODES.contains(&digits.parse().unwrap()) {
                told(format!("there is no RES-{digits}"));
            }
        }
    }
    wrong
}

fn is_unknown_key(name: &str, known: &Known) -> bool {
    let key = name.trim_matches(['[', ']']).split(['=', ' ']).next().unwrap_or_default();
    let is_any = |c: char| "<>*…{}".contains(c);
    let Some((section, _)) = key.split_once('.') else { return false };
    // A provider's name in front of a dot can be an input too (`aws.subnet_group`); those are not keys.
    if !SECTIONS.contains(&section) || key.contains(is_any) || key.contains(['/', '(']) && !key.contains('"') {
        return false;
    }
    // Clouds have permissions that begin so too.
    let is_cloud = |rest: &str| ["aws", "gcp", "azure"].iter().any(|cloud| rest.starts_with(cloud));
    if key.strip_prefix("providers.").is_some_and(|rest| !is_cloud(rest)) {
        return false;
    }
    !known.keys.contains(&general(&unquoted(key)))
}

/// A quoted part, which may hold a dot or a slash, as one word.
fn unquoted(key: &str) -> String {
    key.split('"').enumerate().map(|(n, part)| if n % 2 == 1 { "quoted" } else { part }).collect()
}

/// The command of `cache-driver COMMAND …`.
fn command(name: &str) -> Option<&str> {
    let word = name.strip_prefix("cache-driver ")?.split([' ', '|']).next()?;
    let is_command = word.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    is_command.then_some(word)
}

fn is_missing_file(name: &str) -> bool {
    let is_path = FOLDERS.iter().any(|folder| name.starts_with(folder) && name.len() > folder.len());
    // A part in capitals stands for one of several.
    let stands_for = |part: &str| part.chars().all(|c| c.is_ascii_uppercase());
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let is_plain = is_plain && !name.trim_end_matches('/').split('/').any(stands_for);
    is_path && is_plain && !root().join(name).exists()
}

#[test]
fn keys_of_the_defaults_file_are_found_with_and_without_a_default() {
    let known =
        keys("a = 1\n[server.auth]\n# words = of = text\nrequire = \"any\"\n#token = 1\n[routes.redis]\nx = 1\n");
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let routes = ["routes", "routes.*", "routes.*.x"];
    let server = ["server", "server.auth", "server.auth.require", "server.auth.token"];
    assert_eq!(known, [&["a"][..], &routes, &server].concat());
}
