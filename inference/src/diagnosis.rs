//! The judgement: feature records, errors and context in, findings over time out. Pure: no clock, no I/O.
//!
//! A window of a job is judged when its records are complete: all of its vertices and the job itself, or the first
//! record of a later window. So the result depends on the order of the records alone, never on how they were batched.

mod candidate;
mod cause;
mod cluster;
mod describe;
mod errors;
mod evaluate;
mod graph;
mod health;
mod history;
mod job;
mod place;
mod score;
mod told_apart;
mod tracker;
mod unplaced;

use std::collections::BTreeMap;
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::Finding;
use streamwarden_proto::cloud_event::FindingEvent;

use crate::config::DiagnosisConfig;
use crate::model::ModelSet;
use cluster::Cluster;

pub use health::{JobHealth, health_score};
pub use score::Rejection;

/// Windows that are remembered of each subject.
pub const REMEMBERED_WINDOWS: usize = 4;

/// What came of a batch of records.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings opened, updated, resolved, in the order of the records.
    pub events: Vec<FindingEvent>,
    /// Records that could not be scored: position in the batch, and why.
    pub rejected: Vec<(usize, Rejection)>,
}

/// The judgement over all clusters whose records come here.
pub struct Diagnosis {
    models: ModelSet,
    experience: Arc<Experience>,
    config: DiagnosisConfig,
    clusters: BTreeMap<String, Cluster>,
}

/// What judging a job needs besides the job itself.
#[derive(Clone, Copy)]
struct Judge<'a> {
    models: &'a ModelSet,
    experience: &'a Experience,
    config: &'a DiagnosisConfig,
}

impl Diagnosis {
    /// A judgement without memory.
    #[must_use]
    pub fn new(models: ModelSet, experience: Arc<Experience>, config: DiagnosisConfig) -> Self {
        Self {
            models,
            experience,
            config,
            clusters: BTreeMap::new(),
        }
    }

    /// Takes one record.
    pub fn push(&mut self, event: &FeatureEvent) -> Vec<FindingEvent> {
        self.push_all(std::slice::from_ref(event)).events
    }

    /// Takes records in their order; all rows of one scope are scored in one run of its model.
    pub fn push_all(&mut self, events: &[FeatureEvent]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut rows = score::score(&mut self.models, events, &mut outcome.rejected);
        let judge = Judge {
            models: &self.models,
            experience: &self.experience,
            config: &self.config,
        };
        for (index, event) in events.iter().enumerate() {
            let id = event.cluster_id();
            if !self.clusters.contains_key(id) {
                self.clusters.insert(id.to_owned(), Cluster::new(id));
            }
            if let Some(cluster) = self.clusters.get_mut(id) {
                let found = cluster.push(judge, event, rows[index].take());
                outcome.events.extend(found);
            }
        }
        outcome
    }

    /// Takes back what was open before: the service's own memory.
    pub fn restore(&mut self, open: impl IntoIterator<Item = Finding>) {
        for finding in open {
            let id = finding.cluster_id.clone();
            let cluster = self
                .clusters
                .entry(id.clone())
                .or_insert_with(|| Cluster::new(&id));
            cluster.restore(finding);
        }
    }

    /// Takes back the context that records were read with before: it comes on change and every few minutes only.
    pub fn restore_context(&mut self, contexts: &[FeatureEvent]) {
        // States are old by now: whatever they would lead to, the next look at the cluster decides.
        for event in contexts {
            let FeatureEvent::Context(record) = event else {
                continue;
            };
            let id = &record.cluster_id;
            self.clusters
                .entry(id.clone())
                .or_insert_with(|| Cluster::new(id))
                .restore_context(record);
        }
    }

    /// Forgets clusters whose partition went to another process.
    pub fn forget(&mut self, mut is_ours: impl FnMut(&str) -> bool) {
        self.clusters.retain(|cluster_id, _| is_ours(cluster_id));
    }

    /// Health of every job that is known.
    #[must_use]
    pub fn health(&self) -> Vec<JobHealth> {
        self.clusters
            .values()
            .flat_map(|cluster| cluster.health(&self.config))
            .collect()
    }

    /// Findings that are open, all clusters.
    #[must_use]
    pub fn open_findings(&self) -> Vec<&Finding> {
        self.clusters
            .values()
            .flat_map(Cluster::open_findings)
            .collect()
    }
}
