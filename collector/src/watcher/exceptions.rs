//! Failures of a job, each told once.

use std::collections::BTreeSet;

use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{ExceptionSnapshot, JobSnapshot, Observation};

use super::context::PollContext;
use crate::convert::{self, exceptions};
use crate::flink::RestError;
use crate::flink::answers::exceptions::Exceptions;

/// Flink keeps 16 by default.
const HISTORY_LIMIT: usize = 64;

/// Remembers which failures were told.
pub(super) struct ExceptionWatcher {
    path: String,
    /// Of the newest answer; what is not in it has left Flink's history and cannot come back.
    told: BTreeSet<exceptions::ExceptionKey>,
}

impl ExceptionWatcher {
    pub(super) fn new(job_id: &str) -> Self {
        Self {
            path: format!("/jobs/{job_id}/exceptions?maxExceptions={HISTORY_LIMIT}"),
            told: BTreeSet::new(),
        }
    }

    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
        job: &JobSnapshot,
    ) -> Result<Option<Observation>, RestError> {
        let answer: Exceptions = context.client.get_json(&self.path).await?;
        let failures = exceptions::flatten(answer.history);
        let entries: Vec<_> = failures
            .iter()
            .filter(|(entry, _)| !self.told.contains(&exceptions::key(entry)))
            .map(|(entry, concurrent)| {
                exceptions::exception_entry(entry, *concurrent, job, context.coding)
            })
            .collect();
        self.told = failures
            .iter()
            .map(|(entry, _)| exceptions::key(entry))
            .collect();
        if entries.is_empty() {
            return Ok(None);
        }
        let snapshot = ExceptionSnapshot {
            job_id: job.job_id.clone(),
            entries,
        };
        Ok(Some(convert::snapshot(
            context.cluster_id,
            context.clock.now_ms(),
            Kind::Exceptions(snapshot),
        )))
    }
}
