//! What the page shows of clusters and jobs, in memory, from the topic of features.
//!
//! Bounded: a fixed number of figures over an hour for each subject, a fixed number of log lines for each job; jobs that
//! are gone are forgotten. It has no I/O; times are the records' own.

pub mod cluster;
pub mod collect;
pub mod detail;
pub mod health;
pub mod job;
pub mod kept;
pub mod limits;
pub mod names;
pub mod row;
pub mod series;
pub mod timeline;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{self, context_record};
use streamwarden_proto::{FeatureEvent, Record};

use cluster::ClusterView;
use job::JobView;
pub use names::FeatureNames;
use series::SubjectView;

/// A job that its reporting cluster has not shown for so long is forgotten.
const FORGET_AFTER_MS: i64 = 600_000;

/// Cluster and job.
pub type JobKey = (String, String);

/// All clusters and jobs.
#[derive(Debug, Default)]
pub struct FleetView {
    names: FeatureNames,
    clusters: BTreeMap<String, ClusterView>,
    jobs: HashMap<JobKey, JobView>,
    /// Ids of a cluster's jobs.
    of_cluster: HashMap<String, BTreeSet<String>>,
    /// How many clusters have a job of this id.
    same_id: HashMap<String, u32>,
    newest_ms: i64,
    /// Jobs that changed since they were last asked for.
    changed: BTreeSet<JobKey>,
    removed: Vec<String>,
    version: u64,
}

impl FleetView {
    /// An empty view that reads values by these names.
    #[must_use]
    pub fn new(names: FeatureNames) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Takes a record of the topic of features.
    pub fn push(&mut self, event: &FeatureEvent) {
        self.version += 1;
        match event {
            FeatureEvent::Features(record) => self.push_features(record),
            FeatureEvent::Error(record) => self.push_error(record),
            FeatureEvent::Context(record) => self.push_context(record, event.timestamp_ms()),
        }
    }

    /// Grows with everything that changes.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Something outside of the view changed what is shown of this job; without a job's id, of all jobs of the cluster.
    pub fn touch(&mut self, cluster_id: &str, job_id: &str) {
        self.version += 1;
        if job_id.is_empty() {
            self.touch_all(cluster_id);
        }
        self.mark((cluster_id.to_owned(), job_id.to_owned()));
    }

    fn touch_all(&mut self, cluster_id: &str) {
        let ids = self.of_cluster.get(cluster_id).into_iter().flatten();
        let keys: Vec<JobKey> = ids.map(|id| (cluster_id.to_owned(), id.clone())).collect();
        for key in keys {
            self.mark(key);
        }
    }

    /// A job came or went: another one may be alone on its cluster now or not any more, or share its id.
    fn touch_neighbours(&mut self, (cluster_id, job_id): &JobKey) {
        if self.jobs_of(cluster_id) <= 2 {
            self.touch_all(cluster_id);
        }
        if self.same_id.contains_key(job_id) {
            let clusters: Vec<String> = self.of_cluster.keys().cloned().collect();
            for cluster in clusters {
                self.mark((cluster, job_id.clone()));
            }
        }
    }

    fn mark(&mut self, key: JobKey) {
        if let Some(job) = self.jobs.get_mut(&key) {
            job.revision = self.version;
            self.changed.insert(key);
        }
    }

    /// End of the newest window of any job.
    #[must_use]
    pub fn newest_ms(&self) -> Option<i64> {
        (self.newest_ms > 0).then_some(self.newest_ms)
    }

    /// Clusters by id.
    pub fn clusters(&self) -> impl Iterator<Item = (&String, &ClusterView)> {
        self.clusters.iter()
    }

    /// A cluster.
    #[must_use]
    pub fn cluster(&self, cluster_id: &str) -> Option<&ClusterView> {
        self.clusters.get(cluster_id)
    }

    /// Jobs, in no order.
    pub fn jobs(&self) -> impl Iterator<Item = (&JobKey, &JobView)> {
        self.jobs.iter()
    }

    /// Jobs of a cluster.
    #[must_use]
    pub fn jobs_of(&self, cluster_id: &str) -> usize {
        self.of_cluster.get(cluster_id).map_or(0, BTreeSet::len)
    }

    /// A job by key.
    #[must_use]
    pub fn job(&self, key: &JobKey) -> Option<&JobView> {
        self.jobs.get(key)
    }

    /// Names of the values.
    #[must_use]
    pub fn names(&self) -> &FeatureNames {
        &self.names
    }

    /// What the API calls a job: Flink's id, with the cluster before it where two clusters have the same.
    #[must_use]
    pub fn id_of(&self, (cluster_id, job_id): &JobKey) -> String {
        match self.same_id.get(job_id) {
            Some(many) if *many > 1 => format!("{cluster_id}~{job_id}"),
            _ => job_id.clone(),
        }
    }

    /// The job that the API calls so.
    #[must_use]
    pub fn key_of(&self, id: &str) -> Option<JobKey> {
        if let Some((cluster, job)) = id.rsplit_once('~') {
            let key = (cluster.to_owned(), job.to_owned());
            if self.jobs.contains_key(&key) {
                return Some(key);
            }
        }
        self.jobs.keys().find(|(_, job)| job == id).cloned()
    }

