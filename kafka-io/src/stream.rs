//! Reading records as a member of a consumer group.
//!
//! One thread polls: librdkafka calls back from within its poll, and a callback may have to wait until the old owner of
//! a partition has finished. Everything that happens reaches the service in order through one bounded channel.

mod bookmark;
mod context;
mod idle;
mod loss;
mod poller;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset;
use streamwarden_proto::Topic;
use streamwarden_proto::record::{DecodeError, Record};
use tokio::sync::{mpsc, oneshot};

use crate::client::{base, client_error};
use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::metrics;
pub use bookmark::Bookmark;
use context::StreamContext;
use poller::{Delivered, Poller};
pub(crate) use poller::{header, text};

/// Batches between the poll thread and the service: enough to overlap reading and work, little enough to stay small.
const EVENTS_IN_FLIGHT: usize = 2;
/// A member that is silent for so long is dead, and its partitions move.
const SESSION_TIMEOUT_MS: u32 = 15_000;
const HEARTBEAT_INTERVAL_MS: u32 = 3_000;
/// What librdkafka may hold of records that were fetched and not polled yet, per stream.
const FETCHED_LIMIT_KILOBYTES: u32 = 16_384;
/// How often lag is measured.
const STATISTICS_INTERVAL_MS: u32 = 5_000;
/// How long leaving a group may take before the caller goes on without.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// One partition of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: Topic,
    /// Number of the partition, from 0.
    pub partition: i32,
}

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Where.
    pub partition: Partition,
    /// A record's own offset in [`Received`]; the next offset to read in [`RecordStream::commit`].
    pub offset: i64,
}

impl Position {
    /// The place behind this one: what to commit when the record here is done.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            offset: self.offset + 1,
            ..self
        }
    }
}

/// A record as it was read, not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it lies.
    pub position: Position,
    /// Header `sw-kind`; empty if a stranger wrote it.
    pub kind: String,
    /// Header `sw-id`; empty if a stranger wrote it.
    pub id: String,
    /// Key.
    pub key: String,
    /// When it was written, by the writer's clock. Its own time is inside: a tape may be replayed a year later.
    pub timestamp_ms: i64,
    /// The encoded record; `None` is a deletion on a compacted topic.
    pub payload: Option<Vec<u8>>,
}

impl Received {
    /// Decodes it. On failure it belongs to [`crate::RecordSink::dead_letter`].
    ///
    /// # Errors
    /// [`DecodeError`] if it is not a record of that type.
    pub fn decode<R: Record>(&self) -> Result<R, DecodeError> {
        R::decode_payload(&self.kind, self.payload.as_deref().unwrap_or_default())
    }
}

/// What happens to a reader, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// These partitions are ours now, beside those that were; reading starts at what was committed. State of them is to be restored or rebuilt.
    Assigned(Vec<Partition>),
    /// These go away: finish and commit what is in hand, forget their state, then call [`RecordStream::next`] again. The
    /// embedded broker takes no commit at this point (class `Moved`); it has one member a group as a rule.
    Revoked(Vec<Partition>),
    /// Records, in order within each partition. Never empty.
    Batch(Vec<Received>),
}

/// A member of a consumer group. Dropping it leaves the group.
#[derive(Debug)]
pub struct RecordStream {
    group: String,
    prefix: String,
    /// The poll thread owns the consumer, so that it is closed where its callbacks may wait.
    consumer: Weak<BaseConsumer<StreamContext>>,
    events: mpsc::Receiver<Delivered>,
    /// A revocation that was handed out: the next call says that it is done.
    revocation: Option<oneshot::Sender<()>>,
    stop: Arc<AtomicBool>,
    ended: Option<oneshot::Receiver<()>>,
}

