//! Checkpoints of a job: those that are new, changed or under way.

use std::collections::BTreeMap;

use futures::future::join_all;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{Checkpoint, CheckpointVertex, Observation};

use super::context::PollContext;
use crate::convert::{self, checkpoints};
use crate::flink::RestError;
use crate::flink::answers::checkpoints as answers;

/// Checkpoints of one poll that are asked for in detail; each costs a request and one per vertex.
const DETAILS_LIMIT: usize = 4;

/// What a checkpoint looked like when it was told: status and acknowledgements.
type Told = (String, u32);

/// Remembers which checkpoints were told.
pub(super) struct CheckpointWatcher {
    job_id: String,
    path: String,
    told: BTreeMap<u64, Told>,
    counts: Option<answers::Counts>,
    told_at_ms: i64,
}

impl CheckpointWatcher {
    pub(super) fn new(job_id: &str) -> Self {
        Self {
            job_id: job_id.to_owned(),
            path: format!("/jobs/{job_id}/checkpoints"),
            told: BTreeMap::new(),
            counts: None,
            told_at_ms: 0,
        }
    }

    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
    ) -> Result<Option<Observation>, RestError> {
        let mut answer: answers::Checkpoints = context.client.get_json(&self.path).await?;
        answer.history.reverse();
        let news: Vec<&answers::Checkpoint> = answer
            .history
            .iter()
            .filter(|checkpoint| self.is_news(checkpoint))
            .collect();
        let detailed = worth_details(&news);
        let details = join_all(news.iter().map(|checkpoint| async {
            let id = number(checkpoint);
            let details = match detailed.contains(&id) {
                true => self.details(context, checkpoint).await,
                false => None,
            };
            details.unwrap_or_else(|| checkpoints::checkpoint(checkpoint))
        }));
        let checkpoints = details.await;
        Ok(self.tell(context, &answer, checkpoints))
    }

    /// A checkpoint under way is news at every poll: how long it has been under way is the news.
    fn is_news(&self, checkpoint: &answers::Checkpoint) -> bool {
        checkpoint.status == "IN_PROGRESS"
            || self.told.get(&number(checkpoint)) != Some(&told(checkpoint))
    }

    fn tell(
        &mut self,
        context: &PollContext<'_>,
        answer: &answers::Checkpoints,
        checkpoints: Vec<Checkpoint>,
    ) -> Option<Observation> {
        let now_ms = context.clock.now_ms();
        let interval_ms = i64::try_from(context.config.snapshot_interval_ms).unwrap_or(i64::MAX);
        let due = now_ms - self.told_at_ms >= interval_ms;
        if checkpoints.is_empty() && !due && self.counts == Some(answer.counts) {
            return None;
        }
        self.told = answer
            .history
            .iter()
            .map(|checkpoint| (number(checkpoint), told(checkpoint)))
            .collect();
        self.counts = Some(answer.counts);
        self.told_at_ms = now_ms;
        let snapshot = checkpoints::checkpoint_snapshot(&self.job_id, &answer.counts, checkpoints);
        Some(convert::snapshot(
            context.cluster_id,
            now_ms,
            Kind::Checkpoints(snapshot),
        ))
    }

    /// `None` where Flink has forgotten it already, or does not answer.
    async fn details(
        &self,
        context: &PollContext<'_>,
        listed: &answers::Checkpoint,
    ) -> Option<Checkpoint> {
        let path = format!("{}/details/{}", self.path, number(listed));
        let details: answers::Checkpoint = context.client.get_json(&path).await.ok()?;
        let vertices = join_all(
            details
                .tasks
                .iter()
                .map(|(vertex_id, task)| self.vertex(context, &path, vertex_id, task)),
        );
        let mut checkpoint = checkpoints::checkpoint(&details);
        checkpoint.vertices = vertices.await;
        Some(checkpoint)
    }

    async fn vertex(
        &self,
        context: &PollContext<'_>,
        path: &str,
        vertex_id: &str,
        task: &answers::TaskCheckpoint,
    ) -> CheckpointVertex {
        // Without an acknowledgement there is nothing to sum up.
        if task.num_acknowledged_subtasks.count() > 0 {
            let path = format!("{path}/subtasks/{vertex_id}");
            if let Ok(full) = context
                .client
                .get_json::<answers::TaskCheckpoint>(&path)
                .await
            {
                return checkpoints::checkpoint_vertex(vertex_id, &full);
            }
        }
        checkpoints::checkpoint_vertex(vertex_id, task)
    }
}

/// Failed ones and those under way first, then the newest.
fn worth_details(news: &[&answers::Checkpoint]) -> Vec<u64> {
    let mut ranked: Vec<_> = news
        .iter()
        .map(|checkpoint| {
            (
                checkpoint.status == "COMPLETED",
                std::cmp::Reverse(number(checkpoint)),
            )
        })
        .collect();
    ranked.sort_unstable();
    ranked
        .into_iter()
        .take(DETAILS_LIMIT)
        .map(|(_, id)| id.0)
        .collect()
}

fn number(checkpoint: &answers::Checkpoint) -> u64 {
    checkpoint.id.whole().unwrap_or_default()
}

fn told(checkpoint: &answers::Checkpoint) -> Told {
    (
        checkpoint.status.clone(),
        checkpoint.num_acknowledged_subtasks.count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(id: u64, status: &str) -> answers::Checkpoint {
        serde_json::from_value(serde_json::json!({"id": id, "status": status})).unwrap()
    }

    #[test]
    fn a_failed_checkpoint_is_looked_at_before_newer_ones_that_are_done() {
        let all = [
            checkpoint(1, "FAILED"),
            checkpoint(2, "COMPLETED"),
            checkpoint(3, "COMPLETED"),
            checkpoint(4, "COMPLETED"),
            checkpoint(5, "COMPLETED"),
            checkpoint(6, "IN_PROGRESS"),
        ];
        let mut ids = worth_details(&all.iter().collect::<Vec<_>>());
        ids.sort_unstable();
        assert_eq!(ids, [1, 4, 5, 6]);
    }
}
