//! First messages: alone, or in a list when many come at once.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::Finding;
use streamwarden_proto::ids::short_hash;

use crate::alerts::alert::{Alert, Announced, Said};
use crate::alerts::config::seconds;
use crate::alerts::digest::Digest;
use crate::alerts::inhibition::explains;
use crate::alerts::intent::{AlertBrief, Intent, IntentKind, Step};
use crate::alerts::routing::{self, Hour};
use crate::alerts::{AlertMachine, ChannelRoute, Scene};
use crate::message::build::{Surroundings, link};
use crate::message::{build, list};

/// What is silenced, inhibited or asleep is looked at again after this.
const LOOK_AGAIN_MS: i64 = 10_000;
/// Single messages are counted over this time.
const MINUTE_MS: i64 = 60_000;
/// So many lists about one problem each; what else comes goes into one list of several problems.
const TOPICS_AT_ONCE: usize = 3;
/// Findings that travel with a list for programs to read.
const BRIEFS_LIMIT: usize = 50;

impl AlertMachine {
    /// Queues an alert on every channel that takes it and has not heard of it.
    pub(super) fn wait_for_announcement(&mut self, alert: &Alert, now_ms: i64) {
        let due_ms = alert.received_ms + self.config.group_wait_ms(alert.finding.severity);
        for channel in &self.channels {
            let heard = alert.announced.contains_key(&channel.name);
            if heard || !self.may_get(channel, &alert.finding) {
                continue;
            }
            let queue = self.pending.entry(channel.name.clone()).or_default();
            let waits = |(_, fingerprint): &(i64, String)| *fingerprint == alert.fingerprint;
            // A queue is short but in a storm; there, alerts are new and not refreshed yet.
            if alert.refreshed_ms > alert.began_ms && queue.len() < 1000 && queue.iter().any(waits)
            {
                continue;
            }
            queue.insert((due_ms.max(now_ms), alert.fingerprint.clone()));
        }
    }

    /// Announces on every channel what is due there.
    pub(super) fn announce_due(&mut self, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        for channel in self.channels.clone() {
            let due = self.take_due(&channel, now_ms);
            if !due.is_empty() {
                step.append(self.announce(&channel, due, scene, now_ms));
            }
        }
        step
    }

    /// Fingerprints that may be announced now; what may not yet is queued again.
    fn take_due(&mut self, channel: &ChannelRoute, now_ms: i64) -> Vec<String> {
        let Some(queue) = self.pending.get_mut(&channel.name) else {
            return Vec::new();
        };
        let later = queue.split_off(&(now_ms + 1, String::new()));
        let due: BTreeSet<String> = std::mem::replace(queue, later)
            .into_iter()
            .map(|(_, fingerprint)| fingerprint)
            .collect();
        let mut ready = Vec::new();
        for fingerprint in due {
            let Some(alert) = self.open.get(&fingerprint) else {
                continue;
            };
            if alert.announced.contains_key(&channel.name) || !self.may_get(channel, &alert.finding)
            {
                continue;
            }
            if self.must_wait(channel, alert, now_ms) {
                let queue = self.pending.entry(channel.name.clone()).or_default();
                queue.insert((now_ms + LOOK_AGAIN_MS, fingerprint));
            } else {
                ready.push(fingerprint);
            }
        }
        ready
    }

    fn must_wait(&self, channel: &ChannelRoute, alert: &Alert, now_ms: i64) -> bool {
        self.is_asleep(channel, &alert.finding, now_ms)
            || alert.acknowledgement.is_some()
            || alert.settling_until_ms.is_some()
            || self.silenced_until(alert, now_ms).is_some()
            || self.explained_by(alert).is_some()
    }

    /// Does the channel get such a finding, if only at some hours?
    fn may_get(&self, channel: &ChannelRoute, finding: &Finding) -> bool {
        channel.route.takes(finding) && self.is_led(channel, finding, Hour::Any)
    }

    /// Is such a finding told there at other hours only?
    pub(super) fn is_asleep(&self, channel: &ChannelRoute, finding: &Finding, now_ms: i64) -> bool {
        let led = |hour| self.is_led(channel, finding, hour);
        !channel.route.is_awake(now_ms) || led(Hour::Any) && !led(Hour::At(now_ms))
    }

