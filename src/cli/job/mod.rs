//! `job`: one create or destroy, as the orchestrator's Container Driver runs it, without a server.
//!
//! The cloud is the source of truth here too: a job that was killed is run again, and goes on where the last one ended.

mod inputs;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tracing::Instrument as _;

use self::inputs::{Inputs, Sources};
use self::report::Report;
use super::body;
use super::start::{ConfigArgs, Started, World};
use super::{Failed, plan, serve};
use crate::cache::Code;
use crate::clock::Clock;
use crate::config;
use crate::driver::{Call, DriverError, Failure, Hint, Outcome, Put, Ready};
use crate::telemetry;

/// Options of `job`.
#[derive(Debug, Args)]
pub(super) struct Job {
    /// The file with the inputs: the body of a PUT, with `id` and, if need be, `route` beside it. Without it, the variable
    /// `CACHE_JOB_INPUTS`, else `cache.json` in `SCRIPTS_DIRECTORY`.
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// The resource's id (GUResID). Without it, the variable `CACHE_JOB_ID`, else the member `id` of the inputs.
    #[arg(long)]
    id: Option<String>,
    /// The route whose rules count. Without it, the variable `CACHE_JOB_ROUTE`, the member `route` of the inputs, or the
    /// one route that serves the type.
    #[arg(long)]
    route: Option<String>,
    /// Give up after this long, such as `20m`. Without it, when the operation passes its deadline.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    timeout: Option<Duration>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// What the job is to do: the variable `ACTION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Destroy,
}

/// How long a call that is under way may go on after a termination signal. Kubernetes kills after 30 seconds.
const LAST_CALL: Duration = Duration::from_secs(15);

impl Job {
    pub(super) async fn run(self) -> Result<(), Failed> {
        // Every file of the contract may be named relative to it.
        if let Some(directory) = config::process_var("SCRIPTS_DIRECTORY") {
            std::env::set_current_dir(&directory).map_err(|error| {
                Failed::Config(format!("error: SCRIPTS_DIRECTORY = {directory} cannot be entered: {error}"))
            })?;
        }
        let report = Report::of_environment(config::process_var);
        report.forget_error();
        let done = self.run_in(&report).await;
        if let Err(failed) = &done {
            report.error(failed);
        }
        done
    }

    async fn run_in(self, report: &Report) -> Result<(), Failed> {
        let action = match config::process_var("ACTION").as_deref() {
            Some("create") => Action::Create,
            Some("destroy") => Action::Destroy,
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                return Err(Failed::Config(format!("error: ACTION = `{shown}`: expected create or destroy")));
            }
            None => {
                let why = "error: ACTION is not set: the Container Driver sets it to create or destroy";
                return Err(Failed::Config(why.to_owned()));
            }
        };
        if action == Action::Create {
            report.check()?;
        }
        let sources = Sources { inputs: self.inputs, id: self.id, route: self.route };
        let inputs = sources.read(config::process_var)?;
        let world = World::real();
        let started = self.config.start(&world).await?;
        telemetry::init(&started.driver.config().log)
            .map_err(|error| Failed::run("logging could not be set up", &error))?;
        let work = Work { started: &started, clock: world.clock.as_ref(), timeout: self.timeout };
        match action {
            Action::Create => {
                let ready = work.create(&inputs).await?;
                for warning in &ready.warnings {
                    tracing::warn!(id = %inputs.id, warning, "whoever deploys should know");
                }
                report.outputs(&ready.outputs)
            }
            Action::Destroy => {
                work.destroy(&inputs).await?;
                report.no_outputs()
            }
        }
    }
}

struct Work<'a> {
    started: &'a Started,
    clock: &'a dyn Clock,
    timeout: Option<Duration>,
}

