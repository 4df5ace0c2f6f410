//! One cluster: observations come in, windows of event time close, records go out.
//!
//! Time is the cluster's own observation time. An observation waits until its window closes, so that one which arrives
//! a little out of order is still taken in order; nothing depends on how observations were batched.

use std::collections::BTreeMap;

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{CheckpointSnapshot, ClusterSnapshot, JobSnapshot, Observation};

use crate::config::FeaturizerConfig;
use crate::context::Forwarded;
use crate::emit;
use crate::errors::{ErrorReader, ErrorSubjects, Errors};
use crate::history::History;
use crate::sample::MetricSample;
use crate::state::job::JobState;
use crate::state::process::ProcessState;
use crate::state::troubles::{Trouble, TroubleLog};

/// Length of a window.
pub const WINDOW_MS: i64 = 10_000;
/// No feature looks back further than this: who reads the raw records again from so long ago makes the same features.
pub const HORIZON_MS: i64 = 900_000;
/// A job that nobody mentions for this long is forgotten.
const UNSEEN_JOB_MS: i64 = 300_000;
/// Id under which the JobManager reports.
pub(crate) const JOBMANAGER: &str = "jobmanager";

/// An observation that waits for its window to close.
#[derive(Debug, Clone)]
enum Waiting {
    Metrics(MetricSample),
    Cluster(ClusterSnapshot),
    Job(JobSnapshot),
    Checkpoints(CheckpointSnapshot),
    Trouble(ErrorSubjects, Trouble),
}

/// Everything that is remembered of one TaskManager.
#[derive(Debug, Clone)]
pub(crate) struct TaskManagerMemory {
    pub(crate) figures: ProcessState,
    pub(crate) troubles: TroubleLog,
    pub(crate) history: History,
}

impl TaskManagerMemory {
    fn new(at_ms: i64) -> Self {
        Self {
            figures: ProcessState::new(at_ms),
            troubles: TroubleLog::default(),
            history: History::default(),
        }
    }
}

/// What is remembered of one cluster between windows.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub(crate) snapshot: Option<ClusterSnapshot>,
    pub(crate) jobs: BTreeMap<String, JobState>,
    pub(crate) taskmanagers: BTreeMap<String, TaskManagerMemory>,
    pub(crate) jobmanager: ProcessState,
}

/// State of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterState {
    cluster_id: String,
    memory: Memory,
    errors: Errors,
    forwarded: Forwarded,
    waiting: Vec<(i64, Waiting)>,
    /// Start of the oldest open window; absent before the first observation.
    open_from_ms: Option<i64>,
    newest_ms: i64,
}

impl ClusterState {
    pub(crate) fn new(cluster_id: &str) -> Self {
        Self {
            cluster_id: cluster_id.to_owned(),
            memory: Memory {
                snapshot: None,
                jobs: BTreeMap::new(),
                taskmanagers: BTreeMap::new(),
                jobmanager: ProcessState::new(0),
            },
            errors: Errors::default(),
            forwarded: Forwarded::default(),
            waiting: Vec::new(),
            open_from_ms: None,
            newest_ms: i64::MIN,
        }
    }

    /// Newest observation time.
    pub(crate) fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// Takes an observation in; answers what it led to.
    pub(crate) fn push(
        &mut self,
        config: &FeaturizerConfig,
        reader: &ErrorReader,
        observation: &Observation,
    ) -> Vec<FeatureEvent> {
        let at_ms = observation.observed_at_ms;
        let mut events = Vec::new();
        if self.is_another_time(at_ms) {
            events = self.finish(config);
            *self = Self::new(&self.cluster_id);
        }
        self.open_from_ms
            .get_or_insert(at_ms - (at_ms - config.window_phase_ms).rem_euclid(WINDOW_MS));
        self.newest_ms = self.newest_ms.max(at_ms);
        events.extend(self.take(reader, at_ms, observation));
        while let Some(start_ms) = self.open_from_ms
            && start_ms + WINDOW_MS + config.allowed_lateness_ms <= self.newest_ms
        {
            events.extend(self.close(config, start_ms));
        }
        events
    }

    /// A clock that was set, a tape that is played again, a collector that was away: what is remembered says nothing
    /// of that time.
    fn is_another_time(&self, at_ms: i64) -> bool {
        self.open_from_ms.is_some_and(|open_from_ms| {
            at_ms < open_from_ms - HORIZON_MS || at_ms > self.newest_ms + HORIZON_MS
        })
    }

