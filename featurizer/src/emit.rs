//! From what is remembered at the end of a window to the window's records.

use std::collections::BTreeMap;

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::{ExecutionState, FeatureRecord, Scope, Subject};

use crate::cluster::{Memory, WINDOW_MS};
use crate::config::FeaturizerConfig;
use crate::graph::Graph;
use crate::history::History;
use crate::schema;
use crate::settings::Settings;
use crate::state::job::JobFigures;
use crate::state::process::{ProcessFigures, TaskFigures};
use crate::view::{ClusterView, JobView, TaskManagerView, VertexView};

/// A vertex that was not polled in the last two windows has nothing to say.
const SILENT_WINDOWS: u32 = 1;

/// Ends the window for all subjects. TaskManagers come first, then each job with its vertices.
pub(crate) fn records(
    cluster_id: &str,
    memory: &mut Memory,
    end_ms: i64,
    config: &FeaturizerConfig,
) -> Vec<FeatureEvent> {
    let mut jobs: BTreeMap<String, JobFigures> = memory
        .jobs
        .iter_mut()
        .map(|(id, job)| (id.clone(), job.close(end_ms, WINDOW_MS)))
        .collect();
    let mut taskmanagers: BTreeMap<String, ProcessFigures> = memory
        .taskmanagers
        .iter_mut()
        .map(|(id, memory)| (id.clone(), memory.figures.close(end_ms)))
        .collect();
    let jobmanager = memory.jobmanager.close(end_ms);
    // While nothing answers, nothing is known of jobs and TaskManagers.
    if memory
        .snapshot
        .as_ref()
        .is_some_and(|snapshot| !snapshot.reachable)
    {
        return Vec::new();
    }
    add_tasks(&mut taskmanagers, &jobs);
    let snapshot = memory.snapshot.clone();
    let cluster = ClusterView {
        snapshot: snapshot.as_ref(),
        taskmanagers: &taskmanagers,
        jobmanager: &jobmanager,
    };
    let window = Window { cluster_id, end_ms };
    let mut events = window.taskmanagers(memory, &cluster);
    for (id, figures) in &mut jobs {
        events.extend(window.job(memory, &cluster, id, figures, config));
    }
    events
}

/// Adds up what the tasks on each TaskManager do.
fn add_tasks(
    taskmanagers: &mut BTreeMap<String, ProcessFigures>,
    jobs: &BTreeMap<String, JobFigures>,
) {
    for (job_id, job) in jobs {
        for vertex in job.vertices.values() {
            let records = vertex.records_in();
            for (index, id) in vertex.taskmanagers.iter().enumerate() {
                let host = id.as_ref().and_then(|id| taskmanagers.get_mut(id));
                let runs = vertex.states.get(index) == Some(&ExecutionState::Running);
                let Some(host) = host.filter(|_| runs) else {
                    continue;
                };
                let figure = |row: &[f64]| {
                    row.get(index)
                        .copied()
                        .filter(|value| !value.is_nan())
                        .unwrap_or(0.0)
                };
                let tasks: &mut TaskFigures = &mut host.tasks;
                tasks.running += 1;
                tasks.busy += figure(&vertex.busy) / 1_000.0;
                tasks.backpressured += figure(&vertex.backpressured) / 1_000.0;
                tasks.records_in += figure(&records);
                if tasks.jobs.last() != Some(job_id) {
                    tasks.jobs.push(job_id.clone());
                }
            }
        }
    }
}

struct Window<'a> {
    cluster_id: &'a str,
    end_ms: i64,
}

