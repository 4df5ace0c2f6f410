//! The service: raw topic in, topic of features out.
//!
//! Delivery is at least once, and a repeat has the id of what it repeats. Offsets are committed only up to the oldest
//! record that the state of any cluster needs. Whoever reads on from there rebuilds that state from records whose results
//! were written before, and writes only what is new.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use streamwarden_experience::{Experience, PackError};
use streamwarden_kafka_io::ErrorClass;
use streamwarden_kafka_io::{
    Bookmark, KafkaConfig, KafkaError, Partition, Received, RecordSink, RecordStream, StreamEvent,
    topics,
};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, Record, StoredRecord, Topic};
use streamwarden_service_runtime::config::{Problem, in_one_line};
use streamwarden_service_runtime::{Shutdown, chain, health};

use crate::config::FeaturizerConfig;
use crate::events;
use crate::featurizer::Featurizer;
use crate::offsets::PartitionLog;

mod exporter;

use exporter::Exporter;

/// Pause before records that Kafka did not take are sent again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Why the service ends.
#[derive(Debug, thiserror::Error)]
pub enum FeaturizerError {
    /// The configuration is wrong.
    #[error("the section [featurizer] is wrong: {}", in_one_line(.0))]
    Config(Vec<Problem>),
    /// The built-in experience is broken.
    #[error("the experience cannot be read")]
    Experience(#[from] PackError),
    /// Kafka cannot be used.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Runs with the built-in experience until the end is asked for.
///
/// # Errors
/// [`FeaturizerError`] if it cannot begin or cannot go on.
pub async fn run(
    config: FeaturizerConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
) -> Result<(), FeaturizerError> {
    let experience = Arc::new(Experience::builtin()?);
    run_with(config, kafka, shutdown, experience).await
}

/// Runs with another experience until the end is asked for.
///
/// # Errors
/// [`FeaturizerError`] if it cannot begin or cannot go on.
pub async fn run_with(
    config: FeaturizerConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
    experience: Arc<Experience>,
) -> Result<(), FeaturizerError> {
    let problems = config.validate();
    if !problems.is_empty() {
        return Err(FeaturizerError::Config(problems));
    }
    events::register_metrics();
    let part = health::global().part("featurizer");
    topics::ensure(&kafka).await?;
    let sink = RecordSink::new(&kafka)?;
    let mut stream = RecordStream::subscribe(&kafka, &kafka.group(&config.group), &[Topic::Raw])?;
    let mut service = Service::new(config, sink, shutdown.clone(), experience);
    part.ready();
    loop {
        let event = tokio::select! {
            () = shutdown.requested() => break,
            event = stream.next() => event?,
        };
        match event {
            StreamEvent::Assigned(partitions) => service.assigned(&stream, &partitions).await?,
            StreamEvent::Revoked(partitions) => service.revoked(&stream, &partitions).await?,
            StreamEvent::Batch(batch) => service.batch(&stream, batch).await?,
        }
    }
    service.commit(&stream).await?;
    stream.close().await;
    service.exporter.finish().await;
    Ok(())
}

struct Service {
    featurizer: Featurizer,
    logs: BTreeMap<Partition, PartitionLog>,
    /// Records before these offsets only rebuild state.
    done_before: BTreeMap<Partition, i64>,
    sink: RecordSink,
    shutdown: Shutdown,
    exporter: Exporter,
}

impl Service {
    fn new(
        config: FeaturizerConfig,
        sink: RecordSink,
        shutdown: Shutdown,
        experience: Arc<Experience>,
    ) -> Self {
        Self {
            exporter: Exporter::new(config.export_directory.clone()),
            featurizer: Featurizer::new(config, experience),
            logs: BTreeMap::new(),
            done_before: BTreeMap::new(),
            sink,
            shutdown,
        }
    }

    async fn assigned(
        &mut self,
        stream: &RecordStream,
        partitions: &[Partition],
    ) -> Result<(), KafkaError> {
        events::assigned(partitions.len());
        for (partition, bookmark) in stream.bookmarks(partitions).await? {
            let records = bookmark.done_before - bookmark.read_from;
            if records > 0 {
                events::rebuilding(partition.partition, records);
            }
            self.done_before.insert(partition, bookmark.done_before);
        }
        Ok(())
    }

    /// Everything that was read has been written: what is left is to say so, and to forget.
    async fn revoked(
        &mut self,
        stream: &RecordStream,
        partitions: &[Partition],
    ) -> Result<(), KafkaError> {
        events::revoked(partitions.len());
        self.commit(stream).await?;
        for partition in partitions {
            self.done_before.remove(partition);
            if let Some(log) = self.logs.remove(partition) {
                let gone: Vec<&str> = log.clusters().collect();
                self.featurizer
                    .forget(|cluster_id| gone.contains(&cluster_id));
            }
        }
        Ok(())
    }

    async fn batch(
        &mut self,
        stream: &RecordStream,
        batch: Vec<Received>,
    ) -> Result<(), KafkaError> {
        let mut out = Vec::new();
        for received in &batch {
            match received.decode::<Observation>() {
                Ok(observation) => out.extend(self.push(received, &observation)),
                Err(error) => self.reject(received, &chain(&error).to_string()).await?,
            }
        }
        events::processed(batch.len(), out.len());
        if out.is_empty() {
            return Ok(());
        }
        let records: Vec<StoredRecord> = out.iter().map(Record::store).collect();
        if self.write(&records).await? {
            self.exporter.add(out).await;
            self.commit(stream).await?;
        }
        Ok(())
    }

    fn push(&mut self, received: &Received, observation: &Observation) -> Vec<FeatureEvent> {
        let position = received.position;
        let log = self.logs.entry(position.partition).or_default();
        log.note(
            &observation.cluster_id,
            observation.observed_at_ms,
            position.offset,
        );
        let events = self.featurizer.push(observation);
        let done_before = self
            .done_before
            .get(&position.partition)
            .copied()
            .unwrap_or_default();
        if position.offset < done_before {
            Vec::new()
        } else {
            events
        }
    }

    async fn reject(&mut self, received: &Received, reason: &str) -> Result<(), KafkaError> {
        let position = received.position;
        self.logs
            .entry(position.partition)
            .or_default()
            .pass(position.offset);
        events::rejected(position.offset, reason);
        self.sink.dead_letter(received, reason).await
    }

    /// Writes, and tries again while Kafka is away. `false`: the end was asked for before that succeeded.
    async fn write(&self, records: &[StoredRecord]) -> Result<bool, KafkaError> {
        loop {
            match self.sink.send_all(records).await {
                Ok(()) => return Ok(true),
                Err(error) if error.class() == ErrorClass::Retry => events::write_failed(&error),
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = self.shutdown.requested() => return Ok(false),
                () = tokio::time::sleep(RETRY_PAUSE) => {}
            }
        }
    }

    async fn commit(&self, stream: &RecordStream) -> Result<(), KafkaError> {
        let bookmarks: Vec<Bookmark> = self
            .logs
            .iter()
            .map(|(partition, log)| {
                let done_before = self.done_before.get(partition).copied().unwrap_or_default();
                Bookmark {
                    partition: *partition,
                    read_from: log.read_from(),
                    done_before: log.next_offset().max(done_before),
                }
            })
            .collect();
        match stream.commit_bookmarks(&bookmarks).await {
            // Whoever has the partitions now begins at an older bookmark; repeats are recognised by their ids.
            Err(error) if matches!(error.class(), ErrorClass::Moved | ErrorClass::Retry) => Ok(()),
            result => result,
        }
    }
}
