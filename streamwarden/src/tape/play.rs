//! Plays records at the speed at which they were recorded, or faster.

use std::time::Duration;

use streamwarden_proto::StoredRecord;
use streamwarden_service_runtime::Shutdown;
use tokio::time::{Instant, sleep_until};

/// Records that fall into one such span of real time go out together.
const STEP: Duration = Duration::from_millis(50);

/// Where records are played to.
pub trait RecordTarget {
    /// What can go wrong there.
    type Error;

    /// Takes records in their order; returns when they are safe.
    fn take(
        &mut self,
        records: &[StoredRecord],
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// The time that passes while a tape is played: the machine's, or a test's own.
pub trait Clock: Sync {
    /// Since the playing began.
    fn elapsed(&self) -> Duration;

    /// Waits until so much has passed.
    fn wait_until(&self, elapsed: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's clock.
pub struct MachineClock(Instant);

impl MachineClock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn wait_until(&self, elapsed: Duration) {
        sleep_until(self.0 + elapsed).await;
    }
}

/// Plays all records, each at its time, `speed` times faster. Ends early when shutdown is asked for; false then.
///
/// # Errors
/// What the target says.
pub async fn play<T: RecordTarget>(
    records: &[StoredRecord],
    speed: f64,
    clock: &impl Clock,
    target: &mut T,
    shutdown: &Shutdown,
) -> Result<bool, T::Error> {
    let Some(first) = records.first() else {
        return Ok(true);
    };
    let due = |record: &StoredRecord| {
        // Records are in the order of their arrival; a step back in time is played at once.
        let since_ms = (record.timestamp_ms - first.timestamp_ms).max(0);
        Duration::from_secs_f64(since_ms as f64 / 1e3 / speed)
    };
    let mut rest = records;
    while let Some(next) = rest.first() {
        tokio::select! {
            biased;
            () = shutdown.requested() => return Ok(false),
            () = clock.wait_until(due(next)) => {}
        }
        let ready = clock.elapsed() + STEP;
        let count = rest
            .iter()
            .take_while(|record| due(record) <= ready)
            .count()
            .max(1);
        let (ready, later) = rest.split_at(count);
        target.take(ready).await?;
        rest = later;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::Mutex;
    use streamwarden_proto::{RecordId, Topic};

    /// Time passes only when it is waited for.
    #[derive(Default)]
    struct JumpingClock(Mutex<Duration>);

    impl Clock for JumpingClock {
        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        async fn wait_until(&self, elapsed: Duration) {
            let mut now = self.0.lock().unwrap();
            *now = elapsed.max(*now);
        }
    }

    struct Taken<'c>(Vec<(Duration, i64)>, &'c JumpingClock);

    impl RecordTarget for Taken<'_> {
        type Error = Infallible;

        async fn take(&mut self, records: &[StoredRecord]) -> Result<(), Infallible> {
            let at = self.1.elapsed();
            self.0
                .extend(records.iter().map(|record| (at, record.timestamp_ms)));
            Ok(())
        }
    }

    fn at(timestamp_ms: i64) -> StoredRecord {
        StoredRecord {
            topic: Topic::Raw,
            key: "c".into(),
            partition_key: "c".into(),
            kind: "metrics".into(),
            id: RecordId(timestamp_ms.to_string()),
            timestamp_ms,
            payload: None,
        }
    }

    #[tokio::test]
    async fn every_record_comes_in_order_and_at_its_time() {
        for speed in [1.0, 50.0] {
            let records = [0, 1_000, 900, 61_000].map(|ms| at(1_700_000_000_000 + ms));
            let clock = JumpingClock::default();
            let mut taken = Taken(Vec::new(), &clock);
            let shutdown = Shutdown::new(Duration::ZERO);
            assert_eq!(
                play(&records, speed, &clock, &mut taken, &shutdown).await,
                Ok(true)
            );
            let order: Vec<i64> = taken
                .0
                .iter()
                .map(|(_, ms)| ms - 1_700_000_000_000)
                .collect();
            assert_eq!(order, [0, 1_000, 900, 61_000]);
            let last_s = taken.0[3].0.as_secs_f64();
            assert!(
                (last_s - 61.0 / speed).abs() < 0.1,
                "{last_s} at speed {speed}"
            );
        }
    }

    #[tokio::test]
    async fn playing_ends_when_shutdown_is_asked_for() {
        let shutdown = Shutdown::new(Duration::ZERO);
        shutdown.request();
        let records = [at(0), at(3_600_000)];
        let clock = JumpingClock::default();
        let mut taken = Taken(Vec::new(), &clock);
        assert_eq!(
            play(&records, 1.0, &clock, &mut taken, &shutdown).await,
            Ok(false)
        );
    }
}
