//! One job: what was seen of it, and when a window of it is complete.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::Finding;
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{ClusterSnapshot, ErrorRecord, JobSnapshot};

use super::Judge;
use super::cluster::NO_JOB;
use super::errors::{ErrorTrack, Errors};
use super::graph::Graph;
use super::health::{JobHealth, health_score};
use super::history::History;
use super::score::Row;
use super::tracker::Tracker;
use crate::config::DiagnosisConfig;

/// What is read of one failure in several places is written within this time.
const SAME_FAILURE_MS: i64 = 60_000;
/// Subjects that did not show up for this long are forgotten.
const FORGET_SUBJECT_MS: i64 = 600_000;

/// What a job is doing, as far as judging it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Too young.
    Learning,
    /// Figures and errors count.
    Judged,
    /// Restarting, failing, waiting for slots: errors count, vertices' figures do not.
    Down,
    /// Ended by itself or by a person.
    Over,
    /// Somebody ends it.
    Stopping,
    /// Ended by a failure.
    Failed,
}

/// One job.
pub(super) struct Job {
    pub(super) cluster_id: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) snapshot: Option<JobSnapshot>,
    pub(super) graph: Graph,
    pub(super) subjects: BTreeMap<(Scope, String), History>,
    pub(super) errors: Errors,
    pub(super) tracker: Tracker,
    /// When a known problem was last open.
    pub(super) explained_ms: i64,
    state: String,
    state_since_ms: i64,
    first_ms: i64,
    pub(super) now_ms: i64,
    window_end_ms: i64,
    arrived: BTreeSet<String>,
    window_judged: bool,
    windows: u64,
}

