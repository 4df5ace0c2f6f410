//! What the neighbours in the graph do: a step is held up by those below and held short by those above.

use crate::schema::{Family, JobFeature, VertexFeature};
use crate::state::vertex::VertexFigures;
use crate::stats;

const UNIT: &str = "ms/s";

fn busiest<'a>(vertices: impl Iterator<Item = &'a VertexFigures>) -> f64 {
    stats::max_of(vertices.map(|own| stats::max(&own.busy)))
}

fn most_backpressured<'a>(vertices: impl Iterator<Item = &'a VertexFigures>) -> f64 {
    stats::max_of(vertices.map(|own| stats::mean(&own.backpressured)))
}

pub(crate) const FAMILY: Family = Family {
    name: "graph",
    vertex: &[
        VertexFeature::new(
            "is_source",
            "flag",
            "is a source",
            "1 for a step with nothing above it.",
            "never",
            |v| stats::flag(v.is_source()),
        ),
        VertexFeature::new(
            "is_sink",
            "flag",
            "is a sink",
            "1 for a step with nothing below it.",
            "never",
            |v| stats::flag(v.is_sink()),
        ),
        VertexFeature::new(
            "is_keyed",
            "flag",
            "input is partitioned by key",
            "1 for a step whose input is partitioned by key.",
            "never",
            |v| stats::flag(v.neighbours.hash_input),
        ),
        VertexFeature::new(
            "upstream_count",
            "count",
            "steps right above",
            "Number of steps that feed this one.",
            "never",
            |v| v.neighbours.upstream.len() as f64,
        ),
        VertexFeature::new(
            "downstream_count",
            "count",
            "steps right below",
            "Number of steps that this one feeds.",
            "never",
            |v| v.neighbours.downstream.len() as f64,
        ),
        VertexFeature::new(
            "upstream_backpressured_max",
            UNIT,
            "backpressured right above",
            "Mean backpressured time of the worst step right above.",
            "a source, or not reported",
            |v| most_backpressured(v.upstream()),
        ),
        VertexFeature::new(
            "ancestors_backpressured_max",
            UNIT,
            "backpressured anywhere above",
            "Mean backpressured time of the worst step anywhere above.",
            "a source, or not reported",
            |v| most_backpressured(v.ancestors()),
        ),
        VertexFeature::new(
            "upstream_idle_min",
            UNIT,
            "idle right above",
            "Mean idle time of the least idle step right above.",
            "a source, or not reported",
            |v| stats::min_of(v.upstream().map(|own| stats::mean(&own.idle))),
        ),
        VertexFeature::new(
            "upstream_busy_max",
            UNIT,
            "busy right above",
            "Busy time of the busiest subtask right above.",
            "a source, or not reported",
            |v| busiest(v.upstream()),
        ),
        VertexFeature::new(
            "downstream_busy_max",
            UNIT,
            "busy right below",
            "Busy time of the busiest subtask right below.",
            "a sink, or not reported",
            |v| busiest(v.downstream()),
        ),
        VertexFeature::new(
            "downstream_backpressured_max",
            UNIT,
            "backpressured right below",
            "Mean backpressured time of the worst step right below.",
            "a sink, or not reported",
            |v| most_backpressured(v.downstream()),
        ),
        VertexFeature::new(
            "descendants_busy_max",
            UNIT,
            "busy anywhere below",
            "Busy time of the busiest subtask anywhere below.",
            "a sink, or not reported",
            |v| busiest(v.descendants()),
        ),
        VertexFeature::new(
            "descendants_backpressured_max",
            UNIT,
            "backpressured anywhere below",
            "Mean backpressured time of the worst step anywhere below.",
            "a sink, or not reported",
            |v| most_backpressured(v.descendants()),
        ),
        VertexFeature::new(
            "pressure_step",
            UNIT,
            "pressure that begins here",
            "Backpressure right above minus own backpressure: high at the step that holds the others up, near 0 elsewhere.",
            "a source, or not reported",
            |v| most_backpressured(v.upstream()) - stats::mean(&v.own.backpressured),
        ),
        VertexFeature::new(
            "busy_minus_downstream",
            UNIT,
            "busy against right below",
            "Own busiest subtask minus the busiest right below.",
            "a sink, or not reported",
            |v| stats::max(&v.own.busy) - busiest(v.downstream()),
        ),
        VertexFeature::new(
            "job_running_share",
            "ratio",
            "running tasks of the job",
            "Share of the job's subtasks that run.",
            "the job's tasks are not known",
            |v| v.job.own.running_share(),
        ),
        VertexFeature::new(
            "job_restarts_last_minute",
            "count",
            "restarts of the job in a minute",
            "Restarts of the job in the last minute.",
            "the job reports no restarts",
            |v| v.job.own.restarts_last_minute,
        ),
    ],
    job: &[
        JobFeature::new(
            "pressure_step_max",
            UNIT,
            "strongest pressure that begins in one step",
            "Largest difference between the backpressure above a step and its own.",
            "no step has one above it, or not reported",
            |j| {
                stats::max_of(j.graph.vertices().iter().filter_map(|vertex| {
                    let own = j.own.vertices.get(&vertex.id)?;
                    let upstream = &j.graph.neighbours(&vertex.id)?.upstream;
                    let above = upstream.iter().filter_map(|id| j.own.vertices.get(id));
                    Some(most_backpressured(above) - stats::mean(&own.backpressured))
                }))
            },
        ),
        JobFeature::new(
            "steps",
            "count",
            "steps of the job",
            "Number of vertices in the job's graph.",
            "never",
            |j| j.graph.vertices().len() as f64,
        ),
    ],
    taskmanager: &[],
};
