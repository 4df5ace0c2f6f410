//! Failures, at once: exceptions, log lines and failed checkpoints become [`ErrorRecord`]s with code, problem and
//! subject.
//!
//! The expert's knowledge is the experience pack's; this module finds out whom a failure is about, and whether it
//! follows from another one that was seen shortly before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_experience::analyzer::is_noise;
use streamwarden_proto::v1::{
    CheckpointSnapshot, CheckpointStatus, ClusterSnapshot, ErrorOrigin, ErrorRecord,
    ExceptionEntry, ExceptionSnapshot, JobSnapshot, LogBatch, LogEvent, LogLevel,
};

use crate::state::checkpoints::{Failure, failure_of};
use crate::state::troubles::Group;

mod reading;
mod subjects;

use reading::Reading;
use subjects::Directory;
pub(crate) use subjects::ErrorSubjects;

/// A failure explains another one for this long.
const EXPLAINS_MS: i64 = 60_000;
/// Causes that are remembered, to tell consequences.
const REMEMBERED_CAUSES: usize = 64;
/// Failures that are remembered, to tell repeats.
const REMEMBERED_FAILURES: usize = 1_024;

/// The experience pack, shared by all clusters.
#[derive(Debug, Clone)]
pub(crate) struct ErrorReader {
    experience: Arc<Experience>,
}

impl ErrorReader {
    pub(crate) fn new(experience: Arc<Experience>) -> Self {
        Self { experience }
    }
}

/// A failure, and where it counts.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) record: ErrorRecord,
    pub(crate) subjects: ErrorSubjects,
    pub(crate) group: Group,
}

#[derive(Debug, Clone)]
struct SeenCause {
    at_ms: i64,
    slug: String,
    job_id: Option<String>,
}

/// What is remembered of one cluster's failures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors {
    directory: Directory,
    causes: VecDeque<SeenCause>,
    seen: BTreeSet<(i64, String, String)>,
    failed_checkpoints: BTreeMap<String, u64>,
}

/// Where a failure was found.
struct Place<'a> {
    cluster_id: &'a str,
    at_ms: i64,
    origin: ErrorOrigin,
    level: LogLevel,
    process_id: &'a str,
    /// It came along with another one, as Flink says itself.
    concurrent: bool,
}

impl Errors {
    pub(crate) fn know_cluster(&mut self, cluster: &ClusterSnapshot) {
        self.directory.know_cluster(cluster);
    }

    pub(crate) fn know_job(&mut self, job: &JobSnapshot) {
        self.directory.know_job(job);
    }

    /// Is the job one of the cluster's, as far as is known?
    pub(crate) fn knows_job(&self, job_id: &str) -> bool {
        self.directory.knows_job(job_id)
    }

    /// Forgets what is too old or about jobs that are gone.
    pub(crate) fn retain(&mut self, now_ms: i64) {
        self.causes
            .retain(|cause| now_ms - cause.at_ms <= EXPLAINS_MS);
        let directory = &self.directory;
        self.failed_checkpoints
            .retain(|job_id, _| directory.knows_job(job_id));
        while self.seen.len() > REMEMBERED_FAILURES {
            self.seen.pop_first();
        }
    }

    /// Exceptions of a job, as Flink's history has them.
    pub(crate) fn of_exceptions(
        &mut self,
        reader: &ErrorReader,
        cluster_id: &str,
        snapshot: &ExceptionSnapshot,
    ) -> Vec<Found> {
        let found = snapshot.entries.iter().filter_map(|entry| {
            let reading = Reading::of_throwable(&reader.experience, entry.throwable.as_ref()?)?;
            let subjects = self.subjects_of_entry(&snapshot.job_id, entry);
            let place = Place {
                cluster_id,
                at_ms: entry.at_ms,
                origin: ErrorOrigin::ExceptionHistory,
                level: LogLevel::Error,
                process_id: "",
                concurrent: entry.concurrent,
            };
            self.found(reader, &place, reading, subjects)
        });
        found.collect()
    }

    fn subjects_of_entry(&self, job_id: &str, entry: &ExceptionEntry) -> ErrorSubjects {
        let mut links = entry
            .throwable
            .iter()
            .flat_map(|throwable| &throwable.chain);
        let given = |id: &String| Some(id.clone()).filter(|id| !id.is_empty());
        ErrorSubjects {
            job_id: given(&job_id.to_owned()),
            vertex_id: given(&entry.vertex_id).or_else(|| {
                self.directory
                    .vertex_in(&entry.task_name, Some(job_id))
                    .map(|(_, id)| id)
            }),
            taskmanager_id: links
                .find_map(|link| self.directory.taskmanager_in(&link.message))
                .or_else(|| given(&entry.taskmanager_id)),
        }
    }

