//! Whom a failure is about: names in messages, turned into vertices, jobs and TaskManagers.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{self, ClusterSnapshot, JobSnapshot, LogEvent, Subject};

use crate::cluster::JOBMANAGER;

/// Whom a failure concerns, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ErrorSubjects {
    pub(crate) job_id: Option<String>,
    pub(crate) vertex_id: Option<String>,
    pub(crate) taskmanager_id: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct JobNames {
    name: String,
    /// Id and name of the vertices.
    vertices: Vec<(String, String)>,
}

/// Names of a cluster's jobs, vertices and TaskManagers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    jobs: BTreeMap<String, JobNames>,
    /// TaskManagers that were there lately; one that is gone is talked of most.
    taskmanagers: BTreeMap<String, u32>,
}

/// A TaskManager that is missing from this many looks at the cluster is forgotten.
const MISSING_LOOKS: u32 = 30;

impl Directory {
    pub(crate) fn know_cluster(&mut self, cluster: &ClusterSnapshot) {
        if !cluster.reachable {
            return;
        }
        let listed: BTreeSet<&String> = cluster.taskmanagers.iter().map(|info| &info.id).collect();
        self.taskmanagers.retain(|id, missing| {
            *missing = if listed.contains(id) { 0 } else { *missing + 1 };
            *missing < MISSING_LOOKS
        });
        for id in listed {
            self.taskmanagers.entry(id.clone()).or_default();
        }
        for job in &cluster.jobs {
            self.jobs
                .entry(job.job_id.clone())
                .or_default()
                .name
                .clone_from(&job.name);
        }
        self.jobs
            .retain(|id, _| cluster.jobs.iter().any(|job| job.job_id == *id));
    }

    pub(crate) fn know_job(&mut self, job: &JobSnapshot) {
        let vertices = job
            .vertices
            .iter()
            .map(|vertex| (vertex.id.clone(), vertex.name.clone()));
        let names = JobNames {
            name: job.name.clone(),
            vertices: vertices.collect(),
        };
        self.jobs.insert(job.job_id.clone(), names);
    }

    pub(crate) fn knows_job(&self, job_id: &str) -> bool {
        self.jobs.contains_key(job_id)
    }

    pub(crate) fn job_name(&self, job_id: Option<&str>) -> String {
        job_id
            .and_then(|id| self.jobs.get(id))
            .map(|names| names.name.clone())
            .unwrap_or_default()
    }

    /// Subjects of a log event of a process.
    pub(crate) fn of_event(&self, process_id: &str, event: &LogEvent) -> ErrorSubjects {
        let chain = event
            .throwable
            .iter()
            .flat_map(|throwable| &throwable.chain);
        let texts: Vec<&str> = std::iter::once(event.text.as_str())
            .chain(chain.map(|link| link.message.as_str()))
            .chain(std::iter::once(event.thread.as_str()))
            .collect();
        let named_job = texts.iter().find_map(|text| self.job_in(text));
        let vertex = texts
            .iter()
            .find_map(|text| self.vertex_in(text, named_job.as_deref()));
        let own = Some(process_id)
            .filter(|id| !id.is_empty() && *id != JOBMANAGER)
            .map(str::to_owned);
        let (vertex_job, vertex_id) = vertex.unzip();
        ErrorSubjects {
            job_id: named_job.or(vertex_job).or_else(|| self.only_job()),
            vertex_id,
            // Who talks of another one by its id means that one: "closed by remote task manager ... [ id ]".
            taskmanager_id: texts
                .iter()
                .find_map(|text| self.taskmanager_in(text))
                .or(own),
        }
    }

    /// In an application cluster everything is about the one job.
    fn only_job(&self) -> Option<String> {
        let mut ids = self.jobs.keys();
        let only = ids.next()?;
        ids.next().is_none().then(|| only.clone())
    }

    fn job_in(&self, text: &str) -> Option<String> {
        self.jobs
            .keys()
            .find(|id| text.contains(id.as_str()))
            .cloned()
    }

    pub(crate) fn taskmanager_in(&self, text: &str) -> Option<String> {
        let mentioned = |id: &&String| text.contains(id.as_str());
        // A longer id may hold a shorter one.
        self.taskmanagers
            .keys()
            .filter(mentioned)
            .max_by_key(|id| id.len())
            .cloned()
    }

    /// Job and vertex of a task's name, such as "parse click (2/4)#0", within a text.
    pub(crate) fn vertex_in(&self, text: &str, job_id: Option<&str>) -> Option<(String, String)> {
        let jobs = self
            .jobs
            .iter()
            .filter(|(id, _)| job_id.is_none_or(|job_id| job_id == *id));
        let vertices =
            jobs.flat_map(|(job, names)| names.vertices.iter().map(move |vertex| (job, vertex)));
        let named = vertices.filter(|(_, (_, name))| mentions_task(text, name));
        let longest = named.max_by_key(|(_, (_, name))| name.len());
        longest.map(|(job, (id, _))| (job.clone(), id.clone()))
    }

