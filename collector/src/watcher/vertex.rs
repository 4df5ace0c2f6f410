//! One vertex of a job.

use super::context::PollContext;
use super::listed::{ListedMetrics, Owner};
use crate::convert::metrics::GroupBuilder;
use crate::events;
use crate::flink::RestError;
use crate::flink::answers::vertex::VertexDetails;

/// Asks for the figures of one vertex.
pub(super) struct VertexWatcher {
    id: String,
    path: String,
    metrics: ListedMetrics,
}

/// What one poll of a vertex brought.
pub(super) struct VertexPoll {
    pub(super) details: VertexDetails,
    pub(super) group: GroupBuilder,
}

impl VertexWatcher {
    pub(super) fn new(job_id: &str, vertex_id: &str) -> Self {
        let path = format!("/jobs/{job_id}/vertices/{vertex_id}");
        Self {
            id: vertex_id.to_owned(),
            metrics: ListedMetrics::new(Owner::Vertex, format!("{path}/metrics")),
            path,
        }
    }

    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
    ) -> Result<VertexPoll, RestError> {
        let details: VertexDetails = context.client.get_json(&self.path).await?;
        let attempts = details
            .subtasks
            .iter()
            .map(|subtask| subtask.attempt.count())
            .collect();
        self.metrics.follow(attempts);
        let mut group = GroupBuilder::of_vertex(&self.id, &details);
        // A vertex whose metrics do not answer still has its states and counters.
        if let Err(error) = self.metrics.read(context, &mut group).await {
            events::answer_missing(context.cluster_id, &error);
        }
        Ok(VertexPoll { details, group })
    }
}
