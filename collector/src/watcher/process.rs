//! A TaskManager or the JobManager.

use streamwarden_proto::v1::metric_batch::Subject;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::{MetricBatch, Observation};

use super::JOBMANAGER;
use super::context::PollContext;
use super::listed::{ListedMetrics, Owner};
use crate::convert::{self, metrics::GroupBuilder};
use crate::events;
use crate::flink::query;

/// Asks for the figures of one process.
pub(super) struct ProcessWatcher {
    id: String,
    metrics: ListedMetrics,
}

impl ProcessWatcher {
    pub(super) fn new(id: &str) -> Self {
        let path = match id {
            JOBMANAGER => "/jobmanager/metrics".to_owned(),
            id => format!("/taskmanagers/{}/metrics", query::encode(id)),
        };
        Self {
            id: id.to_owned(),
            metrics: ListedMetrics::new(Owner::Process, path),
        }
    }

    pub(super) async fn poll(&mut self, context: &PollContext<'_>) -> Option<Observation> {
        let mut group = GroupBuilder::single();
        match context
            .in_time(self.metrics.read(context, &mut group))
            .await
        {
            Some(Ok(())) => {}
            // A TaskManager that left between two requests is told by the cluster's snapshot.
            Some(Err(error)) if error.is_gone() => return None,
            Some(Err(error)) => events::answer_missing(context.cluster_id, &error),
            // Counted by the context.
            None => {}
        }
        if group.is_empty() {
            return None;
        }
        let batch = MetricBatch {
            subject: Some(Subject::ProcessId(self.id.clone())),
            taskmanager_ids: Vec::new(),
            groups: vec![group.finish()],
        };
        Some(convert::observation(
            context.cluster_id,
            context.clock.now_ms(),
            Body::Metrics(batch),
        ))
    }
}
