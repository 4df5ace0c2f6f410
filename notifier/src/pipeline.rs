//! The service: records in, messages and a page out.
//!
//! Findings are committed after they are stored. Features are committed an hour late: the page's time lines are in
//! memory, and a new process reads that hour again.

mod lagging;
mod lease;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use streamwarden_kafka_io::error::ErrorClass;
use streamwarden_kafka_io::{
    KafkaConfig, KafkaError, Position, Received, RecordSink, RecordStream, StreamEvent, topics,
};
use streamwarden_proto::cloud_event::{FeedbackEvent, FindingEvent};
use streamwarden_proto::{FeatureEvent, Record, Topic};
use streamwarden_service_runtime::secret::SecretError;
use streamwarden_service_runtime::{Shutdown, chain, health};
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::api::auth::{Guard, KnownToken};
use crate::api::{Api, jobs_rows};
use crate::channels::{self, ChannelError, NamedChannel};
use crate::clock;
use crate::config::NotifierConfig;
use crate::dispatch::Dispatcher;
use crate::engine::{Engine, Knowledge, NotStored};
use crate::store::{SqlStore, Store, StoreError};
use crate::turns::Turns;
use lagging::LaggingCommit;

/// How often time is told to the state machine, and changes to open pages.
const TICK: Duration = Duration::from_millis(500);
/// Prometheus asks four times a minute at most, usually.
const METRICS_EVERY_TICKS: u32 = 20;
/// How often old rows are looked for.
const RETENTION_EVERY: Duration = Duration::from_secs(3600);
/// Pause before Kafka is asked again.
const KAFKA_PAUSE: Duration = Duration::from_secs(2);
const DAY_MS: i64 = 24 * 3_600_000;
/// Feedback records that are written at once.
const FEEDBACK_BATCH: i64 = 100;

/// The notifier cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A channel.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A token.
    #[error("the token of {name:?} cannot be read")]
    Token {
        /// Whose.
        name: String,
        /// Why.
        #[source]
        source: SecretError,
    },
    /// The page's address.
    #[error("cannot listen on {address}; set notifier.listen to a free address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// The store was away until the end.
    #[error(transparent)]
    NotStored(#[from] NotStored),
}

/// Runs until shutdown.
///
/// # Errors
/// [`NotifierError`] if it cannot start, or Kafka refuses for good.
pub async fn run(
    config: NotifierConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
    knowledge: Knowledge,
) -> Result<(), NotifierError> {
    let ready = health::global().part("notifier");
    let (listener, waiting_room) = listen(config.listen)?;
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&config.database).await?);
    let channels: Vec<NamedChannel> = config
        .channels
        .iter()
        .map(channels::build)
        .collect::<Result<_, _>>()?;
    let clock = clock::system();
    let holder = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let shared = shares_database(&config);
    let turns = if shared {
        let names = channels.iter().map(|channel| channel.name.as_str());
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        Turns::shared(names, store, holder.clone(), clock, &shutdown)
    } else {
        Turns::alone()
    };
    let dispatcher = Dispatcher::start(&channels, &store, &clock, &turns, &shutdown);
    if shared {
        ready.not_ready("another notifier is at work on this database");
        if !lease::acquire(&*store, &holder, &clock, waiting_room, &shutdown).await? {
            return Ok(());
        }
        let keep = lease::keep(Arc::clone(&store), holder, clock, shutdown.clone());
        shutdown.spawn("notifier lease", keep);
    }
    let engine = build(&config, channels, store, &listener, knowledge).await?;
    engine.send_by(dispatcher);
    serve(&config, listener, &engine, &shutdown)?;
    ready.not_ready("kafka does not answer");
    topics::ensure(&kafka).await?;
    let sink = RecordSink::new(&kafka)?;
    start_tasks(&config, &engine, &sink, &shutdown);
    ready.ready();
    let read = read(&engine, &kafka, &sink, &shutdown).await;
    if read.is_err() {
        shutdown.fail();
    }
    read
}

/// SQLite is one process's own.
fn shares_database(config: &NotifierConfig) -> bool {
    !config.database.starts_with("sqlite")
}

fn start_tasks(
    config: &NotifierConfig,
    engine: &Arc<Engine>,
    sink: &RecordSink,
    shutdown: &Shutdown,
) {
    let clock = tick(Arc::clone(engine), shutdown.clone());
    shutdown.spawn("notifier clock", clock);
    let feedback = publish_feedback(Arc::clone(engine), sink.clone(), shutdown.clone());
    shutdown.spawn("notifier feedback", feedback);
    let days = i64::from(config.retention_days);
    let retention = retain(Arc::clone(engine), days, shutdown.clone());
    shutdown.spawn("notifier retention", retention);
}

/// The address twice: for the page, and for whoever asks before there is one.
fn listen(address: SocketAddr) -> Result<(TcpListener, TcpListener), NotifierError> {
    let bind = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let again = listener.try_clone()?;
        Ok((
            TcpListener::from_std(listener)?,
            TcpListener::from_std(again)?,
        ))
    };
    bind().map_err(|source| NotifierError::Listen { address, source })
}

async fn build(
    config: &NotifierConfig,
    channels: Vec<NamedChannel>,
    store: Arc<dyn Store>,
    listener: &TcpListener,
    knowledge: Knowledge,
) -> Result<Arc<Engine>, NotifierError> {
    let port = listener
        .local_addr()
        .map_or(config.listen.port(), |address| address.port());
    let url = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://localhost:{port}"));
    let alerting = config.alerting.clone();
    let engine = Engine::start(store, channels, alerting, &url, knowledge, clock::system()).await?;
    tracing::info!(%url, "page and api");
    Ok(Arc::new(engine))
}

