//! The documentation, held against the program: its commands are run, its configurations loaded, its examples of errors
//! provoked, its links followed. A page that says what is not so fails here.
//!
//! What a page tells this test stands in comments right above a block; readers do not see them:
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- not run: WHY -->` | the commands are not run |
//! | `<!-- keeps running: NAME -->` | the command stays in the background; it takes the place of one of the same name. `serve` and `sandbox` do so by themselves, under these names |
//! | `<!-- ends with N -->` | the last command ends with this exit code instead of 0 |
//! | `<!-- again until so -->` | the command is repeated until it prints what is shown |
//! | `<!-- file: NAME -->` | the block is written to this file, for the commands below it |
//! | `<!-- not loaded: WHY -->` | the TOML or JSON is not read |
//! | `<!-- inputs -->` | the JSON is inputs of a request: the schema has to admit it |
//!
//! In what is shown `…` stands for anything. Moments, ids of requests, ports and milliseconds are never compared.

#![cfg(all(feature = "aws", feature = "gcp", feature = "azure", feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "whatever a test uses is a part of it")]

mod compare;
mod console;
mod data;
mod errors;
#[path = "../scenarios/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests of the documentation use a part of the harness")]
mod harness;
mod links;
mod pages;
mod planted;
mod provoked;
mod shell;
mod words;

use pages::Page;

/// Pages with a test of their own below, so that they run side by side.
const ON_THEIR_OWN: &[&str] = &[
    "README.md",
    "docs/api.md",
    "docs/operations.md",
    "docs/quickstart-aws.md",
    "docs/quickstart-azure.md",
    "docs/quickstart-gcp.md",
    "docs/security.md",
];

async fn does_what_it_says(path: &str) {
    let page = Page::read(path);
    let wrong = console::run(&page).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn the_readme_does_what_it_says() {
    does_what_it_says("README.md").await;
}

#[tokio::test]
async fn the_description_of_the_interface_does_what_it_says() {
    does_what_it_says("docs/api.md").await;
}

#[tokio::test]
async fn the_operations_do_what_they_say() {
    does_what_it_says("docs/operations.md").await;
}

#[tokio::test]
async fn the_quick_start_on_aws_does_what_it_says() {
    does_what_it_says("docs/quickstart-aws.md").await;
}

#[tokio::test]
async fn the_quick_start_on_azure_does_what_it_says() {
    does_what_it_says("docs/quickstart-azure.md").await;
}

#[tokio::test]
async fn the_quick_start_on_google_cloud_does_what_it_says() {
    does_what_it_says("docs/quickstart-gcp.md").await;
}

#[tokio::test]
async fn the_page_about_callers_does_what_it_says() {
    does_what_it_says("docs/security.md").await;
}

#[tokio::test]
async fn every_other_page_does_what_it_says() {
    for page in pages::all() {
        if !ON_THEIR_OWN.contains(&page.path.as_str()) {
            does_what_it_says(&page.path).await;
        }
    }
}

#[test]
fn every_page_is_written_so_that_this_test_understands_it() {
    let wrong: Vec<String> = pages::all().iter().flat_map(Page::problems).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for path in ON_THEIR_OWN {
        assert!(pages::all().iter().any(|page| page.path == *path), "{path} is not there");
    }
}

#[test]
fn every_configuration_loads_and_every_example_of_json_can_be_read() {
    let wrong: Vec<String> = pages::all().iter().flat_map(data::problems).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages::all();
    let wrong: Vec<String> = pages.iter().flat_map(|page| links::problems(page, &pages)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_key_command_code_and_file_that_is_named_exists() {
    let known = words::Known::of_the_program().await;
    let wrong: Vec<String> = pages::all().iter().flat_map(|page| words::problems(page, &known)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_command_has_a_section() {
    let page = Page::read("docs/commands.md");
    let headings: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let described: Vec<&str> = headings.iter().flat_map(|heading| heading.split(' ')).collect();
    let known = words::Known::of_the_program().await;
    let missing: Vec<&String> =
        known.commands.iter().filter(|command| !described.contains(&command.as_str()) && *command != "help").collect();
    assert!(missing.is_empty() && known.commands.len() > 15, "{missing:?} of {:?}", known.commands);
}
