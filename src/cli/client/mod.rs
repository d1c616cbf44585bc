//! `apply`, `get` and `delete`: a client of the Driver API, for a driver anywhere.

pub(super) mod apply;
pub(super) mod caller;
pub(super) mod connect;
mod cookies;
pub(super) mod delete;
pub(super) mod error;
mod follow;
pub(super) mod get;
pub(super) mod progress;
mod reach;
pub(super) mod show;
pub(super) mod trace;
mod trouble;

use std::time::Duration;

use clap::Args;

use self::caller::{Answer, Ask};
use self::reach::Remote;
use super::Failed;
use super::documents::{Output, print};

/// How to print, of every client command.
#[derive(Debug, Args)]
struct Shown {
    /// How to print. Progress goes to standard error either way.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// Show passwords and URLs of caches in the clear. Without it they are masked, in JSON too.
    #[arg(long)]
    show_secrets: bool,
}

impl Shown {
    /// Prints what the driver answered with success.
    fn success(&self, id: &str, answer: &Answer) -> Result<(), Failed> {
        match (self.output, answer.status) {
            (Output::Json, 204) => {
                let (status, until) = show::left(answer.left.as_deref());
                let mut told = serde_json::json!({"id": id, "status": status});
                if let Some(until) = until {
                    told["until"] = until.into();
                }
                print(&told)
            }
            (Output::Json, 200) => print(&show::masked(&answer.body, self.show_secrets)),
            (Output::Json, _) => print(&answer.body),
            (Output::Text, 204) => {
                match show::left(answer.left.as_deref()) {
                    ("held", Some(until)) => {
                        say!("{id} is held until {until}: `apply` takes it back, `cache-driver sweep` removes it then");
                    }
                    ("detached", _) => say!("{id} is let go: the cache stays, and `apply` takes it back"),
                    _ => say!("{id} is gone"),
                }
                Ok(())
            }
            (Output::Text, 200) => {
                say!("{id} is ready");
                show::outputs("  ", &answer.body, self.show_secrets);
                Ok(())
            }
            (Output::Text, _) => {
                let (what, left) = progress::told(answer);
                say!("{id}: {what} ({})", progress::left_in_words(left));
                Ok(())
            }
        }
    }

    /// What the driver refused. Its error goes to standard output too, for whoever wanted JSON.
    fn refused(&self, remote: &Remote, answer: &Answer) -> Failed {
        if self.output == Output::Json
            && let Err(failed) = print(&answer.body)
        {
            return failed;
        }
        Failed::Run(error::in_words(answer, remote.has_token))
    }
}

/// How long to wait, of the commands that change something.
#[derive(Debug, Args)]
struct Waiting {
    /// Give up waiting after this long, such as `90s` or `20m`. Without it, when the driver itself gives up. The driver goes
    /// on either way.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    timeout: Option<Duration>,
    /// Ask once, print what the driver says, and do not wait.
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,
}

/// Asks once, or until it is done, and keeps the cookie.
async fn asked(remote: &mut Remote, ask: Ask<'_>, shown: &Shown, waiting: &Waiting) -> Result<Answer, Failed> {
    if waiting.no_wait {
        let cookie = remote.jar.cookie();
        let answer = remote.caller.send(&Ask { cookie: cookie.as_deref(), ..ask }).await.map_err(Failed::from)?;
        remote.jar.keep(&answer)?;
        return Ok(answer);
    }
    let drawn = shown.output == Output::Text && progress::may_draw();
    follow::until_done(remote, ask, drawn, waiting.timeout).await
}
