//! Sources: what waits to be read, whether anything comes, whether the connection holds.

use crate::history::Trend;
use crate::metric::SubtaskMetric::{
    AssignedPartitions, CommitsFailed, CommitsSucceeded, ConsumedRate, ConsumerConnections,
    EmitLag, FetchLag, FetchLatency, PendingRecords, RecordsOut, SourceErrors, SourceIdleTime,
    WatermarkLag,
};
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::state::vertex::VertexFigures;
use crate::stats;

const NO_SOURCE: &str = "no source, or it does not report this";
/// A source without a record for this long is idle.
const IDLE_MS: f64 = 5_000.0;

/// Seconds that the backlog would take at the present rate.
fn backlog_s(own: &VertexFigures) -> f64 {
    let pending = stats::sum(own.of(PendingRecords));
    if pending <= 0.0 {
        pending
    } else {
        stats::ratio(pending, stats::sum(own.of(RecordsOut)).max(1.0))
    }
}

pub(crate) const FAMILY: Family = Family {
    name: "source",
    vertex: &[
        VertexFeature::new(
            "pending_records",
            "records",
            "records waiting to be read",
            "Records that wait in the source's system, all subtasks together.",
            NO_SOURCE,
            |v| stats::sum(v.own.of(PendingRecords)),
        )
        .with_trend(Trend::Difference),
        VertexFeature::new(
            "backlog",
            "s",
            "backlog at the present rate",
            "Seconds that the waiting records would take at the present rate.",
            NO_SOURCE,
            |v| backlog_s(v.own),
        )
        .with_trend(Trend::Difference),
        VertexFeature::new(
            "pending_max_over_mean",
            "ratio",
            "records waiting in the worst subtask",
            "Waiting records of the worst subtask against the mean.",
            NO_SOURCE,
            |v| stats::max_over_mean(v.own.of(PendingRecords)),
        ),
        VertexFeature::new(
            "source_idle_max",
            "ms",
            "source idle, worst subtask",
            "Time since the idlest subtask of the source read a record.",
            NO_SOURCE,
            |v| stats::max(v.own.of(SourceIdleTime)),
        ),
        VertexFeature::new(
            "source_idle_min",
            "ms",
            "source idle, best subtask",
            "Time since the least idle subtask of the source read a record.",
            NO_SOURCE,
            |v| stats::min(v.own.of(SourceIdleTime)),
        ),
        VertexFeature::new(
            "source_idle_share",
            "ratio",
            "idle subtasks of the source",
            "Share of the source's subtasks that have read nothing for 5 s.",
            NO_SOURCE,
            |v| stats::share(v.own.of(SourceIdleTime), |idle| idle > IDLE_MS),
        ),
        VertexFeature::new(
            "emit_lag_max",
            "ms",
            "age of records when they leave the source",
            "Time between a record's own time and its leaving the source, in the worst subtask.",
            NO_SOURCE,
            |v| stats::max(v.own.of(EmitLag)),
        ),
        VertexFeature::new(
            "fetch_lag_max",
            "ms",
            "age of records when they are fetched",
            "Time between a record's own time and its being fetched, in the worst subtask.",
            NO_SOURCE,
            |v| stats::max(v.own.of(FetchLag)),
        ),
        VertexFeature::new(
            "source_watermark_lag_max",
            "ms",
            "watermark of the source behind the clock",
            "Clock time minus watermark of the source, in the worst subtask.",
            NO_SOURCE,
            |v| stats::max(v.own.of(WatermarkLag)),
        ),
        VertexFeature::new(
            "source_errors",
            "1/s",
            "records that could not be read",
            "Records a second that the source could not read.",
            NO_SOURCE,
            |v| stats::sum(v.own.of(SourceErrors)),
        ),
        VertexFeature::new(
            "commits_failed",
            "1/s",
            "failed offset commits",
            "Offset commits a second that failed.",
            NO_SOURCE,
            |v| stats::sum(v.own.of(CommitsFailed)),
        ),
        VertexFeature::new(
            "commits_failed_share",
            "ratio",
            "share of failed offset commits",
            "Failed offset commits among all.",
            "no commit in this window",
            |v| {
                let failed = stats::sum(v.own.of(CommitsFailed));
                stats::ratio(failed, failed + stats::sum(v.own.of(CommitsSucceeded)))
            },
        ),
        VertexFeature::new(
            "consumer_connections_min",
            "count",
            "connections of the consumer, worst subtask",
            "Connections to the brokers, in the subtask with fewest.",
            NO_SOURCE,
            |v| stats::min(v.own.of(ConsumerConnections)),
        ),
        VertexFeature::new(
            "consumer_cut_off_share",
            "ratio",
            "consumers without a connection",
            "Share of the subtasks without a connection to the brokers.",
            NO_SOURCE,
            |v| stats::share(v.own.of(ConsumerConnections), |count| count < 0.5),
        ),
        VertexFeature::new(
            "partitions",
            "count",
            "partitions read",
            "Partitions that the source's subtasks read, together.",
            NO_SOURCE,
            |v| stats::sum(v.own.of(AssignedPartitions)),
        ),
        VertexFeature::new(
            "partitions_per_subtask",
            "ratio",
            "partitions for each subtask",
            "Partitions against the parallelism: below 1, some subtasks have nothing to read.",
            NO_SOURCE,
            |v| {
                stats::ratio(
                    stats::sum(v.own.of(AssignedPartitions)),
                    v.own.parallelism as f64,
                )
            },
        ),
        VertexFeature::new(
            "unassigned_share",
            "ratio",
            "subtasks without a partition",
            "Share of the subtasks that report no partition.",
            NO_SOURCE,
            |v| {
                let assigned = v.own.of(AssignedPartitions);
                let none = assigned
                    .iter()
                    .filter(|count| count.is_nan() || **count < 0.5)
                    .count();
                if stats::count(assigned) == 0 {
                    f64::NAN
                } else {
                    none as f64 / assigned.len() as f64
                }
            },
        ),
        VertexFeature::new(
            "consumed_rate",
            "records/s",
            "records consumed",
            "Records a second that the consumer says it consumed.",
            NO_SOURCE,
            |v| stats::sum(v.own.of(ConsumedRate)),
        )
        .with_trend(Trend::Ratio),
        VertexFeature::new(
            "fetch_latency",
            "ms",
            "latency of fetches",
            "Mean latency of fetches, in the worst subtask.",
            NO_SOURCE,
            |v| stats::max(v.own.of(FetchLatency)),
        ),
    ],
    job: &[
        JobFeature::new(
            "pending_records",
            "records",
            "records waiting to be read",
            "Records that wait in the sources' systems.",
            NO_SOURCE,
            |j| stats::sum_of(j.vertices().map(|own| stats::sum(own.of(PendingRecords)))),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "backlog_max",
            "s",
            "backlog at the present rate",
            "Seconds that the waiting records of the worst source would take at the present rate.",
            NO_SOURCE,
            |j| stats::max_of(j.vertices().map(backlog_s)),
        )
        .with_trend(Trend::Difference),
        JobFeature::new(
            "source_idle_min",
            "ms",
            "sources idle, best subtask",
            "Time since any subtask of a source read a record.",
            NO_SOURCE,
            |j| stats::min_of(j.vertices().map(|own| stats::min(own.of(SourceIdleTime)))),
        ),
        JobFeature::new(
            "consumer_cut_off_share",
            "ratio",
            "consumers without a connection",
            "Largest share of a source's subtasks without a connection to the brokers.",
            NO_SOURCE,
            |j| {
                stats::max_of(
                    j.vertices()
                        .map(|own| stats::share(own.of(ConsumerConnections), |count| count < 0.5)),
                )
            },
        ),
        JobFeature::new(
            "commits_failed",
            "1/s",
            "failed offset commits",
            "Offset commits a second that failed, in all sources.",
            NO_SOURCE,
            |j| stats::sum_of(j.vertices().map(|own| stats::sum(own.of(CommitsFailed)))),
        ),
    ],
    taskmanager: &[],
};
