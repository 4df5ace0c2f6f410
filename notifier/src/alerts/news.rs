//! What follows a first message: changes worth telling, reminders, the end.

use crate::alerts::alert::{Alert, Announced, Said};
use crate::alerts::announce::brief;
use crate::alerts::config::{AlertingConfig, seconds};
use crate::alerts::intent::{Intent, IntentKind, Step};
use crate::alerts::{AlertMachine, Scene};
use crate::message::build;
use streamwarden_proto::finding::Severity;

/// A figure that is so many times what was last said is news.
const TIMES_WORSE: f64 = 10.0;
/// The first message of a conversation is brought up to date at most this often.
const EDIT_EVERY_MS: i64 = 60_000;

/// What a channel is told about a refreshed alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// Nothing.
    None,
    /// The first message is brought up to date.
    Quiet,
    /// Another message.
    Loud,
}

impl AlertMachine {
    /// Tells each channel that knows the alert what changed, if it is worth it.
    pub(super) fn tell_news(&mut self, fingerprint: &str, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        for channel in self.channels.clone() {
            let Some(alert) = self.open.get(fingerprint) else {
                break;
            };
            let Some(known) = alert
                .announced
                .get(&channel.name)
                .filter(|known| !known.digest)
            else {
                continue;
            };
            let kind = match news(known, alert, &self.config, now_ms) {
                News::None => continue,
                News::Quiet if !channel.edits => continue,
                News::Quiet => IntentKind::Edited,
                News::Loud => IntentKind::Updated,
            };
            if self.must_keep_quiet(alert, &channel.name, now_ms) {
                continue;
            }
            step.intents
                .extend(self.speak(fingerprint, &channel.name, kind, scene, now_ms));
        }
        step
    }

    /// Reminds of an alert that is open for long and nobody acknowledged.
    pub(super) fn remind(&mut self, fingerprint: &str, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        let every_ms = seconds(self.config.repeat_interval_s);
        if every_ms == 0 {
            return step;
        }
        let Some(alert) = self.open.get(fingerprint) else {
            return step;
        };
        let due = |(_, known): &(&String, &Announced)| {
            !known.digest && now_ms - known.last_ms >= every_ms
        };
        let channels: Vec<String> = alert
            .announced
            .iter()
            .filter(due)
            .map(|(name, _)| name.clone())
            .collect();
        for channel in channels {
            let Some(alert) = self.open.get(fingerprint) else {
                break;
            };
            if !self.must_keep_quiet(alert, &channel, now_ms) {
                step.intents.extend(self.speak(
                    fingerprint,
                    &channel,
                    IntentKind::Updated,
                    scene,
                    now_ms,
                ));
            }
        }
        step
    }

    fn must_keep_quiet(&self, alert: &Alert, channel: &str, now_ms: i64) -> bool {
        let known = self.channels.iter().find(|c| c.name == channel);
        known.is_none_or(|known| self.is_asleep(known, &alert.finding, now_ms))
            || alert.acknowledgement.is_some()
            || self.silenced_until(alert, now_ms).is_some()
            || self.explained_by(alert).is_some()
    }

    fn speak(
        &mut self,
        fingerprint: &str,
        channel: &str,
        kind: IntentKind,
        scene: &dyn Scene,
        now_ms: i64,
    ) -> Option<Intent> {
        let alert = self.open.get_mut(fingerprint)?;
        let around = scene.around(&alert.finding);
        let known = alert.announced.get(channel)?.clone();
        let message = match kind {
            IntentKind::Edited => build::opened(alert, &around),
            _ => build::updated(alert, &known.said, &around, now_ms),
        };
        let mut said = known.clone();
        said.edited_ms = now_ms;
        if kind != IntentKind::Edited {
            said.last_ms = now_ms;
            said.said = Said::of(&alert.finding);
        }
        alert.announced.insert(channel.to_owned(), said);
        Some(Intent {
            channel: channel.to_owned(),
            conversation: known.conversation,
            kind,
            at_ms: now_ms,
            message,
            subjects: vec![brief(alert, &around)],
            total: 1,
        })
    }

    /// Tells each channel that heard of the alert that it is over. A silence does not hide an end: it is good news, and
    /// without it a message would stand open for ever.
    pub(super) fn tell_end(&mut self, alert: &Alert, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        for (channel, known) in &alert.announced {
            if known.digest {
                if let Some(digest) = self.digests.get_mut(&known.conversation) {
                    digest.open.remove(&alert.fingerprint);
                    self.thinned.insert(digest.id.clone());
                }
                continue;
            }
            if !self.channels.iter().any(|c| c.name == *channel) {
                continue;
            }
            let around = scene.around(&alert.finding);
            step.intents.push(Intent {
                channel: channel.clone(),
                conversation: known.conversation.clone(),
                kind: IntentKind::Resolved,
                at_ms: now_ms,
                message: build::resolved(alert, &around),
                subjects: vec![brief(alert, &around)],
                total: 1,
            });
        }
        step
    }
}

fn news(known: &Announced, alert: &Alert, config: &AlertingConfig, now_ms: i64) -> News {
    let now = Said::of(&alert.finding);
    let since_ms = now_ms - known.last_ms;
    let escalated = now.severity == Severity::Critical && known.said.severity < Severity::Critical;
    if escalated && since_ms >= seconds(config.escalation_interval_s) {
        return News::Loud;
    }
    if since_ms >= seconds(config.update_interval_s) && differs(&known.said, &now) {
        return News::Loud;
    }
    if now_ms - known.edited_ms >= EDIT_EVERY_MS && now != known.said {
        return News::Quiet;
    }
    News::None
}

/// Different enough for another message: how urgent, what to change, or ten times worse.
fn differs(said: &Said, now: &Said) -> bool {
    let much_worse = |(name, value): (&String, &f64)| {
        let before = said.figures.get(name);
        before.is_some_and(|before| *before > 0.0 && *value >= before * TIMES_WORSE)
    };
    said.severity != now.severity
        || said.changes != now.changes
        || now.figures.iter().any(much_worse)
}
