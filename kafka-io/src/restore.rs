//! Reading a compacted topic from its beginning: a service's own memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{Message, TopicPartitionList};
use streamwarden_proto::Topic;
use streamwarden_proto::record::{DecodeError, KIND_HEADER, Record};

use crate::client::{LoggingContext, base, client_error};
use crate::config::KafkaConfig;
use crate::error::{ErrorClass, KafkaError, class_of};
use crate::stream::{header, text};

const POLL_WAIT: Duration = Duration::from_millis(100);
/// Nothing was read and the end was not reached for so long: the brokers are away.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// The newest record of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Partition that it lies on.
    pub partition: i32,
    /// Key.
    pub key: String,
    /// Header `sw-kind`.
    pub kind: String,
    /// When it was written, by the writer's clock.
    pub timestamp_ms: i64,
    /// The encoded record.
    pub payload: Vec<u8>,
}

impl Restored {
    /// Decodes it.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not a record of that type.
    pub fn decode<R: Record>(&self) -> Result<R, DecodeError> {
        R::decode_payload(&self.kind, &self.payload)
    }
}

/// The newest record of every key in these partitions of a compacted topic, in the order of their keys; deleted keys are
/// left out. Meant to be called on [`crate::StreamEvent::Assigned`]: all topics have the same number of partitions, and
/// a partition key lies on the same one in each.
///
/// # Errors
/// [`KafkaError`] if the topic cannot be read to its end.
pub async fn restore(
    config: &KafkaConfig,
    topic: Topic,
    partitions: &[i32],
) -> Result<Vec<Restored>, KafkaError> {
    let config = config.clone();
    let partitions: BTreeSet<i32> = partitions.iter().copied().collect();
    let read = move || read_to_the_end(&config, topic, partitions);
    let cancelled = KafkaError::Read {
        group: "restore".to_owned(),
        source: Native::Canceled,
    };
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or(Err(cancelled))
}

fn read_to_the_end(
    config: &KafkaConfig,
    topic: Topic,
    mut unfinished: BTreeSet<i32>,
) -> Result<Vec<Restored>, KafkaError> {
    let name = topic.name(&config.topic_prefix);
    let failed = |source| KafkaError::Read {
        group: name.clone(),
        source,
    };
    let consumer = assigned_consumer(config, &name, &unfinished)?;
    let mut newest = BTreeMap::new();
    let mut heard_at = Instant::now();
    while !unfinished.is_empty() {
        match consumer.poll(POLL_WAIT) {
            Some(Ok(message)) => {
                let key = text(message.key());
                match restored(&message) {
                    Some(record) => newest.insert(key, record),
                    None => newest.remove(&key),
                };
                heard_at = Instant::now();
            }
            Some(Err(Native::PartitionEOF(partition))) => {
                unfinished.remove(&partition);
                heard_at = Instant::now();
            }
            Some(Err(source)) if class_of(&source) == ErrorClass::Fatal => {
                return Err(failed(source));
            }
            Some(Err(error)) => tracing::warn!(topic = name, %error, "restoring is interrupted"),
            None if heard_at.elapsed() > SILENCE_LIMIT => {
                return Err(failed(Native::MessageConsumption(
                    RDKafkaErrorCode::OperationTimedOut,
                )));
            }
            None => {}
        }
    }
    Ok(newest.into_values().collect())
}

fn assigned_consumer(
    config: &KafkaConfig,
    topic: &str,
    partitions: &BTreeSet<i32>,
) -> Result<BaseConsumer<LoggingContext>, KafkaError> {
    let mut client = base(config)?;
    client
        // Assigned by hand: the group is never joined, its name only satisfies the client.
        .set("group.id", config.group("restore"))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("allow.auto.create.topics", "false");
    let consumer: BaseConsumer<LoggingContext> = client
        .create_with_context(LoggingContext)
        .map_err(client_error(config))?;
    let mut assignment = TopicPartitionList::new();
    for partition in partitions {
        assignment
            .add_partition_offset(topic, *partition, Offset::Beginning)
            .map_err(client_error(config))?;
    }
    consumer.assign(&assignment).map_err(client_error(config))?;
    Ok(consumer)
}

fn restored(message: &BorrowedMessage<'_>) -> Option<Restored> {
    Some(Restored {
        partition: message.partition(),
        key: text(message.key()),
        kind: header(message, KIND_HEADER),
        timestamp_ms: message.timestamp().to_millis().unwrap_or_default(),
        payload: message.payload()?.to_vec(),
    })
}
