//! Whom a failure is about: names in messages, turned into vertices, jobs and TaskManagers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    /// It ended, for whatever reason.
    over: bool,
    /// Id and name of the vertices.
    vertices: Vec<(String, String)>,
}

/// Names of a cluster's jobs, vertices and TaskManagers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    jobs: BTreeMap<String, JobNames>,
    /// TaskManagers that were there lately; one that is gone is talked of most.
    taskmanagers: BTreeMap<String, u32>,
    /// Jobs that were handed in lately, newest last: what refuses them is logged before the cluster lists them.
    submitted: VecDeque<Submitted>,
}

#[derive(Debug, Clone)]
struct Submitted {
    at_ms: i64,
    job_id: String,
    name: String,
}

/// A TaskManager that is missing from this many looks at the cluster is forgotten.
const MISSING_LOOKS: u32 = 30;
/// Submissions that are remembered.
const SUBMISSIONS: usize = 64;
/// A job is refused within this time, or not at all.
const REFUSED_WITHIN_MS: i64 = 60_000;
/// Begin of a thread's name (`SourceCoordinatorProvider` of Flink).
const SOURCE_COORDINATOR: &str = "SourceCoordinator-";
/// What is logged around the refusal of a program or of its job; these lines do not name the job.
const REFUSALS: [&str; 2] = ["Could not execute application", "Failed to submit job"];

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
            let names = self.jobs.entry(job.job_id.clone()).or_default();
            names.name.clone_from(&job.name);
            names.over = is_over(&job.state);
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
            over: is_over(&job.state),
            vertices: vertices.collect(),
        };
        self.jobs.insert(job.job_id.clone(), names);
    }

    /// Takes note of a submission that a line of the JobManager tells of.
    pub(crate) fn know_line(&mut self, event: &LogEvent) {
        let Some((name, job_id)) = submission(&event.text) else {
            return;
        };
        if self.submitted.len() == SUBMISSIONS {
            self.submitted.pop_front();
        }
        self.submitted.push_back(Submitted {
            at_ms: event.at_ms,
            job_id: job_id.to_owned(),
            name: name.to_owned(),
        });
    }

    pub(crate) fn knows_job(&self, job_id: &str) -> bool {
        self.jobs.contains_key(job_id)
    }

    pub(crate) fn job_name(&self, job_id: Option<&str>) -> String {
        let listed = |id| self.jobs.get(id).map(|names| names.name.clone());
        let handed_in = |id| {
            let known = self.submitted.iter().find(|known| known.job_id == id)?;
            Some(known.name.clone())
        };
        job_id
            .and_then(|id| listed(id).or_else(|| handed_in(id)))
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
            job_id: named_job
                .or(vertex_job)
                .or_else(|| self.unnamed_job(process_id, event)),
            vertex_id,
            // Who talks of another one by its id means that one: "closed by remote task manager ... [ id ]".
            taskmanager_id: texts
                .iter()
                .find_map(|text| self.taskmanager_in(text))
                .or(own),
        }
    }

    /// The job that a line is about which names none. The machine's log, which is no process's, speaks of others, too.
    fn unnamed_job(&self, process_id: &str, event: &LogEvent) -> Option<String> {
        if process_id.is_empty() {
            return None;
        }
        if REFUSALS.iter().any(|refusal| event.text.contains(refusal)) {
            let newest = self.submitted.back()?;
            let is_recent = (0..=REFUSED_WITHIN_MS).contains(&(event.at_ms - newest.at_ms));
            return is_recent.then(|| newest.job_id.clone());
        }
        self.only_job()
    }

    /// Where one job is alive, as in an application cluster, everything is about it.
    fn only_job(&self) -> Option<String> {
        let mut alive = self.jobs.iter().filter(|(_, names)| !names.over);
        let (only, _) = alive.next()?;
        alive.next().is_none().then(|| only.clone())
    }

    fn job_in(&self, text: &str) -> Option<String> {
        let handed_in = self.submitted.iter().map(|known| &known.job_id);
        self.jobs
            .keys()
            .chain(handed_in)
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

fn is_over(state: &str) -> bool {
    matches!(state, "FINISHED" | "CANCELED" | "FAILED")
}

/// Name and id in `Received job submission 'orders' (…)`; until Flink 1.19 it is a `JobGraph submission`.
fn submission(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text
        .strip_prefix("Received ")?
        .split_once(" submission '")?;
    let (name, rest) = rest.rsplit_once("' (")?;
    let (id, _) = rest.split_once(')')?;
    (!id.is_empty()).then_some((name, id))
}

/// "parse click (2/4)#0" names the vertex "parse click"; Flink's history gives the bare name.
fn mentions_task(text: &str, vertex_name: &str) -> bool {
    if vertex_name.is_empty() {
        return false;
    }
    text == vertex_name
        || coordinates(text, vertex_name)
        || text.match_indices(vertex_name).any(|(start, _)| {
            let rest = &text[start + vertex_name.len()..];
            rest.strip_prefix(" (")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
}

/// The JobManager's thread for a source has the name of that operator, which is the first one of its vertex.
fn coordinates(thread: &str, vertex_name: &str) -> bool {
    let Some(source) = thread.strip_prefix(SOURCE_COORDINATOR) else {
        return false;
    };
    let chained = vertex_name.strip_prefix(source);
    !source.is_empty() && chained.is_some_and(|rest| rest.is_empty() || rest.starts_with(" -> "))
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
    fn the_machines_log_tells_of_nobody_that_is_known() {
        let line = event("Memory cgroup out of memory: Killed process 8258 (java)");
        assert_eq!(directory().of_event("", &line), ErrorSubjects::default());
        let own = directory().of_event(JOBMANAGER, &line);
        assert_eq!(own.job_id.as_deref(), Some("job-1"));
    }

    #[test]
    fn what_refuses_a_job_is_about_that_job_and_not_about_the_one_that_runs() {
        let mut directory = directory();
        let at = |at_ms, text: &str| LogEvent {
            at_ms,
            ..event(text)
        };
        let refusal = at(9_000, "Failed to submit job graph to application cluster");
        assert_eq!(directory.of_event(JOBMANAGER, &refusal).job_id, None);
        directory.know_line(&at(
            8_000,
            "Received job submission 'it's new' (4a1c0de2a4f14be0b6c4a4f0c2b7a9d1).",
        ));
        for line in [
            refusal,
            at(
                9_001,
                "Job 4a1c0de2a4f14be0b6c4a4f0c2b7a9d1 reached terminal state FAILED.",
            ),
        ] {
            let subjects = directory.of_event(JOBMANAGER, &line);
            let subject = directory.subject("c", &subjects, Some(Scope::Job));
            assert_eq!(
                (subject.id.as_str(), subject.name.as_str()),
                ("4a1c0de2a4f14be0b6c4a4f0c2b7a9d1", "it's new")
            );
        }
        let later = at(90_000, "Could not execute application: ");
        assert_eq!(directory.of_event(JOBMANAGER, &later).job_id, None);
    }

    #[test]
    fn what_a_sources_coordinator_says_is_about_the_source() {
        for vertex in ["Source: shipments", "Source: shipments -> parse"] {
            assert!(mentions_task("SourceCoordinator-Source: shipments", vertex));
        }
        assert!(!mentions_task(
            "SourceCoordinator-Source: ships",
            "Source: shipments"
        ));
        assert!(!mentions_task("SourceCoordinator-", "Source: shipments"));
    }

    #[test]
    fn a_word_that_is_a_vertexs_name_is_no_task() {
        assert!(!mentions_task("cannot parse the record", "parse"));
        assert!(mentions_task("parse", "parse"));
    }
}
