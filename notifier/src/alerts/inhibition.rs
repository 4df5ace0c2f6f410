//! What follows from a TaskManager's death is not announced beside it.

use std::collections::{BTreeSet, HashMap};

use streamwarden_proto::Class;
use streamwarden_proto::finding::Finding;

use crate::alerts::alert::Alert;

/// What follows may be seen this much before its cause: a heartbeat has to time out first.
const HEAD_START_MS: i64 = 120_000;

/// Open alerts that may explain others, by cluster: few at most, where there are thousands of others.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    by_cluster: HashMap<String, BTreeSet<String>>,
}

impl Deaths {
    /// An alert was opened, or says something new: it may be a death from now on, or none any more.
    pub(super) fn note(&mut self, alert: &Alert) {
        if is_death(alert.finding.class) {
            let cluster = alert.finding.cluster_id.clone();
            let deaths = self.by_cluster.entry(cluster).or_default();
            deaths.insert(alert.fingerprint.clone());
        } else {
            self.forget(alert);
        }
    }

    /// An alert is over.
    pub(super) fn forget(&mut self, alert: &Alert) {
        let cluster = &alert.finding.cluster_id;
        if let Some(deaths) = self.by_cluster.get_mut(cluster) {
            deaths.remove(&alert.fingerprint);
            if deaths.is_empty() {
                self.by_cluster.remove(cluster);
            }
        }
    }

    /// Fingerprints of what may explain this finding.
    pub(super) fn before(&self, target: &Finding) -> impl Iterator<Item = &String> {
        let follows = follows_from_death(target.class);
        let deaths = self.by_cluster.get(&target.cluster_id);
        deaths.filter(|_| follows).into_iter().flatten()
    }
}

/// Does `source`, which began at `source_began_ms`, explain `target`, which began at `target_began_ms`?
#[must_use]
pub fn explains(
    (source, source_began_ms): (&Finding, i64),
    (target, target_began_ms): (&Finding, i64),
) -> bool {
    is_death(source.class)
        && follows_from_death(target.class)
        && source.cluster_id == target.cluster_id
        && (source.job_id.is_empty() || source.job_id == target.job_id)
        && target_began_ms >= source_began_ms - HEAD_START_MS
}

fn is_death(class: Class) -> bool {
    matches!(
        class,
        Class::TaskmanagerLost | Class::ContainerKilledOom | Class::JobmanagerLeaderLost
    )
}

/// Only what a dead process leads to by itself; a full heap or a wrong option is a cause of its own.
fn follows_from_death(class: Class) -> bool {
    matches!(
        class,
        Class::BackpressureStall
            | Class::CheckpointDeclinedOrFailed
            | Class::CheckpointTimeout
            | Class::NoResourceAvailable
            | Class::RpcTimeout
            | Class::DnsOrNetwork
            | Class::UnderProvisioned
            | Class::WatermarkOrTimeProblem
            | Class::Unknown
    )
}
