//! `docs/errors.md` against what really came. `UPDATE_DOCS=1` writes the examples there.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use cache_driver::clock::{Clock, SystemClock};

use crate::pages::{Page, root};
use crate::provoked::{Example, provoked, shown};

const PAGE: &str = "docs/errors.md";
/// The codes that there are.
pub(crate) const CODES: RangeInclusive<u16> = 101..=114;

/// An answer as the page shows it.
struct Shown {
    code: String,
    status: u16,
    body: String,
}

/// Where the n-th block of JSON of a code's section begins and ends.
fn example(page: &str, code: &str, nth: usize) -> Option<(usize, usize)> {
    let section = page.find(&format!("\n## {code}"))? + 1;
    let end = page[section..].find("\n## ").map_or(page.len(), |at| section + at);
    let (open, fence) = page[section..end].match_indices("```json\n").nth(nth)?;
    let open = section + open + fence.len();
    Some((open, open + page[open..end].find("\n```")?))
}

/// The sections of the page, by their code.
fn sections(text: &str) -> BTreeMap<&str, &str> {
    let parts = text.split("\n## RES-").skip(1);
    parts.map(|part| (&part[..3], part)).collect()
}

/// What the page says that is not so. Puts into it what came.
fn differences(page: &mut String, examples: &[Shown]) -> Vec<String> {
    let mut wrong = Vec::new();
    // How many examples of a code have been compared.
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for Shown { code, body, .. } in examples {
        let nth = compared.entry(code.as_str()).or_default();
        let Some((open, close)) = example(page, code, *nth) else {
            wrong.push(format!("{code} has no example number {}:\n{body}", *nth + 1));
            continue;
        };
        *nth += 1;
        if page[open..close] != *body {
            wrong.push(format!("{code}\n--- shown\n{}\n--- came\n{body}", &page[open..close]));
            page.replace_range(open..close, body);
        }
    }
    let sections = sections(page);
    for number in CODES {
        let code = format!("RES-{number}");
        let Some(section) = sections.get(number.to_string().as_str()) else {
            wrong.push(format!("{code} has no section"));
            continue;
        };
        let of_code: Vec<&Shown> = examples.iter().filter(|example| example.code == code).collect();
        if of_code.is_empty() || section.matches("```json").count() != of_code.len() {
            wrong.push(format!("{code}: {} examples are provoked, the page has another number", of_code.len()));
        }
        let statuses = section.lines().find(|line| line.starts_with("**Status.**")).unwrap_or_default();
        for example in of_code.iter().filter(|example| !statuses.contains(&example.status.to_string())) {
            wrong.push(format!("{code}: its status line does not say {}", example.status));
        }
        let parts = ["**When.**", "**Who mends it.**", "**What to do.**"];
        let missing = parts.iter().filter(|part| !section.contains(**part));
        wrong.extend(missing.map(|part| format!("{code} does not say {part}")));
    }
    wrong
}

#[tokio::test]
async fn the_page_has_a_section_for_every_code_and_every_example_is_what_came() {
    let began = SystemClock.now();
    let mut page = Page::read(PAGE).text;
    let examples: Vec<Shown> = Box::pin(provoked())
        .await
        .into_iter()
        .map(|Example { code, answer }| {
            assert_eq!(answer.body["error"], code, "{}", answer.text);
            Shown { code: code.to_owned(), status: answer.status, body: shown(&answer.text, began) }
        })
        .collect();
    let wrong = differences(&mut page, &examples);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), &page).unwrap();
    }
    assert!(wrong.is_empty(), "`UPDATE_DOCS=1` writes the examples anew\n{}", wrong.join("\n\n"));
}

#[test]
fn an_example_that_is_not_what_came_and_a_section_that_lacks_something_are_found() {
    let examples: Vec<Shown> =
        CODES.map(|number| Shown { code: format!("RES-{number}"), status: 400, body: "{}".to_owned() }).collect();
    let section = |number: u16| {
        let parts = "**Status.** 400.\n\n**When.** a\n\n```json\n{}\n```\n\n**Who mends it.** b\n\n**What to do.** c\n";
        format!("## RES-{number}: a\n\n{parts}\n")
    };
    let page = format!("# Errors\n\n{}", CODES.map(section).collect::<String>());
    assert_eq!(differences(&mut page.clone(), &examples), [""; 0]);
    for (from, to, found) in [
        ("{}", "{\"a\": 1}", 1),
        ("**Status.** 400.", "**Status.** 500.", 1),
        ("**Who mends it.** b", "", 1),
        ("## RES-105", "## REZ-105", 3),
        ("```json\n{}\n```", "", 2),
        ("```json\n{}\n```", "```json\n{}\n```\n\n```json\n{}\n```", 1),
    ] {
        let mut planted = page.replacen(from, to, 1);
        let wrong = differences(&mut planted, &examples);
        assert_eq!(wrong.len(), found, "{from} -> {to}: {wrong:?}");
    }
    let mut planted = page.replacen("{}", "{\"a\": 1}", 1);
    differences(&mut planted, &examples);
    assert_eq!(planted, page, "what came is put in its place");
}
