//! Sinks: what their writers and committers say.

use crate::metric::SubtaskMetric::{
    FailedCommittables, PendingCommittables, ProducerConnections, RecordsSend, RequestLatency,
    RetriedCommittables, SendErrors, SendTime,
};
use crate::schema::{Family, VertexFeature};
use crate::stats;

const NO_SINK: &str = "no sink, or it does not report this";

pub(crate) const FAMILY: Family = Family {
    name: "sink",
    vertex: &[
        VertexFeature::new(
            "records_sent",
            "records/s",
            "records sent",
            "Records a second that the sink sent to its system.",
            NO_SINK,
            |v| stats::sum(v.own.of(RecordsSend)),
        ),
        VertexFeature::new(
            "send_errors",
            "1/s",
            "records that could not be sent",
            "Records a second that the sink could not send.",
            NO_SINK,
            |v| stats::sum(v.own.of(SendErrors)),
        ),
        VertexFeature::new(
            "send_time_max",
            "ms",
            "time to send",
            "Time that the slowest subtask took to send last.",
            NO_SINK,
            |v| stats::max(v.own.of(SendTime)),
        ),
        VertexFeature::new(
            "producer_connections_min",
            "count",
            "connections of the producer, worst subtask",
            "Connections to the brokers, in the subtask with fewest.",
            NO_SINK,
            |v| stats::min(v.own.of(ProducerConnections)),
        ),
        VertexFeature::new(
            "producer_cut_off_share",
            "ratio",
            "producers without a connection",
            "Share of the subtasks without a connection to the brokers.",
            NO_SINK,
            |v| stats::share(v.own.of(ProducerConnections), |count| count < 0.5),
        ),
        VertexFeature::new(
            "request_latency",
            "ms",
            "latency of requests",
            "Mean latency of the producer's requests, in the worst subtask.",
            NO_SINK,
            |v| stats::max(v.own.of(RequestLatency)),
        ),
        VertexFeature::new(
            "committables_pending",
            "count",
            "commits pending",
            "Commits that wait, all subtasks together.",
            NO_SINK,
            |v| stats::sum(v.own.of(PendingCommittables)),
        ),
        VertexFeature::new(
            "committables_failed",
            "1/s",
            "commits failed",
            "Commits a second that failed for good.",
            NO_SINK,
            |v| stats::sum(v.own.of(FailedCommittables)),
        ),
        VertexFeature::new(
            "committables_retried",
            "1/s",
            "commits tried again",
            "Commits a second that were tried again.",
            NO_SINK,
            |v| stats::sum(v.own.of(RetriedCommittables)),
        ),
    ],
    job: &[],
    taskmanager: &[],
};