    fn is_led(&self, channel: &ChannelRoute, finding: &Finding, hour: Hour) -> bool {
        let routes = &self.config.routes;
        !routing::mentions(routes, &channel.name)
            || routing::lead_to(routes, &channel.name, finding, hour)
    }

    /// The open alert that this one follows from.
    #[must_use]
    pub fn explained_by(&self, alert: &Alert) -> Option<&Alert> {
        let target = (&alert.finding, alert.began_ms);
        let sources = self.deaths.before(&alert.finding);
        let mut sources = sources.filter_map(|fingerprint| self.open.get(fingerprint));
        sources.find(|source| {
            source.fingerprint != alert.fingerprint
                && source.settling_until_ms.is_none()
                && explains((&source.finding, source.began_ms), target)
        })
    }

    fn announce(
        &mut self,
        channel: &ChannelRoute,
        due: Vec<String>,
        scene: &dyn Scene,
        now_ms: i64,
    ) -> Step {
        let mut step = Step::default();
        let mut by_slug: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for fingerprint in due {
            let slug = self
                .open
                .get(&fingerprint)
                .map(|alert| alert.finding.slug.clone());
            by_slug
                .entry(slug.unwrap_or_default())
                .or_default()
                .push(fingerprint);
        }
        for (slug, fingerprints) in by_slug {
            match self.list_for(channel, &slug, fingerprints.len(), now_ms) {
                Some(topic) => {
                    self.put_into_list(channel, &topic, &fingerprints, now_ms, &mut step);
                }
                None => {
                    for fingerprint in fingerprints {
                        self.announce_alone(channel, &fingerprint, scene, now_ms, &mut step);
                    }
                }
            }
        }
        step
    }

    /// The topic of the list that these alerts belong into; nothing if each is told alone.
    fn list_for(
        &mut self,
        channel: &ChannelRoute,
        slug: &str,
        count: usize,
        now_ms: i64,
    ) -> Option<String> {
        if !channel.lists {
            return None;
        }
        let singles = self.singles.entry(channel.name.clone()).or_default();
        singles.retain(|(at, _)| now_ms - at < MINUTE_MS);
        let of_slug = singles.iter().filter(|(_, single)| single == slug).count();
        let singles = singles.len();
        let lists: Vec<&Digest> = self
            .digests
            .values()
            .filter(|d| d.channel == channel.name)
            .collect();
        let limit = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let fresh =
            |digest: &&&Digest| now_ms - digest.last_ms < seconds(self.config.digest_interval_s);
        if lists
            .iter()
            .filter(fresh)
            .any(|digest| digest.topic == slug)
        {
            return Some(slug.to_owned());
        }
        let many_of_one = count + of_slug >= limit(self.config.digest_from);
        let many = count + singles > limit(self.config.singles_per_minute);
        if !many_of_one && !many {
            return None;
        }
        let topics = lists.iter().filter(fresh).count();
        let alone = many_of_one && topics < TOPICS_AT_ONCE;
        Some(if alone {
            slug.to_owned()
        } else {
            String::new()
        })
    }

    /// Puts alerts into the channel's list about a topic, which speaks when it may.
    fn put_into_list(
        &mut self,
        channel: &ChannelRoute,
        topic: &str,
        fingerprints: &[String],
        now_ms: i64,
        step: &mut Step,
    ) {
        let known = self
            .digests
            .values()
            .find(|d| d.channel == channel.name && d.topic == topic);
        let id = known.map_or_else(
            || {
                format!(
                    "l-{}",
                    short_hash(&[&channel.name, topic, &now_ms.to_string()], 8)
                )
            },
            |digest| digest.id.clone(),
        );
        let digest = self.digests.entry(id.clone()).or_insert_with(|| Digest {
            id: id.clone(),
            channel: channel.name.clone(),
            topic: topic.to_owned(),
            open: BTreeSet::new(),
            total: 0,
            said_total: 0,
            last_ms: 0,
            closed: false,
        });
        for fingerprint in fingerprints {
            let Some(alert) = self.open.get_mut(fingerprint) else {
                continue;
            };
            digest.open.insert(fingerprint.clone());
            digest.total += 1;
            let announced = announced(&id, true, alert, now_ms);
            alert.announced.insert(channel.name.clone(), announced);
            alert.stored_ms = now_ms;
            step.alerts.push(alert.clone());
        }
        step.digests.push(digest.clone());
    }

