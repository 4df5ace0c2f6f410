//! A job's health and status from its open findings.

use streamwarden_proto::Class;
use streamwarden_proto::finding::{Finding, Severity};

use crate::api::types::JobStatus;

/// Windows before a job is judged.
pub const WINDOWS_TO_LEARN: u32 = 6;

/// Health from 100 down: the worst finding counts in full, each further one by half, a doubtful one less.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..=100"
)]
pub fn health(findings: &[&Finding]) -> u8 {
    let mut losses: Vec<f64> = findings.iter().map(|finding| loss(finding)).collect();
    losses.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = losses
        .iter()
        .enumerate()
        .map(|(at, loss)| if at == 0 { *loss } else { loss / 2.0 })
        .sum();
    (100.0 - total).round().clamp(1.0, 100.0) as u8
}

fn loss(finding: &Finding) -> f64 {
    let full = match finding.severity {
        Severity::Critical => 62.0,
        Severity::Warning => 32.0,
        Severity::Advice => 6.0,
    };
    full * (0.6 + 0.4 * finding.confidence.clamp(0.0, 1.0))
}

/// What kind of trouble a finding is.
#[must_use]
pub fn status_of(finding: &Finding) -> JobStatus {
    match (finding.class, finding.severity) {
        (Class::Unknown, _) => JobStatus::Unknown,
        (_, Severity::Critical) => JobStatus::Critical,
        (_, Severity::Warning) => JobStatus::Warning,
        (_, Severity::Advice) => JobStatus::Advice,
    }
}

/// Worst first: by status, then by confidence, then the older.
pub fn sort_worst_first(findings: &mut [&Finding]) {
    findings.sort_by(|a, b| {
        status_of(a)
            .cmp(&status_of(b))
            .then(b.confidence.total_cmp(&a.confidence))
            .then(a.first_seen.cmp(&b.first_seen))
    });
}
