//! Graph, configuration and resources, forwarded to whoever diagnoses or shows: on change, and every few minutes.

use std::collections::BTreeMap;

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::ids::short_hash;
use streamwarden_proto::v1::context_record::Kind;
use streamwarden_proto::v1::{ClusterSnapshot, ContextRecord, JobSnapshot};

/// An unchanged context is sent again in each such stretch of event time. The stretches are counted from the epoch, so
/// that a restarted featurizer sends it at the same moments.
const REPEATED_MS: i64 = 120_000;

/// What was forwarded last, by subject.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forwarded {
    last: BTreeMap<String, (i64, String)>,
}

impl Forwarded {
    /// The record to send for a look at the cluster, if one is due. Heartbeats change all the time and do not count.
    pub(crate) fn cluster(
        &mut self,
        cluster_id: &str,
        at_ms: i64,
        snapshot: &ClusterSnapshot,
    ) -> Option<FeatureEvent> {
        let mut compared = snapshot.clone();
        for taskmanager in &mut compared.taskmanagers {
            taskmanager.last_heartbeat_ms = None;
        }
        let due = self.is_due("", at_ms, &format!("{compared:?}"));
        due.then(|| event(cluster_id, at_ms, Kind::Cluster(snapshot.clone())))
    }

    /// The record to send for a look at a job, if one is due.
    pub(crate) fn job(
        &mut self,
        cluster_id: &str,
        at_ms: i64,
        snapshot: &JobSnapshot,
    ) -> Option<FeatureEvent> {
        let due = self.is_due(&snapshot.job_id, at_ms, &format!("{snapshot:?}"));
        due.then(|| event(cluster_id, at_ms, Kind::Job(snapshot.clone())))
    }

    /// Forgets jobs that are no longer known.
    pub(crate) fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.last
            .retain(|subject, _| subject.is_empty() || is_known(subject));
    }

    fn is_due(&mut self, subject: &str, at_ms: i64, content: &str) -> bool {
        let now = (at_ms.div_euclid(REPEATED_MS), short_hash(&[content], 8));
        if self.last.get(subject) == Some(&now) {
            return false;
        }
        self.last.insert(subject.to_owned(), now);
        true
    }
}

fn event(cluster_id: &str, at_ms: i64, kind: Kind) -> FeatureEvent {
    FeatureEvent::Context(ContextRecord {
        cluster_id: cluster_id.to_owned(),
        at_ms,
        kind: Some(kind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::TaskManagerInfo;

    #[test]
    fn a_context_is_sent_on_change_and_again_after_two_minutes() {
        let mut forwarded = Forwarded::default();
        let mut job = JobSnapshot {
            job_id: "j".into(),
            ..JobSnapshot::default()
        };
        assert!(forwarded.job("c", 1_000, &job).is_some());
        assert!(forwarded.job("c", 11_000, &job).is_none());
        job.state = "RUNNING".into();
        assert!(forwarded.job("c", 21_000, &job).is_some());
        assert!(forwarded.job("c", 121_000, &job).is_some());
    }

    #[test]
    fn a_heartbeat_is_no_change() {
        let cluster = |beat| ClusterSnapshot {
            taskmanagers: vec![TaskManagerInfo {
                last_heartbeat_ms: Some(beat),
                ..TaskManagerInfo::default()
            }],
            ..ClusterSnapshot::default()
        };
        let mut forwarded = Forwarded::default();
        assert!(forwarded.cluster("c", 1_000, &cluster(1)).is_some());
        assert!(forwarded.cluster("c", 2_000, &cluster(2)).is_none());
    }
}
