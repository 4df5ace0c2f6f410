//! Records and the offsets that they follow from, written together or not at all.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::producer::Producer as _;
use streamwarden_proto::StoredRecord;

use crate::client::{LoggingContext, client_error};
use crate::config::KafkaConfig;
use crate::error::KafkaError;
use crate::sink::{Producer, Writer, producer_config};
use crate::stream::{Position, RecordStream};

/// What a dead process left open holds readers of committed records up for so long, at most.
const TRANSACTION_TIMEOUT_MS: u32 = 30_000;
/// No message may outlive its transaction.
const DELIVERY_LIMIT_MS: u32 = 25_000;
/// One step of a transaction.
const STEP_LIMIT: Duration = Duration::from_secs(20);
/// Steps that the client calls retriable are repeated so often.
const STEP_ATTEMPTS: usize = 3;

/// A transactional producer. One per process and transactional id: a second one with the same id fences the first.
pub struct TransactionalSink {
    writer: Arc<Writer>,
    transactional_id: String,
    /// A commit was begun and neither finished nor aborted (its future was dropped).
    open: bool,
}

impl std::fmt::Debug for TransactionalSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("TransactionalSink");
        fields
            .field("transactional_id", &self.transactional_id)
            .finish_non_exhaustive()
    }
}

impl TransactionalSink {
    /// Makes the producer and takes over the id, which aborts what a dead predecessor left open. Has to be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// [`KafkaError`] if the brokers cannot be reached in time or refuse.
    pub async fn new(config: &KafkaConfig, transactional_id: &str) -> Result<Self, KafkaError> {
        let producer: Producer = producer_config(config)?
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS.to_string())
            .set("message.timeout.ms", DELIVERY_LIMIT_MS.to_string())
            .create_with_context(LoggingContext)
            .map_err(client_error(config))?;
        let sink = Self {
            writer: Arc::new(Writer::new(config, producer)),
            transactional_id: transactional_id.to_owned(),
            open: false,
        };
        let initialised = sink
            .step(|producer| producer.init_transactions(STEP_LIMIT))
            .await;
        initialised.map_err(|source| sink.failed(source))?;
        Ok(sink)
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
        if self.open {
            self.abort().await?;
        }
        stream.still_ours().map_err(|source| self.failed(source))?;
        self.open = true;
        let written = self.write_and_commit(records, stream, positions).await;
        match written {
            Ok(()) => {
                self.open = false;
                Ok(())
            }
            Err(error @ (KafkaError::Fenced { .. } | KafkaError::Closed { .. })) => Err(error),
            Err(error) => {
                self.abort().await?;
                Err(error)
            }
        }
    }

    async fn write_and_commit(
        &self,
        records: &[StoredRecord],
        stream: &RecordStream,
        positions: &[Position],
    ) -> Result<(), KafkaError> {
        let begun = self
            .step(rdkafka::producer::Producer::begin_transaction)
            .await;
        begun.map_err(|source| self.failed(source))?;
        for record in records {
            // Deliveries that fail make the commit fail.
            drop(self.writer.enqueue(record).await?);
        }
        if !positions.is_empty() {
            self.send_offsets(stream, positions).await?;
        }
        let committed = self
            .step(|producer| producer.commit_transaction(STEP_LIMIT))
            .await;
        committed.map_err(|source| self.failed(source))
    }

    async fn send_offsets(
        &self,
        stream: &RecordStream,
        positions: &[Position],
    ) -> Result<(), KafkaError> {
        let offsets = stream
            .offsets(positions)
            .map_err(|source| self.failed(source))?;
        let group = stream.group_metadata()?;
        let send = move |producer: &Producer| {
            producer.send_offsets_to_transaction(&offsets, &group, STEP_LIMIT)
        };
        self.step(send).await.map_err(|source| self.failed(source))
    }

    async fn abort(&mut self) -> Result<(), KafkaError> {
        let aborted = self
            .step(|producer| producer.abort_transaction(STEP_LIMIT))
            .await;
        self.open = false;
        match aborted {
            // The commit was begun but its transaction was not.
            Err(Native::Transaction(error)) if error.code() == Code::State => Ok(()),
            other => other.map_err(|source| self.failed(source)),
        }
    }

    /// One blocking step of the client, off the runtime's threads; repeated while the client says that this helps.
    async fn step<F>(&self, step: F) -> Result<(), Native>
    where
        F: Fn(&Producer) -> Result<(), Native> + Send + 'static,
    {
        let writer = Arc::clone(&self.writer);
        let attempts = move || {
            let mut result = step(&writer.producer);
            for _ in 1..STEP_ATTEMPTS {
                match &result {
                    Err(Native::Transaction(error)) if error.is_retriable() => {
                        result = step(&writer.producer);
                    }
                    _ => break,
                }
            }
            result
        };
        tokio::task::spawn_blocking(attempts)
            .await
            .unwrap_or(Err(Native::Canceled))
    }

    fn failed(&self, source: Native) -> KafkaError {
        let transactional_id = self.transactional_id.clone();
        let fenced = source.rdkafka_error_code().is_some_and(|code| {
            matches!(
                code,
                Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch
            )
        });
        if fenced {
            return KafkaError::Fenced {
                transactional_id,
                source,
            };
        }
        KafkaError::Transaction {
            transactional_id,
            source,
        }
    }
}
