//! Runs the commands of a page and compares what they print with what the page shows.

use std::fmt::Write as _;

use crate::compare::fits;
use crate::pages::{Block, Note, Page};
use crate::shell::{Ended, Shell};

/// One command, and what the page shows of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) text: String,
    pub(crate) shown: String,
}

/// Everything on the page that is not so. Stops at the first command: what comes after it builds on it.
pub(crate) async fn run(page: &Page) -> Vec<String> {
    let blocks = page.blocks();
    let is_run = |block: &&Block| matches!(block.language.as_str(), "console" | "sh") && !block.is(&Note::NotRun);
    if !blocks.iter().any(|block| is_run(&block)) {
        return Vec::new();
    }
    let mut shell = Shell::start(&page.text).await;
    for block in &blocks {
        if let Some(name) = block.file() {
            shell.write(name, &block.text());
        }
        if !is_run(&block) {
            continue;
        }
        if let Err(problem) = run_block(&mut shell, block).await {
            return vec![problem];
        }
    }
    Vec::new()
}

async fn run_block(shell: &mut Shell, block: &Block) -> Result<(), String> {
    let commands = if block.language == "sh" {
        vec![Command { text: block.text(), shown: "…".to_owned() }]
    } else {
        commands(&block.lines).map_err(|problem| format!("{}: {problem}", block.at))?
    };
    let last = commands.len().saturating_sub(1);
    for (index, command) in commands.iter().enumerate() {
        let told = |problem: String| format!("{}: `{}`\n{problem}", block.at, command.text.trim_end());
        if let Some(name) = stays(block, &command.text) {
            let wanted = format!("{}…", command.shown);
            shell.keep_running(&name, &command.text, |printed| fits(&wanted, printed)).await.map_err(told)?;
            continue;
        }
        let code = block
            .notes
            .iter()
            .find_map(|note| if let Note::EndsWith(code) = note { Some(*code) } else { None })
            .filter(|_| index == last)
            .unwrap_or(0);
        let is_so = |ended: &Ended| ended.code == code && fits(&command.shown, &ended.printed);
        let ended = if block.is(&Note::AgainUntilSo) {
            shell.run_until(&command.text, is_so).await.map_err(told)?
        } else {
            shell.run(&command.text).await.map_err(told)?
        };
        if !is_so(&ended) {
            let mut problem = String::new();
            if ended.code != code {
                let _ = writeln!(problem, "it ended with {} instead of {code}", ended.code);
            }
            let (shown, printed) = (command.shown.trim_end(), ended.printed.trim_end());
            let _ = write!(problem, "--- shown\n{shown}\n--- printed\n{printed}\n---");
            return Err(told(problem));
        }
    }
    Ok(())
}

/// The name under which a command stays in the background: that of the comment above, or of a command that never ends.
fn stays(block: &Block, command: &str) -> Option<String> {
    let mut names = block.notes.iter().filter_map(|note| match note {
        Note::KeepsRunning(name) => Some(Some(name.clone())),
        Note::EndsWith(_) => Some(None),
        _ => None,
    });
    if let Some(said) = names.next() {
        return said;
    }
    let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
    let program = words.find(|word| !matches!(*word, "cargo" | "run" | "--release" | "--"))?;
    let first = if program == "cache-driver" { words.next()? } else { program };
    matches!(first, "serve" | "sandbox").then(|| first.to_owned())
}

/// The commands of a block: each begins with `$ `, goes on while a line ends with `\` or `|`, a quote is open or a
/// here-document is not at its end, and what follows is what it prints.
pub(crate) fn commands(lines: &[String]) -> Result<Vec<Command>, String> {
    let mut found: Vec<Command> = Vec::new();
    let mut rest = lines.iter();
    while let Some(line) = rest.next() {
        let Some(start) = line.strip_prefix("$ ") else {
            let Some(command) = found.last_mut() else {
                return Err("something is shown before the first command".to_owned());
            };
            command.shown.push_str(line);
            command.shown.push('\n');
            continue;
        };
        let mut text = start.to_owned();
        while is_open(&text) {
            let Some(more) = rest.next() else { return Err(format!("this command has no end: {text}")) };
            text.push('\n');
            text.push_str(more);
        }
        found.push(Command { text, shown: String::new() });
    }
    Ok(found)
}

fn is_open(text: &str) -> bool {
    if let Some((_, after)) = text.split_once("<<'") {
        let end = after.split('\'').next().unwrap_or_default();
        return !text.lines().skip(1).any(|line| line == end);
    }
    text.ends_with(['\\', '|']) || text.matches('\'').count() % 2 == 1
}

#[test]
fn servers_stay_in_the_background_under_their_name() {
    let block = |notes: &[Note]| Block {
        at: String::new(),
        language: "console".to_owned(),
        notes: notes.to_vec(),
        lines: Vec::new(),
    };
    let named = |notes: &[Note], command: &str| stays(&block(notes), command);
    assert_eq!(named(&[], "A=b cache-driver serve --sandbox").as_deref(), Some("serve"));
    assert_eq!(named(&[], "cargo run --release -- sandbox").as_deref(), Some("sandbox"));
    assert_eq!(named(&[Note::KeepsRunning("two".to_owned())], "cache-driver serve").as_deref(), Some("two"));
    for (notes, command) in [(&[Note::EndsWith(2)][..], "cache-driver serve"), (&[], "cache-driver token"), (&[], "ls")]
    {
        assert_eq!(named(notes, command), None, "{command}");
    }
}

#[test]
fn a_command_goes_on_as_a_shell_would_read_it() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let read = commands(&lines("$ one\nout\n$ two \\\n  -d '{\n}' x\n$ cat <<'EOF'\n$ no\nEOF\nlast")).unwrap();
    let texts: Vec<(&str, &str)> = read.iter().map(|c| (c.text.as_str(), c.shown.trim_end())).collect();
    assert_eq!(texts, [("one", "out"), ("two \\\n  -d '{\n}' x", ""), ("cat <<'EOF'\n$ no\nEOF", "last")]);
    assert!(commands(&lines("out\n$ one")).is_err());
    assert!(commands(&lines("$ one '")).is_err());
}
