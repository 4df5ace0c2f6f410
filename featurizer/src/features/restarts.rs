//! Restarts, and the states of the tasks between them.

use streamwarden_proto::v1::ExecutionState::{
    Canceled, Canceling, Created, Deploying, Failed, Finished, Initializing, Running, Scheduled,
};

use crate::metric::JobMetric::InProgressCheckpoints;
use crate::schema::{Family, JobFeature, TaskManagerFeature, VertexFeature};
use crate::stats;

const UNKNOWN: &str = "the job's tasks are not known";
const NO_COUNT: &str = "the job reports no restarts";

pub(crate) const FAMILY: Family = Family {
    name: "restarts",
    vertex: &[
        VertexFeature::new(
            "running_share",
            "ratio",
            "running subtasks",
            "Share of the subtasks that run.",
            UNKNOWN,
            |v| v.own.share_in(&[Running]),
        ),
        VertexFeature::new(
            "failed_share",
            "ratio",
            "failed subtasks",
            "Share of the subtasks that failed.",
            UNKNOWN,
            |v| v.own.share_in(&[Failed]),
        ),
        VertexFeature::new(
            "cancelling_share",
            "ratio",
            "subtasks being cancelled",
            "Share of the subtasks that are being cancelled.",
            UNKNOWN,
            |v| v.own.share_in(&[Canceling]),
        ),
        VertexFeature::new(
            "starting_share",
            "ratio",
            "starting subtasks",
            "Share of the subtasks that wait for a slot, are deployed or restore their state.",
            UNKNOWN,
            |v| {
                v.own
                    .share_in(&[Created, Scheduled, Deploying, Initializing])
            },
        ),
        VertexFeature::new(
            "new_attempts",
            "count",
            "subtasks that began anew",
            "Subtasks that began a new attempt in this window.",
            "never",
            |v| v.own.new_attempts as f64,
        ),
        VertexFeature::new(
            "figures_stale",
            "s",
            "figures stand still",
            "Seconds since the figures of a running subtask last moved: long where its TaskManager is frozen or gone.",
            "no subtask runs",
            |v| v.own.stale_s,
        ),
    ],
    job: &[
        JobFeature::new(
            "restarts",
            "count",
            "restarts",
            "Restarts in this window.",
            NO_COUNT,
            |j| j.own.restarts_in_window,
        ),
        JobFeature::new(
            "restarts_last_minute",
            "count",
            "restarts in a minute",
            "Restarts in the last minute.",
            NO_COUNT,
            |j| j.own.restarts_last_minute,
        ),
        JobFeature::new(
            "restarts_last_five_minutes",
            "count",
            "restarts in five minutes",
            "Restarts in the last five minutes.",
            NO_COUNT,
            |j| j.own.restarts_last_five_minutes,
        ),
        JobFeature::new(
            "running_share",
            "ratio",
            "running tasks",
            "Share of the job's subtasks that run.",
            UNKNOWN,
            |j| j.own.running_share(),
        ),
        JobFeature::new(
            "failed_share",
            "ratio",
            "failed tasks",
            "Share of the job's subtasks that failed.",
            UNKNOWN,
            |j| j.own.share_in(&[Failed]),
        ),
        JobFeature::new(
            "cancelled_share",
            "ratio",
            "cancelled tasks",
            "Share of the job's subtasks that are or were cancelled.",
            UNKNOWN,
            |j| j.own.share_in(&[Canceling, Canceled]),
        ),
        JobFeature::new(
            "waiting_share",
            "ratio",
            "tasks that wait for a slot",
            "Share of the job's subtasks that wait for a slot.",
            UNKNOWN,
            |j| j.own.share_in(&[Created, Scheduled]),
        ),
        JobFeature::new(
            "starting_share",
            "ratio",
            "tasks that start",
            "Share of the job's subtasks that are deployed or restore their state.",
            UNKNOWN,
            |j| j.own.share_in(&[Deploying, Initializing]),
        ),
        JobFeature::new(
            "finished_share",
            "ratio",
            "finished tasks",
            "Share of the job's subtasks that are done.",
            UNKNOWN,
            |j| j.own.share_in(&[Finished]),
        ),
        JobFeature::new(
            "status_running",
            "flag",
            "job status RUNNING",
            "1 if Flink calls the job RUNNING, which it also does without any task running.",
            "the status is not known",
            |j| status(&j.own.status, &["RUNNING"]),
        ),
        JobFeature::new(
            "status_restarting",
            "flag",
            "job status RESTARTING",
            "1 if Flink calls the job RESTARTING or FAILING.",
            "the status is not known",
            |j| status(&j.own.status, &["RESTARTING", "FAILING"]),
        ),
        JobFeature::new(
            "status_failed",
            "flag",
            "job status FAILED",
            "1 if Flink has given the job up.",
            "the status is not known",
            |j| status(&j.own.status, &["FAILED"]),
        ),
        JobFeature::new(
            "status_starting",
            "flag",
            "job status CREATED or INITIALIZING",
            "1 if the job has not begun to run.",
            "the status is not known",
            |j| status(&j.own.status, &["CREATED", "INITIALIZING", "RECONCILING"]),
        ),
        JobFeature::new(
            "new_attempts_share",
            "ratio",
            "tasks that began anew",
            "Share of the job's subtasks that began a new attempt in this window.",
            UNKNOWN,
            |j| {
                let (begun, all) = j.vertices().fold((0, 0), |(begun, all), own| {
                    (begun + own.new_attempts, all + own.parallelism)
                });
                stats::ratio(begun as f64, all as f64)
            },
        ),
        JobFeature::new(
            "figures_stale_max",
            "s",
            "figures stand still",
            "Seconds since the figures of the stalest running subtask last moved.",
            "no subtask runs",
            |j| stats::max_of(j.vertices().map(|own| own.stale_s)),
        ),
        JobFeature::new(
            "checkpoints_in_progress",
            "count",
            "checkpoints under way",
            "Checkpoints under way, as the job counts them.",
            "the job does not report it",
            |j| j.own.metrics.one(InProgressCheckpoints),
        ),
    ],
    taskmanager: &[TaskManagerFeature::new(
        "tasks_running",
        "count",
        "running tasks",
        "Tasks that run on this TaskManager.",
        "never",
        |t| t.own.tasks.running as f64,
    )],
};

fn status(own: &str, wanted: &[&str]) -> f64 {
    if own.is_empty() {
        f64::NAN
    } else {
        stats::flag(wanted.contains(&own))
    }
}