    fn take(
        &mut self,
        reader: &ErrorReader,
        at_ms: i64,
        observation: &Observation,
    ) -> Vec<FeatureEvent> {
        let cluster_id = self.cluster_id.clone();
        match &observation.body {
            Some(Body::Metrics(batch)) => {
                if let Some(sample) = MetricSample::of_batch(batch) {
                    self.wait(at_ms, Waiting::Metrics(sample));
                }
                Vec::new()
            }
            Some(Body::Logs(batch)) => {
                let found = self.errors.of_logs(reader, &cluster_id, batch);
                self.note(at_ms, found)
            }
            Some(Body::Snapshot(snapshot)) => match &snapshot.kind {
                Some(Kind::Cluster(cluster)) => {
                    self.errors.know_cluster(cluster);
                    self.wait(at_ms, Waiting::Cluster(cluster.clone()));
                    self.forwarded
                        .cluster(&cluster_id, at_ms, cluster)
                        .into_iter()
                        .collect()
                }
                Some(Kind::Job(job)) => {
                    self.errors.know_job(job);
                    self.wait(at_ms, Waiting::Job(job.clone()));
                    self.forwarded
                        .job(&cluster_id, at_ms, job)
                        .into_iter()
                        .collect()
                }
                Some(Kind::Checkpoints(checkpoints)) => {
                    self.wait(at_ms, Waiting::Checkpoints(checkpoints.clone()));
                    let found = self
                        .errors
                        .of_checkpoints(reader, &cluster_id, at_ms, checkpoints);
                    self.note(at_ms, found)
                }
                Some(Kind::Exceptions(exceptions)) => {
                    let found = self.errors.of_exceptions(reader, &cluster_id, exceptions);
                    self.note(at_ms, found)
                }
                None => Vec::new(),
            },
            None => Vec::new(),
        }
    }

    /// Errors go out at once, and count in their windows.
    fn note(&mut self, at_ms: i64, found: Vec<crate::errors::Found>) -> Vec<FeatureEvent> {
        /// What happened longer before it was read is history: it is told, but it is no trouble of this window.
        const RECENT_MS: i64 = 60_000;
        let mut events = Vec::new();
        for error in found {
            if at_ms - error.record.at_ms <= RECENT_MS {
                let trouble = Trouble {
                    at_ms,
                    group: error.group,
                    consequence: error.record.consequence,
                };
                self.wait(at_ms, Waiting::Trouble(error.subjects, trouble));
            }
            events.push(FeatureEvent::Error(error.record));
        }
        events
    }

    /// Puts aside until the window closes. Figures that come after their window has closed are left out; everything
    /// else counts in the oldest open window.
    fn wait(&mut self, at_ms: i64, waiting: Waiting) {
        let open_from_ms = self.open_from_ms.unwrap_or(at_ms);
        if at_ms < open_from_ms && matches!(waiting, Waiting::Metrics(_)) {
            return;
        }
        self.waiting.push((at_ms.max(open_from_ms), waiting));
    }

    /// Closes what is open.
    pub(crate) fn finish(&mut self, config: &FeaturizerConfig) -> Vec<FeatureEvent> {
        let mut events = Vec::new();
        while let Some(start_ms) = self.open_from_ms
            && start_ms <= self.newest_ms
        {
            events.extend(self.close(config, start_ms));
        }
        events
    }

    fn close(&mut self, config: &FeaturizerConfig, start_ms: i64) -> Vec<FeatureEvent> {
        let end_ms = start_ms + WINDOW_MS;
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(at_ms, _)| *at_ms < end_ms);
        self.waiting = later;
        due.sort_by_key(|(at_ms, _)| *at_ms);
        for (at_ms, waiting) in due {
            self.memory.apply(at_ms, waiting);
        }
        self.open_from_ms = Some(end_ms);
        let events = emit::records(&self.cluster_id, &mut self.memory, end_ms, config);
        self.memory.forget(end_ms, config);
        self.errors.retain(end_ms);
        self.forwarded
            .retain(|job_id| self.errors.knows_job(job_id));
        events
    }
}

impl Memory {
    fn job(&mut self, at_ms: i64, job_id: &str) -> &mut JobState {
        self.jobs
            .entry(job_id.to_owned())
            .or_insert_with(|| JobState::new(at_ms))
    }