impl Job {
    pub(super) fn new(cluster_id: &str, id: &str, at_ms: i64) -> Self {
        Self {
            cluster_id: cluster_id.to_owned(),
            id: id.to_owned(),
            name: String::new(),
            snapshot: None,
            graph: Graph::default(),
            subjects: BTreeMap::new(),
            errors: Errors::default(),
            tracker: Tracker::default(),
            explained_ms: i64::MIN,
            state: String::new(),
            state_since_ms: at_ms,
            first_ms: at_ms,
            now_ms: i64::MIN,
            window_end_ms: i64::MIN,
            arrived: BTreeSet::new(),
            window_judged: true,
            windows: 0,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn set_name(&mut self, name: &str) {
        if !name.is_empty() {
            name.clone_into(&mut self.name);
        }
    }

    pub(super) fn set_graph(&mut self, snapshot: &JobSnapshot) {
        self.graph = Graph::of(snapshot);
        self.snapshot = Some(snapshot.clone());
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "FINISHED" | "CANCELED" | "FAILED")
    }

    pub(super) fn push_row(
        &mut self,
        judge: Judge<'_>,
        cluster: Option<&ClusterSnapshot>,
        row: Row,
    ) -> Vec<FindingEvent> {
        let mut events = Vec::new();
        // A job that was only restored from memory begins with its first record.
        self.first_ms = self.first_ms.min(row.end_ms);
        if row.end_ms > self.window_end_ms {
            if !self.window_judged {
                events = self.judge_window(judge, cluster);
            }
            self.window_end_ms = row.end_ms;
            self.window_judged = false;
            self.arrived.clear();
        }
        self.now_ms = self.now_ms.max(row.end_ms);
        self.arrived.insert(row.id.clone());
        self.subjects
            .entry((row.scope, row.id.clone()))
            .or_default()
            .push(row);
        if !self.window_judged && self.is_window_complete() {
            events.extend(self.judge_window(judge, cluster));
        }
        events
    }

    fn is_window_complete(&self) -> bool {
        if self.id == NO_JOB {
            return true;
        }
        let Some(snapshot) = &self.snapshot else {
            return false;
        };
        self.arrived.contains(&self.id)
            && snapshot
                .vertices
                .iter()
                .all(|vertex| self.arrived.contains(&vertex.id))
    }

    fn judge_window(
        &mut self,
        judge: Judge<'_>,
        cluster: Option<&ClusterSnapshot>,
    ) -> Vec<FindingEvent> {
        self.window_judged = true;
        self.windows += u64::from(self.phase(judge.config) == Phase::Judged);
        self.errors.forget(self.now_ms);
        let now_ms = self.now_ms;
        self.subjects.retain(|_, history| {
            history
                .newest()
                .is_some_and(|row| now_ms - row.end_ms <= FORGET_SUBJECT_MS)
        });
        self.evaluate(judge, cluster, true)
    }

    pub(super) fn push_error(
        &mut self,
        judge: Judge<'_>,
        cluster: Option<&ClusterSnapshot>,
        record: &ErrorRecord,
    ) -> Vec<FindingEvent> {
        self.first_ms = self.first_ms.min(record.at_ms);
        self.now_ms = self.now_ms.max(record.at_ms);
        self.errors.push(record);
        self.evaluate(judge, cluster, false)
    }

    pub(super) fn enter_state(
        &mut self,
        judge: Judge<'_>,
        cluster: Option<&ClusterSnapshot>,
        state: &str,
        at_ms: i64,
    ) -> Vec<FindingEvent> {
        self.now_ms = self.now_ms.max(at_ms);
        if self.state != state {
            state.clone_into(&mut self.state);
            self.state_since_ms = at_ms;
        } else if self.phase(judge.config) != Phase::Over {
            return Vec::new();
        }
        self.evaluate(judge, cluster, false)
    }

    /// What errors that named no job were taken for shows in another job: it is that one's.
    pub(super) fn give_up(&mut self, slug: &str, at_ms: i64) -> Vec<FindingEvent> {
        let known = |(own, track): (&str, &ErrorTrack)| {
            own == slug && (at_ms - track.last_ms).abs() <= SAME_FAILURE_MS
        };
        if !self.errors.tracks().any(known) {
            return Vec::new();
        }
        self.errors.explain(slug);
        self.tracker.give_up(at_ms, slug)
    }

    /// The cluster does not list it: it was refused, or forgotten. What was found is held as long as that of a job that
    /// failed.
    pub(super) fn stay_away(&mut self, config: &DiagnosisConfig, at_ms: i64) -> Vec<FindingEvent> {
        if self.now_ms == i64::MIN {
            // Only restored from memory: its time begins now.
            self.now_ms = at_ms;
        }
        if at_ms - self.now_ms <= config.failed_job_hold_ms {
            return Vec::new();
        }
        self.tracker.resolve_all(at_ms)
    }

    pub(super) fn phase(&self, config: &DiagnosisConfig) -> Phase {
        match self.state.as_str() {
            "FINISHED" | "CANCELED" => Phase::Over,
            "FAILED" if self.now_ms - self.state_since_ms > config.failed_job_hold_ms => {
                Phase::Over
            }
            "FAILED" => Phase::Failed,
            "CANCELLING" | "SUSPENDED" => Phase::Stopping,
            "RESTARTING" | "FAILING" | "CREATED" | "INITIALIZING" => Phase::Down,
            _ if self.now_ms < self.judged_from_ms(config) => Phase::Learning,
            _ => Phase::Judged,
        }
    }

    /// Before this the job is too young.
    fn judged_from_ms(&self, config: &DiagnosisConfig) -> i64 {
        self.start_ms().saturating_add(config.learning_ms)
    }

    fn start_ms(&self) -> i64 {
        let started = self
            .snapshot
            .as_ref()
            .map(|snapshot| snapshot.start_time_ms);
        started.filter(|start| *start > 0).unwrap_or(self.first_ms)
    }

    /// How old the job was at a moment.
    pub(super) fn age_ms(&self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(self.start_ms())
    }

    /// Figures of windows that ended before say nothing: the subject was just deployed. A TaskManager outlives restarts.
    pub(super) fn settled_from_ms(&self, config: &DiagnosisConfig, scope: Scope) -> i64 {
        let learned = self.judged_from_ms(config);
        if scope != Scope::Vertex {
            return learned;
        }
        let running = self
            .snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.state_entered_at_ms.get("RUNNING"))
            .copied()
            .unwrap_or(0);
        learned.max(running.saturating_add(config.settle_ms))
    }

    /// A finding that was open before this process read its first record.
    pub(super) fn restore(&mut self, finding: Finding) {
        self.tracker.restore(finding);
    }

    pub(super) fn open_findings(&self) -> Vec<&Finding> {
        self.tracker.open().collect()
    }

    pub(super) fn health(&self, config: &DiagnosisConfig) -> JobHealth {
        let mut findings: Vec<Finding> = self.tracker.open().cloned().collect();
        findings.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then(b.confidence.total_cmp(&a.confidence))
        });
        let judged = self.windows > 0 || !findings.is_empty();
        let score = (judged && self.phase(config) != Phase::Over).then(|| health_score(&findings));
        JobHealth {
            cluster_id: self.cluster_id.clone(),
            job_id: self.id.clone(),
            job_name: self.name.clone(),
            score,
            windows: self.windows,
            at_ms: self.now_ms,
            findings,
        }
    }
}
