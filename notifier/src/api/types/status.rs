//! How watching and telling stand.

use crate::api::auth::Role;
use crate::api::types::SeriesData;
use serde::{Deserialize, Serialize};

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
    /// All of it has been played: nothing new will come.
    #[serde(default)]
    pub ended: bool,
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

/// `GET /api/v1/audit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditList {
    /// All of them.
    pub total: usize,
    /// Newest first.
    pub deeds: Vec<AuditRow>,
}

/// Something that a person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// RFC 3339, UTC.
    pub at: String,
    /// Who.
    pub author: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
}

/// `GET /api/v1/session`: who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Name of the token; nothing if nobody is logged in.
    pub name: Option<String>,
    /// What the token allows; only with a session.
    pub role: Option<Role>,
    /// What the caller may do.
    pub rights: Vec<String>,
    /// Goes with every change, in the header `X-Streamwarden-Csrf`; only with a session.
    pub csrf: Option<String>,
}

/// `GET /api/v1/feedback`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackList {
    /// All of it.
    pub total: usize,
    /// Oldest first.
    pub feedback: Vec<streamwarden_proto::feedback::Feedback>,
}
