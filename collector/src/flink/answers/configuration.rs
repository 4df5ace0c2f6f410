//! `/jobmanager/config`, `/jobs/:job/jobmanager/config`, `/jobs/:job/config` and `/jobs/:job/checkpoints/config`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One option of a `.../jobmanager/config` answer.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Option key.
    pub key: String,
    /// Value as text.
    #[serde(default)]
    pub value: Option<String>,
}

/// `/jobs/:job/config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobConfig {
    /// What the job was submitted with.
    #[serde(rename = "execution-config")]
    pub execution: Option<ExecutionConfig>,
}

/// What the job was submitted with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExecutionConfig {
    /// A description for people.
    #[serde(rename = "restart-strategy")]
    pub restart_strategy: Option<String>,
    /// Parallelism; -1: the cluster's default.
    #[serde(rename = "job-parallelism")]
    pub job_parallelism: Option<i64>,
    /// Are objects handed on without a copy?
    #[serde(rename = "object-reuse-mode")]
    pub object_reuse: Option<bool>,
    /// Global job parameters.
    #[serde(rename = "user-config")]
    pub user_config: BTreeMap<String, Value>,
}

/// `/jobs/:job/checkpoints/config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CheckpointConfig {
    /// "exactly_once", "at_least_once".
    pub mode: Option<String>,
    /// ms; the largest long where checkpointing is off.
    pub interval: Option<i64>,
    /// ms.
    pub timeout: Option<i64>,
    /// ms.
    pub min_pause: Option<i64>,
    /// How many at once.
    pub max_concurrent: Option<i64>,
    /// What stays after the job.
    pub externalization: Externalization,
    /// Class name of the backend.
    pub state_backend: Option<String>,
    /// Class name of the storage.
    pub checkpoint_storage: Option<String>,
    /// Do barriers overtake records?
    pub unaligned_checkpoints: Option<bool>,
    /// Failures that are tolerated.
    pub tolerable_failed_checkpoints: Option<i64>,
    /// ms after which an aligned checkpoint becomes unaligned.
    pub aligned_checkpoint_timeout: Option<i64>,
    /// Do checkpoints go on when some tasks have finished?
    pub checkpoints_after_tasks_finish: Option<bool>,
    /// Is the changelog state backend on?
    pub state_changelog_enabled: Option<bool>,
    /// ms.
    pub changelog_periodic_materialization_interval: Option<i64>,
    /// "memory", "filesystem".
    pub changelog_storage: Option<String>,
}

/// What stays of a checkpoint after the job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Externalization {
    /// Is it kept at all?
    pub enabled: bool,
    /// Is it deleted when the job is cancelled?
    pub delete_on_cancellation: bool,
}
