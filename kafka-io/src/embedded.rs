//! A broker in this process, in memory: for one machine, demonstrations and tests.

use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// The embedded broker. It lives as long as the process; a new process starts with an empty one.
#[derive(Debug, Clone)]
pub struct EmbeddedBroker {
    address: std::net::SocketAddr,
    retention_bytes: u64,
}

impl EmbeddedBroker {
    /// Starts it on a free local port. It keeps about `retention_bytes` of each topic.
    ///
    /// # Errors
    /// [`KafkaError::Embedded`] if no port can be bound.
    pub fn start(retention_bytes: u64) -> Result<Self, KafkaError> {
        let address = noida::kafka::spawn("127.0.0.1:0").map_err(KafkaError::Embedded)?;
        Ok(Self {
            address,
            retention_bytes,
        })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn brokers(&self) -> String {
        self.address.to_string()
    }

    /// The configuration to reach it: everything else as in `base`.
    #[must_use]
    pub fn config(&self, base: &KafkaConfig) -> KafkaConfig {
        KafkaConfig {
            brokers: self.brokers(),
            partitions: 1,
            replication: 1,
            retention_bytes: Some(self.retention_bytes),
            security: crate::config::SecurityConfig::default(),
            embedded: true,
            ..base.clone()
        }
    }
}
