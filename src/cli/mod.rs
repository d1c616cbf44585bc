//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 failed, 2 the configuration or the command line is wrong.

/// Prints a line on standard output, like `println!`; a reader that has gone away ends the program instead of a panic.
macro_rules! say {
    ($($argument:tt)*) => { $crate::cli::print_line(format_args!($($argument)*)) };
}

mod body;
mod check;
mod client;
mod completions;
mod documents;
mod files;
mod help;
mod job;
mod list;
mod ping;
mod plan;
mod policy;
mod register;
mod release;
mod serve;
mod sizes;
mod start;
mod sweep;
mod table;
mod token;

#[cfg(feature = "sandbox")]
mod demo;
#[cfg(feature = "sandbox")]
mod sandbox;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{FromArgMatches as _, Parser, Subcommand};

use crate::config::{Config, ConfigError};

/// Provisions managed Redis, Valkey and Memcached for the Platform Orchestrator.
#[derive(Debug, Parser)]
#[command(name = "cache-driver", version = VERSION.as_str(), about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the Driver API.
    Serve(serve::Serve),
    /// Show the life of a cache, without any cloud: request it, connect to it, change it, remove it.
    #[cfg(feature = "sandbox")]
    Demo(demo::Demo),
    /// Serve emulated clouds, for the clouds' own SDKs and for tests.
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Sandbox),
    /// Ask a driver for a cache, or change one, and wait until it is ready.
    Apply(client::apply::Apply),
    /// Ask a driver how a cache is.
    Get(client::get::Get),
    /// Have a driver remove a cache, and wait until it is gone.
    Delete(client::delete::Delete),
    /// Make or remove one cache without a server, as the orchestrator's Container Driver runs it.
    Job(job::Job),
    /// Prove that a cache can be reached: DNS, TCP, TLS, AUTH, PING, each timed, with a hint at the first that fails.
    Ping(ping::Ping),
    /// Look whether everything is there: configuration, identity, permissions, network. Changes nothing.
    Check(check::Check),
    /// Tell what a PUT would do, and do nothing.
    Plan(plan::Plan),
    /// Print the least that the driver has to be allowed to do, as a policy or role of the cloud.
    Policy(Box<policy::Policy>),
    /// Tell every cache that this driver owns, over clouds, accounts and regions: age, state, size, drift, orphans.
    List(list::List),
    /// Finish what nobody comes back for: rotations, held, retired and expired caches, failed creations.
    Sweep(sweep::Sweep),
    /// Lift the deletion protection of a resource's caches, and change nothing else.
    Release(release::Release),
    /// Print what the orchestrator has to be told: the driver, a Resource Definition, or both as Terraform.
    Register(register::Register),
    /// Make a secret for callers, and its hash for the configuration.
    Token(token::Token),
    /// Print what each size is at each product.
    Sizes(sizes::Sizes),
    /// Print the JSON Schema of the inputs, as driver registration wants it.
    Schema,
    /// Print the OpenAPI description of this server.
    Openapi,
    /// Print what a shell needs to complete these commands.
    Completions(completions::Completions),
}

/// What went wrong with a command.
#[derive(Debug)]
enum Failed {
    /// The configuration is wrong: exit code 2.
    Config(String),
    /// It did not work out: exit code 1.
    Run(String),
}

impl Failed {
    fn run(what: &str, error: &dyn std::error::Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        Self::Run(text)
    }
}

impl From<ConfigError> for Failed {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}

/// The version, with the providers that are part of this binary.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let providers: Vec<&str> = crate::backend::compiled().iter().map(|provider| provider.as_str()).collect();
    format!("{} (providers: {})", env!("CARGO_PKG_VERSION"), providers.join(", "))
});

fn print_line(line: std::fmt::Arguments<'_>) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(1);
    }
}

/// Prints a line on standard error. One that nobody can read is lost, and the command goes on.
fn print_error_line(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    // It ends the process with 2 if the command line is wrong, and shows what was meant.
    let cli = match Cli::from_arg_matches(&help::command().get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime could not be started: {error}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Config(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::from(2)
        }
        Err(Failed::Run(text)) => {
            eprintln!("error: {text}");
            ExitCode::from(1)
        }
    }
}

async fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Serve(serve) => serve.run().await,
        #[cfg(feature = "sandbox")]
        Command::Demo(demo) => demo.run().await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox(sandbox) => sandbox.run().await,
        Command::Apply(apply) => apply.run().await,
        Command::Get(get) => get.run().await,
        Command::Delete(delete) => delete.run().await,
        Command::Job(job) => job.run().await,
        Command::Ping(ping) => ping.run().await,
        Command::Check(check) => check.run().await,
        Command::Plan(plan) => plan.run().await,
        Command::Policy(policy) => policy.run(),
        Command::List(list) => list.run().await,
        Command::Sweep(sweep) => sweep.run().await,
        Command::Release(release) => release.run().await,
        Command::Register(register) => register.run(),
        Command::Token(token) => token.print(),
        Command::Sizes(sizes) => sizes.run(),
        Command::Schema => documents::schema(),
        Command::Openapi => documents::openapi(),
        Command::Completions(completions) => {
            completions.print();
            Ok(())
        }
    }
}

/// Puts emulated clouds under a configuration. They end when the returned guard is dropped.
#[cfg(feature = "sandbox")]
async fn emulate(config: Config, parts: &start::World) -> Result<(Config, start::Emulated), Failed> {
    sandbox::emulate(config, parts).await
}

#[cfg(not(feature = "sandbox"))]
fn emulate(_: Config, _: &start::World) -> std::future::Ready<Result<(Config, start::Emulated), Failed>> {
    let how = "this binary was built without the feature `sandbox`; build with `--features sandbox`";
    std::future::ready(Err(Failed::Config(how.to_owned())))
}
