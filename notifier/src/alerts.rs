//! The alert state machine: findings in, intents out.
//!
//! It has no I/O and no clock: every call takes the time and gives a [`Step`], which the engine stores in one
//! transaction and carries out afterwards. Two clocks meet here: the records' own time decides what is old news and
//! what is over, the process's clock decides when people are told.
//!
//! - A finding that comes again under another id (after a restart of inference) is the same alert.
//! - What a channel is told: [`announce`] (first messages, lists in a storm), [`news`] (changes, reminders, ends).
//! - What it is not told: silenced, inhibited, acknowledged, flapping, at the wrong hour. All of it is on the page.

pub mod alert;
mod announce;
pub mod config;
pub mod digest;
mod flapping;
pub mod inhibition;
pub mod intent;
pub mod matcher;
mod news;
pub mod presence;
pub mod routing;
mod seen;
pub mod silence;
mod sweep;

use std::collections::{BTreeSet, HashMap, VecDeque};

use streamwarden_proto::Record;
use streamwarden_proto::cloud_event::{FindingEvent, FindingEventType};
use streamwarden_proto::finding::{Finding, FindingStatus};

use crate::message::build::Surroundings;
use alert::{Acknowledgement, Alert, EndReason, Ending, fingerprint_of};
use config::{AlertingConfig, seconds};
use digest::Digest;
use flapping::EndHistory;
use inhibition::Deaths;
use intent::{Change, IntentKind, Step};
use matcher::Route;
use presence::Presence;
use seen::SeenEvents;
use silence::Silence;

/// A refreshed alert is stored this often, so that a restart knows about when it was last confirmed.
const STORE_EVERY_MS: i64 = 60_000;
/// How often open alerts are looked through for what nobody tells.
const SWEEP_EVERY_MS: i64 = 5_000;

/// A channel, as the state machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRoute {
    /// Its name.
    pub name: String,
    /// What it gets.
    pub route: Route,
    /// It can change a message that was sent.
    pub edits: bool,
    /// People read it: many findings at once become one list. A program gets each by itself.
    pub lists: bool,
}

/// Looks up what a message shows beside the finding.
pub trait Scene {
    /// Surroundings of a finding.
    fn around(&self, finding: &Finding) -> Surroundings;
}

/// The same surroundings for every finding.
impl Scene for Surroundings {
    fn around(&self, _finding: &Finding) -> Surroundings {
        self.clone()
    }
}

/// The state machine.
#[derive(Debug, Default)]
pub struct AlertMachine {
    config: AlertingConfig,
    channels: Vec<ChannelRoute>,
    /// By fingerprint of the episode's first finding.
    open: HashMap<String, Alert>,
    /// Fingerprint of the alert of every finding id that is open: its subject may change on the way.
    by_finding: HashMap<String, String>,
    /// Fingerprints of alerts that an earlier process left and nobody has confirmed since, by what they are about.
    inherited: HashMap<Matter, BTreeSet<String>>,
    /// What may explain others.
    deaths: Deaths,
    digests: HashMap<String, Digest>,
    /// Lists that lost an alert since they were last stored.
    thinned: BTreeSet<String>,
    silences: Vec<Silence>,
    /// By channel: (when it is due, fingerprint).
    pending: HashMap<String, BTreeSet<(i64, String)>>,
    /// By channel: when single messages were sent within the last minute, with their problem.
    singles: HashMap<String, VecDeque<(i64, String)>>,
    ends: EndHistory,
    seen: SeenEvents,
    presence: Presence,
    swept_ms: i64,
}

/// Cluster, job and problem.
type Matter = (String, String, String);

fn matter_of(finding: &Finding) -> Matter {
    (
        finding.cluster_id.clone(),
        finding.job_id.clone(),
        finding.slug.clone(),
    )
}

/// What a restarted process begins with.
#[derive(Debug, Default)]
pub struct Remembered {
    /// Open alerts.
    pub alerts: Vec<Alert>,
    /// Lists that are not closed.
    pub digests: Vec<Digest>,
    /// Silences that have not ended.
    pub silences: Vec<Silence>,
    /// Ends of the last day: fingerprint, process's clock, records' own time.
    pub ends: Vec<(String, i64, i64)>,
}

impl AlertMachine {
    /// A machine without alerts.
    #[must_use]
    pub fn new(config: AlertingConfig, channels: Vec<ChannelRoute>) -> Self {
        Self {
            config,
            channels,
            ..Self::default()
        }
    }

