//! What the collector tells its operator: wording, level, metric and fields in one place.

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use streamwarden_kafka_io::KafkaError;
use streamwarden_proto::StoredRecord;
use streamwarden_service_runtime::chain;
use streamwarden_service_runtime::metrics::{self, Counter, Family, Gauge};

use crate::config::ClusterTarget;
use crate::flink::RestError;
use crate::sink::SinkError;

#[derive(Default)]
struct Metrics {
    polls: Counter,
    answers_missing: Counter,
    polls_cut_short: Counter,
    clusters_away: Gauge,
    observations: Family<Vec<(String, String)>, Counter>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);

/// Adds the collector's metrics to those of the process. Once per process.
pub(crate) fn register_metrics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        metrics::register(|registry| {
            let own = registry.sub_registry_with_prefix("collector");
            own.register("polls", "Polls of clusters", METRICS.polls.clone());
            let help = "Answers of Flink that did not come or could not be used";
            own.register("answers_missing", help, METRICS.answers_missing.clone());
            let help = "Polls that their deadline cut short";
            own.register("polls_cut_short", help, METRICS.polls_cut_short.clone());
            let help = "Clusters that do not answer";
            own.register("clusters_away", help, METRICS.clusters_away.clone());
            let help = "Observations written, by kind";
            own.register("observations", help, METRICS.observations.clone());
        });
    });
}

/// One cluster more is away.
pub(crate) fn cluster_away() {
    METRICS.clusters_away.inc();
}

/// The cluster does not answer, or not like Flink; told once for each reason, not at every poll.
pub(crate) fn cluster_silent(target: &ClusterTarget, error: &RestError) {
    tracing::warn!(
        cluster = target.cluster_id,
        error = %chain(error),
        "cluster does not answer; asking again with growing pauses"
    );
}

/// The cluster answers again. As loud as the warning before it: who read that one waits for this one.
pub(crate) fn cluster_back(target: &ClusterTarget, away_ms: i64) {
    METRICS.clusters_away.dec();
    tracing::warn!(
        cluster = target.cluster_id,
        away_ms,
        "cluster answers again"
    );
}

/// A cluster that was away is watched no longer.
pub(crate) fn away_forgotten() {
    METRICS.clusters_away.dec();
}

/// The cluster refreshes its metrics less often than it is to be polled.
pub(crate) fn cluster_sets_pace(target: &ClusterTarget, refresh_ms: u64) {
    tracing::info!(
        cluster = target.cluster_id,
        refresh_ms,
        "cluster refreshes its metrics less often than configured here and is polled at its own pace; \
         metrics.fetcher.update-interval sets it"
    );
}

/// One answer is missing or useless; the rest of the poll goes on.
pub(crate) fn answer_missing(cluster_id: &str, error: &RestError) {
    METRICS.answers_missing.inc();
    tracing::debug!(cluster = cluster_id, error = %chain(error), "an answer is missing in this poll");
}

/// The deadline came before the last answers; told when that begins, and when it is over.
pub(crate) fn poll_cut_short(cluster_id: &str, parts: usize, told: bool) {
    METRICS.polls_cut_short.inc();
    if told {
        tracing::debug!(cluster = cluster_id, parts, "this poll is incomplete, too");
    } else {
        tracing::warn!(
            cluster = cluster_id,
            parts,
            "cluster is slow; parts of this poll are missing"
        );
    }
}

/// All answers come in time again.
pub(crate) fn polls_whole_again(cluster_id: &str) {
    tracing::warn!(cluster = cluster_id, "cluster answers in time again");
}

/// A log directory or file cannot be read.
pub(crate) fn log_unreadable(cluster_id: &str, path: &Path, error: &io::Error) {
    tracing::debug!(cluster = cluster_id, path = %path.display(), %error, "a log cannot be read");
}

/// A poll is over.
pub(crate) fn polled(cluster_id: &str, jobs: usize, observations: usize) {
    METRICS.polls.inc();
    tracing::debug!(cluster = cluster_id, jobs, observations, "polled");
}

/// Observations lie on the raw topic.
pub(crate) fn published(records: &[StoredRecord]) {
    for record in records {
        let labels = vec![("kind".to_owned(), record.kind.clone())];
        METRICS.observations.get_or_create(&labels).inc();
    }
}

/// The brokers did not take observations.
pub(crate) fn not_written(error: &KafkaError) {
    tracing::warn!(error = %chain(error), "observations are not written yet");
}

/// Partitions of the topic of clusters came to this collector.
pub(crate) fn assigned(partitions: usize) {
    tracing::info!(partitions, "takes its share of the clusters");
}

/// Partitions of the topic of clusters went elsewhere.
pub(crate) fn revoked(partitions: usize, clusters: usize) {
    tracing::info!(partitions, clusters, "hands over its clusters");
}

/// A watcher starts.
pub(crate) fn watching(cluster_id: &str, url: &str) {
    tracing::info!(cluster = cluster_id, url, "watches cluster");
}

/// A cluster's record cannot be followed.
pub(crate) fn cannot_watch(cluster_id: &str, reason: &str) {
    tracing::error!(cluster = cluster_id, reason, "cluster cannot be watched");
}

/// Observations cannot be handed over for good.
pub(crate) fn gave_up(error: &SinkError) {
    tracing::error!(error = %chain(error), "collector gives up");
}
