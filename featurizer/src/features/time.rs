//! Busy, backpressured and idle time of the subtasks.

use crate::history::Trend;
use crate::schema::{Family, JobFeature, TaskManagerFeature, VertexFeature};
use crate::stats;

const UNIT: &str = "ms/s";
const MISSING: &str = "Flink reported no such time for any subtask";
/// A subtask that works this much has no time left.
const SATURATED: f64 = 900.0;
/// A subtask that waits this much for those below is held up.
const BLOCKED: f64 = 500.0;

pub(crate) const FAMILY: Family = Family {
    name: "time",
    vertex: &[
        VertexFeature::new(
            "busy_mean",
            UNIT,
            "busy, mean of the subtasks",
            "Time that the subtasks spend working, on average.",
            MISSING,
            |v| stats::mean(&v.own.busy),
        )
        .with_trend(Trend::Difference),
        VertexFeature::new(
            "busy_max",
            UNIT,
            "busy of the busiest subtask",
            "Time that the busiest subtask spends working.",
            MISSING,
            |v| stats::max(&v.own.busy),
        ),
        VertexFeature::new(
            "busy_min",
            UNIT,
            "busy of the least busy subtask",
            "Time that the least busy subtask spends working.",
            MISSING,
            |v| stats::min(&v.own.busy),
        ),
        VertexFeature::new(
            "backpressured_mean",
            UNIT,
            "backpressured, mean of the subtasks",
            "Time that the subtasks wait because those below take no more data, on average.",
            MISSING,
            |v| stats::mean(&v.own.backpressured),
        )
        .with_trend(Trend::Difference),
        VertexFeature::new(
            "backpressured_max",
            UNIT,
            "backpressured of the worst subtask",
            "Time that the worst subtask waits because those below take no more data.",
            MISSING,
            |v| stats::max(&v.own.backpressured),
        ),
        VertexFeature::new(
            "backpressured_min",
            UNIT,
            "backpressured of the best subtask",
            "Time that the best subtask waits because those below take no more data.",
            MISSING,
            |v| stats::min(&v.own.backpressured),
        ),
        VertexFeature::new(
            "idle_mean",
            UNIT,
            "idle, mean of the subtasks",
            "Time that the subtasks wait for data, on average.",
            MISSING,
            |v| stats::mean(&v.own.idle),
        )
        .with_trend(Trend::Difference),
        VertexFeature::new(
            "idle_max",
            UNIT,
            "idle of the idlest subtask",
            "Time that the idlest subtask waits for data.",
            MISSING,
            |v| stats::max(&v.own.idle),
        ),
        VertexFeature::new(
            "idle_min",
            UNIT,
            "idle of the least idle subtask",
            "Time that the least idle subtask waits for data.",
            MISSING,
            |v| stats::min(&v.own.idle),
        ),
        VertexFeature::new(
            "saturated_share",
            "ratio",
            "subtasks without time left",
            "Share of the subtasks that are busy for more than 900 ms of each second.",
            MISSING,
            |v| stats::share(&v.own.busy, |busy| busy > SATURATED),
        ),
        VertexFeature::new(
            "blocked_share",
            "ratio",
            "subtasks held up by those below",
            "Share of the subtasks that are backpressured for more than half of the time.",
            MISSING,
            |v| stats::share(&v.own.backpressured, |time| time > BLOCKED),
        ),
        VertexFeature::new(
            "busy_of_active",
            "ratio",
            "busy against busy plus backpressured",
            "Working time against working and held-up time: near 1 at the step that limits the job, near 0 above it.",
            "neither busy nor backpressured",
            |v| {
                let busy = stats::mean(&v.own.busy);
                stats::ratio(busy, busy + stats::mean(&v.own.backpressured))
            },
        ),
        VertexFeature::new(
            "busy_over_job",
            "ratio",
            "busy against the job's busiest step",
            "Mean busy time of this step against that of the job's busiest step.",
            MISSING,
            |v| {
                stats::ratio(
                    stats::mean(&v.own.busy),
                    stats::max_of(v.job.vertices().map(|own| stats::mean(&own.busy))),
                )
            },
        ),
        VertexFeature::new(
            "hard_backpressured_mean",
            UNIT,
            "hard backpressured, mean of the subtasks",
            "Time that the subtasks stand still for want of an output buffer, on average.",
            MISSING,
            |v| {
                stats::mean(
                    v.own
                        .of(crate::metric::SubtaskMetric::HardBackpressuredGauge),
                )
            },
        ),
        VertexFeature::new(
            "mailbox_latency_max",
            "ms",
            "longest wait in the mailbox",
            "Longest time that a mail (a timer, a checkpoint, a commit) waited for the task's thread: long where the thread is caught in one call.",
            "Flink reported none",
            |v| stats::max(v.own.of(crate::metric::SubtaskMetric::MailboxLatency)),
        ),
    ],
    job: &[
        JobFeature::new(
            "busiest_mean",
            UNIT,
            "busy of the busiest step",
            "Mean busy time of the busiest step.",
            MISSING,
            |j| stats::max_of(j.vertices().map(|own| stats::mean(&own.busy))),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "busiest_max",
            UNIT,
            "busy of the busiest subtask",
            "Busy time of the job's busiest subtask.",
            MISSING,
            |j| stats::max_of(j.vertices().map(|own| stats::max(&own.busy))),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "busy_mean",
            UNIT,
            "busy, mean of all steps",
            "Busy time over all steps, on average.",
            MISSING,
            |j| stats::mean_of(j.vertices().map(|own| stats::mean(&own.busy))),
        ),
        JobFeature::new(
            "idle_mean",
            UNIT,
            "idle, mean of all steps",
            "Idle time over all steps, on average.",
            MISSING,
            |j| stats::mean_of(j.vertices().map(|own| stats::mean(&own.idle))),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "idle_min",
            UNIT,
            "idle of the least idle step",
            "Mean idle time of the least idle step.",
            MISSING,
            |j| stats::min_of(j.vertices().map(|own| stats::mean(&own.idle))),
        ),
        JobFeature::new(
            "backpressured_max",
            UNIT,
            "backpressured of the worst step",
            "Mean backpressured time of the step that is held up most.",
            MISSING,
            |j| stats::max_of(j.vertices().map(|own| stats::mean(&own.backpressured))),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "source_backpressured_max",
            UNIT,
            "backpressured of the sources",
            "Mean backpressured time of the source that is held up most.",
            MISSING,
            |j| stats::max_of(j.ends(true).map(|own| stats::mean(&own.backpressured))),
        ),
        JobFeature::new(
            "source_busy_max",
            UNIT,
            "busy of the sources",
            "Mean busy time of the busiest source.",
            MISSING,
            |j| stats::max_of(j.ends(true).map(|own| stats::mean(&own.busy))),
        ),
        JobFeature::new(
            "saturated_step_share",
            "ratio",
            "steps without time left",
            "Share of the steps with a subtask that is busy for more than 900 ms of each second.",
            MISSING,
            |j| {
                stats::share(
                    &j.vertices()
                        .map(|own| stats::max(&own.busy))
                        .collect::<Vec<_>>(),
                    |busy| busy > SATURATED,
                )
            },
        ),
        JobFeature::new(
            "blocked_step_share",
            "ratio",
            "steps held up by those below",
            "Share of the steps that are backpressured for more than half of the time.",
            MISSING,
            |j| {
                stats::share(
                    &j.vertices()
                        .map(|own| stats::mean(&own.backpressured))
                        .collect::<Vec<_>>(),
                    |time| time > BLOCKED,
                )
            },
        ),
    ],
    taskmanager: &[
        TaskManagerFeature::new(
            "tasks_busy",
            "tasks",
            "tasks' worth of work",
            "Busy time of all tasks on this TaskManager: two tasks busy half of the time give 1.",
            "no task reports busy time",
            |t| {
                if t.own.tasks.running == 0 {
                    f64::NAN
                } else {
                    t.own.tasks.busy
                }
            },
        ),
        TaskManagerFeature::new(
            "tasks_busy_share",
            "ratio",
            "busy share of its tasks",
            "Mean busy time of the tasks on this TaskManager, as a share.",
            "no task runs there",
            |t| stats::ratio(t.own.tasks.busy, t.own.tasks.running as f64),
        )
        .with_trend(Trend::Difference),
        TaskManagerFeature::new(
            "tasks_backpressured_share",
            "ratio",
            "backpressured share of its tasks",
            "Mean backpressured time of the tasks on this TaskManager, as a share.",
            "no task runs there",
            |t| stats::ratio(t.own.tasks.backpressured, t.own.tasks.running as f64),
        ),
        TaskManagerFeature::new(
            "tasks_records_in",
            "records/s",
            "records into its tasks",
            "Records a second into all tasks on this TaskManager.",
            "no task runs there",
            |t| {
                if t.own.tasks.running == 0 {
                    f64::NAN
                } else {
                    t.own.tasks.records_in
                }
            },
        )
        .with_trend(Trend::Ratio),
    ],
};