impl RecordStream {
    /// Joins `group` (`kafka.group("featurizer")`) and reads `topics`, from the beginning where nothing was committed.
    /// Only committed records of transactions are seen. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`KafkaError`] if the client cannot be made. Brokers that are away are no error here; they are waited for.
    pub fn subscribe(
        config: &KafkaConfig,
        group: &str,
        topics: &[Topic],
    ) -> Result<Self, KafkaError> {
        metrics::register();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, events) = mpsc::channel(EVENTS_IN_FLIGHT);
        let context = StreamContext::new(
            &config.topic_prefix,
            group,
            sender.clone(),
            Arc::clone(&stop),
        );
        let consumer = Arc::new(make_consumer(config, group, context)?);
        let names: Vec<String> = topics
            .iter()
            .map(|t| t.name(&config.topic_prefix))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(client_error(config))?;
        let (end, ended) = oneshot::channel();
        let stream = Self {
            group: group.to_owned(),
            prefix: config.topic_prefix.clone(),
            consumer: Arc::downgrade(&consumer),
            events,
            revocation: None,
            stop: Arc::clone(&stop),
            ended: Some(ended),
        };
        Poller::new(group, config, consumer, sender, stop).start(end)?;
        Ok(stream)
    }

    /// The next event; waits for it. Cancel safe: an event that was not handed out comes with the next call.
    ///
    /// # Errors
    /// [`KafkaError`] if reading cannot go on (login refused). Brokers that are away are waited for.
    pub async fn next(&mut self) -> Result<StreamEvent, KafkaError> {
        if let Some(done) = self.revocation.take() {
            // Nobody waits any more if the limit was overrun; the commit then failed, too.
            let _ = done.send(());
        }
        match self.events.recv().await {
            Some(Delivered::Event(event)) => Ok(event),
            Some(Delivered::Revoked(partitions, done)) => {
                self.revocation = Some(done);
                Ok(StreamEvent::Revoked(partitions))
            }
            Some(Delivered::Failed(source)) => Err(KafkaError::Read {
                group: self.group.clone(),
                source,
            }),
            None => Err(self.closed()),
        }
    }

    /// Commits the next offsets to read and waits until the broker has acknowledged it. Of several positions in one
    /// partition the furthest counts.
    ///
    /// # Errors
    /// [`KafkaError::Commit`]; of class `Moved` if the partitions went to another member meanwhile.
    pub async fn commit(&self, positions: &[Position]) -> Result<(), KafkaError> {
        if positions.is_empty() {
            return Ok(());
        }
        let failed = |source| KafkaError::Commit {
            group: self.group.clone(),
            source,
        };
        self.still_ours().map_err(failed)?;
        let offsets = self.offsets(positions).map_err(failed)?;
        let consumer = self.consumer()?;
        let commit = move || consumer.commit(&offsets, CommitMode::Sync);
        match tokio::task::spawn_blocking(commit).await {
            Ok(result) => result.map_err(failed),
            Err(_) => Err(self.closed()),
        }
    }

    /// Partitions went to somebody else without asking, or go away while no commit is taken: what is in hand is lost to this
    /// process, and [`StreamEvent::Revoked`] comes next. If it is false, a commit of class `Moved` was refused because
    /// the group is just finding itself, and may be tried again.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let consumer = self.consumer.upgrade();
        consumer
            .is_none_or(|consumer| consumer.assignment_lost() || consumer.context().is_giving_up())
    }

    /// Leaves the group and waits for it, so that others get the partitions at once (a static member's: when its session
    /// is over).
    pub async fn close(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.revocation = None;
        self.events.close();
        if let Some(ended) = self.ended.take()
            && tokio::time::timeout(CLOSE_LIMIT, ended).await.is_err()
        {
            tracing::warn!(
                group = self.group,
                "leaving the consumer group takes too long"
            );
        }
    }

    /// A static member that commits with the membership that it has lost would be shut out for good.
    pub(crate) fn still_ours(&self) -> Result<(), rdkafka::error::KafkaError> {
        if self.is_lost() {
            let code = RDKafkaErrorCode::AssignmentLost;
            return Err(rdkafka::error::KafkaError::ConsumerCommit(code));
        }
        Ok(())
    }

    pub(crate) fn offsets(
        &self,
        positions: &[Position],
    ) -> Result<TopicPartitionList, rdkafka::error::KafkaError> {
        let mut furthest = BTreeMap::new();
        for position in positions {
            let offset = furthest
                .entry(position.partition)
                .or_insert(position.offset);
            *offset = position.offset.max(*offset);
        }
        let mut offsets = TopicPartitionList::with_capacity(furthest.len());
        for (Partition { topic, partition }, offset) in furthest {
            let name = topic.name(&self.prefix);
            offsets.add_partition_offset(&name, partition, Offset::Offset(offset))?;
        }
        Ok(offsets)
    }

    pub(crate) fn group_metadata(&self) -> Result<ConsumerGroupMetadata, KafkaError> {
        self.consumer()?
            .group_metadata()
            .ok_or_else(|| self.closed())
    }

    fn consumer(&self) -> Result<Arc<BaseConsumer<StreamContext>>, KafkaError> {
        self.consumer.upgrade().ok_or_else(|| self.closed())
    }

    fn closed(&self) -> KafkaError {
        KafkaError::Closed {
            group: self.group.clone(),
        }
    }
}

impl Drop for RecordStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Only partitions that change hands stop. The embedded broker has one member a group, and knows the older protocol.
fn strategy(config: &KafkaConfig) -> &'static str {
    if config.embedded {
        "range"
    } else {
        "cooperative-sticky"
    }
}

fn make_consumer(
    config: &KafkaConfig,
    group: &str,
    context: StreamContext,
) -> Result<BaseConsumer<StreamContext>, KafkaError> {
    let mut client = base(config)?;
    client
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("partition.assignment.strategy", strategy(config))
        .set("statistics.interval.ms", STATISTICS_INTERVAL_MS.to_string())
        .set("session.timeout.ms", SESSION_TIMEOUT_MS.to_string())
        .set("heartbeat.interval.ms", HEARTBEAT_INTERVAL_MS.to_string())
        .set(
            "queued.max.messages.kbytes",
            FETCHED_LIMIT_KILOBYTES.to_string(),
        )
        .set("allow.auto.create.topics", "false");
    if let Some(instance) = config.static_member() {
        client.set("group.instance.id", instance);
    }
    client
        .create_with_context(context)
        .map_err(client_error(config))
}
