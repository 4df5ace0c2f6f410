//! The same tape gives the same features and findings, whenever and however fast it is played.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use streamwarden::look::{Look, Seen};
use streamwarden::settings::Settings;
use streamwarden::tape::play::{Clock, RecordTarget, play};
use streamwarden::tape::{Tape, shift};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, Record, StoredRecord};
use streamwarden_service_runtime::Shutdown;

use crate::process::fixture;

const TAPES: [&str; 2] = [
    "blocking-call-in-task-keyed-aggregation-slow.tape",
    "user-exception-loop-fan-out-often.tape",
];

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

/// The pure line behind the player.
struct Line {
    look: Look,
    seen: Seen,
}

impl RecordTarget for Line {
    type Error = Infallible;

    async fn take(&mut self, records: &[StoredRecord]) -> Result<(), Infallible> {
        let decode = |record: &StoredRecord| {
            Observation::decode_payload(&record.kind, record.payload.as_deref().unwrap()).unwrap()
        };
        let observations: Vec<Observation> = records.iter().map(decode).collect();
        let seen = self.look.push(&observations);
        self.seen.features.extend(seen.features);
        self.seen.findings.extend(seen.findings);
        Ok(())
    }
}

async fn played(records: &[StoredRecord], speed: f64) -> Seen {
    let mut line = Line {
        look: Look::new(&Settings::default()).unwrap(),
        seen: Seen::default(),
    };
    let shutdown = Shutdown::new(Duration::ZERO);
    assert_eq!(
        play(
            records,
            speed,
            &JumpingClock::default(),
            &mut line,
            &shutdown
        )
        .await,
        Ok(true)
    );
    line.seen
}

/// Byte for byte: NaN is equal to itself here.
fn bytes(seen: &Seen) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let features = seen
        .features
        .iter()
        .map(FeatureEvent::encode_payload)
        .collect();
    let findings = seen.findings.iter().map(Record::encode_payload).collect();
    (features, findings)
}

#[tokio::test]
async fn a_tape_replayed_twice_gives_the_same_at_any_speed() {
    let mut findings = 0;
    for name in TAPES {
        let tape = Tape::open(&fixture(name)).unwrap();
        let first = played(&tape.records, 1.0).await;
        let again = played(&tape.records, 1.0).await;
        let fast = played(&tape.records, 50.0).await;
        let count = first.features.len();
        assert!(count > 20, "{name} gives {count} records");
        assert!(
            bytes(&first) == bytes(&again),
            "{name} differs when it is played again"
        );
        assert!(
            bytes(&first) == bytes(&fast),
            "{name} differs when it is played faster"
        );
        findings += first.findings.len();
    }
    assert!(findings > 0, "none of the tapes leads to a finding");
}

#[tokio::test]
async fn a_tape_moved_in_time_gives_the_same_figures_at_other_times() {
    let span_ms = shift::whole_windows(86_400_000 * 30);
    for name in TAPES {
        let tape = Tape::open(&fixture(name)).unwrap();
        let moved: Vec<StoredRecord> = tape
            .records
            .iter()
            .map(|record| shift::record(record, span_ms).unwrap())
            .collect();
        let (then, now) = (
            played(&tape.records, 50.0).await,
            played(&moved, 50.0).await,
        );
        let figures = |seen: &Seen, span_ms: i64| -> Vec<(i64, Vec<u32>)> {
            let records = seen.features.iter().filter_map(|event| match event {
                FeatureEvent::Features(record) => Some(record),
                _ => None,
            });
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
            records
                .map(|record| (record.window_end_ms + span_ms, bits(&record.values)))
                .collect()
        };
        assert_eq!(figures(&then, span_ms), figures(&now, 0), "{name}");
        let slugs = |seen: &Seen| -> Vec<String> {
            seen.findings
                .iter()
                .map(|event| format!("{} {}", event.event_type, event.data.slug))
                .collect()
        };
        assert_eq!(slugs(&then), slugs(&now), "{name}");
    }
}
