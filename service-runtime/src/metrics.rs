//! The process's own metrics, in Prometheus' text format.
//!
//! One process has one registry. A service registers its metrics once, when it starts, and keeps the handles:
//! `metrics::register(|registry| registry.register("polls", "Polls of Flink", polls.clone()))`.

use std::sync::{LazyLock, Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

static GLOBAL: LazyLock<Mutex<Registry>> =
    LazyLock::new(|| Mutex::new(Registry::with_prefix("streamwarden")));

/// Adds metrics to the process's registry. Names get the prefix `streamwarden_`.
pub fn register(add: impl FnOnce(&mut Registry)) {
    add(&mut GLOBAL.lock().unwrap_or_else(PoisonError::into_inner));
}

/// All metrics in Prometheus' text format.
#[must_use]
pub fn text() -> String {
    let mut out = String::new();
    let registry = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
    match encode(&mut out, &registry) {
        Ok(()) => out,
        // Writing to a string does not fail; a metric that cannot encode itself would.
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_counter_shows_up_under_the_products_prefix() {
        let polls = Counter::<u64>::default();
        register(|registry| registry.register("test_polls", "Polls", polls.clone()));
        polls.inc_by(3);
        let text = text();
        assert!(text.contains("streamwarden_test_polls_total 3"), "{text}");
    }
}
