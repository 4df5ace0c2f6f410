//! Section `[kafka]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::{Problem, Secret};

/// Raw records of a cluster share a partition, so this bounds how many featurizers can share the clusters.
const DEFAULT_PARTITIONS: i32 = 12;

/// How to reach Kafka, and how topics are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port,host:port`.
    pub brokers: String,
    /// First part of every topic's name and of every consumer group's.
    pub topic_prefix: String,
    /// Partitions of every topic.
    pub partitions: i32,
    /// Copies of every partition; -1 leaves it to the broker.
    pub replication: i32,
    /// Bytes kept in each partition of topics that are kept for a time; without it, time alone decides.
    pub retention_bytes: Option<u64>,
    /// Name of this process in its consumer groups, unique within each and the same after a restart. With one, a restart
    /// within 15 s moves no partitions, and a process that ends for good keeps its partitions for so long. `{host}` stands
    /// for the host's name.
    pub instance_id: Option<String>,
    /// How the connection is protected.
    pub security: SecurityConfig,
    /// The broker runs in this process; set by [`crate::EmbeddedBroker::config`], never in a file.
    #[serde(skip)]
    pub embedded: bool,
}

/// Encryption and login.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityConfig {
    /// TLS; without it, the connection is not encrypted.
    pub tls: Option<TlsConfig>,
    /// Login; without it, there is none.
    pub sasl: Option<SaslConfig>,
}

/// TLS to the brokers. An empty section uses the system's certificate authorities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// PEM file with this client's certificate, where brokers ask for one.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the key of that certificate.
    pub key_file: Option<PathBuf>,
    /// Password of the key file.
    pub key_password: Option<Secret>,
}

/// Login by SASL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaslConfig {
    /// How the password is proved.
    pub mechanism: SaslMechanism,
    /// User.
    pub username: String,
    /// Password: `{ file = "…" }` or `{ env = "…" }`.
    pub password: Secret,
}

/// SASL mechanisms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    /// The password itself; only sensible under TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl SaslMechanism {
    /// As Kafka calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".to_owned(),
            topic_prefix: "streamwarden".to_owned(),
            partitions: DEFAULT_PARTITIONS,
            replication: -1,
            retention_bytes: None,
            instance_id: None,
            security: SecurityConfig::default(),
            embedded: false,
        }
    }
}

impl KafkaConfig {
    /// What is wrong with it.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, message: &str| problems.push(Problem::new(key, message));
        let broker_is_fine = |broker: &str| {
            let parts = broker.trim().rsplit_once(':');
            parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if !self.brokers.split(',').all(broker_is_fine) {
            wrong(
                "kafka.brokers",
                "must be host:port, or several with commas between",
            );
        }
        let prefix_is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.topic_prefix.is_empty() || !self.topic_prefix.chars().all(prefix_is_fine) {
            wrong(
                "kafka.topic_prefix",
                "must be letters, digits, '.', '_' and '-'",
            );
        }
        if self.partitions < 1 {
            wrong("kafka.partitions", "must be at least 1");
        }
        if self.replication == 0 || self.replication < -1 {
            wrong(
                "kafka.replication",
                "must be at least 1, or -1 for the broker's default",
            );
        }
        if let Some(tls) = &self.security.tls
            && tls.certificate_file.is_some() != tls.key_file.is_some()
        {
            wrong(
                "kafka.security.tls",
                "certificate_file and key_file belong together",
            );
        }
        if self.instance_id.as_deref().is_some_and(str::is_empty) {
            wrong("kafka.instance_id", "must not be empty");
        }
        problems
    }

    /// The full name of a consumer group: `streamwarden.featurizer`.
    #[must_use]
    pub fn group(&self, service: &str) -> String {
        format!("{}.{service}", self.topic_prefix)
    }

    /// This process's name as a static member of its groups, if it is one.
    #[must_use]
    pub fn instance(&self) -> Option<String> {
        let name = self.instance_id.as_deref()?;
        Some(name.replace("{host}", &host_name()))
    }

    /// The name under which brokers know this process over its restarts. The embedded broker knows no such names.
    pub(crate) fn static_member(&self) -> Option<String> {
        self.instance().filter(|_| !self.embedded)
    }
}

/// Stays the same over restarts and differs between containers.
fn host_name() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let read = read.or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = read.unwrap_or_default();
    match name.trim() {
        "" => "host".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(KafkaConfig::default().validate(), []);
    }

    #[test]
    fn the_hosts_name_can_be_part_of_the_instances() {
        let config = KafkaConfig {
            instance_id: Some("a-{host}".into()),
            ..KafkaConfig::default()
        };
        assert_eq!(config.instance(), Some(format!("a-{}", host_name())));
        assert_eq!(KafkaConfig::default().instance(), None);
    }

    #[test]
    fn every_wrong_value_is_named() {
        let config = KafkaConfig {
            brokers: "kafka".into(),
            topic_prefix: "a b".into(),
            partitions: 0,
            replication: 0,
            instance_id: Some(String::new()),
            ..KafkaConfig::default()
        };
        let subjects: Vec<_> = config.validate().into_iter().map(|p| p.subject).collect();
        let expected = [
            "kafka.brokers",
            "kafka.topic_prefix",
            "kafka.partitions",
            "kafka.replication",
            "kafka.instance_id",
        ];
        assert_eq!(subjects, expected);
    }
}
