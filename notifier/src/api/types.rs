//! The shapes that the API answers in. `web/fixtures` holds an example of each; a test reads them all.

use serde::{Deserialize, Serialize};
use streamwarden_proto::Class;
use streamwarden_proto::finding::{Finding, FindingStatus, FindingSubject, Severity};

/// `GET /api/v1/jobs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobList {
    /// End of the newest window of any job.
    pub window: Option<String>,
    /// Jobs before paging.
    pub total: usize,
    /// Jobs by status.
    pub counts: StatusCounts,
    /// Worst first.
    pub jobs: Vec<JobRow>,
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

/// An incident in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Its finding.
    pub finding_id: String,
    /// Open or resolved.
    pub status: FindingStatus,
    /// Problem code.
    pub code: String,
    /// Problem.
    pub slug: String,
    /// How urgent.
    pub severity: Severity,
    /// Cluster.
    pub cluster_id: String,
    /// Flink's id of the job.
    pub job_id: String,
    /// What `/api/v1/jobs/{id}` takes.
    pub id: String,
    /// Job.
    pub job_name: String,
    /// What was at fault.
    pub subject: FindingSubject,
    /// Cause.
    pub title: String,
    /// RFC 3339.
    pub began: String,
    /// RFC 3339.
    pub ended: Option<String>,
    /// What was changed meanwhile.
    pub changed: Option<String>,
    /// What a person said of it.
    pub feedback: Option<FeedbackNote>,
}

/// `GET /api/v1/incidents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentList {
    /// Before paging.
    pub total: usize,
    /// Newest first.
    pub incidents: Vec<IncidentRow>,
}

/// `GET /api/v1/findings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingList {
    /// Before paging.
    pub total: usize,
    /// Worst first.
    pub findings: Vec<Finding>,
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

/// `GET /api/v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the product.
    pub version: String,
    /// The time by which ages are judged.
    pub now: String,
    /// Of this process.
    pub started_at: String,
    /// End of the newest window.
    pub window: Option<String>,
    /// Length of a window.
    pub window_s: u32,
    /// What is played, if it is no live cluster.
    pub tape: Option<TapeNote>,
    /// Clusters.
    pub clusters: Vec<ClusterRow>,
    /// Records that could not be read.
    pub unreadable_records_24h: u64,
    /// Newest message that arrived.
    pub last_alert: Option<SentNote>,
    /// Newest test of a channel.
    pub last_test: Option<TestNote>,
    /// Open findings over 24 h.
    pub open_findings: SeriesData,
    /// Since when nothing has been open.
    pub calm_since: Option<String>,
    /// Incidents in 30 days.
    pub incidents_30d: u64,
    /// What this caller may do.
    pub rights: Vec<String>,
}

/// A tape that is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TapeNote {
    /// Its name.
    pub name: String,
    /// Times faster than it was.
    pub speed: f64,
}

/// A cluster in the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// Its id.
    pub cluster_id: String,
    /// Its jobs.
    pub jobs: usize,
    /// `reporting`, `unreachable` or `waiting`.
    pub state: String,
    /// End of its newest window.
    pub newest_window: Option<String>,
    /// Unreachable since.
    pub since: Option<String>,
    /// Why it is unreachable.
    pub reason: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<String>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentNote {
    /// When.
    pub at: String,
    /// Where.
    pub channel: String,
    /// Kind of channel.
    pub kind: String,
}

/// A test of a channel, in the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestNote {
    /// When.
    pub at: String,
    /// Where.
    pub channel: String,
    /// Kind of channel.
    pub kind: String,
    /// `received` or `failed`.
    pub outcome: String,
}

/// `GET /api/v1/channels`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelList {
    /// Channels as configured.
    pub channels: Vec<ChannelRow>,
    /// Newest messages first.
    pub recent: Vec<RecentMessage>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it leads, without secrets.
    pub target: String,
    /// `ok` or `failing`.
    pub state: String,
    /// Messages that wait.
    pub waiting: i64,
    /// Newest message that arrived.
    pub last_sent: Option<LastSent>,
    /// What is wrong.
    pub last_error: Option<LastError>,
    /// Newest test.
    pub last_test: Option<LastTest>,
}

/// Newest message of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSent {
    /// When.
    pub at: String,
    /// Headline.
    pub what: String,
}

/// What is wrong with a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When, or when it is tried again.
    pub at: String,
    /// In words.
    pub text: String,
}

/// Newest test of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTest {
    /// When.
    pub at: String,
    /// `received` or `failed`.
    pub outcome: String,
    /// How long it took.
    pub took_ms: i64,
}

/// A line of what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentMessage {
    /// When.
    pub at: String,
    /// Where.
    pub channel: String,
    /// `opened`, `updated`, `edited` or `resolved`.
    pub event: String,
    /// Job, if it is about one.
    pub job_name: String,
    /// What `/api/v1/jobs/{id}` takes.
    pub id: String,
    /// The message in one line.
    pub text: String,
    /// `sent`, `waiting` or `failed`.
    pub outcome: String,
}

/// `POST /api/v1/channels/{name}/test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// `received` or `failed`.
    pub outcome: String,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<i64>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `GET /api/v1/silences`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilenceList {
    /// Those that have not ended.
    pub silences: Vec<SilenceRow>,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceRow {
    /// Its id.
    pub id: String,
    /// Which findings.
    pub matcher: crate::alerts::silence::SilenceMatcher,
    /// Why.
    pub reason: String,
    /// Who.
    pub author: String,
    /// When it was made.
    pub created_at: String,
    /// When it begins, if not when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// When it ends.
    pub ends_at: String,
    /// In force.
    pub active: bool,
}

/// `GET /api/v1/problems`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProblemList {
    /// The experience pack.
    pub pack: PackNote,
    /// The catalogue.
    pub problems: Vec<ProblemRow>,
}

/// An experience pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackNote {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// A problem of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemRow {
    /// Code.
    pub code: String,
    /// Name.
    pub slug: String,
    /// Class.
    pub class: Class,
    /// What it is about.
    pub scope: streamwarden_proto::scope::Scope,
    /// How urgent it is.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// In one or two sentences.
    pub summary: String,
    /// What shows it.
    pub signals: Vec<String>,
    /// What helps.
    pub changes: Vec<String>,
    /// Open findings of it.
    pub open: usize,
}
