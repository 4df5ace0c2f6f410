//! One vertex over time: the subtasks' readings, their attempts and places, window by window.

use streamwarden_proto::v1::ExecutionState;

use super::watermarks::{WatermarkFigures, Watermarks};
use crate::metric::SubtaskMetric::{
    BackpressuredGauge, BackpressuredTime, BusyGauge, BusyTime, IdleGauge, IdleTime,
};
use crate::metric::{Behaviour, Metric, SubtaskMetric};
use crate::sample::{Placement, VertexSample};
use crate::series::{Series, Step, WindowFigures};
use crate::stats;

/// A new task's gauges say "busy 1000, idle 0, backpressured 0" until Flink has measured once.
const UNMEASURED_MS: i64 = 15_000;

/// Longer standstills all look alike; it also bounds what a restarted featurizer must read again.
const LONGEST_S: f64 = 300.0;

/// Figures of a vertex in one closed window; the lists have one entry a subtask.
#[derive(Debug, Clone, Default)]
pub(crate) struct VertexFigures {
    pub(crate) parallelism: usize,
    /// Milliseconds a second; rates of the accumulated times, or the gauges where Flink has no accumulated times.
    pub(crate) busy: Vec<f64>,
    pub(crate) backpressured: Vec<f64>,
    pub(crate) idle: Vec<f64>,
    pub(crate) metrics: WindowFigures<SubtaskMetric>,
    pub(crate) watermarks: WatermarkFigures,
    pub(crate) states: Vec<ExecutionState>,
    /// Resource ids.
    pub(crate) taskmanagers: Vec<Option<String>>,
    /// Subtasks that began a new attempt in this window.
    pub(crate) new_attempts: usize,
    /// Seconds since any running subtask's figures moved.
    pub(crate) stale_s: f64,
    pub(crate) samples: u32,
    /// Windows in a row without a poll.
    pub(crate) silent_windows: u32,
}

impl VertexFigures {
    pub(crate) fn of(&self, metric: SubtaskMetric) -> &[f64] {
        self.metrics.of(metric)
    }

    /// Share of the subtasks in one of these states.
    pub(crate) fn share_in(&self, states: &[ExecutionState]) -> f64 {
        let hits = self
            .states
            .iter()
            .filter(|state| states.contains(state))
            .count();
        stats::ratio(hits as f64, self.states.len() as f64)
    }

    /// Records a second that come in, over all subtasks: what sources read counts as coming in.
    pub(crate) fn records_in(&self) -> Vec<f64> {
        larger(
            self.of(SubtaskMetric::RecordsIn),
            self.of(SubtaskMetric::OperatorRecordsIn),
        )
    }

    /// Records a second that go out: to the next vertex, or from a sink to its system.
    pub(crate) fn records_out(&self) -> Vec<f64> {
        larger(
            self.of(SubtaskMetric::RecordsOut),
            self.of(SubtaskMetric::RecordsSend),
        )
    }

    /// What the subtasks work on: records that come in, or go out where none come in (sources).
    pub(crate) fn records_handled(&self, is_source: bool) -> Vec<f64> {
        let (coming, going) = (
            self.records_in(),
            self.of(SubtaskMetric::RecordsOut).to_vec(),
        );
        if is_source && stats::sum(&coming).max(0.0) <= 0.0 {
            going
        } else {
            coming
        }
    }
}

/// The task's own counter is 0 where only an operator counts (sources, sinks).
fn larger(own: &[f64], of_operator: &[f64]) -> Vec<f64> {
    let count = own.len().max(of_operator.len());
    let at = |row: &[f64], index| row.get(index).copied().unwrap_or(f64::NAN);
    (0..count)
        .map(|index| at(own, index).max(at(of_operator, index)))
        .collect()
}

#[derive(Debug, Clone, Default)]
struct Subtask {
    placement: Option<Placement>,
    attempt_since_ms: i64,
    fresh_at_ms: Option<i64>,
    /// Sum of the accumulated times: the clock that Flink's figures were measured by.
    measured_ms: f64,
}

/// State of one vertex.
#[derive(Debug, Clone)]
pub(crate) struct VertexState {
    series: Series<SubtaskMetric>,
    subtasks: Vec<Subtask>,
    watermarks: Watermarks,
    taskmanagers: Vec<Option<String>>,
    new_attempts: usize,
    samples: u32,
    silent_windows: u32,
}

impl VertexState {
    fn new(columns: usize) -> Self {
        Self {
            series: Series::new(columns),
            subtasks: vec![Subtask::default(); columns],
            watermarks: Watermarks::new(columns),
            taskmanagers: vec![None; columns],
            new_attempts: 0,
            samples: 0,
            silent_windows: 0,
        }
    }

    /// Takes a poll in; a new parallelism begins anew.
    pub(crate) fn observe(
        slot: &mut Option<Self>,
        at_ms: i64,
        sample: &VertexSample,
        ids: &[String],
    ) {
        let columns = sample.readings.columns;
        if slot
            .as_ref()
            .is_none_or(|state| state.series.columns() != columns)
        {
            *slot = Some(Self::new(columns));
        }
        if let Some(state) = slot {
            state.take(at_ms, sample, ids);
        }
    }

