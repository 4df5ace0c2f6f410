//! Metrics become groups of a batch.

use std::collections::HashMap;

use streamwarden_proto::v1::{ExecutionState, MetricGroup, SubtaskPlacement};

use crate::flink::answers::metrics::Metric;
use crate::flink::answers::vertex::{IoMetrics, Subtask, VertexDetails};
use crate::flink::figure;

/// Subtasks beyond this are a defect of the answer, not of the job.
const PARALLELISM_LIMIT: usize = 1 << 15;

/// Numbers the TaskManagers of one batch.
#[derive(Debug, Default)]
pub struct TaskManagerTable {
    ids: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl TaskManagerTable {
    /// Index plus one; 0 where the subtask is not deployed.
    pub fn number(&mut self, id: &str) -> u32 {
        if id.is_empty() || id.starts_with('(') {
            return 0;
        }
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        self.ids.push(id.to_owned());
        let number = u32::try_from(self.ids.len()).unwrap_or_default();
        self.numbers.insert(id.to_owned(), number);
        number
    }

    /// Ids in the order of their numbers.
    #[must_use]
    pub fn into_ids(self) -> Vec<String> {
        self.ids
    }
}

/// A table of figures that is filled answer by answer: rows are names, columns are subtasks.
#[derive(Debug)]
pub struct GroupBuilder {
    vertex_id: String,
    columns: usize,
    names: Vec<String>,
    rows: HashMap<String, usize>,
    values: Vec<f64>,
    placements: Vec<SubtaskPlacement>,
}

impl GroupBuilder {
    /// Figures of a job or a process: one column.
    #[must_use]
    pub fn single() -> Self {
        Self::with_columns("", 1)
    }

    /// Figures of a vertex, begun with the counters of its subtasks.
    #[must_use]
    pub fn of_vertex(id: &str, details: &VertexDetails) -> Self {
        let columns = details
            .subtasks
            .iter()
            .map(|subtask| subtask_number(subtask) + 1)
            .max();
        let mut group = Self::with_columns(id, columns.unwrap_or_default());
        for subtask in &details.subtasks {
            for (name, value) in IoMetrics::NAMES.iter().zip(subtask.metrics.values()) {
                group.set(name, subtask_number(subtask), value);
            }
        }
        group
    }

    /// Adds states of the subtasks and where they run.
    pub fn place(&mut self, details: &VertexDetails, taskmanagers: &mut TaskManagerTable) {
        self.placements = vec![SubtaskPlacement::default(); self.columns];
        for subtask in &details.subtasks {
            let Some(placement) = self.placements.get_mut(subtask_number(subtask)) else {
                continue;
            };
            *placement = SubtaskPlacement {
                state: execution_state(&subtask.status).into(),
                attempt: subtask.attempt.count(),
                taskmanager: taskmanagers.number(&subtask.taskmanager_id),
            };
        }
    }

    fn with_columns(vertex_id: &str, columns: usize) -> Self {
        Self {
            vertex_id: vertex_id.to_owned(),
            columns: columns.min(PARALLELISM_LIMIT),
            names: Vec::new(),
            rows: HashMap::new(),
            values: Vec::new(),
            placements: Vec::new(),
        }
    }

    fn set(&mut self, name: &str, column: usize, value: f64) {
        if column >= self.columns {
            return;
        }
        let row = match self.rows.get(name) {
            Some(row) => *row,
            None => self.add_row(name),
        };
        self.values[row * self.columns + column] = value;
    }

    fn add_row(&mut self, name: &str) -> usize {
        let row = self.names.len();
        self.names.push(name.to_owned());
        self.rows.insert(name.to_owned(), row);
        self.values
            .resize(self.values.len() + self.columns, f64::NAN);
        row
    }