    /// The subject of a failure: what the problem is about where that is known, else the narrowest that is known.
    pub(crate) fn subject(
        &self,
        cluster_id: &str,
        subjects: &ErrorSubjects,
        scope: Option<Scope>,
    ) -> Subject {
        let vertex = subjects
            .vertex_id
            .as_ref()
            .map(|id| (v1::Scope::Vertex, id, self.vertex_name(id)));
        let taskmanager = subjects
            .taskmanager_id
            .as_ref()
            .map(|id| (v1::Scope::Taskmanager, id, id.clone()));
        let job = subjects
            .job_id
            .as_ref()
            .map(|id| (v1::Scope::Job, id, self.job_name(Some(id))));
        let found = match scope {
            Some(Scope::TaskManager) => taskmanager.or(vertex).or(job),
            Some(Scope::Job) => job.or(vertex).or(taskmanager),
            Some(Scope::Cluster) => None,
            Some(Scope::Vertex) | None => vertex.or(if scope.is_some() {
                job.or(taskmanager)
            } else {
                taskmanager.or(job)
            }),
        };
        match found {
            Some((scope, id, name)) => Subject {
                scope: scope.into(),
                id: id.clone(),
                name,
                subtask: None,
            },
            None => Subject {
                scope: v1::Scope::Cluster.into(),
                id: cluster_id.to_owned(),
                name: cluster_id.to_owned(),
                subtask: None,
            },
        }
    }

    fn vertex_name(&self, vertex_id: &str) -> String {
        let vertices = self.jobs.values().flat_map(|names| &names.vertices);
        vertices
            .filter(|(id, _)| id == vertex_id)
            .map(|(_, name)| name.clone())
            .next()
            .unwrap_or_default()
    }
}

/// "parse click (2/4)#0" names the vertex "parse click"; Flink's history gives the bare name.
fn mentions_task(text: &str, vertex_name: &str) -> bool {
    if vertex_name.is_empty() {
        return false;
    }
    text == vertex_name
        || text.match_indices(vertex_name).any(|(start, _)| {
            let rest = &text[start + vertex_name.len()..];
            rest.strip_prefix(" (")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::{TaskManagerInfo, Vertex};

    fn directory() -> Directory {
        let mut directory = Directory::default();
        directory.know_cluster(&ClusterSnapshot {
            reachable: true,
            taskmanagers: vec![TaskManagerInfo {
                id: "tm-1".into(),
                ..TaskManagerInfo::default()
            }],
            ..ClusterSnapshot::default()
        });
        let vertex = |id: &str, name: &str| Vertex {
            id: id.into(),
            name: name.into(),
            ..Vertex::default()
        };
        directory.know_job(&JobSnapshot {
            job_id: "job-1".into(),
            name: "orders".into(),
            vertices: vec![vertex("v1", "parse"), vertex("v2", "Source: parse")],
            ..JobSnapshot::default()
        });
        directory
    }

    fn event(text: &str) -> LogEvent {
        LogEvent {
            text: text.into(),
            ..LogEvent::default()
        }
    }

    #[test]
    fn a_tasks_name_in_a_line_names_its_vertex() {
        let line = event("Source: parse (1/2)#3 (abc) switched from RUNNING to FAILED");
        let subjects = directory().of_event(JOBMANAGER, &line);
        assert_eq!(subjects.vertex_id.as_deref(), Some("v2"));
        assert_eq!(subjects.job_id.as_deref(), Some("job-1"));
    }

    #[test]
    fn the_jobmanager_talks_of_a_taskmanager_by_its_id() {
        let line = event("TaskManager with id tm-1 is no longer reachable.");
        let directory = directory();
        let subjects = directory.of_event(JOBMANAGER, &line);
        let subject = directory.subject("c", &subjects, Some(Scope::TaskManager));
        assert_eq!(
            (subject.scope(), subject.id.as_str()),
            (v1::Scope::Taskmanager, "tm-1")
        );
    }

    #[test]
    fn a_taskmanager_that_talks_of_another_one_means_that_one() {
        let line = event("Connection unexpectedly closed by remote task manager 'h:1 [ tm-1 ] '");
        let subjects = directory().of_event("tm-2", &line);
        assert_eq!(subjects.taskmanager_id.as_deref(), Some("tm-1"));
        let own = directory().of_event("tm-2", &event("Java heap space"));
        assert_eq!(own.taskmanager_id.as_deref(), Some("tm-2"));
    }

    #[test]
    fn a_word_that_is_a_vertexs_name_is_no_task() {
        assert!(!mentions_task("cannot parse the record", "parse"));
        assert!(mentions_task("parse", "parse"));
    }
}
