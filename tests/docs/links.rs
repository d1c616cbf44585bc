//! Links between pages, and to files.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::pages::{Page, root};

/// Links that lead nowhere.
pub(crate) fn problems(page: &Page, all: &[Page]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, text) in page.prose() {
        for target in links(text) {
            if let Err(problem) = follow(page, &target, all) {
                wrong.push(format!("{}:{line}: the link to `{target}`: {problem}", page.path));
            }
        }
    }
    wrong
}

/// Targets of `[text](target)`, outside of code.
fn links(line: &str) -> Vec<String> {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let mut found = Vec::new();
    let mut rest = prose.as_str();
    while let Some((_, after)) = rest.split_once("](") {
        let Some((target, more)) = after.split_once(')') else { break };
        found.push(target.to_owned());
        rest = more;
    }
    found
}

fn follow(page: &Page, target: &str, all: &[Page]) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    if target.contains("://") {
        return Err("only https leads elsewhere".to_owned());
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = if path.is_empty() { page.path.clone() } else { beside(&page.path, path)? };
    let pages = || std::iter::once(page).chain(all);
    if !root().join(&path).exists() && !pages().any(|page| page.path == path) {
        return Err(format!("there is no {path}"));
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let Some(there) = pages().find(|page| page.path == path) else {
        return Err(format!("{path} is no page, so it has no headings"));
    };
    let anchors = anchors(there);
    if anchors.iter().any(|known| known == anchor) { Ok(()) } else { Err(format!("{path} has only {anchors:?}")) }
}

/// A path as it stands in a page, from the root.
fn beside(page: &str, path: &str) -> Result<String, String> {
    let mut joined = PathBuf::new();
    for part in Path::new(page).parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir if joined.pop() => {}
            Component::Normal(name) => joined.push(name),
            Component::CurDir => {}
            _ => return Err("it leads out of the project".to_owned()),
        }
    }
    Ok(joined.to_str().unwrap().to_owned())
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Page) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in page.prose() {
        let Some((marks, title)) = line.split_once(' ') else { continue };
        if marks.is_empty() || !marks.chars().all(|c| c == '#') {
            continue;
        }
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let count = seen.entry(anchor.clone()).or_default();
        anchors.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

#[test]
fn links_and_anchors_are_read_as_they_are_shown() {
    assert_eq!(links("a [b](c.md#d) `[no](no.md)` and [e](f)."), ["c.md#d", "f"]);
    let page =
        Page { path: "docs/a.md".to_owned(), text: "# One: `two`, three\n## A\n## A\n```sh\n# no\n```\n".to_owned() };
    assert_eq!(anchors(&page), ["one-two-three", "a", "a-1"]);
    assert_eq!(beside("docs/a.md", "../README.md").unwrap(), "README.md");
    assert_eq!(beside("docs/decisions/a.md", "b.md").unwrap(), "docs/decisions/b.md");
    assert!(beside("README.md", "../other").is_err());
}
