//! The service: clusters from the configuration and the topic of clusters, what they show to the raw topic.
//!
//! Collectors of one group share the partitions of the topic of clusters, and so the clusters. Offsets of that topic are never
//! committed: whoever gets a partition reads it from its beginning and knows all its clusters.

mod kafka_sink;
mod watching;

use std::sync::Arc;

use streamwarden_kafka_io::{
    KafkaConfig, KafkaError, Received, RecordSink, RecordStream, StreamEvent, topics,
};
use streamwarden_proto::v1::ClusterRecord;
use streamwarden_proto::{Record, StoredRecord, Topic};
use streamwarden_service_runtime::config::in_one_line;
use streamwarden_service_runtime::{Problem, Shutdown, chain, health};

use crate::config::{ClusterConfig, CollectorConfig};
use crate::events;
use crate::shared::{SetupError, Shared};
use kafka_sink::KafkaObservationSink;
use watching::Watching;

/// Why the service ends.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The configuration is wrong.
    #[error("the section [collector] is wrong: {}", in_one_line(.0))]
    Config(Vec<Problem>),
    /// It cannot begin.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Kafka cannot be used.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Runs until the end is asked for.
///
/// # Errors
/// [`CollectorError`] if it cannot begin or cannot go on. Clusters that are away are no error.
pub async fn run(
    config: CollectorConfig,
    kafka: KafkaConfig,
    shutdown: Shutdown,
) -> Result<(), CollectorError> {
    let problems = config.validate();
    if !problems.is_empty() {
        return Err(CollectorError::Config(problems));
    }
    events::register_metrics();
    let part = health::global().part("collector");
    let shared = Shared::new(&config)?;
    topics::ensure(&kafka).await?;
    let records = RecordSink::new(&kafka)?;
    records.send_all(&configured(&config.clusters)).await?;
    let group = kafka.group(&config.group);
    let mut stream = RecordStream::subscribe(&kafka, &group, &[Topic::Clusters])?;
    let sink = KafkaObservationSink::new(records.clone(), shutdown.token());
    let mut watching = Watching::new(shared, Arc::new(config), sink, shutdown.clone());
    part.ready();
    loop {
        let event = tokio::select! {
            () = shutdown.requested() => break,
            event = stream.next() => event?,
        };
        match event {
            StreamEvent::Assigned(partitions) => events::assigned(partitions.len()),
            StreamEvent::Revoked(partitions) => watching.stop_partitions(&partitions).await,
            StreamEvent::Batch(batch) => take(&mut watching, &records, &batch).await?,
        }
    }
    watching.stop_all().await;
    stream.close().await;
    Ok(())
}

async fn take(
    watching: &mut Watching,
    records: &RecordSink,
    batch: &[Received],
) -> Result<(), KafkaError> {
    for received in batch {
        if received.payload.is_none() {
            watching.stop(&received.key).await;
            continue;
        }
        match received.decode::<ClusterRecord>() {
            Ok(record) => watching.take(received.position.partition, record).await,
            Err(error) => records.dead_letter(received, &chain(&error)).await?,
        }
    }
    Ok(())
}

fn configured(clusters: &[ClusterConfig]) -> Vec<StoredRecord> {
    let record = |cluster: &ClusterConfig| {
        let directories = cluster.log_directories.iter();
        let record = ClusterRecord {
            cluster_id: cluster.id.clone(),
            url: cluster.url.clone(),
            credentials: cluster.credentials.clone().unwrap_or_default(),
            log_directories: directories
                .map(|path| path.to_string_lossy().into_owned())
                .collect(),
            removed: false,
        };
        record.store()
    };
    clusters.iter().map(record).collect()
}
