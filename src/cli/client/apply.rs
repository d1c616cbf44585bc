//! `apply`: a PUT, repeated until the cache can be used.

use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value};

use super::caller::Ask;
use super::reach::Reach;
use super::{Shown, Waiting, asked};
use crate::cli::documents::{Output, print};
use crate::cli::files::read_object;
use crate::cli::{Failed, plan};
use crate::driver::Plan;

/// Options of `apply`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Apply {
    /// The body of a PUT as JSON (`{"type", "resource", "driver": {"values", "secrets"}}`), or `-` for standard input.
    file: String,
    /// The resource's GUResID. Without it, the member `id` of the file.
    #[arg(long)]
    id: Option<String>,
    /// Print what would be done, and do nothing.
    #[arg(long, conflicts_with_all = ["no_wait", "timeout"])]
    dry_run: bool,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    reach: Reach,
}

impl Apply {
    pub(in crate::cli) async fn run(self) -> Result<(), Failed> {
        let mut body = read_object(&self.file)?;
        check_shape(&self.file, &body)?;
        let of_file = body.remove("id");
        let id = self
            .id
            .or_else(|| of_file?.as_str().map(str::to_owned))
            .ok_or_else(|| Failed::Config("error: which resource? give --id, or a text `id` in the file".to_owned()))?;
        let mut remote = self.reach.open(&id)?;
        let body = Value::Object(body);
        let ask = Ask { body: Some(&body), dry_run: self.dry_run, ..Ask::new(Method::PUT, &id) };
        if self.dry_run {
            let cookie = remote.jar.cookie();
            let answer = remote.caller.send(&Ask { cookie: cookie.as_deref(), ..ask }).await.map_err(Failed::from)?;
            if answer.status != 200 {
                return Err(self.shown.refused(&remote, &answer));
            }
            let read: Result<Plan, _> = serde_json::from_value(answer.body.clone());
            let unknown = "the plan of this driver cannot be read: is it of another version?";
            let plan = read.map_err(|error| Failed::run(unknown, &error))?;
            match self.shown.output {
                Output::Json => print(&answer.body)?,
                Output::Text => plan::print_text(&plan),
            }
            return plan::verdict(&plan);
        }
        if !remote.jar.is_kept() && body.pointer("/driver/secrets/account").is_some_and(|account| !account.is_null()) {
            eprintln!(
                "warning: the cache is made with the account in {}, which only the driver's cookie remembers: without it a \
                 later delete will not find the cache; keep it with --cookie-file FILE, here and there",
                self.file
            );
        }
        let answer = asked(&mut remote, ask, &self.shown, &self.waiting).await?;
        match answer.status {
            200 | 202 => self.shown.success(&id, &answer),
            _ => Err(self.shown.refused(&remote, &answer)),
        }
    }
}

/// The driver passes over members that it does not know, so that inputs in the wrong place would silently count for nothing.
fn check_shape(file: &str, body: &Map<String, Value>) -> Result<(), Failed> {
    const KNOWN: [&str; 4] = ["id", "type", "resource", "driver"];
    let Some(other) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) else { return Ok(()) };
    Err(Failed::Config(format!(
        "error: {file}: `{other}` is no member of a PUT; expected {{\"type\", \"resource\", \"driver\": {{\"values\", \"secrets\"}}}}, with the inputs in driver.values"
    )))
}
