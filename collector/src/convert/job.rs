//! Graph and configuration of a job.

use std::collections::BTreeMap;

use streamwarden_proto::v1::{Edge, JobSnapshot, Vertex};

use crate::flink::answers::job::JobDetails;

/// The record of a job.
#[must_use]
pub fn job_snapshot(details: &JobDetails, config: BTreeMap<String, String>) -> JobSnapshot {
    JobSnapshot {
        job_id: details.jid.clone(),
        name: details.name.clone(),
        state: details.state.clone(),
        start_time_ms: details.start_time.time_ms().unwrap_or_default(),
        vertices: vertices(details),
        edges: edges(details),
        config,
        state_entered_at_ms: state_times(details),
        stoppable: details.is_stoppable,
    }
}

fn vertices(details: &JobDetails) -> Vec<Vertex> {
    let vertex = |vertex: &crate::flink::answers::job::JobVertex| Vertex {
        id: vertex.id.clone(),
        name: vertex.name.clone(),
        parallelism: vertex.parallelism.count(),
        max_parallelism: vertex.max_parallelism.count(),
    };
    details.vertices.iter().map(vertex).collect()
}

/// In the order of the vertices: Flink lists the nodes of the plan in an order of its own.
fn edges(details: &JobDetails) -> Vec<Edge> {
    let mut edges = Vec::new();
    for vertex in &details.vertices {
        let node = details.plan.nodes.iter().find(|node| node.id == vertex.id);
        for input in node.iter().flat_map(|node| &node.inputs) {
            edges.push(Edge {
                from: input.id.clone(),
                to: vertex.id.clone(),
                ship_strategy: input.ship_strategy.clone(),
            });
        }
    }
    edges
}

fn state_times(details: &JobDetails) -> BTreeMap<String, i64> {
    let entered = |(state, at): (&String, &crate::flink::figure::Figure)| {
        Some((state.clone(), at.time_ms()?))
    };
    details.timestamps.iter().filter_map(entered).collect()
}