impl Work<'_> {
    async fn create(&self, inputs: &Inputs) -> Result<Box<Ready>, Failed> {
        let put = self.put(inputs).map_err(|error| Failed::Run(plan::explain(&error)))?;
        let outcome = self
            .until_done(inputs, async |cookie| {
                let mut put = put.clone();
                put.call.cookie = cookie;
                self.started.driver.put(put, Duration::ZERO).await
            })
            .await?;
        match outcome {
            Outcome::Ready(ready) => Ok(ready),
            other => Err(unexpected(&other)),
        }
    }

    async fn destroy(&self, inputs: &Inputs) -> Result<(), Failed> {
        // The inputs tell with which credentials. Their values need not be legal any more: what is there goes.
        let call = match self.put(inputs) {
            Ok(put) => put.call,
            Err(error) if error.code == Code::Credentials => return Err(Failed::Run(plan::explain(&error))),
            Err(_) => inputs.call().map_err(|error| Failed::Run(plan::explain(&error)))?,
        };
        let outcome = self
            .until_done(inputs, async |cookie| {
                self.started.driver.delete(Call { cookie, ..call.clone() }, Duration::ZERO).await
            })
            .await?;
        match outcome {
            Outcome::Gone(_) => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn put(&self, inputs: &Inputs) -> Result<Put, DriverError> {
        let call = body::call(inputs.id.clone(), inputs.route.clone(), "job");
        body::put(&self.started.driver, call, inputs.body.clone())
    }

    /// Repeats a request while something runs, at the pace of the background of a server.
    async fn until_done(
        &self,
        inputs: &Inputs,
        ask: impl AsyncFn(Option<String>) -> Result<Outcome, Failure>,
    ) -> Result<Outcome, Failed> {
        let began = self.clock.now();
        let pause = self.started.driver.config().lifecycle.poll_interval;
        let mut cookie = None;
        let mut said = String::new();
        let stop = serve::shutdown();
        tokio::pin!(stop);
        // The lines about what is done name who asked, as those of a server do.
        let span = tracing::info_span!("job", id = %inputs.id, who = "command line");
        loop {
            let asked = ask(cookie.clone()).instrument(span.clone());
            tokio::pin!(asked);
            let outcome = tokio::select! {
                outcome = &mut asked => outcome,
                () = &mut stop => {
                    // What was sent may be answered yet. If not, the next job finds out what became of it.
                    tokio::select! { _ = asked => {}, () = self.clock.sleep(LAST_CALL) => {} }
                    return Err(interrupted(inputs, &said));
                }
            };
            let pending = match outcome.map_err(|failure| Failed::Run(plan::explain(&failure.error)))? {
                Outcome::Pending(pending) | Outcome::Conflict(pending) => pending,
                done => return Ok(done),
            };
            tell(inputs, &pending.hint, &mut said);
            cookie = Some(pending.cookie);
            let waited = since(began, self.clock.now());
            let left = self.timeout.map_or(Duration::MAX, |timeout| timeout.saturating_sub(waited));
            if left.is_zero() {
                return Err(gave_up(inputs, waited, &said));
            }
            tokio::select! {
                () = self.clock.sleep(pause.min(left)) => {}
                () = &mut stop => return Err(interrupted(inputs, &said)),
            }
        }
    }
}

/// A log line whenever something else happens than before.
fn tell(inputs: &Inputs, hint: &Hint, said: &mut String) {
    if hint.message != *said {
        let left = since(hint.current_time, hint.estimated_completion_time).as_secs();
        tracing::info!(id = %inputs.id, status = %hint.status, left_seconds = left, "{}", hint.message);
        hint.message.clone_into(said);
    }
}

fn gave_up(inputs: &Inputs, waited: Duration, said: &str) -> Failed {
    let waited = humantime::format_duration(Duration::from_secs(waited.as_secs()));
    not_done(inputs, &format!("{}: not done after {waited}, and --timeout has passed", Code::DeadlinePassed), said)
}

fn interrupted(inputs: &Inputs, said: &str) -> Failed {
    not_done(inputs, &format!("{}: the job was told to stop before it was done", Code::Internal), said)
}

fn not_done(inputs: &Inputs, what: &str, said: &str) -> Failed {
    let last = if said.is_empty() { String::new() } else { format!("\n  last seen: {said}") };
    let how = "the cloud works on by itself; run the same job again: it goes on where this one ended";
    Failed::Run(format!("{what}{last}\n  resource: {}\n  hint: {how}", inputs.id))
}

fn unexpected(outcome: &Outcome) -> Failed {
    Failed::Run(format!("{}: the driver answered with something that does not fit: {outcome:?}", Code::Internal))
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
