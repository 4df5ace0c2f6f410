//! The service on Kafka (the embedded broker speaks its protocol).

use std::collections::BTreeSet;
use std::time::Duration;

use streamwarden_collector::clock::Clock;
use streamwarden_collector::{ClusterConfig, CollectorConfig};
use streamwarden_kafka_io::{
    EmbeddedBroker, KafkaConfig, RecordSink, RecordStream, StreamEvent, topics,
};
use streamwarden_proto::v1::{ClusterRecord, Observation};
use streamwarden_proto::{Record, Topic};
use streamwarden_service_runtime::Shutdown;

use crate::seen;
use crate::stand_in::StandIn;

const PATIENCE: Duration = Duration::from_secs(30);

fn cluster(id: &str, url: String) -> ClusterConfig {
    ClusterConfig {
        id: id.into(),
        url,
        credentials: None,
        log_directories: Vec::new(),
    }
}

fn config(clusters: Vec<ClusterConfig>) -> CollectorConfig {
    CollectorConfig {
        clusters,
        poll_interval_ms: 500,
        ..seen::quick()
    }
}

struct Reader(RecordStream);

impl Reader {
    fn new(kafka: &KafkaConfig) -> Self {
        Self(RecordStream::subscribe(kafka, "reader", &[Topic::Raw]).unwrap())
    }

    /// Reads until each of these clusters was seen.
    async fn wait_for(&mut self, names: &[&str]) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut missing: BTreeSet<&str> = names.iter().copied().collect();
        while !missing.is_empty() {
            assert!(
                tokio::time::Instant::now() < deadline,
                "not watched: {missing:?}"
            );
            for observation in self.next().await {
                missing.remove(observation.cluster_id.as_str());
            }
        }
    }

    /// Leaves out what was written until now.
    async fn forget(&mut self) {
        let now_ms = Clock::system().now_ms();
        while self
            .next()
            .await
            .iter()
            .all(|observation| observation.observed_at_ms < now_ms)
        {}
    }

    /// The next observations, with a limit.
    async fn next(&mut self) -> Vec<Observation> {
        let next = async {
            loop {
                if let StreamEvent::Batch(batch) = self.0.next().await.unwrap() {
                    return batch
                        .iter()
                        .map(|received| received.decode().unwrap())
                        .collect();
                }
            }
        };
        tokio::time::timeout(PATIENCE, next)
            .await
            .expect("no observation came")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_cluster_is_watched_and_another_comes_and_goes_by_the_topic() {
    let broker = EmbeddedBroker::start(16 << 20).unwrap();
    let kafka = broker.config(&KafkaConfig {
        partitions: 2,
        replication: 1,
        ..KafkaConfig::default()
    });
    let stand_in = StandIn::serving("2.2.1").await;
    topics::ensure(&kafka).await.unwrap();
    let mut reader = Reader::new(&kafka);
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let service = tokio::spawn(streamwarden_collector::run(
        config(vec![cluster("first", stand_in.url())]),
        kafka.clone(),
        shutdown.clone(),
    ));
    let mut kinds = BTreeSet::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !["cluster", "job", "metrics", "checkpoints", "exceptions"]
        .iter()
        .all(|kind| kinds.contains(*kind))
    {
        assert!(tokio::time::Instant::now() < deadline, "only {kinds:?}");
        kinds.extend(
            reader
                .next()
                .await
                .iter()
                .map(streamwarden_proto::Record::kind),
        );
    }
    let sink = RecordSink::new(&kafka).unwrap();
    let mut second = ClusterRecord {
        cluster_id: "second".into(),
        url: stand_in.url(),
        ..ClusterRecord::default()
    };
    sink.send_all(&[second.store()]).await.unwrap();
    while !reader
        .next()
        .await
        .iter()
        .any(|observation| observation.cluster_id == "second")
    {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the cluster of the topic is not watched"
        );
    }
    second.removed = true;
    sink.send_all(&[second.store()]).await.unwrap();
    let mut quiet = 0;
    while quiet < 3 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "a cluster that was removed is still watched"
        );
        let seen = reader.next().await;
        let second = seen
            .iter()
            .any(|observation| observation.cluster_id == "second");
        quiet = if second { 0 } else { quiet + 1 };
    }
    shutdown.request();
    tokio::time::timeout(PATIENCE, service)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    reader.0.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_of_a_collector_that_ends_are_watched_by_the_other() {
    let broker = EmbeddedBroker::start(16 << 20).unwrap();
    let base = KafkaConfig {
        partitions: 4,
        replication: 1,
        ..KafkaConfig::default()
    };
    let kafka = broker.config(&base);
    let stand_in = StandIn::serving("2.2.1").await;
    topics::ensure(&kafka).await.unwrap();
    let mut reader = Reader::new(&kafka);
    let names = ["a", "b", "c", "d", "e", "f"];
    let clusters: Vec<_> = names.iter().map(|id| cluster(id, stand_in.url())).collect();
    let start = |clusters| {
        let shutdown = Shutdown::new(Duration::from_secs(10));
        let service =
            streamwarden_collector::run(config(clusters), kafka.clone(), shutdown.clone());
        (shutdown, tokio::spawn(service))
    };
    let (first, first_task) = start(clusters);
    let (second, second_task) = start(Vec::new());
    reader.wait_for(&names).await;
    first.request();
    tokio::time::timeout(PATIENCE, first_task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    reader.forget().await;
    reader.wait_for(&names).await;
    second.request();
    tokio::time::timeout(PATIENCE, second_task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    reader.0.close().await;
}

#[tokio::test]
async fn a_wrong_configuration_does_not_start() {
    let wrong = config(vec![cluster("a", "localhost:8081".into())]);
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let error = streamwarden_collector::run(wrong, KafkaConfig::default(), shutdown)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("collector.clusters[0].url"),
        "{error}"
    );
}
