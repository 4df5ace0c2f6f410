//! What reading tells the operator: lag, rebalances and losses of each consumer group.

use std::sync::{LazyLock, Once};

use rdkafka::Statistics;
use streamwarden_service_runtime::metrics::{self, Counter, Family, Gauge};

type OfGroup = [(&'static str, String); 1];

#[derive(Default)]
struct Metrics {
    lag: Family<OfGroup, Gauge>,
    rebalances: Family<OfGroup, Counter>,
    lost: Family<OfGroup, Counter>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);

/// Adds the metrics to those of the process, the first time that somebody reads.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        metrics::register(|registry| {
            let own = registry.sub_registry_with_prefix("kafka");
            let help = "Records that lie in this member's partitions and were not read yet";
            own.register("lag_records", help, METRICS.lag.clone());
            let help = "Rebalances of the consumer group that this member took part in";
            own.register("rebalances", help, METRICS.rebalances.clone());
            let help = "Records that the topic's retention deleted before this member read them";
            own.register("lost_records", help, METRICS.lost.clone());
        });
    });
}

pub(crate) fn rebalanced(group: &str) {
    METRICS.rebalances.get_or_create(&of(group)).inc();
}

pub(crate) fn lost(group: &str, records: i64) {
    let records = u64::try_from(records).unwrap_or_default();
    METRICS.lost.get_or_create(&of(group)).inc_by(records);
}

/// Called by librdkafka every few seconds.
pub(crate) fn lag(group: &str, statistics: &Statistics) {
    let partitions = statistics
        .topics
        .values()
        .flat_map(|topic| topic.partitions.values());
    let held =
        partitions.filter(|p| !matches!(p.fetch_state.as_str(), "none" | "stopped" | "stopping"));
    let behind = held.map(|p| {
        let read = if p.app_offset >= 0 {
            p.app_offset
        } else {
            p.committed_offset.max(0)
        };
        (p.ls_offset - read).max(0)
    });
    METRICS.lag.get_or_create(&of(group)).set(behind.sum());
}

fn of(group: &str) -> OfGroup {
    [("group", group.to_owned())]
}
