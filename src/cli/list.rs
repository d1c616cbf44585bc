//! `list`: every cache that this driver owns, over clouds, accounts and regions.

use std::collections::BTreeSet;
use std::io::Read as _;

use clap::Args;

use super::Failed;
use super::documents::{Output, print};
use super::start::{ConfigArgs, World};
use super::table::{colours, length, number, table};
use crate::cache::{GuResId, Provider, State};
use crate::driver::{Entry, Inventory, PlaceFailure, Unreadable};

/// Options of `list`.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The caches of one cloud alone: aws, gcp or azure.
    #[arg(long)]
    provider: Option<Provider>,
    /// Those in one state alone: owned, held, retired or detached.
    #[arg(long)]
    state: Option<State>,
    /// Those alone that nobody may come back for, and those whose mark cannot be read.
    #[arg(long)]
    orphans: bool,
    /// A file with the ids of the resources that are in use, one a line, or `-` for standard input. Caches whose resource is not among
    /// them are told, and count as orphans, unless they are held or retired.
    #[arg(long, value_name = "FILE")]
    known: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    config: ConfigArgs,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let known = self.known.as_deref().map(known).transpose()?;
        let started = self.config.start(&World::real()).await?;
        enabled(&started.driver.registry().providers(), self.provider)?;
        let mut inventory = started.driver.inventory(self.provider).await;
        if let Some(known) = &known {
            inventory.compare(known);
        }
        inventory.caches.retain(|entry| {
            self.state.is_none_or(|state| entry.state == state) && (!self.orphans || entry.orphan.is_some())
        });
        if self.state.is_some() {
            inventory.unreadable.clear();
        }
        match self.output {
            Output::Json => print(&inventory)?,
            Output::Text => print_text(&inventory),
        }
        unlisted(&inventory.failures, inventory.places)
    }
}

/// A cloud that is not enabled has nothing to list: a typing error rather than an answer.
pub(super) fn enabled(enabled: &[Provider], wanted: Option<Provider>) -> Result<(), Failed> {
    let Some(wanted) = wanted.filter(|wanted| !enabled.contains(wanted)) else { return Ok(()) };
    let listed: Vec<&str> = enabled.iter().map(|provider| provider.as_str()).collect();
    let listed = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
    Err(Failed::Config(format!("error: --provider {wanted} is not enabled; enabled: {listed}")))
}

/// Tells what could not be listed, and fails if there is such a place.
pub(super) fn unlisted(failures: &[PlaceFailure], places: usize) -> Result<(), Failed> {
    if failures.is_empty() {
        return Ok(());
    }
    for failure in failures {
        let account = failure.account.as_ref().map_or_else(String::new, |account| format!(", account {account}"));
        let hint = failure.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        let PlaceFailure { product, location, credentials, error, message, .. } = failure;
        eprintln!(
            "not listed: {product} in {location}{account}, with {credentials} credentials: {message} [{error}]{hint}"
        );
    }
    let (failed, all) = (failures.len(), failures.len() + places);
    Err(Failed::Run(format!("{failed} of {all} places could not be listed, and may hold more")))
}

/// The ids in a file: one a line, blank lines and those with `#` passed over.
fn known(file: &str) -> Result<BTreeSet<GuResId>, Failed> {
    let bad = |error: &dyn std::fmt::Display| Failed::Config(format!("error: --known {file}: {error}"));
    let mut text = String::new();
    if file == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(|error| bad(&error))?;
    } else {
        text = std::fs::read_to_string(file).map_err(|error| bad(&error))?;
    }
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let ids = lines
        .map(|(number, line)| GuResId::parse(line).map_err(|error| bad(&format_args!("line {}: {error}", number + 1))));
    ids.collect()
}

const HEADINGS: [&str; 10] =
    ["RESOURCE", "PRODUCT", "REGION", "NAME", "STATE", "PHASE", "AGE", "SIZE", "ON DELETE", "DUE"];

fn print_text(inventory: &Inventory) {
    let (bold, yellow, plain) = if colours() { ("\x1b[1m", "\x1b[33m", "\x1b[0m") } else { ("", "", "") };
    let mut rows: Vec<Vec<String>> = inventory.caches.iter().map(|entry| row(entry, inventory)).collect();
    rows.extend(inventory.unreadable.iter().map(|cache| unreadable(cache, inventory)));
    let lines = table(&HEADINGS, &rows);
    say!("{bold}{}{plain}", lines[0]);
    let (readable, rest) = lines[1..].split_at(inventory.caches.len());
    for (line, entry) in readable.iter().zip(&inventory.caches) {
        say!("{line}");
        for (what, why) in remarks(entry) {
            say!("  {yellow}{what}{plain}: {why}");
        }
    }
    for (line, cache) in rest.iter().zip(&inventory.unreadable) {
        say!("{line}");
        say!("  {yellow}{}{plain}: {}", cache.finding.kind, cache.finding.message);
    }
    let (caches, places) = (inventory.caches.len(), inventory.places);
    let findings: usize = inventory.caches.iter().map(|entry| entry.findings.len()).sum();
    let orphans = inventory.caches.iter().filter(|entry| entry.orphan.is_some()).count();
    let seen = format!("{} in {}", number(caches, "cache"), number(places, "place"));
    let left = match inventory.unreadable.len() {
        0 => String::new(),
        left => format!(", {left} unreadable"),
    };
    say!("{seen}, {}, {}{left}", number(findings, "finding"), number(orphans, "orphan"));
}

/// What is odd about a cache, each sentence once: what makes it an orphan may be one of its findings.
fn remarks(entry: &Entry) -> Vec<(String, &str)> {
    let is_why = |message: &str| entry.orphan.as_deref() == Some(message);
    let mut remarks: Vec<(String, &str)> = Vec::new();
    for finding in &entry.findings {
        let orphan = if is_why(&finding.message) { ", orphan" } else { "" };
        remarks.push((format!("{}{orphan}", finding.kind), &finding.message));
    }
    if let Some(why) = entry.orphan.as_deref().filter(|_| !entry.findings.iter().any(|one| is_why(&one.message))) {
        remarks.push(("orphan".to_owned(), why));
    }
    remarks
}

/// What a list tells of a cache whose mark cannot be read.
fn unreadable(cache: &Unreadable, inventory: &Inventory) -> Vec<String> {
    let age = cache.created_at.map(|born| length(inventory.at.duration_since(born).as_secs()));
    let (product, phase, none) = (cache.product.to_string(), cache.phase.to_string(), || "-".to_owned());
    let (location, name) = (cache.location.clone(), cache.name.to_string());
    vec![none(), product, location, name, none(), phase, or_dash(age), none(), none(), none()]
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn row(entry: &Entry, inventory: &Inventory) -> Vec<String> {
    let due = entry.due.first().map(|due| {
        let left = due.at.duration_since(inventory.at).as_secs();
        let when = if left > 0 { format!("in {}", length(left)) } else { format!("{} ago", length(-left)) };
        format!("{} {when}", due.task)
    });
    let protected = if entry.protected { ", protected" } else { "" };
    vec![
        entry.id.to_string(),
        entry.product.to_string(),
        entry.location.clone(),
        entry.name.to_string(),
        entry.state.to_string(),
        entry.phase.to_string(),
        or_dash(entry.age_seconds.map(length)),
        or_dash(entry.size.clone()),
        format!("{}{protected}", entry.on_delete),
        or_dash(due),
    ]
}
