//! Is everything accounted for?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Instant;

use streamwarden_kafka_io::KafkaConfig;
use streamwarden_proto::Topic;
use streamwarden_proto::cloud_event::FindingEvent;

use crate::accounts::{Opened, Reader, described, expected, opened};
use crate::load::Load;
use crate::receiver::Receiver;

/// Kind of a dead letter that stands for records which retention deleted.
const LOST: &str = "lost";

/// Readers of everything that matters.
pub(crate) struct Topics {
    pub(crate) raw: Reader,
    pub(crate) features: Reader,
    pub(crate) recommendations: Reader,
    pub(crate) dead_letters: Reader,
}

impl Topics {
    pub(crate) fn read(kafka: &KafkaConfig) -> Self {
        let read = |topic| Reader::start(kafka, topic);
        Self {
            raw: read(Topic::Raw),
            features: read(Topic::Features),
            recommendations: read(Topic::Recommendations),
            dead_letters: read(Topic::DeadLetter),
        }
    }
}

/// What was done to the system.
pub(crate) struct Done {
    seed: u64,
    began: Instant,
    kills_of: BTreeMap<&'static str, usize>,
    pub(crate) broker_crashes: usize,
    pub(crate) database_crashes: usize,
    pub(crate) ended_by_itself: BTreeMap<String, usize>,
}

impl Done {
    pub(crate) fn begin(seed: u64) -> Self {
        Self {
            seed,
            began: Instant::now(),
            kills_of: BTreeMap::new(),
            broker_crashes: 0,
            database_crashes: 0,
            ended_by_itself: BTreeMap::new(),
        }
    }

    pub(crate) fn killed(&mut self, name: &'static str) {
        *self.kills_of.entry(name).or_default() += 1;
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }

    pub(crate) fn kills(&self) -> usize {
        self.kills_of.values().sum()
    }
}

/// Figures; everything in `missing_…` and below must be empty.
#[derive(Default)]
pub(crate) struct Verdict {
    raw: usize,
    /// Written to the raw topic and not yet seen by the test, which therefore does not know yet what is to come of it.
    unread: usize,
    clusters: usize,
    of_older_version: usize,
    refused: usize,
    features: usize,
    feature_repeats: usize,
    dead_letters: usize,
    dead_letter_repeats: usize,
    findings: usize,
    events: usize,
    alerts: usize,
    marked_repeats: usize,
    missing_features: Vec<String>,
    other_features: Vec<String>,
    missing_dead_letters: usize,
    missing_findings: Vec<Opened>,
    unexpected_findings: Vec<Opened>,
    opened_twice: Vec<Opened>,
    repeated_events: Vec<String>,
    missing_alerts: Vec<Opened>,
    alerted_twice: Vec<String>,
}

pub(crate) fn of(topics: &Topics, receiver: &Receiver, load: &Load) -> Verdict {
    let read = topics.raw.count();
    let raw = topics.raw.records();
    let expected = expected(&raw);
    let mut verdict = Verdict {
        raw: raw.len(),
        unread: load.on_raw.saturating_sub(read),
        clusters: load.clusters,
        of_older_version: load.of_older_version,
        refused: load.refused,
        ..Verdict::default()
    };
    verdict.judge_features(topics, &expected.features, &expected.contexts);
    // A dead letter's key is its topic, its id that of the record: a record that is put aside twice has the same.
    let mut put_aside = topics.dead_letters.records();
    put_aside.retain(|letter| letter.kind != LOST);
    let distinct: BTreeSet<_> = put_aside
        .iter()
        .map(|r| (&r.key, &r.id, &r.payload))
        .collect();
    verdict.dead_letters = distinct.len();
    verdict.dead_letter_repeats = put_aside.len() - distinct.len();
    verdict.missing_dead_letters = load.unusable.saturating_sub(distinct.len());
    verdict.judge_findings(topics, &expected.findings);
    verdict.judge_alerts(topics, receiver, &expected.findings);
    verdict
}

/// Raw records that this group named as lost, by their offsets.
pub(crate) fn lost(topics: &Topics, group: &str) -> usize {
    let letters = topics.dead_letters.records();
    let notes: BTreeSet<String> = letters
        .into_iter()
        .filter(|letter| letter.kind == LOST)
        .map(|letter| letter.id)
        .collect();
    let prefix = format!("{LOST}-{group}-raw-");
    let ranges = notes.iter().filter_map(|id| id.strip_prefix(&prefix));
    let counts = ranges.map(|range| {
        let numbers: Vec<usize> = range.split('-').map(|part| part.parse().unwrap()).collect();
        numbers[2] - numbers[1] + 1
    });
    counts.sum()
}

