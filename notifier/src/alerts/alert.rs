//! One alert: a problem of a subject, from the first finding that names it to its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use streamwarden_proto::cloud_event::parse_rfc3339;
use streamwarden_proto::finding::{Evidence, Finding, Severity};
use streamwarden_proto::ids::{finding_fingerprint, short_hash};

/// An alert and everything that has to survive a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// One episode of one problem; a later episode has another id.
    pub id: String,
    /// The same for all episodes: cluster, job, problem and subject.
    pub fingerprint: String,
    /// Newest state of the finding.
    pub finding: Finding,
    /// Begin of the evidence, in the records' own time.
    pub began_ms: i64,
    /// When the newest event happened, in the records' own time.
    pub refreshed_ms: i64,
    /// When this process first heard of it, by its own clock.
    pub received_ms: i64,
    /// How it ended; absent while it is open.
    pub ended: Option<Ending>,
    /// Who takes care of it.
    pub acknowledgement: Option<Acknowledgement>,
    /// Id of the alert that explains this one; it is not announced meanwhile.
    pub inhibited_by: Option<String>,
    /// It comes and goes: its end is announced only after this time of quiet.
    pub settling_until_ms: Option<i64>,
    /// How often it came within the flapping window before this time.
    pub earlier_episodes: u32,
    /// What was said on which channel.
    pub announced: BTreeMap<String, Announced>,
    /// When it was last handed out to be stored; not stored itself.
    #[serde(skip)]
    pub stored_ms: i64,
    /// When this process last heard of it, by its own clock; not stored.
    #[serde(skip)]
    pub heard_ms: i64,
}

/// How an alert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// In the records' own time.
    pub at_ms: i64,
    /// Why it counts as ended.
    pub reason: EndReason,
}

/// Why an alert counts as ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Inference says so.
    Resolved,
    /// The job reports, and nobody confirms the finding any more.
    Unconfirmed,
    /// The cluster reports, and the job is not there any more.
    JobGone,
}

/// Somebody takes care of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub author: String,
    /// When, by the process's clock.
    pub at_ms: i64,
    /// In the person's words.
    pub comment: String,
}

/// What was said on one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Announced {
    /// Message and thread that it belongs to.
    pub conversation: String,
    /// It shares the conversation with others.
    pub digest: bool,
    /// First announcement, by the process's clock.
    pub at_ms: i64,
    /// Newest message that called somebody, by the process's clock.
    pub last_ms: i64,
    /// Newest edit of the first message, by the process's clock.
    pub edited_ms: i64,
    /// What was said last.
    pub said: Said,
}

/// The parts of a finding whose change is worth another message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// How urgent.
    pub severity: Severity,
    /// What to change: key and new value.
    pub changes: Vec<(String, Option<String>)>,
    /// Figures of evidence.
    pub figures: BTreeMap<String, f64>,
    /// Confidence in whole per cent.
    pub confidence_percent: u8,
}

impl Said {
    /// What a message about this finding says.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let changes = finding.actions.iter();
        let figures = finding
            .evidence
            .iter()
            .filter_map(|evidence| match evidence {
                Evidence::Figure(figure) => Some((figure.feature.clone(), figure.value)),
                Evidence::Log { .. } => None,
            });
        Self {
            severity: finding.severity,
            changes: changes
                .map(|action| (action.key.clone(), action.to.clone()))
                .collect(),
            figures: figures.collect(),
            confidence_percent: crate::message::words::percent(finding.confidence),
        }
    }
}

impl Alert {
    /// A new alert of this finding.
    #[must_use]
    pub fn open(finding: Finding, event_ms: i64, now_ms: i64) -> Self {
        let fingerprint = fingerprint_of(&finding);
        let began_ms = parse_rfc3339(&finding.first_seen).unwrap_or(event_ms);
        let id = short_hash(&[&finding.finding_id, &event_ms.to_string()], 8);
        Self {
            id: format!("i-{id}"),
            fingerprint,
            began_ms,
            refreshed_ms: event_ms,
            received_ms: now_ms,
            ended: None,
            acknowledgement: None,
            inhibited_by: None,
            settling_until_ms: None,
            earlier_episodes: 0,
            announced: BTreeMap::new(),
            stored_ms: 0,
            heard_ms: now_ms,
            finding,
        }
    }

    /// Ended, as far as anybody outside has to know.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

/// What stays the same when a finding is opened again, by whichever process.
#[must_use]
pub fn fingerprint_of(finding: &Finding) -> String {
    finding_fingerprint(
        &finding.cluster_id,
        &finding.job_id,
        &finding.slug,
        &finding.subject.id,
    )
}
