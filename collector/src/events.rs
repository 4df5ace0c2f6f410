//! What the collector tells its operator: wording, level and fields in one place.

use std::io;
use std::path::Path;

use streamwarden_service_runtime::chain;

use crate::config::ClusterTarget;
use crate::flink::RestError;

/// The cluster stopped answering; told once, not at every poll.
pub(crate) fn cluster_away(target: &ClusterTarget, error: &RestError) {
    tracing::warn!(
        cluster = target.cluster_id,
        error = %chain(error),
        "cluster does not answer; asking again with growing pauses"
    );
}

/// The cluster answers again.
pub(crate) fn cluster_back(target: &ClusterTarget, away_ms: i64) {
    tracing::info!(
        cluster = target.cluster_id,
        away_ms,
        "cluster answers again"
    );
}

/// One answer is missing or useless; the rest of the poll goes on.
pub(crate) fn answer_missing(cluster_id: &str, error: &RestError) {
    tracing::debug!(cluster = cluster_id, error = %chain(error), "an answer is missing in this poll");
}

/// The deadline came before the last answer.
pub(crate) fn poll_cut_short(cluster_id: &str, subject: &str) {
    tracing::warn!(
        cluster = cluster_id,
        subject,
        "cluster is slow; this poll is incomplete"
    );
}

/// A log directory or file cannot be read.
pub(crate) fn log_unreadable(cluster_id: &str, path: &Path, error: &io::Error) {
    tracing::debug!(cluster = cluster_id, path = %path.display(), %error, "a log cannot be read");
}

/// A poll is over.
pub(crate) fn polled(cluster_id: &str, jobs: usize, observations: usize) {
    tracing::debug!(cluster = cluster_id, jobs, observations, "polled");
}
