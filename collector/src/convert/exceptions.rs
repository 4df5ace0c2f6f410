//! The exception history of a job.

use streamwarden_proto::v1::{ExceptionEntry, JobSnapshot};

use crate::coding::Coding;
use crate::flink::answers::exceptions as answers;

/// What tells one failure from another.
pub type ExceptionKey = (i64, String, String);

/// All failures of an answer, concurrent ones after the one that they came with, oldest failure first.
#[must_use]
pub fn flatten(history: answers::History) -> Vec<(answers::ExceptionEntry, bool)> {
    let mut all = Vec::new();
    for mut entry in history.entries.into_iter().rev() {
        let concurrent = std::mem::take(&mut entry.concurrent);
        all.push((entry, false));
        all.extend(concurrent.into_iter().map(|entry| (entry, true)));
    }
    all
}

/// The key of a failure.
#[must_use]
pub fn key(entry: &answers::ExceptionEntry) -> ExceptionKey {
    (
        entry.timestamp.time_ms().unwrap_or_default(),
        entry.task_name.clone().unwrap_or_default(),
        entry.exception_name.clone(),
    )
}

/// The record of a failure.
#[must_use]
pub fn exception_entry(
    entry: &answers::ExceptionEntry,
    concurrent: bool,
    job: &JobSnapshot,
    coding: &Coding,
) -> ExceptionEntry {
    let task_name = entry.task_name.clone().unwrap_or_default();
    ExceptionEntry {
        at_ms: entry.timestamp.time_ms().unwrap_or_default(),
        vertex_id: vertex_of(&task_name, job).unwrap_or_default(),
        task_name,
        taskmanager_id: entry
            .taskmanager_id
            .clone()
            .filter(|id| !id.starts_with('('))
            .unwrap_or_default(),
        throwable: Some(coding.throwable(&entry.stacktrace)),
        concurrent,
    }
}

/// Flink names the task, not the vertex: "enrich (1/2) - execution #0".
fn vertex_of(task_name: &str, job: &JobSnapshot) -> Option<String> {
    let (name, _) = task_name.rsplit_once(" (")?;
    let vertex = job.vertices.iter().find(|vertex| vertex.name == name)?;
    Some(vertex.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::Vertex;

    #[test]
    fn the_vertex_is_found_by_the_tasks_name_even_if_it_has_brackets() {
        let vertex = |id: &str, name: &str| Vertex {
            id: id.into(),
            name: name.into(),
            ..Vertex::default()
        };
        let job = JobSnapshot {
            vertices: vec![vertex("a", "Map (x)"), vertex("b", "Map")],
            ..JobSnapshot::default()
        };
        assert_eq!(
            vertex_of("Map (x) (1/2) - execution #3", &job).as_deref(),
            Some("a")
        );
        assert_eq!(
            vertex_of("Map (2/2) - execution #0", &job).as_deref(),
            Some("b")
        );
        assert_eq!(vertex_of("Map (2/2)", &job).as_deref(), Some("b"));
        assert_eq!(vertex_of("", &job), None);
    }
}
