//! One process over time: a TaskManager or the JobManager.

use streamwarden_proto::v1::TaskManagerInfo;

use crate::metric::ProcessMetric::{self, CpuTimeNanos, GcTime, GcTimeAll, HeapUsed};
use crate::sample::{ProcessSample, Readings};
use crate::series::{Series, Step, WindowFigures};

/// Longer silences all look alike; it also bounds what a restarted featurizer must read again.
const LONGEST_S: f64 = 300.0;

/// Figures of a process in one closed window.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessFigures {
    pub(crate) metrics: WindowFigures<ProcessMetric>,
    /// Listed by the cluster, or heard of where the cluster's list is unknown.
    pub(crate) present: bool,
    /// Seconds since the process reported anything, at most 300.
    pub(crate) silent_s: f64,
    /// Seconds since any of its figures moved, at most 300: Flink repeats the last figures of a frozen process.
    pub(crate) stale_s: f64,
    /// Age of the last heartbeat when the cluster was looked at.
    pub(crate) heartbeat_age_s: f64,
    /// Smallest heap use seen in the window: what is left after a collection, nearly.
    pub(crate) heap_floor_bytes: f64,
    pub(crate) info: TaskManagerInfo,
    pub(crate) samples: u32,
    /// Sums over the tasks that run on it, in the same window.
    pub(crate) tasks: TaskFigures,
}

/// What runs on a TaskManager.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskFigures {
    pub(crate) running: usize,
    /// Tasks' worth of busy and backpressured time: two tasks busy 500 ms/s give 1.
    pub(crate) busy: f64,
    pub(crate) backpressured: f64,
    pub(crate) records_in: f64,
    /// Jobs with tasks there, sorted.
    pub(crate) jobs: Vec<String>,
}

impl ProcessFigures {
    pub(crate) fn one(&self, metric: ProcessMetric) -> f64 {
        self.metrics.one(metric)
    }

    /// Cores that the process keeps busy.
    pub(crate) fn cpu_cores(&self) -> f64 {
        self.one(CpuTimeNanos) / 1e9
    }

    /// Milliseconds a second spent in garbage collection; "All" counts each collector once more.
    pub(crate) fn gc_ms_per_s(&self) -> f64 {
        let all = self.one(GcTimeAll);
        if all.is_nan() { self.one(GcTime) } else { all }
    }

    /// CPU seconds for each second that a task calls itself busy: about 1 for work, near 0 for waiting.
    pub(crate) fn cpu_per_busy(&self) -> f64 {
        const LEAST_BUSY: f64 = 0.05;
        if self.tasks.busy < LEAST_BUSY {
            f64::NAN
        } else {
            self.cpu_cores() / self.tasks.busy
        }
    }
}

/// State of one process.
#[derive(Debug, Clone)]
pub(crate) struct ProcessState {
    series: Series<ProcessMetric>,
    last: Option<Readings<ProcessMetric>>,
    fresh_at_ms: Option<i64>,
    seen_at_ms: i64,
    heap_floor_bytes: f64,
    samples: u32,
    pub(crate) info: TaskManagerInfo,
    pub(crate) info_at_ms: Option<i64>,
    /// When the cluster's list last had it.
    pub(crate) listed_at_ms: Option<i64>,
    /// When the cluster's list first lacked it.
    pub(crate) gone_at_ms: Option<i64>,
    /// Jobs that had tasks there last, and when.
    jobs: (i64, Vec<String>),
}

impl ProcessState {
    pub(crate) fn new(at_ms: i64) -> Self {
        Self {
            series: Series::new(1),
            last: None,
            fresh_at_ms: None,
            seen_at_ms: at_ms,
            heap_floor_bytes: f64::NAN,
            samples: 0,
            info: TaskManagerInfo::default(),
            info_at_ms: None,
            listed_at_ms: None,
            gone_at_ms: None,
            jobs: (at_ms, Vec::new()),
        }
    }

    /// Jobs with tasks there: now, or lately.
    pub(crate) fn jobs(&mut self, end_ms: i64, now: &[String]) -> &[String] {
        /// A TaskManager that has been empty for longer is nobody's.
        const REMEMBERED_MS: i64 = 300_000;
        if !now.is_empty() || end_ms - self.jobs.0 > REMEMBERED_MS {
            self.jobs = (end_ms, now.to_vec());
        }
        &self.jobs.1
    }

