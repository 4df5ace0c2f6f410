//! One cluster: its jobs, and which job a record belongs to.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::finding::FindingStatus;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{ClusterSnapshot, ContextRecord, ErrorRecord, context_record};
use streamwarden_proto::{FeatureEvent, Finding};

use super::Judge;
use super::health::JobHealth;
use super::job::Job;
use super::place::is_machines;
use super::score::Row;
use crate::config::DiagnosisConfig;

/// Jobs that ended are forgotten when this many are known.
const REMEMBERED_JOBS: usize = 500;
/// Stands for the cluster itself: what belongs to no single job.
pub(super) const NO_JOB: &str = "";

/// One cluster.
pub(super) struct Cluster {
    id: String,
    snapshot: Option<ClusterSnapshot>,
    jobs: BTreeMap<String, Job>,
    /// Job that a TaskManager last worked for.
    job_of_taskmanager: BTreeMap<String, String>,
}

impl Cluster {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            snapshot: None,
            jobs: BTreeMap::new(),
            job_of_taskmanager: BTreeMap::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        judge: Judge<'_>,
        event: &FeatureEvent,
        row: Option<Row>,
    ) -> Vec<FindingEvent> {
        let mut events = match event {
            FeatureEvent::Features(record) => match row {
                Some(row) => self.push_row(judge, &record.job_id, &record.job_name, row),
                None => Vec::new(),
            },
            FeatureEvent::Error(record) => self.push_error(judge, record),
            FeatureEvent::Context(record) => self.push_context(judge, record),
        };
        let placed = self.placed(&events);
        events.extend(placed);
        events
    }

    /// Ends what was said of no job once one of them shows the same.
    fn placed(&mut self, events: &[FindingEvent]) -> Vec<FindingEvent> {
        let open = |event: &&FindingEvent| event.data.status == FindingStatus::Open;
        let of_jobs = events.iter().filter(open).map(|event| &event.data);
        let mut placed = Vec::new();
        for finding in of_jobs.filter(|finding| finding.job_id != NO_JOB) {
            let at_ms = self.jobs.get(&finding.job_id).map(|job| job.now_ms);
            if let (Some(at_ms), Some(nobody)) = (at_ms, self.jobs.get_mut(NO_JOB)) {
                placed.extend(nobody.give_up(&finding.slug, at_ms));
            }
        }
        placed
    }

    fn push_row(
        &mut self,
        judge: Judge<'_>,
        job_id: &str,
        job_name: &str,
        row: Row,
    ) -> Vec<FindingEvent> {
        if row.scope == Scope::TaskManager {
            self.job_of_taskmanager
                .insert(row.id.clone(), job_id.to_owned());
        }
        let at_ms = row.end_ms;
        let (job, snapshot) = self.job(job_id, job_name, at_ms);
        job.push_row(judge, snapshot, row)
    }

    fn push_error(&mut self, judge: Judge<'_>, record: &ErrorRecord) -> Vec<FindingEvent> {
        let job_id = self.job_of(record);
        if job_id == NO_JOB && is_of_some_job(judge, record) {
            return self.push_to_all(judge, record);
        }
        let (job, snapshot) = self.job(&job_id, &record.job_name, record.at_ms);
        job.push_error(judge, snapshot, record)
    }

    /// Each job finds out by itself whether it is meant.
    fn push_to_all(&mut self, judge: Judge<'_>, record: &ErrorRecord) -> Vec<FindingEvent> {
        let snapshot = self.snapshot.as_ref();
        let jobs = self.jobs.iter_mut().filter(|(id, _)| *id != NO_JOB);
        jobs.flat_map(|(_, job)| job.push_error(judge, snapshot, record))
            .collect()
    }

    /// Where neither a line nor its process's work names the job, it is of the one that shows the same, or about the cluster.
    fn job_of(&self, record: &ErrorRecord) -> String {
        if !record.job_id.is_empty() {
            return record.job_id.clone();
        }
        let subject = record
            .subject
            .as_ref()
            .map_or("", |subject| subject.id.as_str());
        let known = self
            .job_of_taskmanager
            .get(subject)
            .or_else(|| self.job_of_taskmanager.get(&record.process_id));
        if let Some(known) = known {
            return known.clone();
        }
        let is_open = |job: &&Job| job.tracker.is_open(&record.problem_slug);
        let mut same = self.jobs.values().filter(is_open);
        match (same.next(), same.next()) {
            (Some(only), None) => only.id().to_owned(),
            _ => NO_JOB.to_owned(),
        }
    }

    fn push_context(&mut self, judge: Judge<'_>, record: &ContextRecord) -> Vec<FindingEvent> {
        match &record.kind {
            Some(context_record::Kind::Cluster(cluster)) => {
                self.snapshot = Some(cluster.clone());
                if !cluster.reachable {
                    return Vec::new();
                }
                let mut events = Vec::new();
                for listed in &cluster.jobs {
                    let (job, snapshot) = self.job(&listed.job_id, &listed.name, record.at_ms);
                    events.extend(job.enter_state(judge, snapshot, &listed.state, record.at_ms));
                }
                let listed: BTreeSet<&String> =
                    cluster.jobs.iter().map(|listed| &listed.job_id).collect();
                let gone = self.jobs.iter_mut().filter(|(id, _)| !listed.contains(id));
                for (_, job) in gone.filter(|(id, _)| *id != NO_JOB) {
                    events.extend(job.stay_away(judge.config, record.at_ms));
                }
                events
            }
            Some(context_record::Kind::Job(graph)) => {
                let (job, snapshot) = self.job(&graph.job_id, &graph.name, record.at_ms);
                job.set_graph(graph);
                job.enter_state(judge, snapshot, &graph.state, record.at_ms)
            }
            None => Vec::new(),
        }
    }

    fn job(
        &mut self,
        job_id: &str,
        name: &str,
        at_ms: i64,
    ) -> (&mut Job, Option<&ClusterSnapshot>) {
        if !self.jobs.contains_key(job_id) && self.jobs.len() >= REMEMBERED_JOBS {
            self.jobs
                .retain(|_, job| !job.is_over() || !job.open_findings().is_empty());
        }
        let job = self
            .jobs
            .entry(job_id.to_owned())
            .or_insert_with(|| Job::new(&self.id, job_id, at_ms));
        job.set_name(name);
        (job, self.snapshot.as_ref())
    }

    pub(super) fn restore(&mut self, finding: Finding) {
        let (job, _) = self.job(&finding.job_id.clone(), &finding.job_name.clone(), i64::MAX);
        job.restore(finding);
    }

    pub(super) fn restore_context(&mut self, record: &ContextRecord) {
        match &record.kind {
            Some(context_record::Kind::Cluster(cluster)) => self.snapshot = Some(cluster.clone()),
            Some(context_record::Kind::Job(graph)) => {
                let (job, _) = self.job(&graph.job_id, &graph.name, i64::MAX);
                job.set_graph(graph);
            }
            None => {}
        }
    }

    pub(super) fn open_findings(&self) -> Vec<&Finding> {
        self.jobs.values().flat_map(Job::open_findings).collect()
    }

    pub(super) fn health(&self, config: &DiagnosisConfig) -> Vec<JobHealth> {
        self.jobs
            .values()
            .filter(|job| job.id() != NO_JOB || !job.open_findings().is_empty())
            .map(|job| job.health(config))
            .collect()
    }
}

/// The machine's log names no job of those that it speaks of.
fn is_of_some_job(judge: Judge<'_>, record: &ErrorRecord) -> bool {
    let problem = judge.experience.problem(&record.problem_slug);
    is_machines(record) && problem.is_some_and(|problem| problem.scope != Scope::Cluster)
}
