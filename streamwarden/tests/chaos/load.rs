//! What comes in: recorded incidents, each as a cluster of its own, and records that nobody can use.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, SystemTime};

use streamwarden::tape::{Tape, shift};
use streamwarden_kafka_io::{ErrorClass, KafkaConfig, RecordSink};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{Record, RecordId, StoredRecord, Topic};

use crate::chance::Chance;

/// Clusters that report at the same time.
const AT_ONCE: usize = 3;
/// A recording is played in so many steps.
const STEPS: usize = 24;
/// How long a step is.
pub(crate) const STEP: Duration = Duration::from_millis(500);
const TAPES: [&str; 3] = [
    "tests/fixtures/user-exception-loop-fan-out-often.tape",
    "../tapes/lab/slow-sink-map-chain-strong.tape",
    "../tapes/demo.tape",
];
/// The clock is right for so many steps, then wrong for as many.
const STEPS_BETWEEN_JUMPS: usize = 5;
/// Field 15000, a text: `new`.
const FIELD_OF_TOMORROW: [u8; 7] = [0xc2, 0xa9, 0x07, 3, b'n', b'e', b'w'];
const SAMPLE_CLUSTER: &str = "orders-prod";
const SAMPLES: [(&str, &str); 3] = [
    ("metrics", "observation-metrics.bin"),
    ("logs", "observation-logs.bin"),
    ("snapshot", "observation-job.bin"),
];

/// A recording on its way.
struct Playing {
    rest: VecDeque<StoredRecord>,
    each_step: usize,
}

/// Writes to the raw topic, step by step.
pub(crate) struct Load {
    pub(crate) sink: RecordSink,
    tapes: Vec<Tape>,
    playing: Vec<Playing>,
    pub(crate) clusters: usize,
    /// Records of clusters so far.
    pub(crate) sent: usize,
    /// Records of any kind on the raw topic so far.
    pub(crate) on_raw: usize,
    /// Records that no service can decode, or that are too large to be written.
    pub(crate) unusable: usize,
    pub(crate) refused: usize,
    pub(crate) of_older_version: usize,
    /// Records carry a field that no version of today knows.
    pub(crate) of_newer_version: bool,
    /// The clock that stamps the records jumps by so much, there and back, every few steps.
    pub(crate) clock_jump_ms: i64,
}

impl Load {
    pub(crate) fn new(kafka: &KafkaConfig) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            sink: RecordSink::new(kafka).unwrap(),
            tapes: TAPES
                .map(|tape| Tape::open(&here.join(tape)).unwrap())
                .into(),
            playing: Vec::new(),
            clusters: 0,
            sent: 0,
            on_raw: 0,
            unusable: 0,
            refused: 0,
            of_older_version: 0,
            of_newer_version: false,
            clock_jump_ms: 0,
        }
    }

    /// One step of everything that plays; begins anew where something ended, if `more` is wanted. False when all is over.
    pub(crate) async fn step(&mut self, more: bool) -> bool {
        self.playing.retain(|playing| !playing.rest.is_empty());
        while more && self.playing.len() < AT_ONCE {
            let rest = self.next_cluster();
            let each_step = rest.len().div_ceil(STEPS);
            self.playing.push(Playing { rest, each_step });
        }
        for playing in &mut self.playing {
            let count = playing.each_step.min(playing.rest.len());
            let part: Vec<_> = playing.rest.drain(..count).collect();
            self.sink.send_all(&part).await.unwrap();
            self.sent += part.len();
            self.on_raw += part.len();
        }
        !self.playing.is_empty()
    }

    /// Whole recordings at once, as of clusters that reported so long ago.
    pub(crate) async fn long_ago(&mut self, ages: impl Iterator<Item = Duration>) {
        for age in ages {
            let records: Vec<_> = self.cluster_of(age).into();
            self.sink.send_all(&records).await.unwrap();
            self.sent += records.len();
            self.on_raw += records.len();
        }
    }

    fn next_cluster(&mut self) -> VecDeque<StoredRecord> {
        self.cluster_of(Duration::ZERO)
    }

    fn cluster_of(&mut self, age: Duration) -> VecDeque<StoredRecord> {
        let tape = &self.tapes[self.clusters % TAPES.len()];
        let cluster = format!("chaos-{}-{}", self.clusters, tape.name);
        self.clusters += 1;
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap() + STEP * STEPS as u32 - age;
        let now_ms = i64::try_from(now.as_millis()).unwrap();
        let span_ms = shift::whole_windows(now_ms - tape.span_ms().1);
        let each_step = tape.records.len().div_ceil(STEPS);
        let (jump_ms, newer) = (self.clock_jump_ms, self.of_newer_version);
        let records = tape.records.iter().enumerate().map(|(number, record)| {
            let payload = record.payload.as_deref().unwrap_or_default();
            let mut observation = Observation::decode_payload(&record.kind, payload).unwrap();
            shift::observation(&mut observation, span_ms);
            observation.cluster_id.clone_from(&cluster);
            if number / each_step / STEPS_BETWEEN_JUMPS % 2 == 1 {
                shift::observation(&mut observation, jump_ms);
            }
            let mut stored = observation.store();
            if newer {
                stored
                    .payload
                    .get_or_insert_default()
                    .extend(FIELD_OF_TOMORROW);
            }
            stored
        });
        records.collect()
    }

    /// What nobody can read, into every topic that a service reads; once a record of 7 MB.
    pub(crate) async fn poison(&mut self, chance: &mut Chance) {
        let sizes = [40, 3_000, 7_000_000];
        let large = sizes[self.unusable / 3 % sizes.len()];
        for (topic, size) in [
            (Topic::Raw, large),
            (Topic::Features, 40),
            (Topic::Recommendations, 40),
        ] {
            let record = stranger(topic, "metrics", chance.bytes(size), self.unusable);
            self.sink.send_all(&[record]).await.unwrap();
            self.unusable += 1;
        }
        self.on_raw += 1;
    }

    /// Ten megabytes are refused where they are written, and say so.
    pub(crate) async fn too_large(&mut self, chance: &mut Chance) {
        let record = stranger(
            Topic::Raw,
            "metrics",
            chance.bytes(10_000_000),
            self.refused,
        );
        let error = self.sink.send_all(&[record]).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Poison, "{error:?}");
        self.refused += 1;
    }

    /// A kind of record that only a later version knows.
    pub(crate) async fn kind_of_tomorrow(&mut self) {
        let record = stranger(
            Topic::Raw,
            "profile",
            FIELD_OF_TOMORROW.into(),
            self.unusable,
        );
        self.sink.send_all(&[record]).await.unwrap();
        self.unusable += 1;
        self.on_raw += 1;
    }

    /// Records as the first version wrote them.
    pub(crate) async fn older_version(&mut self) {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/samples/v1");
        for (kind, file) in SAMPLES {
            let payload = std::fs::read(samples.join(file)).unwrap();
            let mut record = stranger(Topic::Raw, kind, payload, self.of_older_version);
            // All records of a cluster share a partition.
            record.partition_key = SAMPLE_CLUSTER.to_owned();
            self.sink.send_all(&[record]).await.unwrap();
            self.of_older_version += 1;
            self.on_raw += 1;
        }
    }
}

fn stranger(topic: Topic, kind: &str, payload: Vec<u8>, number: usize) -> StoredRecord {
    StoredRecord {
        topic,
        key: format!("stranger-{number}"),
        partition_key: format!("stranger-{number}"),
        kind: kind.to_owned(),
        id: RecordId(format!("stranger-{number}")),
        timestamp_ms: 0,
        payload: Some(payload),
    }
}
