//! `demo`: the life of a cache, over HTTP, against emulated clouds, without an account.

mod caller;
mod show;

use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use indicatif::MultiProgress;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Failed;
use super::ping::of_outputs;
use super::start::{ConfigArgs, World};
use crate::config::Config;
use crate::{http, ping};
use caller::{Answer, Caller};

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
        let started = args.start_with(&world, |config: &mut Config| config.sandbox.speed = speed).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| Failed::run("no port on loopback", &error))?;
        let address = listener.local_addr().map_err(|error| Failed::run("the address is not known", &error))?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let app = started.app(&world)?;
        let server = tokio::spawn(http::serve(listener, http::app(app), async move {
            stopped.await.ok();
        }));

        say!("cache-driver on http://{address}, against an emulated AWS, {speed} times as fast as the real one");
        if let Some(emulated) = &started.emulated {
            say!("caches are served by {}", emulated.label);
        }
        let caller = Caller::new(format!("http://{address}"), world.clock.clone())?;
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
        let wishes = [
            Wish { id: "demo-sessions", what: "a small Valkey", values: json!({"size": "small"}) },
            Wish {
                id: "demo-catalogue",
                what: "a Redis cluster of two shards",
                values: json!({"size": "medium", "engine": "redis", "mode": "cluster", "shards": 2}),
            },
        ];

        show::title("1. Request two caches");
        for wish in &wishes {
            say!("   PUT /redis/{}  {}  ({})", wish.id, wish.values, wish.what);
        }
        let [one, other] = &wishes;
        let (first, second) = tokio::join!(self.until_ready(one, &one.values), self.until_ready(other, &other.values));
        let (first, second) = (first?, second?);

        show::title("2. What the application gets (secrets masked)");
        show::outputs(one.id, &first);
        show::outputs(other.id, &second);

        show::title("3. Connect through the endpoint");
        for (wish, outputs) in [(one, &first), (other, &second)] {
            let target = of_outputs(outputs)
                .ok_or_else(|| Failed::Run(format!("the outputs of {} name no endpoint", wish.id)))?;
            let report = ping::run(&target, &ping::Timeouts::default(), self.world.clock.as_ref()).await;
            say!("   {}: {}", wish.id, report.to_string().replace('\n', "\n   "));
            if !report.ok {
                return Err(Failed::Run(format!("{} cannot be reached through its endpoint", wish.id)));
            }
        }

        show::title("4. Change it in place: a replica in another zone");
        let larger = json!({"size": "small", "high_availability": true});
        say!("   PUT /redis/{}  {larger}", one.id);
        let changed = self.until_ready(one, &larger).await?;
        show::changed(&first, &changed);

        show::title("5. A change that would lose the data is refused, and nothing is called");
        let destructive = json!({"size": "small", "high_availability": true, "engine": "redis"});
        say!("   PUT /redis/{}  {destructive}", one.id);
        let refused = self.caller.put(one.id, &destructive).await?;
        if refused.status != 400 {
            return Err(Failed::Run(format!("expected a refusal, got {}", refused.status)));
        }
        say!("   {} {}", refused.status, refused.text("/error"));
        say!("   {}", refused.text("/message"));
        say!("   {}", refused.text("/details/hint"));

        show::title("6. Remove them");
        for wish in &wishes {
            say!("   DELETE /redis/{}", wish.id);
        }
        let (a, b) = tokio::join!(self.until_gone(one), self.until_gone(other));
        a.and(b)?;
        let gone = self.caller.get(one.id).await?;
        say!("   GET /redis/{}  {}", one.id, gone.status);
        if gone.status != 404 {
            return Err(Failed::Run(format!("expected 404 after the removal, got {}", gone.status)));
        }
        say!("\nThat is all. The same with real AWS: see README.md, \"On AWS\".");
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
        let mut bar = show::Bar::new(self.bars.as_ref(), wish.id);
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

fn unexpected(wish: &Wish, answer: &Answer) -> Failed {
    Failed::Run(format!("{}: {} {}", wish.id, answer.status, answer.text("/message")))
}
