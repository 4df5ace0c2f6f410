//! How a command fails: one line, one exit code.

use std::error::Error;
use std::fmt;

use streamwarden_collector::CollectorError;
use streamwarden_featurizer::pipeline::FeaturizerError;
use streamwarden_inference::InferenceError;
use streamwarden_kafka_io::{ErrorClass, KafkaError};
use streamwarden_notifier::NotifierError;
use streamwarden_service_runtime::admin::AdminError;
use streamwarden_service_runtime::config::ConfigError;
use streamwarden_service_runtime::{Exit, chain};

/// What is told to the user, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Exit code.
    pub exit: Exit,
    /// Names the thing and the way out.
    pub message: String,
}

impl Failure {
    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The configuration, a model, a file or an address is wrong.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, message)
    }

    /// What was named does not answer.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, message)
    }

    /// An error with all its causes.
    pub fn caused(exit: Exit, error: &dyn Error) -> Self {
        Self::new(exit, chain(error))
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        Self::caused(Exit::Configuration, &error)
    }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        Self::caused(exit_of(&error), &error)
    }
}

/// Brokers that do not answer are another thing than a wrong configuration.
fn exit_of(error: &KafkaError) -> Exit {
    match error {
        KafkaError::Unreachable { .. } => Exit::Unreachable,
        error if error.class() == ErrorClass::Retry => Exit::Unreachable,
        _ => Exit::Configuration,
    }
}

macro_rules! service_failures {
    ($($error:ident),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                match &error {
                    $error::Kafka(kafka) => Self::caused(exit_of(kafka), &error),
                    _ => Self::caused(Exit::Configuration, &error),
                }
            }
        })+
    };
}

service_failures!(
    CollectorError,
    FeaturizerError,
    InferenceError,
    NotifierError
);
