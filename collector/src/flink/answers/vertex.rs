//! `/jobs/:job/vertices/:vertex`.

use serde::Deserialize;

use crate::flink::figure::Figure;

/// A vertex with its subtasks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VertexDetails {
    /// In the order of their numbers, one each.
    pub subtasks: Vec<Subtask>,
}

/// One subtask.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Subtask {
    /// Number from 0.
    pub subtask: Figure,
    /// `ExecutionState`.
    pub status: String,
    /// 0 for the first.
    pub attempt: Figure,
    /// Where it runs; "(unassigned)" or absent before it is deployed.
    #[serde(rename = "taskmanager-id")]
    pub taskmanager_id: String,
    /// Counters.
    pub metrics: IoMetrics,
}

/// REST's io-metrics of one subtask. Each count has a `-complete` beside it that is false while nothing was reported.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct IoMetrics {
    /// Bytes in.
    pub read_bytes: Figure,
    /// Whether `read_bytes` was reported.
    pub read_bytes_complete: bool,
    /// Bytes out.
    pub write_bytes: Figure,
    /// Whether `write_bytes` was reported.
    pub write_bytes_complete: bool,
    /// Records in.
    pub read_records: Figure,
    /// Whether `read_records` was reported.
    pub read_records_complete: bool,
    /// Records out.
    pub write_records: Figure,
    /// Whether `write_records` was reported.
    pub write_records_complete: bool,
    /// Since the attempt's start, ms.
    pub accumulated_backpressured_time: Figure,
    /// Since the attempt's start, ms.
    pub accumulated_idle_time: Figure,
    /// Since the attempt's start, ms; "NaN" for some sources.
    pub accumulated_busy_time: Figure,
}

impl IoMetrics {
    /// Names of [`IoMetrics::values`].
    pub const NAMES: [&'static str; 7] = [
        "read-bytes",
        "write-bytes",
        "read-records",
        "write-records",
        "accumulated-backpressured-time",
        "accumulated-idle-time",
        "accumulated-busy-time",
    ];

    /// The figures; NaN for what was not reported. Times are sent as 0 before the first report.
    #[must_use]
    pub fn values(&self) -> [f64; 7] {
        let reported = |complete: bool, figure: Figure| if complete { figure.0 } else { f64::NAN };
        let any = self.read_records_complete || self.write_records_complete;
        [
            reported(self.read_bytes_complete, self.read_bytes),
            reported(self.write_bytes_complete, self.write_bytes),
            reported(self.read_records_complete, self.read_records),
            reported(self.write_records_complete, self.write_records),
            reported(any, self.accumulated_backpressured_time),
            reported(any, self.accumulated_idle_time),
            reported(any, self.accumulated_busy_time),
        ]
    }
}