fn serve(
    config: &NotifierConfig,
    listener: TcpListener,
    engine: &Arc<Engine>,
    shutdown: &Shutdown,
) -> Result<(), NotifierError> {
    let api = Api::new(Arc::clone(engine), guard(config)?, shutdown.clone());
    shutdown.spawn("notifier page", async move {
        if let Err(error) = crate::api::serve(listener, api).await {
            tracing::error!(%error, "page and api ended");
        }
    });
    Ok(())
}

fn guard(config: &NotifierConfig) -> Result<Guard, NotifierError> {
    let mut tokens = Vec::with_capacity(config.tokens.len());
    for token in &config.tokens {
        let secret = token.token.read().map_err(|source| NotifierError::Token {
            name: token.name.clone(),
            source,
        })?;
        tokens.push(KnownToken {
            name: token.name.clone(),
            role: token.role,
            token: secret,
        });
    }
    Ok(Guard::new(
        tokens,
        config.anonymous_reading,
        config.open_to_all,
    ))
}

async fn read(
    engine: &Engine,
    kafka: &KafkaConfig,
    sink: &RecordSink,
    shutdown: &Shutdown,
) -> Result<(), NotifierError> {
    let topics = [Topic::Recommendations, Topic::Features];
    let mut stream = RecordStream::subscribe(kafka, &kafka.group("notifier"), &topics)?;
    let mut lagging = LaggingCommit::default();
    loop {
        let event = tokio::select! {
            () = shutdown.requested() => break,
            event = stream.next() => event,
        };
        let outcome = match event {
            Ok(StreamEvent::Batch(batch)) => {
                let positions = take(engine, &mut lagging, sink, batch, shutdown).await;
                commit(&stream, positions).await
            }
            // Alerts are in the store, and the view is not cut by partitions: there is nothing to restore or to give away.
            Ok(StreamEvent::Assigned(_)) => Ok(()),
            Ok(StreamEvent::Revoked(partitions)) => {
                lagging.forget(&partitions);
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(()) => {}
            Err(NotifierError::NotStored(error)) => return Err(error.into()),
            Err(NotifierError::Kafka(error)) => match error.class() {
                ErrorClass::Moved => {}
                ErrorClass::Poison => tracing::error!(error = chain(&error), "record is left out"),
                ErrorClass::Retry => {
                    tracing::warn!(error = chain(&error), "kafka does not answer; trying again");
                    sleep(KAFKA_PAUSE).await;
                }
                ErrorClass::Fatal => return Err(error.into()),
            },
            Err(error) => return Err(error),
        }
    }
    stream.close().await;
    Ok(())
}

async fn commit(
    stream: &RecordStream,
    positions: Result<Vec<Position>, NotifierError>,
) -> Result<(), NotifierError> {
    let positions = positions?;
    if !positions.is_empty() {
        stream.commit(&positions).await?;
    }
    Ok(())
}

/// Works on a batch; gives the positions that may be committed after it.
async fn take(
    engine: &Engine,
    lagging: &mut LaggingCommit,
    sink: &RecordSink,
    batch: Vec<Received>,
    shutdown: &Shutdown,
) -> Result<Vec<Position>, NotifierError> {
    let mut findings: Vec<FindingEvent> = Vec::new();
    let mut features: Vec<FeatureEvent> = Vec::new();
    let mut positions: Vec<Position> = Vec::new();
    for received in batch {
        let refused = if received.position.partition.topic == Topic::Recommendations {
            positions.push(received.position.next());
            received.decode().map(|event| findings.push(event))
        } else {
            lagging.read(received.position.next(), received.timestamp_ms);
            received.decode().map(|event| features.push(event))
        };
        if let Err(error) = refused {
            engine.count_unreadable();
            let reason = chain(&error);
            tracing::warn!(
                reason,
                key = received.key,
                "record cannot be read and is put aside"
            );
            sink.dead_letter(&received, &reason).await?;
        }
    }
    engine.on_features(&features);
    if !findings.is_empty() {
        engine.on_findings(&findings, shutdown).await?;
    }
    positions.extend(lagging.due());
    Ok(positions)
}

/// Tells time to the state machine, and changes to whoever watches.
async fn tick(engine: Arc<Engine>, shutdown: Shutdown) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut window_ms = None;
    let mut count = 0_u32;
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = engine.on_tick(&shutdown).await {
            tracing::error!(error = chain(&error), "alerts were not stored");
            return;
        }
        jobs_rows::tell(&engine, &mut window_ms);
        if count.is_multiple_of(METRICS_EVERY_TICKS) {
            engine.metrics.refresh(&engine);
        }
        count = count.wrapping_add(1);
    }
}

async fn publish_feedback(engine: Arc<Engine>, sink: RecordSink, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = sleep(KAFKA_PAUSE) => {}
        }
        if let Err(error) = publish_batch(&engine, &sink).await {
            tracing::warn!(
                error = chain(&error),
                "feedback cannot be published; trying again"
            );
        }
    }
}

async fn publish_batch(engine: &Engine, sink: &RecordSink) -> Result<(), NotifierError> {
    for (id, feedback) in engine.store.unpublished_feedback(FEEDBACK_BATCH).await? {
        let record = FeedbackEvent::of_feedback(feedback).store();
        sink.send_all(&[record]).await?;
        engine.store.mark_published(&id).await?;
    }
    Ok(())
}

async fn retain(engine: Arc<Engine>, days: i64, shutdown: Shutdown) {
    let mut ticks = interval(RETENTION_EVERY);
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            _ = ticks.tick() => {}
        }
        let before_ms = (engine.clock)() - days * DAY_MS;
        match engine.store.retain(before_ms).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old rows were forgotten"),
            Err(error) => tracing::warn!(error = chain(&error), "old rows cannot be forgotten"),
        }
    }
}