    /// Jobs that changed, and ids of those that are gone, since this was last asked.
    pub fn take_changed(&mut self) -> (Vec<JobKey>, Vec<String>) {
        let changed = std::mem::take(&mut self.changed);
        let present = changed
            .into_iter()
            .filter(|key| self.jobs.contains_key(key))
            .collect();
        (present, std::mem::take(&mut self.removed))
    }

    /// Forgets jobs that their reporting clusters have not shown for long, except these.
    pub fn forget_gone(&mut self, keep: &dyn Fn(&JobKey) -> bool) {
        let gone: Vec<JobKey> = self
            .jobs
            .iter()
            .filter(|((cluster, _), job)| {
                let newest = self.clusters.get(cluster).map_or(0, ClusterView::newest_ms);
                newest - job.newest_ms() > FORGET_AFTER_MS
            })
            .map(|(key, _)| key.clone())
            .filter(|key| !keep(key))
            .collect();
        for key in gone {
            self.version += 1;
            self.removed.push(self.id_of(&key));
            self.jobs.remove(&key);
            if let Some(ids) = self.of_cluster.get_mut(&key.0) {
                ids.remove(&key.1);
            }
            if let Some(count) = self.same_id.get_mut(&key.1) {
                *count = count.saturating_sub(1);
            }
            self.touch_neighbours(&key);
        }
    }

    /// Makes a job known that has a finding but no window yet.
    pub fn ensure_job(&mut self, cluster_id: &str, job_id: &str, name: &str) {
        if !job_id.is_empty() {
            self.version += 1;
            self.job_mut(cluster_id, job_id, name);
        }
    }

    fn job_mut(&mut self, cluster_id: &str, job_id: &str, name: &str) -> &mut JobView {
        let key = (cluster_id.to_owned(), job_id.to_owned());
        let is_new = !self.jobs.contains_key(&key);
        if is_new {
            *self.same_id.entry(job_id.to_owned()).or_default() += 1;
            let ids = self.of_cluster.entry(cluster_id.to_owned()).or_default();
            ids.insert(job_id.to_owned());
        }
        if is_new {
            self.touch_neighbours(&key);
        }
        self.changed.insert(key.clone());
        let job = self.jobs.entry(key).or_default();
        job.revision = self.version;
        if !name.is_empty() {
            name.clone_into(&mut job.name);
        }
        job
    }

    fn push_features(&mut self, record: &v1::FeatureRecord) {
        let Some(subject) = &record.subject else {
            return;
        };
        let Ok(scope) = Scope::try_from(subject.scope()) else {
            return;
        };
        let end_ms = record.window_end_ms;
        self.newest_ms = self.newest_ms.max(end_ms);
        let names = self.names.scope(scope, &record.schema_fingerprint);
        let cluster = self.clusters.entry(record.cluster_id.clone()).or_default();
        cluster.saw_window(end_ms);
        if scope == Scope::TaskManager {
            let view = cluster.taskmanagers.entry(subject.id.clone()).or_default();
            view.push(scope, names.as_ref(), record);
            if self.jobs_of(&record.cluster_id) == 1 {
                self.touch_all(&record.cluster_id);
            }
            return;
        }
        let job = self.job_mut(&record.cluster_id, &record.job_id, &record.job_name);
        job.saw_window(end_ms, scope == Scope::Job);
        let view: &mut SubjectView = match scope {
            Scope::Vertex => job.vertices.entry(subject.id.clone()).or_default(),
            _ => &mut job.own,
        };
        view.push(scope, names.as_ref(), record);
    }

    fn push_error(&mut self, record: &v1::ErrorRecord) {
        if !record.job_id.is_empty() {
            let job = self.job_mut(&record.cluster_id, &record.job_id, &record.job_name);
            job.logs.push(record);
        }
    }

    fn push_context(&mut self, record: &v1::ContextRecord, at_ms: i64) {
        match &record.kind {
            Some(context_record::Kind::Cluster(snapshot)) => {
                self.push_cluster(&record.cluster_id, snapshot, at_ms);
            }
            Some(context_record::Kind::Job(snapshot)) => {
                let cluster_config = self
                    .clusters
                    .get(&record.cluster_id)
                    .and_then(|cluster| cluster.snapshot.as_ref())
                    .map(|cluster| cluster.config.clone())
                    .unwrap_or_default();
                let job = self.job_mut(&record.cluster_id, &snapshot.job_id, &snapshot.name);
                job.saw_snapshot(snapshot, &cluster_config, at_ms);
            }
            None => {}
        }
    }

    fn push_cluster(&mut self, cluster_id: &str, snapshot: &v1::ClusterSnapshot, at_ms: i64) {
        let cluster = self.clusters.entry(cluster_id.to_owned()).or_default();
        let was_reachable = cluster.is_reachable();
        cluster.saw_snapshot(snapshot, at_ms);
        let turned = was_reachable != cluster.is_reachable();
        let present: BTreeSet<&str> = snapshot
            .taskmanagers
            .iter()
            .map(|tm| tm.id.as_str())
            .collect();
        if snapshot.reachable {
            cluster
                .taskmanagers
                .retain(|id, _| present.contains(id.as_str()));
        }
        if turned {
            self.touch_all(cluster_id);
        }
        for job in &snapshot.jobs {
            let key = (cluster_id.to_owned(), job.job_id.clone());
            if let Some(known) = self.jobs.get_mut(&key)
                && known.state != job.state
            {
                known.state.clone_from(&job.state);
                self.mark(key);
            }
        }
    }
}