impl Verdict {
    fn judge_features(
        &mut self,
        topics: &Topics,
        expected: &BTreeMap<String, (String, Vec<u8>)>,
        contexts: &BTreeSet<String>,
    ) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for received in topics.features.records() {
            if received.id.starts_with("stranger-") {
                continue;
            }
            self.features += 1;
            match expected.get(&received.id) {
                Some((_, payload)) if received.payload.as_ref() == Some(payload) => {}
                _ if received.kind == "context" || contexts.contains(&received.id) => {}
                _ => {
                    let payload = received.payload.as_deref().unwrap_or_default();
                    self.other_features.push(described(&received.kind, payload));
                }
            }
            if !seen.insert(received.id) {
                self.feature_repeats += 1;
            }
        }
        let missing = expected.iter().filter(|(id, _)| !seen.contains(*id));
        let missing = missing.map(|(_, (kind, payload))| described(kind, payload));
        self.missing_features = missing.collect();
    }

    fn judge_findings(&mut self, topics: &Topics, expected: &BTreeSet<Opened>) {
        let records = topics.recommendations.records();
        let events: Vec<FindingEvent> = records.iter().filter_map(|r| r.decode().ok()).collect();
        self.events = events.len();
        let mut ids = BTreeSet::new();
        let repeated = events.iter().filter(|event| !ids.insert(&event.id));
        self.repeated_events = repeated.map(|event| event.id.clone()).collect();
        let mut open: BTreeSet<Opened> = BTreeSet::new();
        let mut found: BTreeSet<Opened> = BTreeSet::new();
        for event in &events {
            let finding = &event.data;
            let id = (
                finding.cluster_id.clone(),
                finding.slug.clone(),
                finding.subject.id.clone(),
            );
            if event.event_type.contains("resolved") {
                open.remove(&id);
            }
            for id in opened(std::slice::from_ref(event)) {
                found.insert(id.clone());
                if !open.insert(id.clone()) {
                    self.opened_twice.push(id);
                }
            }
        }
        self.findings = found.len();
        self.missing_findings = expected.difference(&found).cloned().collect();
        self.unexpected_findings = found.difference(expected).cloned().collect();
    }

    fn judge_alerts(&mut self, topics: &Topics, receiver: &Receiver, expected: &BTreeSet<Opened>) {
        // A finding may move to another subject before it is told: it is the same all the same.
        let records = topics.recommendations.records();
        let events = records
            .iter()
            .filter_map(|r| r.decode::<FindingEvent>().ok());
        let by_id: BTreeMap<String, Vec<Opened>> = events
            .map(|event| {
                let opened = opened(std::slice::from_ref(&event));
                (event.data.finding_id, opened)
            })
            .filter(|(_, opened)| !opened.is_empty())
            .collect();
        let mut alerted: BTreeSet<Opened> = BTreeSet::new();
        let mut said: BTreeSet<(String, String)> = BTreeSet::new();
        for message in receiver.messages() {
            self.alerts += 1;
            for alert in &message.alerts {
                let finding = &alert.finding;
                alerted.extend(
                    by_id
                        .get(&finding.finding_id)
                        .into_iter()
                        .flatten()
                        .cloned(),
                );
                alerted.insert((
                    finding.cluster_id.clone(),
                    finding.slug.clone(),
                    finding.subject.id.clone(),
                ));
                let first = said.insert((message.event.clone(), alert.alert_id.clone()));
                if first || message.event == "updated" {
                    continue;
                }
                if message.possible_repeat {
                    self.marked_repeats += 1;
                } else {
                    let what = format!("{} {}", message.event, message.headline);
                    self.alerted_twice.push(what);
                }
            }
        }
        self.missing_alerts = expected.difference(&alerted).cloned().collect();
    }

    /// Nothing is on its way any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.unread == 0
            && self.missing_features.is_empty()
            && self.missing_dead_letters == 0
            && self.missing_findings.is_empty()
            && self.missing_alerts.is_empty()
    }

    /// What must not be.
    pub(crate) fn faults(&self) -> Option<String> {
        let mut text = String::new();
        let mut tell = |what: &str, list: Vec<String>| {
            if !list.is_empty() {
                let shown = list
                    .iter()
                    .take(8)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("\n  ");
                let _ = writeln!(text, "{} {what}:\n  {shown}", list.len());
            }
        };
        let named = |list: &[Opened]| list.iter().map(|id| format!("{id:?}")).collect();
        tell("features are missing", self.missing_features.clone());
        tell(
            "features differ from those of a calm run",
            self.other_features.clone(),
        );
        tell("findings are missing", named(&self.missing_findings));
        tell("findings were opened twice", named(&self.opened_twice));
        tell("events are repeated", self.repeated_events.clone());
        tell("alerts are missing", named(&self.missing_alerts));
        tell("alerts were sent twice", self.alerted_twice.clone());
        if self.missing_dead_letters > 0 {
            let _ = writeln!(
                text,
                "{} unreadable records vanished",
                self.missing_dead_letters
            );
        }
        if self.unread > 0 {
            let _ = writeln!(
                text,
                "{} raw records were not seen by the test",
                self.unread
            );
        }
        (!text.is_empty()).then_some(text)
    }

    /// A row of the table of faults in docs/chaos.md.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} | {} | {} / {} | {} | {} / {} | {} | {} / {}",
            self.raw,
            self.features - self.feature_repeats,
            self.missing_features.len(),
            self.other_features.len(),
            self.findings,
            self.missing_findings.len(),
            self.opened_twice.len(),
            self.alerts,
            self.missing_alerts.len(),
            self.alerted_twice.len(),
        )
    }

    /// For docs/chaos.md.
    pub(crate) fn report(&self, done: &Done) -> String {
        let mut text = format!(
            "| what was done | times |\n|---|---|\n| `kill -9` of a service | {} |\n",
            done.kills()
        );
        for (name, kills) in &done.kills_of {
            let _ = writeln!(text, "| … of {name} | {kills} |");
        }
        let rows = [
            ("`kill -9` of the Kafka broker", done.broker_crashes),
            (
                "PostgreSQL stopped at once (`immediate`)",
                done.database_crashes,
            ),
            (
                "records of version 1 among the others",
                self.of_older_version,
            ),
            (
                "records of 10 MB, refused where they are written",
                self.refused,
            ),
        ];
        for (what, times) in rows {
            let _ = writeln!(text, "| {what} | {times} |");
        }
        for (what, times) in &done.ended_by_itself {
            let _ = writeln!(
                text,
                "| ended by itself and was restarted: {what} | {times} |"
            );
        }
        let _ = writeln!(text, "\n| what came of it | number |\n|---|---|");
        let rows = [
            (
                "recorded incidents played, each as a cluster of its own",
                self.clusters,
            ),
            ("raw records in", self.raw),
            ("features, errors and contexts out", self.features),
            (
                "… of these repeats, recognisable by their id",
                self.feature_repeats,
            ),
            (
                "… missing, compared with a calm run",
                self.missing_features.len(),
            ),
            ("… different from a calm run", self.other_features.len()),
            (
                "unreadable records, found among the dead letters",
                self.dead_letters,
            ),
            (
                "… put aside by a second reader, or again after a kill",
                self.dead_letter_repeats,
            ),
            ("… vanished", self.missing_dead_letters),
            ("events on streamwarden.recommendations", self.events),
            ("… repeated", self.repeated_events.len()),
            ("findings opened", self.findings),
            (
                "… missing, compared with a calm run",
                self.missing_findings.len(),
            ),
            ("… more than in a calm run", self.unexpected_findings.len()),
            ("… opened twice", self.opened_twice.len()),
            ("messages sent", self.alerts),
            ("… missing", self.missing_alerts.len()),
            ("… sent twice", self.alerted_twice.len()),
            (
                "… sent again after a kill in the middle of sending, and marked so",
                self.marked_repeats,
            ),
        ];
        for (what, number) in rows {
            let _ = writeln!(text, "| {what} | {number} |");
        }
        let _ = writeln!(text, "\nSeed {}, {} s.", done.seed, done.seconds());
        for finding in &self.unexpected_findings {
            let _ = writeln!(text, "More than in a calm run: {finding:?}");
        }
        text
    }
}
