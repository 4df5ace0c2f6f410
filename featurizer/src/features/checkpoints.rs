//! Checkpoints: how long they take and why, whether they end, and how the state grows.

use streamwarden_experience::sizing::SMALL_STATE_BYTES;
use streamwarden_proto::v1::Checkpoint;

use crate::history::Trend;
use crate::metric::SubtaskMetric::{AlignmentTime, StartDelay};
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::settings;
use crate::state::checkpoints::{Failure, part};
use crate::stats;
use crate::view::{JobView, VertexView};

const NONE: &str = "no checkpoint has completed";
const UNKNOWN: &str = "the job's checkpoints are not known";
const MINUTE_MS: i64 = 60_000;
/// Flink's default of `execution.checkpointing.timeout`.
const DEFAULT_TIMEOUT_MS: f64 = 600_000.0;

/// Configured interval.
pub(super) fn interval_ms(j: &JobView<'_>) -> f64 {
    settings::duration_ms(j.settings, &["execution.checkpointing.interval"])
}

/// Configured time-out, or Flink's default.
pub(super) fn timeout_ms(j: &JobView<'_>) -> f64 {
    let configured = settings::duration_ms(j.settings, &["execution.checkpointing.timeout"]);
    if configured.is_nan() {
        DEFAULT_TIMEOUT_MS
    } else {
        configured
    }
}

fn duration_ms(checkpoint: &Checkpoint) -> Option<f64> {
    checkpoint.end_to_end_duration_ms
}

fn state_bytes(checkpoint: &Checkpoint) -> Option<f64> {
    checkpoint.state_size_bytes.map(|size| size as f64)
}

/// The checkpoint in trouble that others are asked about: failed, or older than an interval.
fn troubled<'a>(j: &JobView<'a>) -> Option<&'a Checkpoint> {
    /// Short intervals do not make a checkpoint late.
    const LEAST_PATIENCE_MS: f64 = 5_000.0;
    j.checkpoints()
        .troubled(interval_ms(j).max(LEAST_PATIENCE_MS))
}

fn unacknowledged(subtasks: u32, acknowledged: u32) -> f64 {
    f64::from(subtasks.saturating_sub(acknowledged))
}

/// Share of a vertex's subtasks that hold the troubled checkpoint up.
fn holding_up_share(v: &VertexView<'_>) -> f64 {
    let Some(part) = troubled(v.job).and_then(|checkpoint| part(checkpoint, v.id)) else {
        return f64::NAN;
    };
    stats::ratio(
        unacknowledged(part.subtasks, part.subtasks_acknowledged),
        f64::from(part.subtasks),
    )
}

/// How far the barriers of the troubled checkpoint came past a vertex that holds it up.
fn passed_on_share(v: &VertexView<'_>) -> f64 {
    let holds_up = holding_up_share(v) > 0.0;
    let Some(checkpoint) = troubled(v.job).filter(|_| holds_up) else {
        return f64::NAN;
    };
    let next = v.neighbours.downstream.iter();
    let parts = next.filter_map(|id| part(checkpoint, id));
    stats::max_of(parts.map(|part| {
        stats::ratio(
            f64::from(part.subtasks_acknowledged),
            f64::from(part.subtasks),
        )
    }))
}

