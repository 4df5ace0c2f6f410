//! What every part of a poll needs.

use std::future::Future;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::CollectorConfig;
use crate::flink::FlinkClient;

/// One poll's surroundings.
#[derive(Clone, Copy)]
pub(crate) struct PollContext<'a> {
    pub(crate) cluster_id: &'a str,
    pub(crate) client: &'a FlinkClient,
    pub(crate) config: &'a CollectorConfig,
    pub(crate) clock: &'a Clock,
    pub(crate) deadline: Instant,
}

impl PollContext<'_> {
    /// Runs `work` until the poll's deadline; `None` if it was not done by then.
    pub(crate) async fn in_time<F: Future>(&self, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.deadline, work).await.ok()
    }
}
