//! What can go wrong with Kafka, and what a service is to do about it.

use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use streamwarden_service_runtime::secret::SecretError;

/// What a stream loop does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Try again after a pause; the brokers may come back.
    Retry,
    /// The partitions moved to another member: drop what is in hand and go on reading, the stream says what is ours.
    Moved,
    /// This record can never be written: leave it out.
    Poison,
    /// Stop the service: trying again cannot help.
    Fatal,
}

/// An error of Kafka.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// A client cannot be made from the configuration.
    #[error("the Kafka client for {brokers} cannot be made")]
    Client {
        /// Brokers as configured.
        brokers: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// A password cannot be read.
    #[error("a secret of the section [kafka] cannot be read")]
    Secret(#[from] SecretError),
    /// No broker answers.
    #[error("Kafka at {brokers} cannot be reached; is it running, and is kafka.brokers right?")]
    Unreachable {
        /// Brokers as configured.
        brokers: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// Brokers answer, but not us.
    #[error(
        "Kafka at {brokers} refuses the login or the encryption: {reason}; see the section [kafka.security]"
    )]
    Refused {
        /// Brokers as configured.
        brokers: String,
        /// What the client says.
        reason: String,
    },
    /// A topic is not as the configuration says.
    #[error("topic {topic} {mismatch}")]
    Topic {
        /// Full name.
        topic: String,
        /// What does not fit, and the way out.
        mismatch: String,
    },
    /// A topic cannot be created or described.
    #[error("topic {topic} cannot be {action}")]
    Admin {
        /// Full name.
        topic: String,
        /// "created" or "described".
        action: &'static str,
        /// Why.
        #[source]
        source: Native,
    },
    /// Reading failed.
    #[error("reading as consumer group {group} failed")]
    Read {
        /// Consumer group.
        group: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// Offsets cannot be committed.
    #[error("offsets of consumer group {group} cannot be committed")]
    Commit {
        /// Consumer group.
        group: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// A record cannot be written.
    #[error("a record for topic {topic} cannot be written")]
    Write {
        /// Full name.
        topic: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// Another producer with the same transactional id took over.
    #[error(
        "another process took over the transactional id {transactional_id}; this one has to stop"
    )]
    Fenced {
        /// The id.
        transactional_id: String,
        /// What the broker said.
        #[source]
        source: Native,
    },
    /// A transaction failed and was aborted: none of its records is visible.
    #[error("the transaction of {transactional_id} was aborted")]
    Transaction {
        /// The id.
        transactional_id: String,
        /// Why.
        #[source]
        source: Native,
    },
    /// The stream was closed.
    #[error("the stream of consumer group {group} is closed")]
    Closed {
        /// Consumer group.
        group: String,
    },
    /// The thread that reads cannot start.
    #[error("the thread that reads from Kafka cannot start")]
    Thread(#[source] std::io::Error),
    /// The embedded broker cannot start.
    #[error("the embedded broker cannot start")]
    Embedded(#[source] std::io::Error),
}

impl KafkaError {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Client { .. } | Self::Secret(_) | Self::Topic { .. } | Self::Fenced { .. } => {
                ErrorClass::Fatal
            }
            Self::Refused { .. } | Self::Closed { .. } | Self::Embedded(_) | Self::Thread(_) => {
                ErrorClass::Fatal
            }
            Self::Unreachable { .. } => ErrorClass::Retry,
            Self::Admin { source, .. }
            | Self::Read { source, .. }
            | Self::Commit { source, .. }
            | Self::Write { source, .. }
            | Self::Transaction { source, .. } => class_of(source),
        }
    }
}

pub(crate) fn class_of(source: &Native) -> ErrorClass {
    match source.rdkafka_error_code() {
        Some(
            Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::AssignmentLost
            | Code::NoOffset,
        ) => ErrorClass::Moved,
        Some(
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::Authentication
            | Code::UnsupportedSASLMechanism
            | Code::FencedInstanceId
            | Code::ProducerFenced
            | Code::Fatal
            | Code::Fenced,
        ) => ErrorClass::Fatal,
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::InvalidRecord) => {
            ErrorClass::Poison
        }
        _ => ErrorClass::Retry,
    }
}
