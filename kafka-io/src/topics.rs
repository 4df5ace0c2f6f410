//! Making topics, and refusing those that do not fit.

use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// Creates the missing topics with the stated partitions and retention, and checks those that exist. Every service calls
/// it first; any number may do so at the same time.
///
/// # Errors
/// [`KafkaError::Topic`] for a topic with another number of partitions or cleanup policy, with the way out;
/// [`KafkaError::Unreachable`] if no broker answers in time.
pub async fn ensure(config: &KafkaConfig) -> Result<(), KafkaError> {
    let _ = config;
    unimplemented!("follows at once")
}
