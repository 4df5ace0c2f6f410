//! The first question to the brokers: are they there, do they let us in, which topics are there?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::statistics::Statistics;

use super::ASK_LIMIT;
use crate::client::{self, base, client_error};
use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// Brokers that start together with us get so long to come up, times [`ASK_LIMIT`].
const REACH_ATTEMPTS: usize = 6;
const EVENT_WAIT: Duration = Duration::from_millis(10);

/// Remembers that brokers refused us: a question then only times out.
#[derive(Default)]
struct ProbeContext {
    refusal: Mutex<Option<String>>,
}

impl ClientContext for ProbeContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Native, reason: &str) {
        if matches!(
            error.rdkafka_error_code(),
            Some(Code::Authentication | Code::SSL)
        ) {
            let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
            *refusal = Some(reason.to_owned());
        }
    }

    fn stats(&self, _statistics: Statistics) {}
}

impl ConsumerContext for ProbeContext {}

/// Partition counts of all topics of the cluster.
pub(super) async fn existing_topics(
    config: &KafkaConfig,
) -> Result<BTreeMap<String, i32>, KafkaError> {
    let probe: BaseConsumer<ProbeContext> = base(config)?
        .create_with_context(ProbeContext::default())
        .map_err(client_error(config))?;
    let probe = Arc::new(probe);
    let mut attempt = 1;
    loop {
        let asked = Arc::clone(&probe);
        let metadata = tokio::task::spawn_blocking(move || ask(&asked)).await;
        let source = match metadata.unwrap_or(Err(Native::Canceled)) {
            Ok(metadata) => return Ok(partition_counts(&metadata)),
            Err(source) => source,
        };
        let brokers = config.brokers.clone();
        let refusal = probe
            .context()
            .refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(reason) = refusal {
            return Err(KafkaError::Refused { brokers, reason });
        }
        if attempt >= REACH_ATTEMPTS {
            return Err(KafkaError::Unreachable { brokers, source });
        }
        tracing::warn!(brokers, attempt, error = %source, "kafka does not answer; trying again");
        attempt += 1;
    }
}

fn ask(probe: &BaseConsumer<ProbeContext>) -> Result<Metadata, Native> {
    let answer = probe.fetch_metadata(None, ASK_LIMIT);
    // Errors that came up meanwhile reach the context from here.
    while probe.poll(EVENT_WAIT).is_some() {}
    answer
}

fn partition_counts(metadata: &Metadata) -> BTreeMap<String, i32> {
    let count = |topic: &MetadataTopic| i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX);
    let topics = metadata.topics().iter();
    topics
        .map(|topic| (topic.name().to_owned(), count(topic)))
        .collect()
}
