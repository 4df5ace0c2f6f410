//! `/jobs/:job/checkpoints`, `.../details/:id` and `.../details/:id/subtasks/:vertex`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::flink::figure::Figure;

/// Counts and the newest checkpoints.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Checkpoints {
    /// Since the job's start.
    pub counts: Counts,
    /// Newest first; ten by default.
    pub history: Vec<Checkpoint>,
}

/// Checkpoints since the job's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Restored from.
    pub restored: Figure,
    /// Triggered.
    pub total: Figure,
    /// Under way.
    pub in_progress: Figure,
    /// Done.
    pub completed: Figure,
    /// Failed or expired.
    pub failed: Figure,
}

/// One checkpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Number.
    pub id: Figure,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub status: String,
    /// A savepoint, triggered by somebody.
    pub is_savepoint: bool,
    /// When it began.
    pub trigger_timestamp: Figure,
    /// When the last subtask acknowledged; -1: none did.
    pub latest_ack_timestamp: Figure,
    /// What was written.
    pub checkpointed_size: Figure,
    /// The whole state.
    pub state_size: Figure,
    /// From trigger to last acknowledgement, ms.
    pub end_to_end_duration: Figure,
    /// Bytes that passed during alignment.
    pub processed_data: Figure,
    /// In-flight bytes that were stored.
    pub persisted_data: Figure,
    /// Subtasks that take part.
    pub num_subtasks: Figure,
    /// Those that acknowledged.
    pub num_acknowledged_subtasks: Figure,
    /// Why it failed.
    pub failure_message: Option<String>,
    /// By vertex id; empty in the history.
    pub tasks: BTreeMap<String, TaskCheckpoint>,
}

/// One vertex's part.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TaskCheckpoint {
    /// The whole state of the vertex.
    pub state_size: Figure,
    /// From trigger to its last acknowledgement, ms.
    pub end_to_end_duration: Figure,
    /// Bytes that passed during alignment.
    pub processed_data: Figure,
    /// Subtasks that take part.
    pub num_subtasks: Figure,
    /// Those that acknowledged.
    pub num_acknowledged_subtasks: Figure,
    /// Over its subtasks; only in the vertex's own answer, absent while none acknowledged.
    pub summary: Option<Summary>,
}

/// Statistics over the subtasks of one vertex.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Sync and async part.
    pub checkpoint_duration: PhaseDurations,
    /// Waiting for barriers of all inputs.
    pub alignment: Alignment,
    /// From trigger to the first barrier.
    pub start_delay: MinMax,
}

/// The two phases of a snapshot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PhaseDurations {
    /// Processing stands still.
    pub sync: MinMax,
    /// In the background.
    #[serde(rename = "async")]
    pub asynchronous: MinMax,
}

/// Waiting for barriers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Alignment {
    /// How long, ms.
    pub duration: MinMax,
}

/// The part of a statistic that is used.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct MinMax {
    /// Largest.
    pub max: Figure,
}
