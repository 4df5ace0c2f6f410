//! When to poll.

use std::time::Duration;

/// Flink refreshes only when *more* than its interval has passed.
const REFRESH_MARGIN_MS: u64 = 50;
/// Part of a pause that is left to chance, so that many watchers do not ask in step.
const JITTER: f64 = 0.02;

/// The configured interval, or the cluster's own pace where that is slower.
pub(super) fn poll_interval_ms(configured_ms: u64, cluster_refresh_ms: u64) -> u64 {
    configured_ms.max(cluster_refresh_ms + REFRESH_MARGIN_MS)
}

/// Doubles with every failure, up to the limit.
pub(super) fn backoff_ms(failures: u32, interval_ms: u64, limit_ms: u64) -> u64 {
    let factor = 1_u64 << failures.saturating_sub(1).min(16);
    // The first attempts come soon: a JobManager that restarts is back within seconds.
    let first_ms = interval_ms.min(2_000);
    first_ms.saturating_mul(factor).min(limit_ms.max(first_ms))
}

/// The pause, a little longer by chance, never shorter.
pub(super) fn with_jitter(pause_ms: u64) -> Duration {
    Duration::from_millis(pause_ms).mul_f64(1.0 + JITTER * rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_refreshes_slowly_sets_the_pace() {
        assert_eq!(poll_interval_ms(10_000, 1_000), 10_000);
        assert_eq!(poll_interval_ms(5_000, 10_000), 10_050);
    }

    #[test]
    fn pauses_grow_to_the_limit_and_not_beyond() {
        let pauses: Vec<u64> = (1..8)
            .map(|failures| backoff_ms(failures, 10_000, 30_000))
            .collect();
        assert_eq!(
            pauses,
            [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        );
        assert_eq!(backoff_ms(200, 10_000, 30_000), 30_000);
    }
}