    /// Takes a poll in.
    pub(crate) fn observe(&mut self, at_ms: i64, sample: &ProcessSample) {
        let Some(readings) = sample
            .readings
            .as_ref()
            .filter(|readings| has_values(readings))
        else {
            return;
        };
        self.seen_at_ms = at_ms;
        self.samples += 1;
        let step = self.step(at_ms, readings);
        if step != Step::Stale {
            self.fresh_at_ms = Some(at_ms);
            self.last = Some(readings.clone());
        }
        self.heap_floor_bytes = self.heap_floor_bytes.min(readings.at(HeapUsed, 0));
        self.series.observe(readings, &[step]);
    }

    /// Figures that are all the same as before were not measured again: the CPU time of a living process moves.
    fn step(&self, at_ms: i64, readings: &Readings<ProcessMetric>) -> Step {
        match (self.fresh_at_ms, &self.last) {
            (Some(_), Some(last)) if same(last, readings) => Step::Stale,
            (Some(fresh_at_ms), _) if at_ms > fresh_at_ms => {
                Step::Fresh((at_ms - fresh_at_ms) as f64)
            }
            (Some(_), _) => Step::Stale,
            (None, _) => Step::Restarted,
        }
    }

    /// The cluster was looked at and listed it.
    pub(crate) fn listed(&mut self, at_ms: i64, info: &TaskManagerInfo) {
        self.info = info.clone();
        (self.info_at_ms, self.listed_at_ms, self.gone_at_ms) = (Some(at_ms), Some(at_ms), None);
    }

    /// Last moment that anything was known of it.
    pub(crate) fn last_sign_ms(&self) -> i64 {
        match (self.gone_at_ms, self.listed_at_ms) {
            (Some(gone_at_ms), _) => gone_at_ms,
            (None, Some(listed_at_ms)) => listed_at_ms.max(self.seen_at_ms),
            (None, None) => self.seen_at_ms,
        }
    }

    /// Ends the window that ends at `end_ms`.
    pub(crate) fn close(&mut self, end_ms: i64) -> ProcessFigures {
        let age_s = |since_ms: i64| ((end_ms - since_ms).max(0) as f64 / 1_000.0).min(LONGEST_S);
        let samples = std::mem::take(&mut self.samples);
        let heard_lately = end_ms - self.seen_at_ms < 30_000;
        ProcessFigures {
            metrics: self.series.close(),
            present: self.gone_at_ms.is_none() && (self.listed_at_ms.is_some() || heard_lately),
            silent_s: age_s(self.seen_at_ms),
            stale_s: self.fresh_at_ms.map_or(f64::NAN, age_s),
            heartbeat_age_s: self.heartbeat_age_s(end_ms),
            heap_floor_bytes: std::mem::replace(&mut self.heap_floor_bytes, f64::NAN),
            info: self.info.clone(),
            samples,
            tasks: TaskFigures::default(),
        }
    }

    fn heartbeat_age_s(&self, end_ms: i64) -> f64 {
        /// An older look at the cluster says nothing of this window.
        const RECENT_MS: i64 = 30_000;
        match (self.info_at_ms, self.info.last_heartbeat_ms) {
            (Some(looked_ms), Some(beat_ms)) if end_ms - looked_ms <= RECENT_MS => {
                ((looked_ms - beat_ms).max(0) as f64 / 1_000.0).min(LONGEST_S)
            }
            _ => f64::NAN,
        }
    }
}

fn has_values(readings: &Readings<ProcessMetric>) -> bool {
    readings
        .rows()
        .any(|(_, row)| row.iter().any(|value| !value.is_nan()))
}

fn same(left: &Readings<ProcessMetric>, right: &Readings<ProcessMetric>) -> bool {
    let bits = |readings: &Readings<ProcessMetric>| {
        let values = readings
            .rows()
            .flat_map(|(_, row)| row.iter().map(|value| value.to_bits()));
        values.collect::<Vec<_>>()
    };
    bits(left) == bits(right)
}
