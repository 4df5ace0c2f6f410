//! Checkpoints.

use streamwarden_proto::v1::{Checkpoint, CheckpointSnapshot, CheckpointStatus, CheckpointVertex};

use crate::coding;
use crate::flink::answers::checkpoints as answers;

/// The record of a job's checkpoints; `checkpoints` are the new or changed ones, oldest first.
#[must_use]
pub fn checkpoint_snapshot(
    job_id: &str,
    counts: &answers::Counts,
    checkpoints: Vec<Checkpoint>,
) -> CheckpointSnapshot {
    CheckpointSnapshot {
        job_id: job_id.to_owned(),
        triggered: counts.total.whole().unwrap_or_default(),
        in_progress: counts.in_progress.whole().unwrap_or_default(),
        completed: counts.completed.whole().unwrap_or_default(),
        failed: counts.failed.whole().unwrap_or_default(),
        restored: counts.restored.whole().unwrap_or_default(),
        checkpoints,
    }
}

/// One checkpoint, with its vertices where the answer has them.
#[must_use]
pub fn checkpoint(answer: &answers::Checkpoint) -> Checkpoint {
    let vertices = answer
        .tasks
        .iter()
        .map(|(id, task)| checkpoint_vertex(id, task))
        .collect();
    Checkpoint {
        id: answer.id.whole().unwrap_or_default(),
        status: status(&answer.status).into(),
        triggered_at_ms: answer.trigger_timestamp.time_ms().unwrap_or_default(),
        latest_ack_at_ms: answer.latest_ack_timestamp.time_ms(),
        end_to_end_duration_ms: answer.end_to_end_duration.known(),
        state_size_bytes: answer.state_size.whole(),
        checkpointed_size_bytes: answer.checkpointed_size.whole(),
        processed_data_bytes: answer.processed_data.whole(),
        persisted_data_bytes: answer.persisted_data.whole(),
        subtasks: answer.num_subtasks.count(),
        subtasks_acknowledged: answer.num_acknowledged_subtasks.count(),
        is_savepoint: answer.is_savepoint,
        failure_message: coding::redacted(answer.failure_message.as_deref().unwrap_or_default()),
        vertices,
    }
}

/// One vertex's part; durations only where its own answer was asked for.
#[must_use]
pub fn checkpoint_vertex(vertex_id: &str, task: &answers::TaskCheckpoint) -> CheckpointVertex {
    let summary = task.summary.clone().unwrap_or_default();
    CheckpointVertex {
        vertex_id: vertex_id.to_owned(),
        subtasks: task.num_subtasks.count(),
        subtasks_acknowledged: task.num_acknowledged_subtasks.count(),
        end_to_end_duration_ms: task.end_to_end_duration.known(),
        sync_duration_ms: summary.checkpoint_duration.sync.max.known(),
        async_duration_ms: summary.checkpoint_duration.asynchronous.max.known(),
        alignment_duration_ms: summary.alignment.duration.max.known(),
        start_delay_ms: summary.start_delay.max.known(),
        state_size_bytes: task.state_size.whole(),
        processed_data_bytes: task.processed_data.whole(),
    }
}

fn status(text: &str) -> CheckpointStatus {
    match text {
        "IN_PROGRESS" => CheckpointStatus::InProgress,
        "COMPLETED" => CheckpointStatus::CheckpointCompleted,
        "FAILED" => CheckpointStatus::CheckpointFailed,
        _ => CheckpointStatus::Unspecified,
    }
}
