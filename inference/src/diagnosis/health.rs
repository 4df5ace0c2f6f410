//! One number for a job: 100 down, by number and severity of findings.

use streamwarden_proto::Finding;
use streamwarden_proto::finding::{FindingStatus, Severity};

/// How a job stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobHealth {
    /// Cluster.
    pub cluster_id: String,
    /// Job.
    pub job_id: String,
    /// As Flink prints it.
    pub job_name: String,
    /// 0 to 100; `None` while it is not judged yet.
    pub score: Option<u8>,
    /// Windows that were judged.
    pub windows: u64,
    /// End of the newest window, ms since the epoch.
    pub at_ms: i64,
    /// Open findings, the most urgent first.
    pub findings: Vec<Finding>,
}

/// 100 without open findings; each takes its part of what is left.
#[must_use]
pub fn health_score<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> u8 {
    let open = findings
        .into_iter()
        .filter(|finding| finding.status == FindingStatus::Open);
    let left = open.fold(100.0, |left, finding| {
        let weight = match finding.severity {
            Severity::Critical => 0.66,
            Severity::Warning => 0.3,
            Severity::Advice => 0.06,
        };
        left * (1.0 - weight * finding.confidence.clamp(0.0, 1.0))
    });
    // `left` is between 0 and 100.
    left.round() as u8
}