    fn take(&mut self, at_ms: i64, sample: &VertexSample, ids: &[String]) {
        self.samples += 1;
        let mut readings = sample.readings.clone();
        for column in 0..readings.columns {
            self.place(column, at_ms, sample, ids);
            if self.is_unmeasured(column, at_ms, sample) {
                readings.forget(&[BusyGauge, IdleGauge, BackpressuredGauge], column);
            }
        }
        let steps: Vec<Step> = (0..readings.columns)
            .map(|column| self.step(column, at_ms, sample))
            .collect();
        self.series.observe(&readings, &steps);
        self.watermarks.observe(at_ms, &readings, &steps);
    }

    fn place(&mut self, column: usize, at_ms: i64, sample: &VertexSample, ids: &[String]) {
        let Some(placement) = sample.placements.get(column) else {
            return;
        };
        let subtask = &mut self.subtasks[column];
        let known = subtask.placement.as_ref().map(|known| known.attempt);
        if known != Some(placement.attempt) {
            self.new_attempts += usize::from(known.is_some());
            *subtask = Subtask {
                attempt_since_ms: at_ms,
                measured_ms: f64::NAN,
                ..Subtask::default()
            };
        }
        subtask.placement = Some(placement.clone());
        self.taskmanagers[column] = placement
            .taskmanager
            .and_then(|index| ids.get(index))
            .cloned();
    }

    fn is_unmeasured(&self, column: usize, at_ms: i64, sample: &VertexSample) -> bool {
        let reading = |metric| sample.readings.at(metric, column);
        at_ms - self.subtasks[column].attempt_since_ms < UNMEASURED_MS
            && reading(BusyGauge) >= 1_000.0
            && reading(IdleGauge) <= 0.0
            && reading(BackpressuredGauge) <= 0.0
    }

    /// Flink answers a poll with figures of its last refresh. The accumulated times add up to the time that passed
    /// between refreshes, whatever the polls did.
    fn step(&mut self, column: usize, at_ms: i64, sample: &VertexSample) -> Step {
        let times = [BusyTime, BackpressuredTime, IdleTime];
        let measured_ms: f64 = times
            .map(|metric| sample.readings.at(metric, column))
            .iter()
            .sum();
        let subtask = &mut self.subtasks[column];
        let elapsed_ms = match subtask.fresh_at_ms {
            None => None,
            Some(_) if !measured_ms.is_nan() && !subtask.measured_ms.is_nan() => {
                Some(measured_ms - subtask.measured_ms)
            }
            Some(fresh_at_ms) => Some((at_ms - fresh_at_ms) as f64),
        };
        let step = match elapsed_ms {
            None => Step::Restarted,
            Some(elapsed_ms) if elapsed_ms < 0.0 => Step::Restarted,
            Some(elapsed_ms) if elapsed_ms > 0.0 => Step::Fresh(elapsed_ms),
            Some(_) => Step::Stale,
        };
        if step != Step::Stale && reports_anything(sample, column) {
            subtask.fresh_at_ms = Some(at_ms);
            subtask.measured_ms = measured_ms;
        }
        step
    }

    /// Ends the window that ends at `end_ms`.
    pub(crate) fn close(&mut self, end_ms: i64) -> VertexFigures {
        let metrics = self.series.close();
        self.silent_windows = if self.samples > 0 {
            0
        } else {
            self.silent_windows.saturating_add(1)
        };
        let time = |counter, gauge| time_shares(&metrics, counter, gauge);
        VertexFigures {
            parallelism: self.subtasks.len(),
            busy: time(BusyTime, BusyGauge),
            backpressured: time(BackpressuredTime, BackpressuredGauge),
            idle: time(IdleTime, IdleGauge),
            watermarks: self.watermarks.close(end_ms),
            metrics,
            states: self.states(),
            taskmanagers: self.taskmanagers.clone(),
            new_attempts: std::mem::take(&mut self.new_attempts),
            stale_s: self.stale_s(end_ms),
            samples: std::mem::take(&mut self.samples),
            silent_windows: self.silent_windows,
        }
    }

    fn states(&self) -> Vec<ExecutionState> {
        let placements = self
            .subtasks
            .iter()
            .filter_map(|subtask| subtask.placement.as_ref());
        placements.map(|placement| placement.state).collect()
    }

    fn stale_s(&self, end_ms: i64) -> f64 {
        let running = |subtask: &&Subtask| {
            let state = subtask.placement.as_ref().map(|placement| placement.state);
            state == Some(ExecutionState::Running)
        };
        let ages = self.subtasks.iter().filter(running);
        stats::max_of(ages.map(|subtask| {
            let since_ms = subtask.fresh_at_ms.unwrap_or(subtask.attempt_since_ms);
            ((end_ms - since_ms).max(0) as f64 / 1_000.0).min(LONGEST_S)
        }))
    }
}

fn reports_anything(sample: &VertexSample, column: usize) -> bool {
    sample.readings.rows().any(|(metric, row)| {
        metric.behaviour() == Behaviour::Counter
            && row.get(column).is_some_and(|value| !value.is_nan())
    })
}

fn time_shares(
    metrics: &WindowFigures<SubtaskMetric>,
    counter: SubtaskMetric,
    gauge: SubtaskMetric,
) -> Vec<f64> {
    let (counters, gauges) = (metrics.of(counter), metrics.of(gauge));
    let count = counters.len().max(gauges.len());
    let at = |row: &[f64], index| row.get(index).copied().unwrap_or(f64::NAN);
    (0..count)
        .map(|index| {
            Some(at(counters, index))
                .filter(|value| !value.is_nan())
                .unwrap_or(at(gauges, index))
        })
        .map(|value| {
            if value.is_nan() {
                value
            } else {
                value.clamp(0.0, 1_000.0)
            }
        })
        .collect()
}
