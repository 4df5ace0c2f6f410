//! `streamwarden.toml`: a section per service.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use streamwarden_collector::CollectorConfig;
use streamwarden_featurizer::FeaturizerConfig;
use streamwarden_inference::InferenceConfig;
use streamwarden_kafka_io::KafkaConfig;
use streamwarden_notifier::NotifierConfig;
use streamwarden_service_runtime::Problem;
use streamwarden_service_runtime::admin::AdminConfig;
use streamwarden_service_runtime::config::{self, ConfigError};
use streamwarden_service_runtime::telemetry::TelemetryConfig;

/// Read without being asked for, if it lies in the current directory.
const DEFAULT_FILE: &str = "streamwarden.toml";

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Brokers, topics.
    pub kafka: KafkaConfig,
    /// What to watch.
    pub collector: CollectorConfig,
    /// Windows.
    pub featurizer: FeaturizerConfig,
    /// Models, findings.
    pub inference: InferenceConfig,
    /// Channels, page, store.
    pub notifier: NotifierConfig,
    /// Logs.
    pub telemetry: TelemetryConfig,
    /// Health and metrics endpoints.
    pub admin: AdminConfig,
    /// The process itself.
    pub process: ProcessConfig,
}

/// Section `[process]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessConfig {
    /// How long the end may take after SIGTERM or ctrl-C.
    pub grace_period_ms: u64,
    /// What the embedded broker keeps of each topic, in memory.
    pub embedded_retention_bytes: u64,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        Self {
            grace_period_ms: 15_000,
            embedded_retention_bytes: 16 << 20,
        }
    }
}

impl Settings {
    /// Reads `file`, or `streamwarden.toml` if it lies here, and the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake in all sections.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let here = PathBuf::from(DEFAULT_FILE);
        let file = file
            .map(Path::to_path_buf)
            .or_else(|| here.exists().then_some(here));
        let settings: Self = config::load(file.as_deref(), environment)?;
        settings.check()?;
        Ok(settings)
    }

    /// Checks all sections; again after arguments were put into them.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake.
    pub fn check(&self) -> Result<(), ConfigError> {
        let problems = self.validate();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError { problems })
        }
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = self.kafka.validate();
        problems.extend(self.collector.validate());
        problems.extend(self.featurizer.validate());
        problems.extend(self.inference.validate());
        problems.extend(self.notifier.validate());
        problems.extend(self.telemetry.validate());
        if self.process.embedded_retention_bytes < 1 << 20 {
            let message = "must be at least 1048576";
            problems.push(Problem::new("process.embedded_retention_bytes", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(Settings::default().validate(), []);
    }

    #[test]
    fn mistakes_of_all_sections_are_told_at_once() {
        let environment = [
            ("STREAMWARDEN_KAFKA__PARTITIONS", "0"),
            ("STREAMWARDEN_COLLECTOR__POLL_INTERVAL_MS", "1"),
            ("STREAMWARDEN_NOTIFIER__DATABASE", "mysql://x"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let error = Settings::load(None, environment).unwrap_err().to_string();
        for part in [
            "kafka.partitions",
            "collector.poll_interval_ms",
            "notifier.database",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn the_shipped_example_is_valid() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config/streamwarden.toml");
        let settings = Settings::load(Some(&file), []).unwrap();
        assert_eq!(settings.collector.clusters[0].id, "prod");
        assert_eq!(settings.notifier.channels.len(), 1);
        assert!(settings.kafka.security.sasl.is_some());
    }
}
