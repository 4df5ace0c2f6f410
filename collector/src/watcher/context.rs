//! What every part of a poll needs.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::clock::Clock;
use crate::coding::Coding;
use crate::config::CollectorConfig;
use crate::flink::FlinkClient;
use crate::shared::Shared;

/// One poll's surroundings.
pub(crate) struct PollContext<'a> {
    pub(crate) cluster_id: &'a str,
    pub(crate) client: &'a FlinkClient,
    pub(crate) config: &'a CollectorConfig,
    pub(crate) clock: &'a Clock,
    pub(crate) coding: &'a Coding,
    pub(crate) deadline: Instant,
    late: AtomicUsize,
}

impl<'a> PollContext<'a> {
    pub(crate) fn new(
        cluster_id: &'a str,
        client: &'a FlinkClient,
        config: &'a CollectorConfig,
        shared: &'a Shared,
        deadline: Instant,
    ) -> Self {
        Self {
            cluster_id,
            client,
            config,
            clock: &shared.clock,
            coding: &shared.coding,
            deadline,
            late: AtomicUsize::new(0),
        }
    }

    /// Parts of this poll that the deadline cut off so far.
    pub(crate) fn late(&self) -> usize {
        self.late.load(Ordering::Relaxed)
    }

    /// Runs `work` until the poll's deadline; `None` if it was not done by then.
    pub(crate) async fn in_time<F: Future>(&self, work: F) -> Option<F::Output> {
        let done = tokio::time::timeout_at(self.deadline, work).await.ok();
        if done.is_none() {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
        done
    }
}
