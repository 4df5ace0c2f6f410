//! Records and the offsets that they follow from, written together or not at all.

use streamwarden_proto::StoredRecord;

use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::stream::{Position, RecordStream};

/// A transactional producer. One per process and transactional id: a second one with the same id fences the first.
#[derive(Debug)]
pub struct TransactionalSink {}

impl TransactionalSink {
    /// Makes the producer and takes over the id, which aborts what a dead predecessor left open.
    ///
    /// # Errors
    /// [`KafkaError`] if the brokers cannot be reached in time or refuse.
    pub async fn new(config: &KafkaConfig, transactional_id: &str) -> Result<Self, KafkaError> {
        let _ = (config, transactional_id);
        unimplemented!("follows at once")
    }

    /// Writes `records` and commits `positions` (next offsets to read) of `stream` in one transaction.
    ///
    /// # Errors
    /// [`KafkaError::Transaction`]: nothing is visible, the same call may be repeated if its class is `Retry`; if it is
    /// `Moved`, drop what is in hand. [`KafkaError::Fenced`]: another process took over, stop.
    pub async fn commit(
        &mut self,
        records: &[StoredRecord],
        stream: &RecordStream,
        positions: &[Position],
    ) -> Result<(), KafkaError> {
        let _ = (records, stream, positions);
        unimplemented!("follows at once")
    }
}