    /// Takes up what an earlier process left.
    pub fn restore(&mut self, remembered: Remembered, now_ms: i64) {
        for (fingerprint, at_ms, event_ms) in remembered.ends {
            self.ends.ended(&fingerprint, at_ms, event_ms);
        }
        self.digests.extend(
            remembered
                .digests
                .into_iter()
                .map(|digest| (digest.id.clone(), digest)),
        );
        self.silences = remembered.silences;
        for mut alert in remembered.alerts {
            alert.heard_ms = now_ms;
            self.wait_for_announcement(&alert, now_ms);
            self.by_finding
                .insert(alert.finding.finding_id.clone(), alert.fingerprint.clone());
            let matter = matter_of(&alert.finding);
            let inherited = self.inherited.entry(matter).or_default();
            inherited.insert(alert.fingerprint.clone());
            self.deaths.note(&alert);
            self.open.insert(alert.fingerprint.clone(), alert);
        }
        for digest in self.digests.values_mut() {
            digest
                .open
                .retain(|fingerprint| self.open.contains_key(fingerprint));
        }
    }

    /// The open alert that a finding belongs to: by its id; by cluster, job, problem and subject under another id; or,
    /// after a restart, by cluster, job and problem, because the subject at fault may have changed meanwhile.
    fn key_of(&self, finding: &Finding) -> Option<String> {
        if let Some(known) = self.by_finding.get(&finding.finding_id) {
            return Some(known.clone());
        }
        let fingerprint = fingerprint_of(finding);
        if self.open.contains_key(&fingerprint) {
            return Some(fingerprint);
        }
        let inherited = self.inherited.get(&matter_of(finding))?;
        inherited.first().cloned()
    }

    /// Somebody confirmed it, or it is over: `finding` is as it was inherited.
    fn no_longer_inherited(&mut self, finding: &Finding, fingerprint: &str) {
        let matter = matter_of(finding);
        if let Some(inherited) = self.inherited.get_mut(&matter) {
            inherited.remove(fingerprint);
            if inherited.is_empty() {
                self.inherited.remove(&matter);
            }
        }
    }

