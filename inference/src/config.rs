//! Configuration of the service, and of the judgement in it.

use std::path::PathBuf;

use serde::Deserialize;

/// Section `[inference]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InferenceConfig {
    /// Library of the ONNX runtime, or its folder; else `ORT_DYLIB_PATH`, the cache, the system's folders.
    pub onnxruntime: Option<PathBuf>,
    /// Folder with `vertex/`, `job/` and `taskmanager/`; else the models of the experience pack.
    pub models: Option<PathBuf>,
    /// Folder of an experience pack that extends the built-in one.
    pub experience: Option<PathBuf>,
    /// Name of this process towards Kafka's transactions; must differ between processes of one group.
    pub transactional_id: String,
    /// When findings open, stay and go.
    pub diagnosis: DiagnosisConfig,
}

impl Default for InferenceConfig {
    fn default() -> Self {
        Self {
            onnxruntime: None,
            models: None,
            experience: None,
            transactional_id: "streamwarden-inference-0".to_owned(),
            diagnosis: DiagnosisConfig::default(),
        }
    }
}

impl InferenceConfig {
    /// Everything that serde cannot see, one sentence each.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut problems = self.diagnosis.validate();
        if self.transactional_id.trim().is_empty() {
            problems.push("transactional_id must not be empty".to_owned());
        }
        problems
    }
}

/// When findings open, stay and go. All times are event time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiagnosisConfig {
    /// A job's figures are not judged in the first time after its start.
    pub learning_ms: i64,
    /// Vertices and TaskManagers are not judged in the first time after a restart.
    pub settle_ms: i64,
    /// Windows in a row that must agree before figures open a finding.
    pub open_windows: usize,
    /// Windows in a row without evidence that resolve a finding.
    pub close_windows: u32,
    /// Time without an error that resolves a finding that errors opened, once the job runs.
    pub error_quiet_ms: i64,
    /// A second cause from figures beside a first one needs at least this probability.
    pub second_cause: f64,
    /// Least time between two updates of a finding.
    pub update_interval_ms: i64,
    /// A finding is confirmed at least this often.
    pub heartbeat_ms: i64,
    /// How long the findings of a failed job stay open.
    pub failed_job_hold_ms: i64,
    /// Figures older than this are no evidence.
    pub stale_ms: i64,
}

impl Default for DiagnosisConfig {
    fn default() -> Self {
        Self {
            learning_ms: 25_000,
            settle_ms: 20_000,
            open_windows: 2,
            close_windows: 3,
            error_quiet_ms: 90_000,
            second_cause: 0.9,
            update_interval_ms: 30_000,
            heartbeat_ms: 300_000,
            failed_job_hold_ms: 3_600_000,
            stale_ms: 45_000,
        }
    }
}

impl DiagnosisConfig {
    fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let times = [
            ("learning_ms", self.learning_ms),
            ("settle_ms", self.settle_ms),
            ("error_quiet_ms", self.error_quiet_ms),
            ("update_interval_ms", self.update_interval_ms),
            ("heartbeat_ms", self.heartbeat_ms),
            ("failed_job_hold_ms", self.failed_job_hold_ms),
            ("stale_ms", self.stale_ms),
        ];
        for (name, value) in times {
            if value < 0 {
                problems.push(format!("diagnosis.{name} must not be negative, it is {value}"));
            }
        }
        if self.open_windows == 0 || self.open_windows > crate::diagnosis::REMEMBERED_WINDOWS {
            problems.push(format!(
                "diagnosis.open_windows must be 1 to {}, it is {}",
                crate::diagnosis::REMEMBERED_WINDOWS,
                self.open_windows
            ));
        }
        if !(0.0..=1.0).contains(&self.second_cause) {
            problems.push(format!(
                "diagnosis.second_cause must be 0 to 1, it is {}",
                self.second_cause
            ));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(InferenceConfig::default().validate(), Vec::<String>::new());
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let mut config = InferenceConfig::default();
        config.diagnosis.learning_ms = -1;
        config.diagnosis.open_windows = 0;
        config.transactional_id = " ".to_owned();
        assert_eq!(config.validate().len(), 3);
    }
}
