//! The service on a broker: what is read leads to what the core makes of it, once, also across a restart.

use std::collections::BTreeSet;
use std::time::Duration;

use streamwarden_featurizer::{FeaturizerConfig, pipeline};
use streamwarden_kafka_io::{
    EmbeddedBroker, KafkaConfig, RecordSink, RecordStream, StreamEvent, topics,
};
use streamwarden_proto::record::Record;
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, StoredRecord, Topic};
use streamwarden_service_runtime::Shutdown;

use crate::cluster::{featurizer, healthy_run};

/// Nothing here takes longer on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// Runs the service until `expected` records have come out.
async fn run_until(
    kafka: &KafkaConfig,
    features: &mut RecordStream,
    expected: usize,
) -> Vec<String> {
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let service = tokio::spawn(pipeline::run(
        FeaturizerConfig::default(),
        kafka.clone(),
        shutdown.clone(),
    ));
    let mut ids = Vec::new();
    let read = async {
        while ids.len() < expected {
            if let StreamEvent::Batch(batch) = features.next().await.unwrap() {
                ids.extend(batch.into_iter().map(|received| received.id));
            }
        }
    };
    tokio::time::timeout(LIMIT, read)
        .await
        .expect("too few records came out");
    shutdown.request();
    service.await.unwrap().unwrap();
    ids
}

fn stored(run: &[Observation]) -> Vec<StoredRecord> {
    run.iter().map(Record::store).collect()
}

fn ids_of(events: &[FeatureEvent]) -> Vec<String> {
    events.iter().map(|event| event.id().0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_featurizer_rebuilds_its_state_and_repeats_nothing() {
    let broker = EmbeddedBroker::start(64 << 20).unwrap();
    let kafka = broker.config(&KafkaConfig::default());
    topics::ensure(&kafka).await.unwrap();
    let sink = RecordSink::new(&kafka).unwrap();
    let mut features = RecordStream::subscribe(&kafka, "test", &[Topic::Features]).unwrap();
    let run = healthy_run(260);
    let (before, after) = run.split_at(run.len() * 9 / 10);
    let mut core = featurizer();
    let mut expected = |part: &[Observation]| {
        let events: Vec<_> = part
            .iter()
            .flat_map(|observation| core.push(observation))
            .collect();
        ids_of(&events)
    };
    let (expected_before, expected_after) = (expected(before), expected(after));

    sink.send_all(&stored(before)).await.unwrap();
    let first = run_until(&kafka, &mut features, expected_before.len()).await;
    assert_eq!(first, expected_before);

    sink.send_all(&stored(after)).await.unwrap();
    let second = run_until(&kafka, &mut features, expected_after.len()).await;
    assert_eq!(second, expected_after);
    let all: BTreeSet<_> = first.iter().chain(&second).collect();
    assert_eq!(all.len(), first.len() + second.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_cannot_be_decoded_is_put_aside_and_the_stream_goes_on() {
    let broker = EmbeddedBroker::start(64 << 20).unwrap();
    let kafka = broker.config(&KafkaConfig::default());
    topics::ensure(&kafka).await.unwrap();
    let sink = RecordSink::new(&kafka).unwrap();
    let mut features = RecordStream::subscribe(&kafka, "test", &[Topic::Features]).unwrap();
    let mut dead = RecordStream::subscribe(&kafka, "test-dead", &[Topic::DeadLetter]).unwrap();
    let run = healthy_run(6);
    let mut records = stored(&run);
    records[3].payload = Some(b"no observation".to_vec());
    sink.send_all(&records).await.unwrap();
    run_until(&kafka, &mut features, 8).await;
    let put_aside = async {
        loop {
            if let StreamEvent::Batch(batch) = dead.next().await.unwrap() {
                return batch;
            }
        }
    };
    let put_aside = tokio::time::timeout(LIMIT, put_aside)
        .await
        .expect("nothing was put aside");
    assert_eq!(
        put_aside[0].payload.as_deref(),
        Some(&b"no observation"[..])
    );
}
