//! Configuration of the service, and of the judgement in it.

use std::path::PathBuf;

use serde::Deserialize;
use streamwarden_service_runtime::Problem;

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
    /// Consumer group of the processes that share the clusters.
    pub group: String,
    /// Name of this process towards Kafka's transactions: the same after a restart, another one for each process of the
    /// group. Absent: the name of the host.
    pub transactional_id: Option<String>,
    /// When findings open, stay and go.
    pub diagnosis: DiagnosisConfig,
}

impl Default for InferenceConfig {
    fn default() -> Self {
        Self {
            onnxruntime: None,
            models: None,
            experience: None,
            group: "inference".to_owned(),
            transactional_id: None,
            diagnosis: DiagnosisConfig::default(),
        }
    }
}

impl InferenceConfig {
    /// What is wrong with it, each with its key.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = self.diagnosis.validate();
        if self
            .transactional_id
            .as_ref()
            .is_some_and(|id| id.trim().is_empty())
        {
            problems.push(problem("transactional_id", "must not be empty"));
        }
        if self.group.trim().is_empty() {
            problems.push(problem("group", "must not be empty"));
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
            learning_ms: 20_000,
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
    fn validate(&self) -> Vec<Problem> {
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
                let key = format!("diagnosis.{name}");
                problems.push(problem(
                    &key,
                    &format!("must not be negative, it is {value}"),
                ));
            }
        }
        if self.open_windows == 0 || self.open_windows > crate::diagnosis::REMEMBERED_WINDOWS {
            let most = crate::diagnosis::REMEMBERED_WINDOWS;
            let message = format!("must be 1 to {most}, it is {}", self.open_windows);
            problems.push(problem("diagnosis.open_windows", &message));
        }
        if !(0.0..=1.0).contains(&self.second_cause) {
            let message = format!("must be 0 to 1, it is {}", self.second_cause);
            problems.push(problem("diagnosis.second_cause", &message));
        }
        problems
    }
}

fn problem(key: &str, message: &str) -> Problem {
    Problem::new(format!("inference.{key}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(InferenceConfig::default().validate(), Vec::new());
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let mut config = InferenceConfig::default();
        config.diagnosis.learning_ms = -1;
        config.diagnosis.open_windows = 0;
        config.transactional_id = Some(" ".to_owned());
        assert_eq!(config.validate().len(), 3);
    }
}
