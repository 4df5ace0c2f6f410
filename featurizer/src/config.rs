//! Section `[featurizer]`.

use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::config::Problem;

use crate::cluster::WINDOW_MS;

/// How observations are cut into windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeaturizerConfig {
    /// Consumer group of featurizers that share the clusters.
    pub group: String,
    /// How long a window stays open for observations that arrive out of order.
    pub allowed_lateness_ms: i64,
    /// Where the grid of windows begins, counted from the epoch: 0 to 9999. Training shifts it, to have more windows of
    /// one tape.
    pub window_phase_ms: i64,
    /// How long records go on for a TaskManager that has gone, or a job that has ended.
    pub linger_ms: i64,
    /// Jobs of one cluster that are remembered; of more, the ones seen longest ago are forgotten.
    pub max_jobs_per_cluster: usize,
    /// TaskManagers of one cluster that are remembered.
    pub max_taskmanagers_per_cluster: usize,
    /// Clusters that are remembered.
    pub max_clusters: usize,
    /// Folder for Parquet files; absent: none are written.
    pub export_directory: Option<std::path::PathBuf>,
}

impl Default for FeaturizerConfig {
    fn default() -> Self {
        Self {
            group: "featurizer".to_owned(),
            allowed_lateness_ms: 2_000,
            window_phase_ms: 0,
            linger_ms: 60_000,
            max_jobs_per_cluster: 1_000,
            max_taskmanagers_per_cluster: 2_000,
            max_clusters: 20_000,
            export_directory: None,
        }
    }
}

impl FeaturizerConfig {
    /// What is wrong with it, each with its key.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(0..=60_000).contains(&self.allowed_lateness_ms) {
            problems.push(problem("allowed_lateness_ms", "must be from 0 to 60000"));
        }
        if !(0..WINDOW_MS).contains(&self.window_phase_ms) {
            problems.push(problem("window_phase_ms", "must be from 0 to 9999"));
        }
        if !(0..=300_000).contains(&self.linger_ms) {
            problems.push(problem("linger_ms", "must be from 0 to 300000"));
        }
        for (key, limit) in [
            ("max_jobs_per_cluster", self.max_jobs_per_cluster),
            (
                "max_taskmanagers_per_cluster",
                self.max_taskmanagers_per_cluster,
            ),
            ("max_clusters", self.max_clusters),
        ] {
            if limit == 0 {
                problems.push(problem(key, "must be above 0"));
            }
        }
        problems
    }
}

fn problem(key: &str, message: &str) -> Problem {
    Problem::new(format!("featurizer.{key}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_nothing_wrong() {
        assert_eq!(FeaturizerConfig::default().validate(), Vec::new());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let config = FeaturizerConfig {
            allowed_lateness_ms: -1,
            max_clusters: 0,
            ..FeaturizerConfig::default()
        };
        assert_eq!(config.validate().len(), 2);
    }
}