    fn announce_alone(
        &mut self,
        channel: &ChannelRoute,
        fingerprint: &str,
        scene: &dyn Scene,
        now_ms: i64,
        step: &mut Step,
    ) {
        let Some(alert) = self.open.get_mut(fingerprint) else {
            return;
        };
        let around = scene.around(&alert.finding);
        let conversation = format!("{}@{}", alert.id, channel.name);
        let announced = announced(&conversation, false, alert, now_ms);
        alert.announced.insert(channel.name.clone(), announced);
        alert.stored_ms = now_ms;
        step.intents.push(Intent {
            channel: channel.name.clone(),
            conversation,
            kind: IntentKind::Opened,
            at_ms: now_ms,
            message: build::opened(alert, &around),
            subjects: vec![brief(alert, &around)],
            total: 1,
        });
        step.alerts.push(alert.clone());
        if channel.lists {
            let singles = self.singles.entry(channel.name.clone()).or_default();
            singles.push_back((now_ms, alert.finding.slug.clone()));
        }
    }

    /// Lets lists say what is new, at most once in the interval, and that they are over.
    pub(super) fn speak_for_digests(&mut self, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        let interval_ms = seconds(self.config.digest_interval_s);
        let ids: Vec<String> = self.digests.keys().cloned().collect();
        for id in ids {
            let Some(mut digest) = self.digests.remove(&id) else {
                continue;
            };
            let first = digest.said_total == 0;
            let over = digest.open.is_empty();
            let grown = digest.total > digest.said_total;
            if first && over {
                // All of it ended before anybody was told: nobody has to be.
                digest.closed = true;
                step.digests.push(digest.clone());
            } else if first || (now_ms - digest.last_ms >= interval_ms && (grown || over)) {
                step.intents.push(self.list_intent(&digest, scene, now_ms));
                digest.said_total = digest.total;
                digest.last_ms = now_ms;
                digest.closed = over;
                step.digests.push(digest.clone());
            }
            if !digest.closed {
                self.digests.insert(id, digest);
            }
        }
        step
    }

    fn list_intent(&self, digest: &Digest, scene: &dyn Scene, now_ms: i64) -> Intent {
        let mut alerts: Vec<&Alert> = digest
            .open
            .iter()
            .filter_map(|fingerprint| self.open.get(fingerprint))
            .collect();
        alerts.sort_by(|a, b| {
            b.finding
                .severity
                .cmp(&a.finding.severity)
                .then(a.began_ms.cmp(&b.began_ms))
        });
        let around = alerts
            .first()
            .map(|alert| scene.around(&alert.finding))
            .unwrap_or_default();
        let tally = list::Tally {
            total: digest.total,
            open: alerts.len(),
            added: digest.total - digest.said_total,
        };
        let (kind, message) = match (alerts.is_empty(), digest.said_total) {
            (true, _) => (
                IntentKind::Resolved,
                list::resolved(&digest.topic, digest.total, &around),
            ),
            (false, 0) => (
                IntentKind::Opened,
                list::open(&digest.topic, &alerts, tally, &around),
            ),
            (false, _) => (
                IntentKind::Updated,
                list::open(&digest.topic, &alerts, tally, &around),
            ),
        };
        Intent {
            channel: digest.channel.clone(),
            conversation: digest.id.clone(),
            kind,
            at_ms: now_ms,
            message,
            subjects: alerts
                .iter()
                .take(BRIEFS_LIMIT)
                .map(|alert| brief(alert, &around))
                .collect(),
            total: digest.total,
        }
    }
}

fn announced(conversation: &str, digest: bool, alert: &Alert, now_ms: i64) -> Announced {
    Announced {
        conversation: conversation.to_owned(),
        digest,
        at_ms: now_ms,
        last_ms: now_ms,
        edited_ms: now_ms,
        said: Said::of(&alert.finding),
    }
}

/// An alert for programs.
pub(super) fn brief(alert: &Alert, around: &Surroundings) -> AlertBrief {
    AlertBrief {
        alert_id: alert.id.clone(),
        fingerprint: alert.fingerprint.clone(),
        began: rfc3339(alert.began_ms),
        ended: alert.ended.map(|ended| rfc3339(ended.at_ms)),
        link: if around.public_url.is_empty() {
            String::new()
        } else {
            link(&alert.finding, around)
        },
        finding: alert.finding.clone(),
    }
}