impl Window<'_> {
    fn number(&self) -> i64 {
        self.end_ms / WINDOW_MS
    }

    fn taskmanagers(&self, memory: &mut Memory, cluster: &ClusterView<'_>) -> Vec<FeatureEvent> {
        let mut events = Vec::new();
        for (id, remembered) in &mut memory.taskmanagers {
            let Some(own) = cluster.taskmanagers.get(id) else {
                continue;
            };
            let troubles = remembered.troubles.close(self.end_ms, WINDOW_MS);
            let view = TaskManagerView {
                own,
                troubles: &troubles,
                cluster,
            };
            let values =
                schema::TASKMANAGER
                    .values(&mut remembered.history, self.number(), |value| value(&view));
            let only_job = match remembered.figures.jobs(self.end_ms, &own.tasks.jobs) {
                [job_id] => job_id.as_str(),
                _ => "",
            };
            let job_name = job_name(&memory.jobs, only_job);
            let subject = subject(Scope::Taskmanager, id, id);
            let fingerprint = &schema::TASKMANAGER.fingerprint;
            events.push(self.record(
                (only_job, job_name),
                subject,
                fingerprint,
                values,
                own.samples,
            ));
        }
        events
    }

    fn job(
        &self,
        memory: &mut Memory,
        cluster: &ClusterView<'_>,
        job_id: &str,
        figures: &JobFigures,
        config: &FeaturizerConfig,
    ) -> Vec<FeatureEvent> {
        let Some(state) = memory.jobs.get_mut(job_id) else {
            return Vec::new();
        };
        // Without its graph a job has no shape yet.
        let Some(snapshot) = &state.snapshot else {
            return Vec::new();
        };
        if state
            .ended_at_ms
            .is_some_and(|at_ms| self.end_ms - at_ms > config.linger_ms)
        {
            return Vec::new();
        }
        let (name, settings, graph): (String, Settings, Graph) = (
            snapshot.name.clone(),
            snapshot.config.clone(),
            state.graph.clone(),
        );
        let view = JobView {
            own: figures,
            graph: &graph,
            settings: &settings,
            cluster,
        };
        let values = schema::JOB.values(&mut state.history, self.number(), |value| value(&view));
        let job = (job_id, name.as_str());
        let subject = subject(Scope::Job, job_id, &name);
        let mut events = vec![self.record(
            job,
            subject,
            &schema::JOB.fingerprint,
            values,
            figures.samples,
        )];
        let ended = state.ended_at_ms.is_some();
        for vertex in graph.vertices().iter().filter(|_| !ended) {
            let Some(memory) = state.vertices.get_mut(&vertex.id) else {
                continue;
            };
            let troubles = memory.troubles.close(self.end_ms, WINDOW_MS);
            let (Some(own), Some(neighbours)) = (
                figures.vertices.get(&vertex.id),
                graph.neighbours(&vertex.id),
            ) else {
                continue;
            };
            if own.silent_windows > SILENT_WINDOWS {
                continue;
            }
            let view = VertexView {
                id: &vertex.id,
                max_parallelism: vertex.max_parallelism,
                own,
                troubles: &troubles,
                neighbours,
                job: &view,
            };
            events.push(self.vertex(job, &vertex.name, &view, &mut memory.history));
        }
        events
    }

    fn vertex(
        &self,
        job: (&str, &str),
        name: &str,
        view: &VertexView<'_>,
        history: &mut History,
    ) -> FeatureEvent {
        let values = schema::VERTEX.values(history, self.number(), |value| value(view));
        let subject = subject(Scope::Vertex, view.id, name);
        self.record(
            job,
            subject,
            &schema::VERTEX.fingerprint,
            values,
            view.own.samples,
        )
    }

    fn record(
        &self,
        (job_id, job_name): (&str, &str),
        subject: Subject,
        fingerprint: &str,
        values: Vec<f32>,
        samples: u32,
    ) -> FeatureEvent {
        FeatureEvent::Features(FeatureRecord {
            cluster_id: self.cluster_id.to_owned(),
            job_id: job_id.to_owned(),
            job_name: job_name.to_owned(),
            subject: Some(subject),
            window_start_ms: self.end_ms - WINDOW_MS,
            window_end_ms: self.end_ms,
            schema_fingerprint: fingerprint.to_owned(),
            values,
            samples,
        })
    }
}

fn job_name<'a>(jobs: &'a BTreeMap<String, crate::state::job::JobState>, job_id: &str) -> &'a str {
    let snapshot = jobs.get(job_id).and_then(|job| job.snapshot.as_ref());
    snapshot.map_or("", |snapshot| &snapshot.name)
}

fn subject(scope: Scope, id: &str, name: &str) -> Subject {
    Subject {
        scope: scope.into(),
        id: id.to_owned(),
        name: name.to_owned(),
        subtask: None,
    }
}
