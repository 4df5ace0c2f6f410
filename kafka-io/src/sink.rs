//! Writing records.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord};
use streamwarden_proto::record::{ID_HEADER, KIND_HEADER};
use streamwarden_proto::{StoredRecord, Topic};

use crate::client::{LoggingContext, RECORD_LIMIT_BYTES, base, client_error};
use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::partition::partition_of;
use crate::stream::Received;

/// Why a record was put aside.
const REASON_HEADER: &str = "sw-reason";
/// Where a record that was put aside came from: `topic/partition/offset`.
const ORIGIN_HEADER: &str = "sw-origin";
/// What the producer may hold: the bound of its memory.
const QUEUE_LIMIT_KILOBYTES: u32 = 32_768;
/// Batches fill a little; nobody waits for single milliseconds here.
const LINGER_MS: u32 = 5;
/// Librdkafka tries for so long before a record counts as not written.
const DELIVERY_LIMIT_MS: u32 = 60_000;
/// A full queue empties as soon as the brokers acknowledge.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(10);

pub(crate) type Producer = FutureProducer<LoggingContext>;

/// An idempotent producer. Cheap to clone; clones share one connection and one order.
#[derive(Clone)]
pub struct RecordSink {
    writer: Arc<Writer>,
}

/// Puts records into a producer's queue, each on its partition.
pub(crate) struct Writer {
    pub(crate) producer: Producer,
    prefix: String,
    partitions: i32,
}

impl std::fmt::Debug for RecordSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordSink")
            .field("prefix", &self.writer.prefix)
            .finish_non_exhaustive()
    }
}

impl RecordSink {
    /// Makes the producer. Brokers that are away are no error here. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`KafkaError`] if the client cannot be made from the configuration.
    pub fn new(config: &KafkaConfig) -> Result<Self, KafkaError> {
        let producer = producer_config(config)?
            .create_with_context(LoggingContext)
            .map_err(client_error(config))?;
        Ok(Self {
            writer: Arc::new(Writer::new(config, producer)),
        })
    }

    /// Writes all records and returns when all are acknowledged. A full queue makes it wait. Order is kept within a
    /// partition key.
    ///
    /// # Errors
    /// [`KafkaError::Write`] for the first record that was not acknowledged; others may have been written.
    pub async fn send_all(&self, records: &[StoredRecord]) -> Result<(), KafkaError> {
        let mut waiting = Vec::with_capacity(records.len());
        for record in records {
            waiting.push((record.topic, self.writer.enqueue(record).await?));
        }
        for (topic, delivery) in waiting {
            self.writer.acknowledged(topic, delivery).await?;
        }
        Ok(())
    }

    /// Puts a record aside as it came, with the reason; returns when that is acknowledged.
    ///
    /// # Errors
    /// [`KafkaError::Write`] if it was not acknowledged.
    pub async fn dead_letter(&self, record: &Received, reason: &str) -> Result<(), KafkaError> {
        let topic = record.position.partition.topic.name(&self.writer.prefix);
        let partition = record.position.partition.partition;
        let origin = format!("{topic}/{partition}/{}", record.position.offset);
        let headers = headers(&record.kind, &record.id)
            .insert(text_header(REASON_HEADER, reason))
            .insert(text_header(ORIGIN_HEADER, &origin));
        tracing::warn!(
            origin,
            reason,
            "record cannot be used; it goes to the dead-letter topic"
        );
        let payload = record.payload.as_deref();
        let outgoing = Outgoing {
            topic: Topic::DeadLetter,
            key: &topic,
            partition_key: &topic,
            headers,
            payload,
        };
        let delivery = self.writer.enqueue_outgoing(outgoing).await?;
        self.writer.acknowledged(Topic::DeadLetter, delivery).await
    }
}

pub(crate) fn producer_config(config: &KafkaConfig) -> Result<ClientConfig, KafkaError> {
    let mut client = base(config)?;
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", LINGER_MS.to_string())
        .set("message.timeout.ms", DELIVERY_LIMIT_MS.to_string())
        .set("message.max.bytes", RECORD_LIMIT_BYTES.to_string())
        .set(
            "queue.buffering.max.kbytes",
            QUEUE_LIMIT_KILOBYTES.to_string(),
        )
        .set("compression.type", "zstd")
        .set("allow.auto.create.topics", "false");
    Ok(client)
}

/// A record on its way into the queue.
struct Outgoing<'a> {
    topic: Topic,
    key: &'a str,
    partition_key: &'a str,
    headers: OwnedHeaders,
    payload: Option<&'a [u8]>,
}

impl Writer {
    pub(crate) fn new(config: &KafkaConfig, producer: Producer) -> Self {
        Self {
            producer,
            prefix: config.topic_prefix.clone(),
            partitions: config.partitions,
        }
    }

    /// Puts a record into the queue; waits while that is full.
    pub(crate) async fn enqueue(
        &self,
        record: &StoredRecord,
    ) -> Result<DeliveryFuture, KafkaError> {
        let outgoing = Outgoing {
            topic: record.topic,
            key: &record.key,
            partition_key: &record.partition_key,
            headers: headers(&record.kind, &record.id.0),
            payload: record.payload.as_deref(),
        };
        self.enqueue_outgoing(outgoing).await
    }

    async fn enqueue_outgoing(&self, outgoing: Outgoing<'_>) -> Result<DeliveryFuture, KafkaError> {
        let name = outgoing.topic.name(&self.prefix);
        // Without a timestamp of its own a record is kept from now on: a replayed tape may be older than any retention.
        let mut record = FutureRecord::to(&name)
            .key(outgoing.key)
            .partition(partition_of(outgoing.partition_key, self.partitions))
            .headers(outgoing.headers);
        record.payload = outgoing.payload;
        loop {
            record = match self.producer.send_result(record) {
                Ok(delivery) => return Ok(delivery),
                Err((source, record)) if is_queue_full(&source) => record,
                Err((source, _)) => return Err(self.failed(outgoing.topic, source)),
            };
            tokio::time::sleep(FULL_QUEUE_PAUSE).await;
        }
    }

    pub(crate) async fn acknowledged(
        &self,
        topic: Topic,
        delivery: DeliveryFuture,
    ) -> Result<(), KafkaError> {
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((source, _))) => Err(self.failed(topic, source)),
            Err(_) => Err(self.failed(topic, Native::Canceled)),
        }
    }

    fn failed(&self, topic: Topic, source: Native) -> KafkaError {
        KafkaError::Write {
            topic: topic.name(&self.prefix),
            source,
        }
    }
}

fn headers(kind: &str, id: &str) -> OwnedHeaders {
    OwnedHeaders::new_with_capacity(4)
        .insert(text_header(KIND_HEADER, kind))
        .insert(text_header(ID_HEADER, id))
}

fn text_header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header {
        key,
        value: Some(value),
    }
}

fn is_queue_full(error: &Native) -> bool {
    matches!(
        error,
        Native::MessageProduction(RDKafkaErrorCode::QueueFull)
    )
}
