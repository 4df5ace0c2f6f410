//! What the featurizer tells its operator: wording, level, metric and fields in one place.

use std::sync::LazyLock;

use streamwarden_kafka_io::KafkaError;
use streamwarden_service_runtime::chain;
use streamwarden_service_runtime::metrics::{self, Counter, Gauge};

use crate::export::ExportError;

#[derive(Default)]
struct Metrics {
    observations: Counter,
    rejected: Counter,
    records: Counter,
    partitions: Gauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);

/// Adds the featurizer's metrics to those of the process. Once per process.
pub(crate) fn register_metrics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        metrics::register(|registry| {
            let own = registry.sub_registry_with_prefix("featurizer");
            own.register(
                "observations",
                "Observations read",
                METRICS.observations.clone(),
            );
            let help = "Observations that could not be decoded";
            own.register("rejected", help, METRICS.rejected.clone());
            let help = "Feature, error and context records written";
            own.register("records", help, METRICS.records.clone());
            own.register(
                "partitions",
                "Partitions assigned",
                METRICS.partitions.clone(),
            );
        });
    });
}

pub(crate) fn assigned(partitions: usize) {
    METRICS
        .partitions
        .inc_by(i64::try_from(partitions).unwrap_or_default());
    tracing::info!(partitions, "partitions assigned");
}

pub(crate) fn revoked(partitions: usize) {
    METRICS
        .partitions
        .dec_by(i64::try_from(partitions).unwrap_or_default());
    tracing::info!(partitions, "partitions revoked");
}

/// State is rebuilt out of records whose results were written before.
pub(crate) fn rebuilding(partition: i32, records: i64) {
    tracing::info!(partition, records, "rebuilding state from the raw topic");
}

pub(crate) fn processed(observations: usize, records: usize) {
    METRICS.observations.inc_by(observations as u64);
    METRICS.records.inc_by(records as u64);
}

pub(crate) fn rejected(offset: i64, reason: &str) {
    METRICS.rejected.inc();
    tracing::warn!(
        offset,
        reason,
        "observation cannot be decoded; put on the dead-letter topic"
    );
}

pub(crate) fn write_failed(error: &KafkaError) {
    tracing::warn!(error = %chain(error), "kafka does not take records; trying again");
}

pub(crate) fn export_failed(error: &ExportError) {
    tracing::warn!(error = %chain(error), "features cannot be exported");
}