    /// Open alerts, in no order.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.open.values()
    }

    /// The open alert of a finding, also under an older id.
    #[must_use]
    pub fn alert_of(&self, finding: &Finding) -> Option<&Alert> {
        self.open.get(&self.key_of(finding)?)
    }

    /// Silences that have not ended.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Until when an alert is silenced, if it is.
    #[must_use]
    pub fn silenced_until(&self, alert: &Alert, now_ms: i64) -> Option<i64> {
        let about = |silence: &&Silence| silence.is_active(now_ms) && silence.is_about(alert);
        self.silences
            .iter()
            .filter(about)
            .map(|silence| silence.ends_ms)
            .max()
    }

    /// Takes a finding's event. A repeat does nothing.
    pub fn on_event(&mut self, event: &FindingEvent, scene: &dyn Scene, now_ms: i64) -> Step {
        if !self.seen.insert(&event.id) {
            return Step::default();
        }
        let finding = &event.data;
        let event_ms = event.timestamp_ms();
        let over = finding.status == FindingStatus::Resolved
            || FindingEventType::parse(&event.event_type) == Some(FindingEventType::Resolved);
        match (over, self.key_of(finding)) {
            (true, Some(key)) => self.end_by_event(&key, finding, event_ms, scene, now_ms),
            (true, None) => Step::default(),
            (false, Some(key)) => self.refresh(&key, finding, event_ms, scene, now_ms),
            (false, None) => self.open(finding, event_ms, now_ms),
        }
    }

    /// A window of a job came (or, without a job, a sign of life of a cluster).
    pub fn on_window(&mut self, cluster_id: &str, job_id: &str, at_ms: i64) {
        self.presence.saw(cluster_id, job_id, at_ms);
    }

    /// Time went on: announces what is due, ends what nobody confirms.
    pub fn on_tick(&mut self, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        if now_ms - self.swept_ms >= SWEEP_EVERY_MS {
            self.swept_ms = now_ms;
            step.append(self.sweep(scene, now_ms));
        }
        step.append(self.announce_due(scene, now_ms));
        step.append(self.speak_for_digests(scene, now_ms));
        let thinned = std::mem::take(&mut self.thinned);
        let thinned = thinned.iter().filter_map(|id| self.digests.get(id));
        step.digests.extend(thinned.cloned());
        step
    }

    /// Adds a silence.
    pub fn add_silence(&mut self, silence: Silence) {
        self.silences.push(silence);
    }

    /// Takes a silence away.
    pub fn remove_silence(&mut self, id: &str) -> bool {
        let before = self.silences.len();
        self.silences.retain(|silence| silence.id != id);
        self.silences.len() != before
    }

    /// Somebody takes care of the alert of this finding; nothing if it is not open.
    pub fn acknowledge(
        &mut self,
        finding_id: &str,
        acknowledgement: Acknowledgement,
        now_ms: i64,
    ) -> Option<Step> {
        let alert = self
            .open
            .values_mut()
            .find(|alert| alert.finding.finding_id == finding_id)?;
        alert.acknowledgement = Some(acknowledgement);
        alert.stored_ms = now_ms;
        Some(Step {
            alerts: vec![alert.clone()],
            changes: vec![Change {
                kind: IntentKind::Updated,
                finding: alert.finding.clone(),
            }],
            ..Step::default()
        })
    }

    fn open(&mut self, finding: &Finding, event_ms: i64, now_ms: i64) -> Step {
        let mut alert = Alert::open(finding.clone(), event_ms, now_ms);
        if self.ends.is_old_news(&alert.fingerprint, event_ms) {
            return Step::default();
        }
        let since = now_ms - seconds(self.config.flapping_window_s);
        alert.earlier_episodes = self.ends.count_since(&alert.fingerprint, since);
        alert.stored_ms = now_ms;
        self.wait_for_announcement(&alert, now_ms);
        self.by_finding
            .insert(finding.finding_id.clone(), alert.fingerprint.clone());
        self.deaths.note(&alert);
        self.open.insert(alert.fingerprint.clone(), alert.clone());
        Step {
            changes: vec![change(IntentKind::Opened, &alert)],
            alerts: vec![alert],
            ..Step::default()
        }
    }

    fn refresh(
        &mut self,
        fingerprint: &str,
        finding: &Finding,
        event_ms: i64,
        scene: &dyn Scene,
        now_ms: i64,
    ) -> Step {
        let Some(alert) = self.open.get_mut(fingerprint) else {
            return Step::default();
        };
        if event_ms < alert.refreshed_ms {
            return Step::default();
        }
        if alert.finding.finding_id != finding.finding_id {
            self.by_finding.remove(&alert.finding.finding_id);
            self.by_finding
                .insert(finding.finding_id.clone(), fingerprint.to_owned());
        }
        let before = std::mem::replace(&mut alert.finding, finding.clone());
        alert.refreshed_ms = event_ms;
        alert.heard_ms = now_ms;
        let was_settling = alert.settling_until_ms.take().is_some();
        let mut step = Step {
            changes: vec![change(IntentKind::Updated, alert)],
            ..Step::default()
        };
        let unheard = self
            .channels
            .iter()
            .any(|channel| !alert.announced.contains_key(&channel.name));
        let alert = alert.clone();
        self.no_longer_inherited(&before, fingerprint);
        if before.class != alert.finding.class {
            self.deaths.note(&alert);
        }
        if unheard {
            self.wait_for_announcement(&alert, now_ms);
        }
        let spoke = self.tell_news(fingerprint, scene, now_ms);
        let store =
            was_settling || !spoke.intents.is_empty() || now_ms - alert.stored_ms >= STORE_EVERY_MS;
        step.append(spoke);
        if store {
            step.alerts.extend(self.handed_out(fingerprint, now_ms));
        }
        step
    }

    /// The alert as it is now, to be stored.
    fn handed_out(&mut self, fingerprint: &str, now_ms: i64) -> Option<Alert> {
        let alert = self.open.get_mut(fingerprint)?;
        alert.stored_ms = now_ms;
        Some(alert.clone())
    }

    fn end_by_event(
        &mut self,
        fingerprint: &str,
        finding: &Finding,
        event_ms: i64,
        scene: &dyn Scene,
        now_ms: i64,
    ) -> Step {
        let Some(alert) = self.open.get_mut(fingerprint) else {
            return Step::default();
        };
        // The end of an older finding says nothing about the one that is open now.
        if alert.finding.finding_id != finding.finding_id || event_ms < alert.refreshed_ms {
            return Step::default();
        }
        let before = std::mem::replace(&mut alert.finding, finding.clone());
        alert.refreshed_ms = event_ms;
        if alert.earlier_episodes >= self.config.flapping_from {
            alert.settling_until_ms = Some(now_ms + seconds(self.config.flapping_quiet_s));
            let alert = alert.clone();
            self.no_longer_inherited(&before, fingerprint);
            return Step {
                changes: vec![change(IntentKind::Updated, &alert)],
                alerts: vec![alert],
                ..Step::default()
            };
        }
        self.no_longer_inherited(&before, fingerprint);
        self.end(fingerprint, event_ms, EndReason::Resolved, scene, now_ms)
    }

    fn end(
        &mut self,
        fingerprint: &str,
        at_ms: i64,
        reason: EndReason,
        scene: &dyn Scene,
        now_ms: i64,
    ) -> Step {
        let Some(mut alert) = self.open.remove(fingerprint) else {
            return Step::default();
        };
        self.by_finding.remove(&alert.finding.finding_id);
        self.no_longer_inherited(&alert.finding, fingerprint);
        self.deaths.forget(&alert);
        alert.ended = Some(Ending { at_ms, reason });
        alert.finding.status = FindingStatus::Resolved;
        self.ends.ended(fingerprint, now_ms, at_ms);
        let mut step = self.tell_end(&alert, scene, now_ms);
        step.changes.push(change(IntentKind::Resolved, &alert));
        step.alerts.push(alert);
        step
    }
}

fn change(kind: IntentKind, alert: &Alert) -> Change {
    Change {
        kind,
        finding: alert.finding.clone(),
    }
}
