//! Spans to a collector: OTLP 1.x over HTTP, in protobuf.
//!
//! A request only puts its spans into a queue. One task takes them out and sends them; if the collector is away, they are
//! dropped, and the log says so once.

mod export;
mod messages;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Telemetry;
use super::trace::{Span, Tracer};
use crate::clock::Clock;
use crate::config::Otlp;
use export::Export;

/// Spans that wait for the collector.
const QUEUE: usize = 4096;
/// Spans in one message.
const BATCH: usize = 512;
/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// What goes to the exporting task.
#[derive(Debug)]
pub(super) enum Message {
    Span(Box<Span>),
    /// Send what there is, then say so.
    Flush(oneshot::Sender<()>),
}

/// Spans on their way. To be finished before the process ends.
#[derive(Debug)]
pub struct Exporting {
    queue: mpsc::Sender<Message>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl Exporting {
    /// Sends what there is, for as long as one export may take. Whether all of it was tried.
    pub async fn finish(&self) -> bool {
        let (done, told) = oneshot::channel();
        let flushed = async { self.queue.send(Message::Flush(done)).await.is_ok() && told.await.is_ok() };
        tokio::select! {
            flushed = flushed => flushed,
            () = self.clock.sleep(self.patience) => {
                tracing::warn!("the last spans could not be sent in time and are lost");
                false
            }
        }
    }
}

/// Begins to export, if the configuration names a collector.
pub(super) fn start(config: &Otlp, telemetry: &Telemetry) -> Result<Option<(Tracer, Exporting)>, String> {
    let Some(endpoint) = &config.endpoint else { return Ok(None) };
    let of = &telemetry.inner;
    let export = Export::new(config, endpoint, &of.version, of.random.as_ref(), of.clock.clone(), &of.metrics)?;
    let (queue, taken) = mpsc::channel(QUEUE);
    tokio::spawn(run(taken, export, of.clock.clone()));
    let tracer = Tracer {
        random: of.random.clone(),
        ratio: config.sample_ratio,
        queue: queue.clone(),
        dropped: of.metrics.dropped.clone(),
    };
    Ok(Some((tracer, Exporting { queue, clock: of.clock.clone(), patience: config.timeout })))
}

/// Takes spans out of the queue and sends them, until nobody can put any in.
async fn run(mut queue: mpsc::Receiver<Message>, mut export: Export, clock: Arc<dyn Clock>) {
    while let Some(first) = queue.recv().await {
        let mut batch = Vec::new();
        let mut flushed = add(first, &mut batch);
        let enough = clock.sleep(GATHER);
        tokio::pin!(enough);
        while flushed.is_none() && batch.len() < BATCH {
            tokio::select! {
                more = queue.recv() => match more {
                    Some(more) => flushed = add(more, &mut batch),
                    None => break,
                },
                () = &mut enough => break,
            }
        }
        export.send(batch).await;
        if let Some(flushed) = flushed {
            // Whoever asked may have given up.
            let _ = flushed.send(());
        }
    }
}

fn add(message: Message, batch: &mut Vec<Span>) -> Option<oneshot::Sender<()>> {
    match message {
        Message::Span(span) => {
            batch.push(*span);
            None
        }
        Message::Flush(done) => Some(done),
    }
}
