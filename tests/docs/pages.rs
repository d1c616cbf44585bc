//! The pages, and the blocks in them.

use std::path::{Path, PathBuf};

/// The languages that blocks may be written in. Only the first four are looked into.
const LANGUAGES: &[&str] = &["console", "sh", "toml", "json", "", "hcl", "promql", "rust", "text", "yaml"];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Below the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a comment says about the block below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    NotRun,
    KeepsRunning(String),
    EndsWith(i32),
    AgainUntilSo,
    File(String),
    NotLoaded,
    Inputs,
}

/// What stands between two fences.
#[derive(Debug)]
pub(crate) struct Block {
    /// `docs/api.md:30`.
    pub(crate) at: String,
    pub(crate) language: String,
    pub(crate) notes: Vec<Note>,
    pub(crate) lines: Vec<String>,
}

impl Block {
    pub(crate) fn is(&self, note: &Note) -> bool {
        self.notes.contains(note)
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    pub(crate) fn file(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| if let Note::File(name) = note { Some(name.as_str()) } else { None })
    }
}

/// Every page: the README, the changelog, and all below `docs`.
pub(crate) fn all() -> Vec<Page> {
    let mut paths = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    collect(&root(), Path::new("docs"), &mut paths);
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

fn collect(root: &Path, below: &Path, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        if root.join(&path).is_dir() {
            collect(root, &path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path.to_str().unwrap().to_owned());
        }
    }
}

impl Page {
    pub(crate) fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// Blocks in their order, and what is wrong with how they are written.
    fn parse(&self) -> (Vec<Block>, Vec<String>) {
        let (mut blocks, mut wrong) = (Vec::new(), Vec::new());
        let mut notes: Vec<Note> = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let at = format!("{}:{}", self.path, number + 1);
            let Some(info) = line.trim_start().strip_prefix("```") else {
                match comment(line) {
                    Some(Ok(note)) => notes.push(note),
                    Some(Err(problem)) => wrong.push(format!("{at}: {problem}")),
                    None if line.trim().is_empty() => {}
                    None if notes.is_empty() => {}
                    None => {
                        wrong.push(format!("{at}: a comment above says something about a block, and none follows"));
                        notes.clear();
                    }
                }
                continue;
            };
            let indent = line.len() - line.trim_start().len();
            let body = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```");
            let body: Vec<String> =
                body.map(|line| line.get(indent..).unwrap_or(line.trim_start()).to_owned()).collect();
            let block = Block { at, language: info.trim().to_owned(), notes: std::mem::take(&mut notes), lines: body };
            wrong.extend(block.problem());
            blocks.push(block);
        }
        (blocks, wrong)
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        self.parse().0
    }

    /// What this test would not understand, and therefore not test.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.parse().1
    }

    /// The text without blocks, with the number of each line.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut inside = false;
        let mut prose = Vec::new();
        for (number, line) in self.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                inside = !inside;
            } else if !inside {
                prose.push((number + 1, line));
            }
        }
        prose
    }
}

impl Block {
    fn problem(&self) -> Option<String> {
        let at = &self.at;
        if !LANGUAGES.contains(&self.language.as_str()) {
            return Some(format!("{at}: blocks of `{}` are unknown here; known: {LANGUAGES:?}", self.language));
        }
        let has_commands = self.lines.iter().any(|line| line.starts_with("$ "));
        match self.language.as_str() {
            "console" if !has_commands && !self.is(&Note::NotRun) => {
                Some(format!("{at}: a `console` block without a command; commands begin with `$ `, a script is `sh`"))
            }
            "console" | "sh" => None,
            _ if has_commands => Some(format!("{at}: commands belong into a `console` block, where they are run")),
            _ => None,
        }
    }
}

/// What a line says if it is a comment for this test.
fn comment(line: &str) -> Option<Result<Note, String>> {
    let text = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let (word, rest) = text.split_once(':').map_or((text, ""), |(word, rest)| (word, rest.trim()));
    let with_reason = |note: Note| {
        if rest.is_empty() { Err(format!("`{word}` needs a reason: `<!-- {word}: WHY -->`")) } else { Ok(note) }
    };
    Some(match word {
        "not run" => with_reason(Note::NotRun),
        "not loaded" => with_reason(Note::NotLoaded),
        "keeps running" if !rest.is_empty() => Ok(Note::KeepsRunning(rest.to_owned())),
        "file" if !rest.is_empty() && !rest.contains("..") => Ok(Note::File(rest.to_owned())),
        "again until so" => Ok(Note::AgainUntilSo),
        "inputs" => Ok(Note::Inputs),
        _ => match word.strip_prefix("ends with ").map(str::parse) {
            Some(Ok(code)) => Ok(Note::EndsWith(code)),
            _ => Err(format!("the comment `{text}` says nothing that tests/docs knows")),
        },
    })
}