    /// Warnings and errors of a log that mean something; noise is left out.
    pub(crate) fn of_logs(
        &mut self,
        reader: &ErrorReader,
        cluster_id: &str,
        batch: &LogBatch,
    ) -> Vec<Found> {
        let found = batch.events.iter().filter_map(|event| {
            self.directory.know_line(event);
            if is_noise(event) {
                return None;
            }
            let reading = Reading::of_event(&reader.experience, event)?;
            let subjects = self.directory.of_event(&batch.process_id, event);
            let place = Place {
                cluster_id,
                at_ms: event.at_ms,
                origin: ErrorOrigin::Log,
                level: event.level(),
                process_id: &batch.process_id,
                concurrent: false,
            };
            self.found(reader, &place, reading, subjects)
        });
        found.collect()
    }

    /// Checkpoints that failed for a reason of their own, each once.
    pub(crate) fn of_checkpoints(
        &mut self,
        reader: &ErrorReader,
        cluster_id: &str,
        at_ms: i64,
        snapshot: &CheckpointSnapshot,
    ) -> Vec<Found> {
        let last = self
            .failed_checkpoints
            .get(&snapshot.job_id)
            .copied()
            .unwrap_or_default();
        let mut found = Vec::new();
        for checkpoint in &snapshot.checkpoints {
            let failed = checkpoint.status() == CheckpointStatus::CheckpointFailed;
            let is_fault = failure_of(&checkpoint.failure_message) != Failure::Suspended;
            if !failed || !is_fault || checkpoint.id <= last {
                continue;
            }
            self.failed_checkpoints
                .insert(snapshot.job_id.clone(), checkpoint.id);
            let event = LogEvent {
                level: LogLevel::Warn.into(),
                logger: "org.apache.flink.runtime.checkpoint.CheckpointFailureManager".to_owned(),
                text: checkpoint.failure_message.clone(),
                ..LogEvent::default()
            };
            let Some(reading) = Reading::of_failed_checkpoint(&reader.experience, &event) else {
                continue;
            };
            let duration_ms = checkpoint.end_to_end_duration_ms.unwrap_or_default() as i64;
            let place = Place {
                cluster_id,
                at_ms: (checkpoint.triggered_at_ms + duration_ms).min(at_ms),
                origin: ErrorOrigin::CheckpointFailure,
                level: LogLevel::Warn,
                process_id: "",
                concurrent: false,
            };
            let subjects = ErrorSubjects {
                job_id: Some(snapshot.job_id.clone()),
                ..ErrorSubjects::default()
            };
            found.extend(self.found(reader, &place, reading, subjects));
        }
        found
    }

    /// Makes the record, unless the same failure was told already.
    fn found(
        &mut self,
        reader: &ErrorReader,
        place: &Place<'_>,
        reading: Reading,
        subjects: ErrorSubjects,
    ) -> Option<Found> {
        let origin = place.origin.as_str_name();
        let (job, vertex) = (subjects.job_id.as_deref(), subjects.vertex_id.as_deref());
        let whom = format!("{origin} {} {job:?} {vertex:?}", place.process_id);
        if !self.seen.insert((place.at_ms, reading.code.clone(), whom)) {
            return None;
        }
        let consequence = place.concurrent
            || reading.symptom
            || self.is_explained(reader, place, &reading, &subjects);
        if !consequence && !reading.slug.is_empty() {
            self.remember_cause(place.at_ms, &reading.slug, subjects.job_id.clone());
        }
        let group = reading.group;
        Some(Found {
            record: ErrorRecord {
                cluster_id: place.cluster_id.to_owned(),
                job_id: subjects.job_id.clone().unwrap_or_default(),
                job_name: self.directory.job_name(subjects.job_id.as_deref()),
                subject: Some(
                    self.directory
                        .subject(place.cluster_id, &subjects, reading.scope),
                ),
                at_ms: place.at_ms,
                code: reading.code,
                problem_slug: reading.slug,
                confidence: reading.confidence,
                exception: reading.exception,
                message: reading.message,
                frame: reading.frame,
                origin: place.origin.into(),
                process_id: place.process_id.to_owned(),
                consequence,
                level: place.level.into(),
            },
            subjects,
            group,
        })
    }

    fn remember_cause(&mut self, at_ms: i64, slug: &str, job_id: Option<String>) {
        self.causes.push_back(SeenCause {
            at_ms,
            slug: slug.to_owned(),
            job_id,
        });
        if self.causes.len() > REMEMBERED_CAUSES {
            self.causes.pop_front();
        }
    }

    /// Did something that explains this failure happen shortly before, in the same job or in no job of its own?
    fn is_explained(
        &self,
        reader: &ErrorReader,
        place: &Place<'_>,
        reading: &Reading,
        subjects: &ErrorSubjects,
    ) -> bool {
        let Some(problem) = reader.experience.problem(&reading.slug) else {
            return false;
        };
        let near = |cause: &&SeenCause| {
            (place.at_ms - cause.at_ms).abs() <= EXPLAINS_MS
                && (cause.job_id.is_none()
                    || subjects.job_id.is_none()
                    || cause.job_id == subjects.job_id)
        };
        self.causes.iter().filter(near).any(|cause| {
            cause.slug != problem.slug
                && (problem.explained_by.contains(&cause.slug)
                    || reader
                        .experience
                        .problem(&cause.slug)
                        .is_some_and(|other| other.explains.contains(&problem.slug)))
        })
    }
}
