//! Observations, brought down to the figures that features are made of.

use streamwarden_proto::v1::{self, ExecutionState, metric_batch::Subject};

use crate::metric::{JobMetric, Metric, ProcessMetric, SubtaskMetric};

/// Readings of one poll: a row a figure, a column a subtask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Readings<M> {
    pub(crate) columns: usize,
    metrics: Vec<M>,
    values: Vec<f64>,
}

impl<M: Metric> Readings<M> {
    /// Takes what is known out of a group of Flink's metrics; the same figure of several operators is merged.
    pub(crate) fn of_group(group: &v1::MetricGroup) -> Self {
        let columns = group.columns.max(1) as usize;
        let mut readings = Self {
            columns,
            metrics: Vec::new(),
            values: Vec::new(),
        };
        for (name, row) in group.names.iter().zip(group.values.chunks_exact(columns)) {
            if let Some(metric) = M::of_name(name) {
                readings.add(metric, row);
            }
        }
        readings
    }

    fn add(&mut self, metric: M, row: &[f64]) {
        let Some(position) = self.metrics.iter().position(|known| *known == metric) else {
            self.metrics.push(metric);
            self.values.extend_from_slice(row);
            return;
        };
        let start = position * self.columns;
        for (known, new) in self.values[start..].iter_mut().zip(row) {
            *known = metric.merge().apply(*known, *new);
        }
    }

    /// All rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (M, &[f64])> {
        self.metrics
            .iter()
            .copied()
            .zip(self.values.chunks_exact(self.columns))
    }

    /// One row; empty if it was not reported.
    pub(crate) fn row(&self, metric: M) -> &[f64] {
        let found = self.rows().find(|(known, _)| *known == metric);
        found.map_or(&[], |(_, row)| row)
    }

    /// Makes readings of a subtask unknown.
    pub(crate) fn forget(&mut self, metrics: &[M], column: usize) {
        let rows = self
            .metrics
            .iter()
            .zip(self.values.chunks_exact_mut(self.columns));
        for (_, row) in rows.filter(|(metric, _)| metrics.contains(metric)) {
            row[column] = f64::NAN;
        }
    }

    /// One reading; NaN if it was not reported.
    pub(crate) fn at(&self, metric: M, column: usize) -> f64 {
        self.row(metric).get(column).copied().unwrap_or(f64::NAN)
    }
}

/// Where a subtask runs and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) state: ExecutionState,
    pub(crate) attempt: u32,
    /// Index into the sample's TaskManagers.
    pub(crate) taskmanager: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct VertexSample {
    pub(crate) vertex_id: String,
    pub(crate) readings: Readings<SubtaskMetric>,
    pub(crate) placements: Vec<Placement>,
}

#[derive(Debug, Clone)]
pub(crate) struct JobSample {
    pub(crate) job_id: String,
    pub(crate) taskmanager_ids: Vec<String>,
    pub(crate) readings: Option<Readings<JobMetric>>,
    pub(crate) vertices: Vec<VertexSample>,
}

#[derive(Debug, Clone)]
pub(crate) struct ProcessSample {
    pub(crate) process_id: String,
    pub(crate) readings: Option<Readings<ProcessMetric>>,
}

/// One poll of a job or of a process.
#[derive(Debug, Clone)]
pub(crate) enum MetricSample {
    Job(JobSample),
    Process(ProcessSample),
}

impl MetricSample {
    /// `None` for a batch that names no subject.
    pub(crate) fn of_batch(batch: &v1::MetricBatch) -> Option<Self> {
        Some(match batch.subject.as_ref()? {
            Subject::JobId(job_id) => Self::Job(job_sample(job_id, batch)),
            Subject::ProcessId(process_id) => Self::Process(ProcessSample {
                process_id: process_id.clone(),
                readings: batch.groups.first().map(Readings::of_group),
            }),
        })
    }
}

fn job_sample(job_id: &str, batch: &v1::MetricBatch) -> JobSample {
    let (own, vertices): (Vec<_>, Vec<_>) = batch
        .groups
        .iter()
        .partition(|group| group.vertex_id.is_empty());
    JobSample {
        job_id: job_id.to_owned(),
        taskmanager_ids: batch.taskmanager_ids.clone(),
        readings: own.first().map(|group| Readings::of_group(group)),
        vertices: vertices
            .into_iter()
            .map(|group| VertexSample {
                vertex_id: group.vertex_id.clone(),
                readings: Readings::of_group(group),
                placements: group.placements.iter().map(placement).collect(),
            })
            .collect(),
    }
}

fn placement(placement: &v1::SubtaskPlacement) -> Placement {
    Placement {
        state: placement.state(),
        attempt: placement.attempt,
        taskmanager: (placement.taskmanager as usize).checked_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_one_vertex_are_merged() {
        let group = v1::MetricGroup {
            columns: 2,
            names: vec![
                "a.numLateRecordsDropped".into(),
                "x".into(),
                "b.numLateRecordsDropped".into(),
            ],
            values: vec![1.0, f64::NAN, 9.0, 9.0, 2.0, 5.0],
            ..v1::MetricGroup::default()
        };
        let readings = Readings::<SubtaskMetric>::of_group(&group);
        assert_eq!(readings.row(SubtaskMetric::LateRecordsDropped), [3.0, 5.0]);
        assert!(readings.at(SubtaskMetric::BusyTime, 0).is_nan());
    }

    #[test]
    fn a_group_with_too_few_values_gives_what_is_there() {
        let group = v1::MetricGroup {
            columns: 2,
            names: vec!["read-records".into(), "write-records".into()],
            values: vec![1.0, 2.0, 3.0],
            ..v1::MetricGroup::default()
        };
        let readings = Readings::<SubtaskMetric>::of_group(&group);
        assert_eq!(readings.row(SubtaskMetric::RecordsIn), [1.0, 2.0]);
        assert!(readings.row(SubtaskMetric::RecordsOut).is_empty());
    }
}
