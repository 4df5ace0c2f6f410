//! Whether a cluster answers, told when that changes and not at every poll.

use std::mem::{Discriminant, discriminant};

use crate::config::ClusterTarget;
use crate::events;
use crate::flink::RestError;

/// Since when a cluster does not answer.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    since_ms: Option<i64>,
    failures: u32,
    told: Option<Discriminant<RestError>>,
    slow: bool,
}

impl Reachability {
    /// Attempts in a row that failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Notes a failure; returns since when there is one.
    pub(super) fn failed(&mut self, target: &ClusterTarget, error: &RestError, now_ms: i64) -> i64 {
        self.failures = self.failures.saturating_add(1);
        if self.since_ms.is_none() {
            events::cluster_away();
        }
        // Refused, then garbage, then silence: another reason may need another cure.
        if self.told.replace(discriminant(error)) != Some(discriminant(error)) {
            events::cluster_silent(target, error);
        }
        *self.since_ms.get_or_insert(now_ms)
    }

    /// Notes an answer.
    pub(super) fn answered(&mut self, target: &ClusterTarget, now_ms: i64) {
        self.failures = 0;
        self.told = None;
        if let Some(since_ms) = self.since_ms.take() {
            events::cluster_back(target, now_ms - since_ms);
        }
    }

    /// Notes how many parts of a poll came too late.
    pub(super) fn answered_in_time(&mut self, target: &ClusterTarget, late: usize) {
        if late > 0 {
            events::poll_cut_short(&target.cluster_id, late, self.slow);
        } else if self.slow {
            events::polls_whole_again(&target.cluster_id);
        }
        self.slow = late > 0;
    }
}

impl Drop for Reachability {
    fn drop(&mut self) {
        if self.since_ms.is_some() {
            events::away_forgotten();
        }
    }
}
