//! `demo`: the life of a cache, over HTTP, against emulated clouds, without an account.

mod caller;
mod show;

use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use futures_util::future::try_join_all;
use indicatif::MultiProgress;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Failed;
use super::client::caller::Answer;
use super::client::progress::Progress;
use super::client::show::outputs;
use super::ping::target::of_outputs;
use super::start::{ConfigArgs, World};
use crate::backend;
use crate::cache::Provider;
use crate::config::{Auth, Config};
use crate::{http, ping};
use caller::Caller;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Ten times as fast, without progress bars: for tests.
    #[arg(long)]
    fast: bool,
}

/// A resource as the demo asks for it.
struct Wish {
    id: &'static str,
    what: &'static str,
    values: Value,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let world = World::real();
        let speed = if self.fast { 600.0 } else { 60.0 };
        let args = ConfigArgs { files: Vec::new(), sandbox: true };
        let started = args
            .start_with(&world, |config: &mut Config| {
                config.sandbox.speed = speed;
                // A rule in the environment is for others: the demo calls itself.
                config.server.auth = Auth::default();
            })
            .await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| Failed::run("no port on loopback", &error))?;
        let address = listener.local_addr().map_err(|error| Failed::run("the address is not known", &error))?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let app = started.app(&world)?;
        let server = tokio::spawn(http::serve(listener, http::app(app), async move {
            stopped.await.ok();
        }));

        let clouds: Vec<&str> = backend::compiled().iter().map(|provider| provider.as_str()).collect();
        say!(
            "cache-driver on http://{address}, against emulated clouds ({}), {speed} times as fast as the real ones",
            clouds.join(", ")
        );
        if let Some(emulated) = &started.emulated {
            say!("caches are served by {}", emulated.label);
        }
        let caller = Caller::new(&format!("http://{address}"), &world)?;
        // Bars are drawn on standard error; where that is no terminal, lines tell the same.
        let drawn = !self.fast && std::io::stderr().is_terminal();
        let bars = drawn.then(MultiProgress::new);
        let told = Story { caller: &caller, world: &world, bars }.tell().await;

        stop.send(()).ok();
        server.await.ok();
        told
    }
}

struct Story<'a> {
    caller: &'a Caller,
    world: &'a World,
    bars: Option<MultiProgress>,
}

impl Story<'_> {
    async fn tell(&self) -> Result<(), Failed> {
        let wishes = wishes(backend::compiled());
        show::title("1. Request caches: the same request on every cloud, and a cluster");
        for wish in &wishes {
            say!("   PUT /redis/{}  {}  ({})", wish.id, wish.values, wish.what);
        }
        let made = try_join_all(wishes.iter().map(|wish| self.until_ready(wish, &wish.values))).await?;

        show::title("2. What the application gets (secrets masked)");
        for (wish, body) in wishes.iter().zip(&made) {
            say!("   {}", wish.id);
            outputs("     ", body, false);
        }

        show::title("3. Connect through the endpoints");
        for (wish, outputs) in wishes.iter().zip(&made) {
            let target = of_outputs(outputs)
                .ok_or_else(|| Failed::Run(format!("the outputs of {} name no endpoint", wish.id)))?;
            let report = ping::run(&target, &ping::Timeouts::default(), self.world.clock.as_ref()).await;
            say!("   {}: {}", wish.id, report.to_string().replace('\n', "\n   "));
            if !report.ok {
                return Err(Failed::Run(format!("{} cannot be reached through its endpoint", wish.id)));
            }
        }

        let (one, first) = (&wishes[0], &made[0]);
        show::title("4. Change it in place: more memory");
        let larger = with(&one.values, "size", "large");
        say!("   PUT /redis/{}  {larger}", one.id);
        let changed = self.until_ready(one, &larger).await?;
        show::changed(first, &changed);

        show::title("5. A change that would lose the data is refused, and nothing is called");
        let destructive = with(&larger, "mode", "cluster");
        say!("   PUT /redis/{}  {destructive}", one.id);
        let refused = self.caller.put(one.id, &destructive).await?;
        if refused.status != 400 {
            return Err(Failed::Run(format!("expected a refusal, got {}", refused.status)));
        }
        say!("   {} {}", refused.status, refused.text("/error"));
        say!("   {}", refused.text("/message"));
        say!("   {}", refused.text("/details/hint"));

        let mut last = "6. Remove them";
        if let [_, other, ..] = backend::compiled() {
            last = "7. Remove them";
            show::title("6. Move it to another cloud: the new cache first, then the old one goes");
            let moved = with(&with(&larger, "provider", other.as_str()), "on_provider_change", "replace");
            say!("   PUT /redis/{}  {moved}", one.id);
            let there = self.until_ready(one, &moved).await?;
            show::changed(&changed, &there);
        }

        show::title(last);
        for wish in &wishes {
            say!("   DELETE /redis/{}", wish.id);
        }
        try_join_all(wishes.iter().map(|wish| self.until_gone(wish))).await?;
        for wish in &wishes {
            let gone = self.caller.get(wish.id).await?;
            say!("   GET /redis/{}  {}", wish.id, gone.status);
            if gone.status != 404 {
                return Err(Failed::Run(format!("expected 404 after the removal, got {}", gone.status)));
            }
        }
        say!("\nThat is all. The same with real clouds: see README.md.");
        Ok(())
    }

    async fn until_ready(&self, wish: &Wish, values: &Value) -> Result<Value, Failed> {
        let answer = self.follow(wish, async || self.caller.put(wish.id, values).await).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(unexpected(wish, &answer)) }
    }

    async fn until_gone(&self, wish: &Wish) -> Result<(), Failed> {
        let answer = self.follow(wish, async || self.caller.delete(wish.id).await).await?;
        if answer.status == 204 { Ok(()) } else { Err(unexpected(wish, &answer)) }
    }

    /// Repeats a request until it is no longer answered with 202, as the orchestrator does.
    async fn follow(&self, wish: &Wish, ask: impl AsyncFn() -> Result<Answer, Failed>) -> Result<Answer, Failed> {
        let mut bar = Progress::new(self.bars.as_ref(), wish.id, super::print_line);
        loop {
            let answer = ask().await?;
            if answer.status != 202 {
                bar.end(&answer);
                return Ok(answer);
            }
            bar.show(&answer);
            self.world.clock.sleep(answer.retry_after.unwrap_or(Duration::from_secs(1))).await;
        }
    }
}

/// One small cache on each cloud, and a cluster on the first.
fn wishes(clouds: &[Provider]) -> Vec<Wish> {
    let on = |provider: &Provider| {
        let (id, what) = match provider {
            Provider::Aws => ("demo-aws", "ElastiCache"),
            Provider::Gcp => ("demo-gcp", "Memorystore"),
            Provider::Azure => ("demo-azure", "Managed Redis"),
        };
        Wish { id, what, values: json!({"size": "small", "provider": provider}) }
    };
    let mut wishes: Vec<Wish> = clouds.iter().map(on).collect();
    let cluster = json!({"size": "medium", "mode": "cluster"});
    wishes.push(Wish { id: "demo-cluster", what: "with cluster mode", values: cluster });
    wishes
}

fn with(values: &Value, key: &str, value: &str) -> Value {
    let mut values = values.clone();
    values[key] = value.into();
    values
}

fn unexpected(wish: &Wish, answer: &Answer) -> Failed {
    Failed::Run(format!("{}: {} {}", wish.id, answer.status, answer.text("/message")))
}
