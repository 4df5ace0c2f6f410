//! What a subscriber of the public topic sees.

use std::time::Duration;

use streamwarden_kafka_io::{KafkaConfig, RecordStream, StreamEvent};
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::topic::Topic;
use tokio::time::timeout;

/// The topic is over when nothing comes for so long.
const QUIET: Duration = Duration::from_secs(5);

/// Every event so far, oldest first.
pub(crate) async fn findings(brokers: &str) -> Vec<FindingEvent> {
    let config = KafkaConfig {
        brokers: brokers.to_owned(),
        ..KafkaConfig::default()
    };
    let mut stream =
        RecordStream::subscribe(&config, "subscriber", &[Topic::Recommendations]).unwrap();
    let mut events = Vec::new();
    while let Ok(event) = timeout(QUIET, stream.next()).await {
        if let StreamEvent::Batch(records) = event.unwrap() {
            events.extend(
                records
                    .iter()
                    .map(|record| record.decode::<FindingEvent>().unwrap()),
            );
        }
    }
    stream.close().await;
    events
}
