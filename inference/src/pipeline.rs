//! The judgement on Kafka: features in; findings, memory and offsets out, in one transaction.

use std::path::Path;
use std::time::Duration;

use streamwarden_kafka_io::{
    ErrorClass, KafkaConfig, KafkaError, Partition, Position, Received, RecordSink, RecordStream,
    StreamEvent, TransactionalSink, partition_of, restore, topics,
};
use streamwarden_proto::{FeatureEvent, Record, StoredRecord, Topic};
use streamwarden_service_runtime::{Shutdown, chain, health};

use crate::config::InferenceConfig;
use crate::diagnosis::Diagnosis;
use crate::events;
use crate::memory::Memory;
use crate::setup::{self, Fingerprints, SetupError};

/// Pause before a transaction is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// While its group finds itself a commit may be refused: it is tried again for 20 s. That is less than the time for which a
/// partition waits for its old owner, so that nobody else has begun with it.
const MOVED_PAUSE: Duration = Duration::from_millis(250);
const MOVED_ATTEMPTS: u32 = 80;

/// Why the service ends.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// It cannot begin.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The experience pack is broken.
    #[error(transparent)]
    Pack(#[from] streamwarden_experience::PackError),
    /// Kafka cannot be used.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Runs until the end is asked for. Rows of another feature schema than a model's are refused one by one.
///
/// # Errors
/// [`InferenceError`] if it cannot begin or cannot go on.
pub async fn run(
    config: InferenceConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
) -> Result<(), InferenceError> {
    run_with_schemas(config, kafka, shutdown, Fingerprints::new()).await
}

/// As [`run`]; refuses at once a model of another feature schema than the one at hand.
///
/// # Errors
/// [`InferenceError`] if it cannot begin or cannot go on.
pub async fn run_with_schemas(
    config: InferenceConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
    fingerprints: Fingerprints,
) -> Result<(), InferenceError> {
    let part = health::global().part("inference");
    let experience = setup::experience(&config)?;
    let diagnosis = setup::diagnosis(&config, experience, &fingerprints)?;
    topics::ensure(&kafka).await?;
    let id = config.transactional_id.clone().unwrap_or_else(|| {
        let own = kafka.instance().unwrap_or_else(host_name);
        format!("{}.{}.{own}", kafka.topic_prefix, config.group)
    });
    let mut service = Service {
        stream: RecordStream::subscribe(&kafka, &kafka.group(&config.group), &[Topic::Features])?,
        sink: TransactionalSink::new(&kafka, &id).await?,
        dead_letters: RecordSink::new(&kafka)?,
        kafka,
        diagnosis,
    };
    part.ready();
    loop {
        let event = tokio::select! {
            () = shutdown.requested() => break,
            event = service.stream.next() => event?,
        };
        service.handle(event).await?;
    }
    service.stream.close().await;
    Ok(())
}

struct Service {
    kafka: KafkaConfig,
    stream: RecordStream,
    sink: TransactionalSink,
    dead_letters: RecordSink,
    diagnosis: Diagnosis,
}

impl Service {
    async fn handle(&mut self, event: StreamEvent) -> Result<(), InferenceError> {
        match event {
            StreamEvent::Assigned(partitions) => self.remember(&partitions).await,
            StreamEvent::Revoked(partitions) => {
                self.forget(&partitions);
                Ok(())
            }
            StreamEvent::Batch(batch) => self.judge(&batch).await,
        }
    }

    async fn remember(&mut self, partitions: &[Partition]) -> Result<(), InferenceError> {
        let numbers: Vec<i32> = partitions.iter().map(|p| p.partition).collect();
        let (mut findings, mut contexts) = (Vec::new(), Vec::new());
        for record in restore(&self.kafka, Topic::Findings, &numbers).await? {
            match record.decode::<Memory>() {
                Ok(Memory::Finding(finding)) => findings.push(*finding),
                Ok(Memory::Context(context)) => contexts.push(FeatureEvent::Context(*context)),
                Err(error) => events::rejected(&chain(&error).to_string()),
            }
        }
        events::restored(findings.len(), contexts.len());
        self.diagnosis.restore(findings);
        self.diagnosis.restore_context(&contexts);
        Ok(())
    }

    fn forget(&mut self, partitions: &[Partition]) {
        let count = self.kafka.partitions;
        self.diagnosis.forget(|cluster_id| {
            let own = partition_of(cluster_id, count);
            !partitions.iter().any(|gone| gone.partition == own)
        });
    }

    async fn judge(&mut self, batch: &[Received]) -> Result<(), InferenceError> {
        let mut records = Vec::with_capacity(batch.len());
        let mut sources = Vec::with_capacity(batch.len());
        for received in batch {
            match received.decode::<FeatureEvent>() {
                Ok(event) => {
                    records.push(event);
                    sources.push(received);
                }
                Err(error) => {
                    refuse(&self.dead_letters, received, &chain(&error).to_string()).await?;
                }
            }
        }
        let outcome = self.diagnosis.push_all(&records);
        for (index, rejection) in &outcome.rejected {
            refuse(&self.dead_letters, sources[*index], &rejection.to_string()).await?;
        }
        events::judged(records.len(), &outcome.events);
        let mut out: Vec<StoredRecord> = Vec::new();
        for record in &records {
            if let FeatureEvent::Context(context) = record {
                out.push(Memory::of_context(context));
            }
        }
        for event in &outcome.events {
            out.push(event.store());
            out.push(Memory::of_finding(&event.data));
        }
        self.commit(&out, &next_positions(batch)).await
    }

    /// Tries until the brokers take it. Partitions that went to somebody else are judged there; while the group is finding
    /// itself, what is in hand is still ours, and nobody would read it again.
    async fn commit(
        &mut self,
        records: &[StoredRecord],
        positions: &[Position],
    ) -> Result<(), InferenceError> {
        let mut patience = MOVED_ATTEMPTS;
        loop {
            let Err(error) = self.sink.commit(records, &self.stream, positions).await else {
                return Ok(());
            };
            match error.class() {
                ErrorClass::Moved if !self.stream.is_lost() => {
                    if patience == 0 {
                        return Err(error.into());
                    }
                    patience -= 1;
                    tokio::time::sleep(MOVED_PAUSE).await;
                }
                ErrorClass::Moved => {
                    tracing::warn!(error = %chain(&error), "partitions moved; the new owner judges");
                    return Ok(());
                }
                ErrorClass::Retry => {
                    tracing::warn!(error = %chain(&error), "findings are not written yet");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                ErrorClass::Poison | ErrorClass::Fatal => return Err(error.into()),
            }
        }
    }
}

/// Not a method: a judgement is not shared between threads, and waiting with a reference to it would need that.
async fn refuse(
    dead_letters: &RecordSink,
    received: &Received,
    reason: &str,
) -> Result<(), InferenceError> {
    events::rejected(reason);
    Ok(dead_letters.dead_letter(received, reason).await?)
}

/// The next offset to read of each partition of the batch.
fn next_positions(batch: &[Received]) -> Vec<Position> {
    let mut newest: std::collections::BTreeMap<Partition, Position> =
        std::collections::BTreeMap::new();
    for received in batch {
        newest.insert(received.position.partition, received.position.next());
    }
    newest.into_values().collect()
}

/// Stays the same over restarts and differs between containers.
fn host_name() -> String {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
    read("/proc/sys/kernel/hostname")
        .or_else(|| read("/etc/hostname"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "host".to_owned())
}
