//! The list of jobs.

use serde::{Deserialize, Serialize};
use streamwarden_proto::Class;
use streamwarden_proto::finding::FindingSubject;
use streamwarden_proto::finding::Severity;

/// `GET /api/v1/jobs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobList<Row = JobRow> {
    /// End of the newest window of any job.
    pub window: Option<String>,
    /// Jobs before paging.
    pub total: usize,
    /// Jobs by status.
    pub counts: StatusCounts,
    /// Worst first.
    pub jobs: Vec<Row>,
}

/// Jobs by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCounts {
    /// Something is wrong now.
    pub critical: usize,
    /// It will be, or works badly.
    pub warning: usize,
    /// Something is wrong that fits no known problem.
    pub unknown: usize,
    /// Something could be better.
    pub advice: usize,
    /// The cluster does not answer.
    pub no_data: usize,
    /// Not judged yet.
    pub learning: usize,
    /// Nothing is wrong.
    pub healthy: usize,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Something is wrong now.
    Critical,
    /// It will be, or works badly.
    Warning,
    /// Something is wrong that fits no known problem.
    Unknown,
    /// Something could be better.
    Advice,
    /// The cluster does not answer.
    NoData,
    /// Not judged yet.
    Learning,
    /// Nothing is wrong.
    Healthy,
}

/// What a list and the job's own page share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobHead {
    /// What `/api/v1/jobs/{id}` takes.
    pub id: String,
    /// Cluster.
    pub cluster_id: String,
    /// Flink's id.
    pub job_id: String,
    /// Flink's name.
    pub job_name: String,
    /// Flink's JobStatus.
    pub state: String,
    /// How it stands.
    pub status: JobStatus,
    /// 100 down to 1; nothing while it is not judged.
    pub health: Option<u8>,
    /// End of its newest window.
    pub window: Option<String>,
    /// Open findings.
    pub open_findings: usize,
    /// All its open findings are silenced until then.
    pub silenced_until: Option<String>,
    /// How far judging is.
    pub learning: Option<Learning>,
}

/// A job in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRow {
    /// What the list and the job's page share.
    #[serde(flatten)]
    pub head: JobHead,
    /// The worst open finding.
    pub finding: Option<FindingBrief>,
    /// The deciding figure, or the one closest to its limit.
    pub figure: Option<Figure>,
}

/// How far judging is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learning {
    /// Windows so far.
    pub windows: u32,
    /// Windows for a first verdict.
    pub needed: u32,
    /// When that is.
    pub due_at: Option<String>,
}

/// A finding in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingBrief {
    /// Its id.
    pub finding_id: String,
    /// Problem code.
    pub code: String,
    /// Problem.
    pub slug: String,
    /// Class.
    pub class: Class,
    /// How urgent.
    pub severity: Severity,
    /// How sure.
    pub confidence: f64,
    /// Cause.
    pub title: String,
    /// Effect.
    pub effect: String,
    /// What is at fault.
    pub subject: FindingSubject,
    /// A note beside the subject.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
}

/// A figure with its hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Name.
    pub feature: String,
    /// Words.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Lower limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_min: Option<f64>,
    /// Upper limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_max: Option<f64>,
    /// Typical before the finding opened.
    pub before: Option<f64>,
    /// What it is of.
    pub subject: String,
    /// Now.
    pub value: Option<f64>,
    /// The hour.
    pub series: Option<SeriesData>,
}

/// Values at equal distances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesData {
    /// Time of the first.
    pub start: String,
    /// Distance.
    pub step_s: u32,
    /// Values; `null` for gaps.
    pub values: Vec<Option<f64>>,
}
