//! One job over time: its graph and configuration, restarts, and the state of its vertices.

use std::collections::{BTreeMap, VecDeque};

use streamwarden_proto::v1::{ExecutionState, JobSnapshot};

use super::checkpoints::{CheckpointFigures, CheckpointLog};
use super::troubles::{TroubleFigures, TroubleLog};
use super::vertex::{VertexFigures, VertexState};
use crate::graph::Graph;
use crate::history::History;
use crate::metric::JobMetric;
use crate::sample::JobSample;
use crate::series::{Series, Step, WindowFigures};
use crate::stats;

/// Restarts longer ago are forgotten.
const REMEMBERED_MS: i64 = 300_000;
/// More restarts than this in five minutes are all the same.
const REMEMBERED: usize = 1_024;
/// Flink's names of states that a job never leaves.
const FINAL_STATES: [&str; 4] = ["FINISHED", "FAILED", "CANCELED", "SUSPENDED"];

/// Everything that is remembered of one vertex.
#[derive(Debug, Clone, Default)]
pub(crate) struct VertexMemory {
    pub(crate) figures: Option<VertexState>,
    pub(crate) troubles: TroubleLog,
    pub(crate) history: History,
}

/// State of one job.
#[derive(Debug, Clone)]
pub(crate) struct JobState {
    pub(crate) snapshot: Option<JobSnapshot>,
    pub(crate) graph: Graph,
    /// Flink's JobStatus.
    pub(crate) status: String,
    pub(crate) vertices: BTreeMap<String, VertexMemory>,
    pub(crate) checkpoints: CheckpointLog,
    pub(crate) troubles: TroubleLog,
    pub(crate) history: History,
    series: Series<JobMetric>,
    /// Last reading of the restart counter, and when it grew by how much.
    restarts: Option<f64>,
    restarted: VecDeque<(i64, u32)>,
    samples: u32,
    pub(crate) seen_at_ms: i64,
    pub(crate) ended_at_ms: Option<i64>,
}

impl JobState {
    pub(crate) fn new(at_ms: i64) -> Self {
        Self {
            snapshot: None,
            graph: Graph::default(),
            status: String::new(),
            vertices: BTreeMap::new(),
            checkpoints: CheckpointLog::default(),
            troubles: TroubleLog::default(),
            history: History::default(),
            series: Series::new(1),
            restarts: None,
            restarted: VecDeque::new(),
            samples: 0,
            seen_at_ms: at_ms,
            ended_at_ms: None,
        }
    }

    /// Takes graph and configuration in; vertices that are no longer in the graph are forgotten.
    pub(crate) fn describe(&mut self, at_ms: i64, snapshot: &JobSnapshot) {
        self.graph = Graph::of(snapshot);
        self.vertices
            .retain(|id, _| snapshot.vertices.iter().any(|vertex| vertex.id == *id));
        self.status(at_ms, &snapshot.state);
        self.snapshot = Some(snapshot.clone());
    }

    /// Takes a job status in.
    pub(crate) fn status(&mut self, at_ms: i64, status: &str) {
        self.seen_at_ms = self.seen_at_ms.max(at_ms);
        status.clone_into(&mut self.status);
        let ended = FINAL_STATES.contains(&status);
        self.ended_at_ms = ended.then(|| self.ended_at_ms.unwrap_or(at_ms));
    }

    /// Takes a poll in.
    pub(crate) fn observe(&mut self, at_ms: i64, sample: &JobSample) {
        self.seen_at_ms = self.seen_at_ms.max(at_ms);
        self.samples += 1;
        for vertex in &sample.vertices {
            let memory = self.vertices.entry(vertex.vertex_id.clone()).or_default();
            VertexState::observe(&mut memory.figures, at_ms, vertex, &sample.taskmanager_ids);
        }
        if let Some(readings) = &sample.readings {
            let own = readings.at(JobMetric::Restarts, 0);
            self.series.observe(readings, &[Step::Restarted]);
            self.count_restarts(at_ms, own.max(readings.at(JobMetric::FullRestarts, 0)));
        }
    }

    fn count_restarts(&mut self, at_ms: i64, reading: f64) {
        if reading.is_nan() {
            return;
        }
        let grown = reading - self.restarts.unwrap_or(reading);
        if grown >= 1.0 {
            self.restarted.push_back((at_ms, grown as u32));
            if self.restarted.len() > REMEMBERED {
                self.restarted.pop_front();
            }
        }
        self.restarts = Some(reading);
    }

    /// Ends a window of the given length.
    pub(crate) fn close(&mut self, end_ms: i64, window_ms: i64) -> JobFigures {
        self.restarted
            .retain(|(at_ms, _)| end_ms - at_ms < REMEMBERED_MS);
        let restarts = |span_ms: i64| {
            let lately = self
                .restarted
                .iter()
                .filter(|(at_ms, _)| *at_ms >= end_ms - span_ms);
            match self.restarts {
                Some(_) => f64::from(lately.map(|(_, count)| count).sum::<u32>()),
                None => f64::NAN,
            }
        };
        let (window, minute, five_minutes) =
            (restarts(window_ms), restarts(60_000), restarts(300_000));
        let vertices = self
            .vertices
            .iter_mut()
            .filter_map(|(id, memory)| Some((id.clone(), memory.figures.as_mut()?.close(end_ms))));
        JobFigures {
            vertices: vertices.collect(),
            metrics: self.series.close(),
            status: self.status.clone(),
            restarts_in_window: window,
            restarts_last_minute: minute,
            restarts_last_five_minutes: five_minutes,
            checkpoints: self.checkpoints.close(end_ms),
            troubles: self.troubles.close(end_ms, window_ms),
            samples: std::mem::take(&mut self.samples),
        }
    }
}

/// Figures of a job in one closed window.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobFigures {
    pub(crate) vertices: BTreeMap<String, VertexFigures>,
    /// Gauges of the job as a whole.
    pub(crate) metrics: WindowFigures<JobMetric>,
    pub(crate) status: String,
    pub(crate) restarts_in_window: f64,
    pub(crate) restarts_last_minute: f64,
    pub(crate) restarts_last_five_minutes: f64,
    pub(crate) checkpoints: CheckpointFigures,
    pub(crate) troubles: TroubleFigures,
    pub(crate) samples: u32,
}

impl JobFigures {
    /// Share of all the job's subtasks that are in one of these states.
    pub(crate) fn share_in(&self, states: &[ExecutionState]) -> f64 {
        let all = self.vertices.values().flat_map(|vertex| &vertex.states);
        let hits = all.clone().filter(|state| states.contains(state)).count();
        stats::ratio(hits as f64, all.count() as f64)
    }

    pub(crate) fn running_share(&self) -> f64 {
        self.share_in(&[ExecutionState::Running])
    }

    /// Whether any vertex has a watermark: jobs without event time have none anywhere.
    pub(crate) fn uses_event_time(&self) -> bool {
        self.vertices.values().any(|vertex| {
            let marks = &vertex.watermarks;
            !marks.input_frozen_s.is_empty() || !marks.output_frozen_s.is_empty()
        })
    }
}
