//! One cluster.

use std::collections::HashMap;

use streamwarden_proto::v1::ClusterSnapshot;

use crate::view::series::SubjectView;

/// One cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterView {
    /// As it last answered.
    pub snapshot: Option<ClusterSnapshot>,
    /// It does not answer: since when, and why.
    pub unreachable: Option<(i64, String)>,
    /// Its TaskManagers by id.
    pub taskmanagers: HashMap<String, SubjectView>,
    newest_window_ms: i64,
    seen_ms: i64,
}

impl ClusterView {
    pub(super) fn saw_window(&mut self, end_ms: i64) {
        self.newest_window_ms = self.newest_window_ms.max(end_ms);
    }

    pub(super) fn saw_snapshot(&mut self, snapshot: &ClusterSnapshot, at_ms: i64) {
        if at_ms < self.seen_ms {
            return;
        }
        self.seen_ms = at_ms;
        if snapshot.reachable {
            self.snapshot = Some(snapshot.clone());
            self.unreachable = None;
        } else {
            let since = snapshot.unreachable_since_ms.unwrap_or(at_ms);
            self.unreachable = Some((since, snapshot.error.clone()));
        }
    }

    /// Answers, as far as anybody knows.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.unreachable.is_none()
    }

    /// End of the newest window of any of its jobs.
    #[must_use]
    pub fn newest_window_ms(&self) -> Option<i64> {
        (self.newest_window_ms > 0).then_some(self.newest_window_ms)
    }

    /// When it was last heard of.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        self.newest_window_ms.max(self.seen_ms)
    }

    /// Flink's version; empty if it is not known.
    #[must_use]
    pub fn flink_version(&self) -> &str {
        self.snapshot
            .as_ref()
            .map_or("", |snapshot| snapshot.flink_version.as_str())
    }
}
