//! Everything that lies on the topics, and what must lie there: the cores' own answer to the same records in one calm run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use streamwarden_experience::Experience;
use streamwarden_featurizer::{Featurizer, FeaturizerConfig};
use streamwarden_inference::InferenceConfig;
use streamwarden_inference::setup;
use streamwarden_kafka_io::{KafkaConfig, Position, Received, RecordStream, StreamEvent};
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, Record, Topic};

/// What a topic holds, as one who reads only what is committed sees it.
#[derive(Clone, Default)]
pub(crate) struct Reader {
    /// By place: who joins its group anew reads from the beginning.
    seen: Arc<Mutex<BTreeMap<Position, Received>>>,
    /// Read, and then to be treated as if it had never been there.
    forgotten: Arc<AtomicUsize>,
}

impl Reader {
    /// Reads along until the test ends.
    pub(crate) fn start(kafka: &KafkaConfig, topic: Topic) -> Self {
        let reader = Self::default();
        let seen = Arc::clone(&reader.seen);
        let group = format!("test-{}", topic.suffix());
        let mut stream = RecordStream::subscribe(kafka, &group, &[topic]).unwrap();
        tokio::spawn(async move {
            while let Ok(event) = stream.next().await {
                if let StreamEvent::Batch(batch) = event {
                    let placed = batch
                        .into_iter()
                        .map(|received| (received.position, received));
                    seen.lock().unwrap().extend(placed);
                }
            }
        });
        reader
    }

    /// Where everything lies that was read so far.
    pub(crate) fn places(&self) -> BTreeSet<Position> {
        self.seen.lock().unwrap().keys().copied().collect()
    }

    /// As if only this had ever been there.
    pub(crate) fn keep_only(&self, places: &BTreeSet<Position>) {
        let mut seen = self.seen.lock().unwrap();
        let before = seen.len();
        seen.retain(|place, _| places.contains(place));
        let forgotten = before - seen.len();
        self.forgotten.fetch_add(forgotten, Ordering::Relaxed);
    }

    /// How many records it has read.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len() + self.forgotten.load(Ordering::Relaxed)
    }

    /// In the order of each partition.
    pub(crate) fn records(&self) -> Vec<Received> {
        self.seen.lock().unwrap().values().cloned().collect()
    }
}

/// What a calm run makes of the same records.
pub(crate) struct Expected {
    /// Records that are to be put aside.
    pub(crate) unreadable: usize,
    /// Kind and payload by id.
    pub(crate) features: BTreeMap<String, (String, Vec<u8>)>,
    /// Ids of contexts: they come again after a move.
    pub(crate) contexts: BTreeSet<String>,
    pub(crate) findings: BTreeSet<Opened>,
}

/// What a record of the features topic is about, for the eyes of whoever looks for a difference.
pub(crate) fn described(kind: &str, payload: &[u8]) -> String {
    let event = FeatureEvent::decode_payload(kind, payload);
    let shown = event.map_or_else(|error| error.to_string(), |event| format!("{event:?}"));
    format!("{kind}: {}", shown.chars().take(700).collect::<String>())
}

/// Cluster, problem and subject of a finding.
pub(crate) type Opened = (String, String, String);

pub(crate) fn expected(raw: &[Received]) -> Expected {
    let mut featurizer = Featurizer::new(
        FeaturizerConfig::default(),
        Arc::new(Experience::builtin().unwrap()),
    );
    let config = InferenceConfig::default();
    let experience = setup::experience(&config).unwrap();
    let mut diagnosis =
        setup::diagnosis(&config, experience, &streamwarden::line::fingerprints()).unwrap();
    let mut expected = Expected {
        unreadable: 0,
        features: BTreeMap::new(),
        contexts: BTreeSet::new(),
        findings: BTreeSet::new(),
    };
    for received in raw {
        let Ok(observation) = received.decode::<Observation>() else {
            expected.unreadable += 1;
            continue;
        };
        for event in featurizer.push(&observation) {
            let stored = event.store();
            if matches!(event, FeatureEvent::Context(_)) {
                expected.contexts.insert(stored.id.0.clone());
            }
            let content = (stored.kind, stored.payload.unwrap_or_default());
            expected.features.insert(stored.id.0, content);
            let events = diagnosis.push(&event);
            expected.findings.extend(opened(&events));
        }
    }
    expected
}

/// What was opened, as often as it was.
pub(crate) fn opened(events: &[FindingEvent]) -> Vec<Opened> {
    let opened = events
        .iter()
        .filter(|event| event.event_type.contains("opened"));
    let who = |event: &FindingEvent| {
        let finding = &event.data;
        (
            finding.cluster_id.clone(),
            finding.slug.clone(),
            finding.subject.id.clone(),
        )
    };
    opened.map(who).collect()
}