pub(crate) const FAMILY: Family = Family {
    name: "checkpoints",
    vertex: &[
        VertexFeature::new(
            "checkpoint_sync",
            "ms",
            "synchronous part",
            "Longest synchronous part of a subtask in the last checkpoints: the task stands still.",
            "no checkpoint says so",
            |v| {
                v.job
                    .checkpoints()
                    .vertex_last(v.id, |part| part.sync_duration_ms)
            },
        ),
        VertexFeature::new(
            "checkpoint_async",
            "ms",
            "asynchronous part",
            "Longest asynchronous part of a subtask in the last checkpoints: state goes to storage.",
            "no checkpoint says so",
            |v| {
                v.job
                    .checkpoints()
                    .vertex_last(v.id, |part| part.async_duration_ms)
            },
        ),
        VertexFeature::new(
            "checkpoint_alignment",
            "ms",
            "alignment",
            "Longest wait of a subtask in the last checkpoints between its first and its last barrier.",
            "no checkpoint says so",
            |v| {
                v.job
                    .checkpoints()
                    .vertex_last(v.id, |part| part.alignment_duration_ms)
            },
        ),
        VertexFeature::new(
            "checkpoint_start_delay",
            "ms",
            "start delay",
            "Longest time in the last checkpoints until the first barrier reached a subtask.",
            "no checkpoint says so",
            |v| {
                v.job
                    .checkpoints()
                    .vertex_last(v.id, |part| part.start_delay_ms)
            },
        ),
        VertexFeature::new(
            "checkpoint_sync_share",
            "ratio",
            "synchronous part against the time-out",
            "Longest synchronous part against the checkpoint time-out.",
            "no checkpoint says so",
            |v| {
                stats::ratio(
                    v.job
                        .checkpoints()
                        .vertex_last(v.id, |part| part.sync_duration_ms),
                    timeout_ms(v.job),
                )
            },
        ),
        VertexFeature::new(
            "checkpoint_snapshot_share",
            "ratio",
            "snapshot against the interval",
            "Longest synchronous plus asynchronous part against the checkpoint interval.",
            "no checkpoint says so",
            |v| {
                let snapshot = v.job.checkpoints().vertex_last(v.id, |part| {
                    Some(part.sync_duration_ms? + part.async_duration_ms?)
                });
                stats::ratio(snapshot, interval_ms(v.job))
            },
        ),
        VertexFeature::new(
            "checkpoint_barrier_share",
            "ratio",
            "barriers against the interval",
            "Start delay plus alignment against the checkpoint interval: barriers queue behind data.",
            "no checkpoint says so",
            |v| {
                let barriers = v.job.checkpoints().vertex_last(v.id, |part| {
                    Some(part.start_delay_ms? + part.alignment_duration_ms?)
                });
                stats::ratio(barriers, interval_ms(v.job))
            },
        ),
        VertexFeature::new(
            "checkpoint_holding_up_share",
            "ratio",
            "subtasks that hold the checkpoint up",
            "Share of the subtasks that have not acknowledged the newest checkpoint that failed or is late.",
            "no checkpoint is in trouble",
            holding_up_share,
        ),
        VertexFeature::new(
            "checkpoint_holding_up_alone",
            "ratio",
            "part of this step in what is missing",
            "Subtasks of this step among all that have not acknowledged the newest checkpoint that failed or is late.",
            "no checkpoint is in trouble",
            |v| {
                let Some(checkpoint) = troubled(v.job) else {
                    return f64::NAN;
                };
                let missing = unacknowledged(checkpoint.subtasks, checkpoint.subtasks_acknowledged);
                let Some(part) = part(checkpoint, v.id) else {
                    return f64::NAN;
                };
                stats::ratio(
                    unacknowledged(part.subtasks, part.subtasks_acknowledged),
                    missing,
                )
            },
        ),
        VertexFeature::new(
            "checkpoint_passed_on_share",
            "ratio",
            "how far barriers came past this step",
            "Largest share of the subtasks of a step right downstream that have acknowledged the newest checkpoint that failed or is late, where this step has not: barriers went by, and its own snapshot is what lacks.",
            "no checkpoint is in trouble, this step does not hold it up, or nothing lies downstream",
            passed_on_share,
        ),
        VertexFeature::new(
            "start_delay_gauge",
            "ms",
            "start delay of the newest barrier",
            "Time until the newest barrier reached the slowest subtask.",
            "Flink reported none",
            |v| stats::max(v.own.of(StartDelay)) / 1e6,
        ),
        VertexFeature::new(
            "alignment_gauge",
            "ms",
            "newest alignment",
            "Time between first and last barrier in the slowest subtask, in nanoseconds as Flink has it, here in milliseconds.",
            "Flink reported none",
            |v| stats::max(v.own.of(AlignmentTime)) / 1e6,
        ),
        VertexFeature::new(
            "state_size",
            "bytes",
            "state of the step",
            "State of the step in the last completed checkpoint.",
            NONE,
            |v| v.job.checkpoints().vertex_state_bytes(v.id),
        ),
        VertexFeature::new(
            "state_share",
            "ratio",
            "part of this step in the job's state",
            "State of the step against that of the whole job.",
            NONE,
            |v| {
                stats::ratio(
                    v.job.checkpoints().vertex_state_bytes(v.id),
                    v.job.checkpoints().last(state_bytes),
                )
            },
        ),
        VertexFeature::new(
            "state_growth",
            "ratio",
            "growth of the state per checkpoint",
            "Slope of the step's state over the last checkpoints, against its mean or 5 MiB, whatever is more.",
            "fewer than three checkpoints",
            |v| v.job.checkpoints().vertex_growth(v.id),
        ),
        VertexFeature::new(
            "job_checkpoints_failed_minute",
            "count",
            "failed checkpoints of the job in a minute",
            "Checkpoints of the job that failed in the last minute, expired or otherwise.",
            UNKNOWN,
            |v| {
                v.job
                    .checkpoints()
                    .failed_within(MINUTE_MS, Failure::Expired)
                    + v.job.checkpoints().failed_within(MINUTE_MS, Failure::Other)
            },
        ),
        VertexFeature::new(
            "job_checkpoint_open_share",
            "ratio",
            "open checkpoint of the job against the time-out",
            "Age of the oldest checkpoint under way against the time-out.",
            "no checkpoint is under way",
            |v| stats::ratio(v.job.checkpoints().in_progress_age_ms(), timeout_ms(v.job)),
        ),
    ],
    job: &[
        JobFeature::new(
            "checkpoint_duration",
            "ms",
            "duration of the last checkpoint",
            "End-to-end duration of the last completed checkpoint.",
            NONE,
            |j| j.checkpoints().last(duration_ms),
        )
        .with_trend(Trend::Ratio),
        JobFeature::new(
            "checkpoint_duration_over_interval",
            "ratio",
            "checkpoint duration against the interval",
            "Duration of the last completed checkpoint against the interval.",
            "no checkpoint has completed, or no interval is set",
            |j| stats::ratio(j.checkpoints().last(duration_ms), interval_ms(j)),
        ),
        JobFeature::new(
            "checkpoint_duration_over_timeout",
            "ratio",
            "checkpoint duration against the time-out",
            "Duration of the last completed checkpoint against the time-out.",
            NONE,
            |j| stats::ratio(j.checkpoints().last(duration_ms), timeout_ms(j)),
        ),
        JobFeature::new(
            "checkpoint_since_completed_over_interval",
            "ratio",
            "time since the last checkpoint against the interval",
            "Time since the last completed checkpoint began, against the interval.",
            "no checkpoint has completed, or no interval is set",
            |j| stats::ratio(j.checkpoints().since_completed_ms(), interval_ms(j)),
        ),
        JobFeature::new(
            "checkpoint_open_age",
            "ms",
            "age of the checkpoint under way",
            "Age of the oldest checkpoint under way.",
            "no checkpoint is under way",
            |j| j.checkpoints().in_progress_age_ms(),
        ),
        JobFeature::new(
            "checkpoint_open_over_interval",
            "ratio",
            "checkpoint under way against the interval",
            "Age of the oldest checkpoint under way against the interval.",
            "no checkpoint is under way, or no interval is set",
            |j| stats::ratio(j.checkpoints().in_progress_age_ms(), interval_ms(j)),
        ),
        JobFeature::new(
            "checkpoint_open_over_timeout",
            "ratio",
            "checkpoint under way against the time-out",
            "Age of the oldest checkpoint under way against the time-out.",
            "no checkpoint is under way",
            |j| stats::ratio(j.checkpoints().in_progress_age_ms(), timeout_ms(j)),
        ),
        JobFeature::new(
            "checkpoints_completed_minute",
            "count",
            "checkpoints completed in a minute",
            "Checkpoints completed in the last minute.",
            UNKNOWN,
            |j| j.checkpoints().completed_within(MINUTE_MS),
        ),
        JobFeature::new(
            "checkpoints_expired_minute",
            "count",
            "checkpoints expired in a minute",
            "Checkpoints that did not complete in time, in the last minute.",
            UNKNOWN,
            |j| j.checkpoints().failed_within(MINUTE_MS, Failure::Expired),
        ),
        JobFeature::new(
            "checkpoints_declined_minute",
            "count",
            "checkpoints failed in a minute",
            "Checkpoints that failed for another reason than time, in the last minute; those that a restart took along do not count.",
            UNKNOWN,
            |j| j.checkpoints().failed_within(MINUTE_MS, Failure::Other),
        ),
        JobFeature::new(
            "checkpoints_failed_in_a_row",
            "count",
            "checkpoints failed in a row",
            "Checkpoints that failed since the last one that completed.",
            UNKNOWN,
            |j| j.checkpoints().failures_in_a_row(),
        ),
        JobFeature::new(
            "checkpoint_holding_up_share",
            "ratio",
            "subtasks that hold the checkpoint up",
            "Share of all subtasks that have not acknowledged the newest checkpoint that failed or is late.",
            "no checkpoint is in trouble",
            |j| {
                let Some(checkpoint) = troubled(j) else {
                    return f64::NAN;
                };
                stats::ratio(
                    unacknowledged(checkpoint.subtasks, checkpoint.subtasks_acknowledged),
                    f64::from(checkpoint.subtasks),
                )
            },
        ),
        JobFeature::new(
            "checkpoint_state_size",
            "bytes",
            "state size",
            "State of the job in the last completed checkpoint.",
            NONE,
            |j| j.checkpoints().last(state_bytes),
        ),
        JobFeature::new(
            "checkpoint_written_size",
            "bytes",
            "written by a checkpoint",
            "What the last completed checkpoint had to write.",
            NONE,
            |j| {
                j.checkpoints()
                    .last(|checkpoint| checkpoint.checkpointed_size_bytes.map(|size| size as f64))
            },
        ),
        JobFeature::new(
            "checkpoint_written_share",
            "ratio",
            "written against the state",
            "What the last completed checkpoint wrote against the state: below 1 where checkpoints are incremental.",
            NONE,
            |j| {
                stats::ratio(
                    j.checkpoints().last(|checkpoint| {
                        checkpoint.checkpointed_size_bytes.map(|size| size as f64)
                    }),
                    j.checkpoints().last(state_bytes),
                )
            },
        ),
        JobFeature::new(
            "state_growth",
            "ratio",
            "growth of the state per checkpoint",
            "Slope of the state over the last checkpoints, against its mean or 5 MiB, whatever is more.",
            "fewer than three checkpoints",
            |j| j.checkpoints().growth(state_bytes, SMALL_STATE_BYTES),
        ),
        JobFeature::new(
            "state_growing_share",
            "ratio",
            "checkpoints larger than the one before",
            "Share of the last checkpoints that were larger than the one before.",
            "fewer than three checkpoints",
            |j| j.checkpoints().growing_share(state_bytes),
        ),
        JobFeature::new(
            "checkpoint_duration_growth",
            "ratio",
            "growth of the duration per checkpoint",
            "Slope of the duration over the last checkpoints, against its mean.",
            "fewer than three checkpoints",
            |j| j.checkpoints().growth(duration_ms, 0.0),
        ),
        JobFeature::new(
            "checkpoint_inflight_bytes",
            "bytes",
            "data in flight in a checkpoint",
            "Data between the barriers that the last completed checkpoint stored: unaligned checkpoints.",
            NONE,
            |j| {
                j.checkpoints()
                    .last(|checkpoint| checkpoint.persisted_data_bytes.map(|size| size as f64))
            },
        ),
        JobFeature::new(
            "checkpoint_sync_max",
            "ms",
            "longest synchronous part",
            "Longest synchronous part of any step in the last checkpoints.",
            "no checkpoint says so",
            |j| {
                over_steps(j, |j, id| {
                    j.checkpoints()
                        .vertex_last(id, |part| part.sync_duration_ms)
                })
            },
        ),
        JobFeature::new(
            "checkpoint_async_max",
            "ms",
            "longest asynchronous part",
            "Longest asynchronous part of any step in the last checkpoints.",
            "no checkpoint says so",
            |j| {
                over_steps(j, |j, id| {
                    j.checkpoints()
                        .vertex_last(id, |part| part.async_duration_ms)
                })
            },
        ),
        JobFeature::new(
            "checkpoint_alignment_max",
            "ms",
            "longest alignment",
            "Longest alignment of any step in the last checkpoints.",
            "no checkpoint says so",
            |j| {
                over_steps(j, |j, id| {
                    j.checkpoints()
                        .vertex_last(id, |part| part.alignment_duration_ms)
                })
            },
        ),
        JobFeature::new(
            "checkpoint_start_delay_max",
            "ms",
            "longest start delay",
            "Longest start delay of any step in the last checkpoints.",
            "no checkpoint says so",
            |j| {
                over_steps(j, |j, id| {
                    j.checkpoints().vertex_last(id, |part| part.start_delay_ms)
                })
            },
        ),
        JobFeature::new(
            "checkpoint_barrier_share",
            "ratio",
            "barriers against barriers and snapshots",
            "Start delay plus alignment of the slowest step against these plus its snapshot: near 1 where barriers are the reason, near 0 where snapshots are.",
            "no checkpoint says so",
            |j| {
                let barriers = over_steps(j, |j, id| {
                    j.checkpoints().vertex_last(id, |part| {
                        Some(part.start_delay_ms? + part.alignment_duration_ms?)
                    })
                });
                let snapshot = over_steps(j, |j, id| {
                    j.checkpoints().vertex_last(id, |part| {
                        Some(part.sync_duration_ms? + part.async_duration_ms?)
                    })
                });
                stats::ratio(barriers, barriers + snapshot)
            },
        ),
    ],
    taskmanager: &[],
};

fn over_steps(j: &JobView<'_>, of: impl Fn(&JobView<'_>, &str) -> f64) -> f64 {
    stats::max_of(j.graph.vertices().iter().map(|vertex| of(j, &vertex.id)))
}
