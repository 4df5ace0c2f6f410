//! Incidents, findings and silences.

use crate::api::types::FeedbackNote;
use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::Finding;
use streamwarden_proto::finding::FindingStatus;
use streamwarden_proto::finding::FindingSubject;
use streamwarden_proto::finding::Severity;

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
