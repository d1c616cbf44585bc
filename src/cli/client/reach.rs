//! Where the driver is, and as whom to call it: options first, then the environment.

use std::path::PathBuf;

use clap::Args;
use reqwest::Url;
use secrecy::SecretString;

use super::caller::Caller;
use super::connect::{TlsFiles, client, is_loopback};
use super::cookies::Jar;
use super::trace::Trace;
use crate::cache::GuResId;
use crate::cli::Failed;
use crate::cli::files::read_text;
use crate::cli::start::World;
use crate::config;

/// Options of every client command.
#[derive(Debug, Args)]
pub(super) struct Reach {
    /// Where the driver is, such as `https://drivers.example.com`. A secret path segment is part of it. Without it, the
    /// variable `CACHE_DRIVER_URL`.
    #[arg(long, help_heading = "Driver")]
    url: Option<String>,
    /// The route to ask by. Without it, the driver goes by the resource's type, cookie or mark.
    #[arg(long, help_heading = "Driver", value_parser = route)]
    route: Option<String>,
    /// A file that holds the bearer token. On the command line it would show in the list of processes. Without it, the
    /// variable `CACHE_DRIVER_TOKEN`.
    #[arg(long, help_heading = "Driver", value_name = "FILE")]
    token_file: Option<String>,
    /// Keep the driver's cookies in this file, from one run to the next. Only a delete of what was made with the
    /// credentials of the request needs that.
    #[arg(long, help_heading = "Driver", value_name = "FILE")]
    cookie_file: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Driver")]
    tls: TlsFiles,
}

/// One resource at one driver.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) caller: Caller,
    pub(super) jar: Jar,
    pub(super) id: String,
    pub(super) has_token: bool,
}

impl Reach {
    pub(super) fn open(self, id: &str) -> Result<Remote, Failed> {
        let id =
            GuResId::parse(id).map_err(|error| Failed::Config(format!("error: the id `{}`: {error}", shown(id))))?;
        let world = World::real();
        let base = self.base()?;
        let token = self.token()?;
        if token.is_some() && base.scheme() == "http" && !is_loopback(&base) {
            eprintln!("warning: the token goes over the network in the clear: use https://");
        }
        let http = client(&base, &self.tls)?;
        let trace = Trace::begin(config::process_var("TRACEPARENT").as_deref(), world.random);
        let has_token = token.is_some();
        let caller = Caller { http, base, route: self.route, token, trace, clock: world.clock };
        let jar = Jar::open(self.cookie_file, format!("{} {id}", caller.origin()))?;
        Ok(Remote { caller, jar, id: id.to_string(), has_token })
    }

    fn base(&self) -> Result<Url, Failed> {
        let given = self.url.clone().map(|url| ("--url", url));
        let Some((from, text)) =
            given.or_else(|| config::process_var("CACHE_DRIVER_URL").map(|url| ("CACHE_DRIVER_URL", url)))
        else {
            let how = "error: where is the driver? give --url, such as http://127.0.0.1:8080, or set CACHE_DRIVER_URL";
            return Err(Failed::Config(how.to_owned()));
        };
        // The text can hold a secret: it is not shown.
        let wrong = |what: &str| Failed::Config(format!("error: {from}: {what}, such as https://drivers.example.com"));
        let url = Url::parse(&text).map_err(|error| wrong(&format!("{error}; expected a URL")))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("expected an http or https URL without query"));
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(wrong("a driver takes no user and password; expected a URL without them"));
        }
        Ok(url)
    }

    fn token(&self) -> Result<Option<SecretString>, Failed> {
        let (from, text) = match &self.token_file {
            Some(file) => (file.as_str(), read_text(file)?),
            None => match config::process_var("CACHE_DRIVER_TOKEN") {
                Some(text) => ("CACHE_DRIVER_TOKEN", text),
                None => return Ok(None),
            },
        };
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|c| c.is_ascii_graphic()) {
            let what = "expected one token: printable ASCII without spaces";
            return Err(Failed::Config(format!("error: the token of {from}: {what}")));
        }
        Ok(Some(SecretString::from(token)))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A route is a name of the configuration, never a path.
fn route(text: &str) -> Result<String, String> {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if !text.is_empty() && text.bytes().all(legal) {
        Ok(text.to_owned())
    } else {
        Err("a route is made of a-z, 0-9 and '-'".to_owned())
    }
}
