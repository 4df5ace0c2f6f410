//! Buffers between the steps: how full they are.

use crate::metric::SubtaskMetric::{
    DebloatedBuffer, ExclusiveUsage, FloatingUsage, InPoolUsage, InputQueue, OutPoolUsage,
    OutputQueue, TimeToConsumeBuffers,
};
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::stats;

const MISSING: &str = "Flink reported none";

pub(crate) const FAMILY: Family = Family {
    name: "queues",
    vertex: &[
        VertexFeature::new(
            "in_pool_usage_mean",
            "ratio",
            "input buffers in use",
            "Share of the input buffers that hold data, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(InPoolUsage)),
        ),
        VertexFeature::new(
            "in_pool_usage_max",
            "ratio",
            "input buffers in use, fullest subtask",
            "Share of the input buffers that hold data, in the fullest subtask.",
            MISSING,
            |v| stats::max(v.own.of(InPoolUsage)),
        ),
        VertexFeature::new(
            "out_pool_usage_mean",
            "ratio",
            "output buffers in use",
            "Share of the output buffers that hold data, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(OutPoolUsage)),
        ),
        VertexFeature::new(
            "out_pool_usage_max",
            "ratio",
            "output buffers in use, fullest subtask",
            "Share of the output buffers that hold data, in the fullest subtask.",
            MISSING,
            |v| stats::max(v.own.of(OutPoolUsage)),
        ),
        VertexFeature::new(
            "upstream_out_pool_usage_max",
            "ratio",
            "output buffers in use right above",
            "Share of the output buffers that hold data, in the fullest subtask right above.",
            "a source, or not reported",
            |v| stats::max_of(v.upstream().map(|own| stats::max(own.of(OutPoolUsage)))),
        ),
        VertexFeature::new(
            "exclusive_usage_mean",
            "ratio",
            "exclusive input buffers in use",
            "Share of the exclusive input buffers that hold data, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(ExclusiveUsage)),
        ),
        VertexFeature::new(
            "floating_usage_mean",
            "ratio",
            "floating input buffers in use",
            "Share of the floating input buffers that hold data, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(FloatingUsage)),
        ),
        VertexFeature::new(
            "input_queue_mean",
            "buffers",
            "input queue",
            "Buffers that wait to be read, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(InputQueue)),
        ),
        VertexFeature::new(
            "output_queue_mean",
            "buffers",
            "output queue",
            "Buffers that wait to be sent, mean of the subtasks.",
            MISSING,
            |v| stats::mean(v.own.of(OutputQueue)),
        ),
        VertexFeature::new(
            "debloated_buffer_min",
            "bytes",
            "debloated buffer size",
            "Smallest size that buffer debloating set: small where data is slow.",
            "no buffer debloating",
            |v| stats::min(v.own.of(DebloatedBuffer)),
        ),
        VertexFeature::new(
            "time_to_consume_max",
            "ms",
            "time to consume the queued buffers",
            "Estimated time to consume what waits in the input, in the slowest subtask.",
            "no buffer debloating",
            |v| stats::max(v.own.of(TimeToConsumeBuffers)),
        ),
    ],
    job: &[JobFeature::new(
        "out_pool_usage_max",
        "ratio",
        "fullest output buffers of any step",
        "Share of the output buffers that hold data, in the job's fullest subtask.",
        MISSING,
        |j| stats::max_of(j.vertices().map(|own| stats::max(own.of(OutPoolUsage)))),
    )],
    taskmanager: &[],
};
