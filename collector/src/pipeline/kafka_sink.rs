//! Observations onto the raw topic.

use std::time::Duration;

use streamwarden_kafka_io::{ErrorClass, RecordSink};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{Record, StoredRecord};
use tokio_util::sync::CancellationToken;

use crate::events;
use crate::sink::{ObservationSink, SinkError};

/// Pause before records are written again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Writes to the raw topic and waits for the brokers. While they are away nothing is polled: what could not be kept need not be asked for.
#[derive(Clone)]
pub(super) struct KafkaObservationSink {
    records: RecordSink,
    stop: CancellationToken,
}

impl KafkaObservationSink {
    pub(super) fn new(records: RecordSink, stop: CancellationToken) -> Self {
        Self { records, stop }
    }

    async fn write(&self, records: &[StoredRecord]) -> Result<(), SinkError> {
        loop {
            let Err(error) = self.records.send_all(records).await else {
                return Ok(());
            };
            events::not_written(&error);
            match error.class() {
                ErrorClass::Poison if records.len() > 1 => {
                    // One record is at fault; the others are not to suffer.
                    for record in records {
                        Box::pin(self.write(std::slice::from_ref(record))).await?;
                    }
                    return Ok(());
                }
                ErrorClass::Poison => return Ok(()),
                ErrorClass::Fatal => return Err(SinkError::new(error)),
                ErrorClass::Retry | ErrorClass::Moved => {}
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY_PAUSE) => {}
                () = self.stop.cancelled() => return Err(SinkError::new(error)),
            }
        }
    }
}

impl ObservationSink for KafkaObservationSink {
    async fn publish(&self, observations: Vec<Observation>) -> Result<(), SinkError> {
        let records: Vec<StoredRecord> = observations.iter().map(Record::store).collect();
        drop(observations);
        self.write(&records).await?;
        events::published(&records);
        Ok(())
    }
}
