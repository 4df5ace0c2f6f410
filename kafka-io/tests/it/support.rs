//! Records, and waiting with a limit.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use streamwarden_kafka_io::{KafkaConfig, Position, Received, RecordStream, StreamEvent};
use streamwarden_proto::{RecordId, StoredRecord, Topic};

/// Nothing in these tests takes longer on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A prefix that nobody else uses on this broker.
pub(crate) fn with_own_prefix(base: &KafkaConfig) -> KafkaConfig {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    KafkaConfig {
        topic_prefix: format!("test-{}-{number}", std::process::id()),
        ..base.clone()
    }
}

pub(crate) fn record(topic: Topic, cluster: &str, number: usize) -> StoredRecord {
    StoredRecord {
        topic,
        key: cluster.to_owned(),
        partition_key: cluster.to_owned(),
        kind: "metrics".to_owned(),
        id: RecordId(format!("{cluster}-{number}")),
        timestamp_ms: 0,
        payload: Some(number.to_string().into_bytes()),
    }
}

pub(crate) fn records(topic: Topic, cluster: &str, count: usize) -> Vec<StoredRecord> {
    (0..count)
        .map(|number| record(topic, cluster, number))
        .collect()
}

pub(crate) async fn next(stream: &mut RecordStream) -> StreamEvent {
    let event = tokio::time::timeout(LIMIT, stream.next()).await;
    event
        .expect("nothing happened in time")
        .expect("reading failed")
}

/// Reads batches until `count` records are there.
pub(crate) async fn read(stream: &mut RecordStream, count: usize) -> Vec<Received> {
    let mut all = Vec::new();
    while all.len() < count {
        if let StreamEvent::Batch(batch) = next(stream).await {
            all.extend(batch);
        }
    }
    all
}

pub(crate) fn ids(records: &[Received]) -> Vec<String> {
    records.iter().map(|record| record.id.clone()).collect()
}

/// What to commit when all of `records` are done.
pub(crate) fn behind(records: &[Received]) -> Vec<Position> {
    let mut positions = std::collections::BTreeMap::new();
    for record in records {
        positions.insert(record.position.partition, record.position.next());
    }
    positions.into_values().collect()
}
