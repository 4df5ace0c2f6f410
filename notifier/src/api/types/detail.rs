//! One job's own page.

use crate::api::types::IncidentRow;
use crate::api::types::JobHead;
use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::Finding;

/// `GET /api/v1/jobs/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobDetail {
    /// What the list and the job's page share.
    #[serde(flatten)]
    pub head: JobHead,
    /// Flink's version.
    pub flink_version: Option<String>,
    /// Flink's own page of the job.
    pub flink_url: Option<String>,
    /// When it started.
    pub started_at: Option<String>,
    /// How often it restarted.
    pub restarts: Option<u64>,
    /// TaskManagers of the cluster.
    pub task_managers: Option<u32>,
    /// Slots of the cluster.
    pub slots: Option<u32>,
    /// When its configuration last changed.
    pub last_change: Option<String>,
    /// Open findings, worst first.
    pub findings: Vec<FindingDetail>,
    /// The graph.
    pub graph: Option<Graph>,
    /// The last hour.
    pub series: Option<JobSeries>,
    /// What is in effect.
    pub configuration: Vec<Setting>,
    /// Incidents of the job, newest first.
    pub history: Vec<IncidentRow>,
    /// Log lines that stand out.
    pub logs: Vec<LogLine>,
}

/// A finding, and what only the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingDetail {
    /// As it was sent.
    pub finding: Finding,
    /// A note beside the subject.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// Silenced until then.
    pub silenced_until: Option<String>,
    /// Who takes care of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// What a person said of it.
    pub feedback: Option<FeedbackNote>,
    /// What would help to understand it.
    pub collect_next: Vec<String>,
    /// How to change it.
    pub apply: Option<Apply>,
    /// Earlier incidents of the same problem and subject.
    pub earlier: Vec<IncidentRow>,
}

/// How to make the proposed change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apply {
    /// Steps; code between backticks.
    pub steps: Vec<String>,
    /// How long the restart takes, about.
    pub restart_s: Option<u64>,
    /// How long until the job has caught up, about.
    pub catch_up_s: Option<u64>,
}

/// What a person said of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackNote {
    /// `right` or `wrong`.
    pub verdict: streamwarden_proto::feedback::Verdict,
    /// `person` or `outcome`.
    pub by: String,
    /// In the person's words.
    pub comment: String,
    /// What it was instead.
    pub actual_slug: Option<String>,
}

/// A job's graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Window of the figures.
    pub window: Option<String>,
    /// Steps.
    pub vertices: Vec<GraphVertex>,
    /// What flows between them.
    pub edges: Vec<GraphEdge>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphVertex {
    /// Flink's id.
    pub id: String,
    /// Flink's name.
    pub name: String,
    /// Subtasks.
    pub parallelism: u32,
    /// ms/s, mean of the subtasks.
    pub busy: Option<f64>,
    /// ms/s, of the busiest subtask.
    pub busy_max: Option<f64>,
    /// ms/s, mean of the subtasks.
    pub blocked: Option<f64>,
    /// ms/s, mean of the subtasks.
    pub idle: Option<f64>,
    /// All subtasks together.
    pub records_in_per_s: Option<f64>,
    /// All subtasks together.
    pub records_out_per_s: Option<f64>,
    /// Flink's state.
    pub status: String,
}

/// What flows between two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// Upper end.
    pub from: String,
    /// Lower end.
    pub to: String,
    /// Flink's ship strategy.
    pub ship: String,
    /// What the lower end reads.
    pub records_per_s: Option<f64>,
    /// Blocked time of the upper end where the lower end is the reason, else 0.
    pub blocked: f64,
}

/// The last hour of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSeries {
    /// Time of the first value.
    pub start: String,
    /// Distance.
    pub step_s: u32,
    /// Up to four.
    pub lines: Vec<SeriesLine>,
    /// What happened when.
    pub marks: Vec<Mark>,
}

/// One figure over the hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesLine {
    /// Name.
    pub feature: String,
    /// Words.
    pub label: String,
    /// What it is of; empty: the job.
    pub subject: String,
    /// Unit.
    pub unit: String,
    /// `line` or `bars`.
    pub kind: String,
    /// Values; `null` for gaps.
    pub values: Vec<Option<f64>>,
    /// Lower limit.
    pub healthy_min: Option<f64>,
    /// Upper limit.
    pub healthy_max: Option<f64>,
    /// Top of the axis where it is known.
    pub scale_max: Option<f64>,
    /// Typical before the finding opened.
    pub before: Option<f64>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: String,
    /// In words.
    pub label: String,
    /// `opened`, `resolved` or `change`.
    pub kind: String,
    /// Of which finding.
    pub finding_id: Option<String>,
}

/// One option in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Key.
    pub key: String,
    /// Value; empty if redacted.
    pub value: String,
    /// `job`, `cluster` or `default`.
    pub set_by: String,
    /// When it changed.
    pub changed_at: Option<String>,
    /// It is a secret.
    pub redacted: bool,
}

/// A log line that stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Template code.
    pub template: String,
    /// Flink's level.
    pub level: String,
    /// Redacted text.
    pub text: String,
    /// How often.
    pub count: u64,
    /// RFC 3339.
    pub first_at: String,
    /// RFC 3339.
    pub last_at: String,
    /// Whose log.
    pub processes: Vec<String>,
    /// Code of the open finding that it belongs to.
    pub explained_by: Option<String>,
}