    fn taskmanager(&mut self, at_ms: i64, id: &str) -> &mut TaskManagerMemory {
        self.taskmanagers
            .entry(id.to_owned())
            .or_insert_with(|| TaskManagerMemory::new(at_ms))
    }

    fn apply(&mut self, at_ms: i64, waiting: Waiting) {
        match waiting {
            Waiting::Metrics(MetricSample::Job(sample)) => {
                self.job(at_ms, &sample.job_id).observe(at_ms, &sample);
            }
            Waiting::Metrics(MetricSample::Process(sample)) if sample.process_id == JOBMANAGER => {
                self.jobmanager.observe(at_ms, &sample);
            }
            Waiting::Metrics(MetricSample::Process(sample)) => {
                self.taskmanager(at_ms, &sample.process_id)
                    .figures
                    .observe(at_ms, &sample);
            }
            Waiting::Job(snapshot) => self.job(at_ms, &snapshot.job_id).describe(at_ms, &snapshot),
            Waiting::Checkpoints(snapshot) => {
                self.job(at_ms, &snapshot.job_id)
                    .checkpoints
                    .observe(at_ms, &snapshot);
            }
            Waiting::Cluster(snapshot) => self.look_at_cluster(at_ms, snapshot),
            Waiting::Trouble(subjects, trouble) => self.add_trouble(&subjects, trouble),
        }
    }

    fn look_at_cluster(&mut self, at_ms: i64, snapshot: ClusterSnapshot) {
        if !snapshot.reachable {
            if let Some(known) = &mut self.snapshot {
                known.reachable = false;
            }
            return;
        }
        for info in &snapshot.taskmanagers {
            self.taskmanager(at_ms, &info.id)
                .figures
                .listed(at_ms, info);
        }
        for (id, memory) in &mut self.taskmanagers {
            if !snapshot.taskmanagers.iter().any(|info| info.id == *id) {
                memory.figures.gone_at_ms.get_or_insert(at_ms);
            }
        }
        for job in &snapshot.jobs {
            if let Some(state) = self.jobs.get_mut(&job.job_id) {
                state.status(at_ms, &job.state);
            }
        }
        for (id, state) in &mut self.jobs {
            if !snapshot.jobs.iter().any(|job| job.job_id == *id) {
                state.ended_at_ms.get_or_insert(at_ms);
            }
        }
        self.snapshot = Some(snapshot);
    }

    fn add_trouble(&mut self, subjects: &ErrorSubjects, trouble: Trouble) {
        if let Some(job) = subjects
            .job_id
            .as_ref()
            .and_then(|id| self.jobs.get_mut(id))
        {
            job.troubles.add(trouble);
            if let Some(id) = &subjects.vertex_id {
                job.vertices
                    .entry(id.clone())
                    .or_default()
                    .troubles
                    .add(trouble);
            }
        }
        if let Some(id) = &subjects.taskmanager_id
            && let Some(taskmanager) = self.taskmanagers.get_mut(id)
        {
            taskmanager.troubles.add(trouble);
        }
    }

    /// Keeps memory bounded: what has gone or ended lingers for a while, and of too many the oldest go.
    fn forget(&mut self, end_ms: i64, config: &FeaturizerConfig) {
        self.jobs.retain(|_, job| {
            let ended = job
                .ended_at_ms
                .is_some_and(|at_ms| end_ms - at_ms > config.linger_ms);
            !ended && end_ms - job.seen_at_ms <= UNSEEN_JOB_MS
        });
        self.taskmanagers.retain(|_, memory| {
            let figures = &memory.figures;
            let gone = figures
                .gone_at_ms
                .is_some_and(|at_ms| end_ms - at_ms > config.linger_ms);
            !gone && end_ms - figures.last_sign_ms() <= UNSEEN_JOB_MS
        });
        drop_oldest(&mut self.jobs, config.max_jobs_per_cluster, |job| {
            job.seen_at_ms
        });
        drop_oldest(
            &mut self.taskmanagers,
            config.max_taskmanagers_per_cluster,
            |memory| memory.figures.last_sign_ms(),
        );
    }
}

fn drop_oldest<T>(map: &mut BTreeMap<String, T>, limit: usize, age: impl Fn(&T) -> i64) {
    while map.len() > limit {
        let oldest = map
            .iter()
            .min_by_key(|(_, value)| age(value))
            .map(|(id, _)| id.clone());
        let Some(id) = oldest else { return };
        map.remove(&id);
    }
}