    /// Adds an answer of a vertex: ids begin with the subtask's number.
    pub fn add_subtask_metrics(&mut self, metrics: &[Metric<'_>]) {
        for metric in metrics {
            if let (Some((column, name)), Some(value)) = (split_id(&metric.id), &metric.value) {
                self.set(name, column, figure::parse(value));
            }
        }
    }

    /// Adds an answer of a job or a process. What is no number is left out; "NaN" stays, it was reported as missing.
    pub fn add_metrics(&mut self, metrics: &[Metric<'_>]) {
        for metric in metrics {
            if let Some(value) = metric.value.as_ref().and_then(|value| value.parse().ok()) {
                self.set(&metric.id, 0, value);
            }
        }
    }

    /// Has nothing been reported?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The record. Names are sorted: Flink's own order changes from answer to answer.
    #[must_use]
    pub fn finish(self) -> MetricGroup {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|&a, &b| self.names[a].cmp(&self.names[b]));
        let row = |&row: &usize| &self.values[row * self.columns..(row + 1) * self.columns];
        let values = order.iter().flat_map(row).copied().collect();
        let mut names = self.names;
        let names = order
            .iter()
            .map(|&row| std::mem::take(&mut names[row]))
            .collect();
        MetricGroup {
            vertex_id: self.vertex_id,
            columns: u32::try_from(self.columns).unwrap_or_default(),
            names,
            values,
            placements: self.placements,
        }
    }
}

/// Splits "3.busyTimeMsPerSecond".
#[must_use]
pub fn split_id(id: &str) -> Option<(usize, &str)> {
    let (number, name) = id.split_once('.')?;
    Some((number.parse().ok()?, name))
}

fn subtask_number(subtask: &Subtask) -> usize {
    (subtask.subtask.count() as usize).min(PARALLELISM_LIMIT - 1)
}

/// Flink's word for the state of a task.
#[must_use]
pub fn execution_state(text: &str) -> ExecutionState {
    // The proto's names are Flink's own.
    ExecutionState::from_str_name(text).unwrap_or(ExecutionState::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(metrics: &str) -> MetricGroup {
        let details: VertexDetails = serde_json::from_str(
            r#"{"subtasks":[{"subtask":0,"status":"RUNNING","attempt":2,"taskmanager-id":"tm-a",
                 "metrics":{"read-records":5,"read-records-complete":true}},
                {"subtask":1,"status":"SCHEDULED","taskmanager-id":"(unassigned)"}]}"#,
        )
        .unwrap();
        let mut taskmanagers = TaskManagerTable::default();
        let mut group = GroupBuilder::of_vertex("v", &details);
        group.place(&details, &mut taskmanagers);
        group.add_subtask_metrics(&serde_json::from_str::<Vec<Metric>>(metrics).unwrap());
        assert_eq!(taskmanagers.into_ids(), ["tm-a"]);
        group.finish()
    }

    fn row<'a>(group: &'a MetricGroup, name: &str) -> &'a [f64] {
        let row = group.names.iter().position(|other| other == name).unwrap();
        let columns = group.columns as usize;
        &group.values[row * columns..(row + 1) * columns]
    }

    #[test]
    fn each_subtask_has_its_column_and_what_is_missing_is_nan() {
        let group = group(
            r#"[{"id":"1.busyTimeMsPerSecond","value":"40"},{"id":"9.busyTimeMsPerSecond","value":"1"}]"#,
        );
        let busy = row(&group, "busyTimeMsPerSecond");
        assert!(busy[0].is_nan());
        assert_eq!(busy[1], 40.0);
        assert_eq!(row(&group, "read-records")[0], 5.0);
        assert!(
            row(&group, "read-records")[1].is_nan(),
            "a counter that was not reported is not 0"
        );
        assert!(row(&group, "accumulated-busy-time")[1].is_nan());
    }

    #[test]
    fn a_subtask_that_runs_nowhere_points_to_no_taskmanager() {
        let group = group("[]");
        assert_eq!(group.placements[0].taskmanager, 1);
        assert_eq!(group.placements[0].attempt, 2);
        assert_eq!(group.placements[0].state(), ExecutionState::Running);
        assert_eq!(group.placements[1].taskmanager, 0);
        assert_eq!(group.placements[1].state(), ExecutionState::Scheduled);
    }

    #[test]
    fn texts_among_a_jobs_metrics_are_left_out_and_nan_is_kept() {
        let json = r#"[{"id":"lastCheckpointExternalPath","value":"file:/x"},{"id":"uptime","value":"7"},{"id":"b","value":"NaN"},{"id":"a"}]"#;
        let mut group = GroupBuilder::single();
        group.add_metrics(&serde_json::from_str::<Vec<Metric>>(json).unwrap());
        assert_eq!(group.finish().names, ["b", "uptime"]);
    }

    #[test]
    fn an_absurd_subtask_number_takes_no_memory() {
        let details = r#"{"subtasks":[{"subtask":4000000000,"status":"RUNNING"}]}"#;
        let details: VertexDetails = serde_json::from_str(details).unwrap();
        let group = GroupBuilder::of_vertex("v", &details);
        assert!(group.finish().columns as usize <= PARALLELISM_LIMIT);
    }
}
