//! Findings of one job over time: opened, updated, resolved.

use streamwarden_proto::Finding;
use streamwarden_proto::cloud_event::{FindingEvent, FindingEventType, parse_rfc3339};
use streamwarden_proto::finding::{Evidence, FindingStatus};

use crate::config::DiagnosisConfig;

/// A gain of confidence that is worth telling; a loss ends in a resolution or comes back.
const CONFIDENCE_STEP: f64 = 0.1;

/// What is open.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracker {
    open: Vec<Open>,
}

#[derive(Debug, Clone)]
struct Open {
    /// As it was last seen.
    finding: Finding,
    /// As it was last told.
    told: Finding,
    told_ms: i64,
    /// `None`: restored, and not seen by this process yet.
    seen_ms: Option<i64>,
    /// Windows without evidence.
    quiet: u32,
    /// Confirmed by the judgement that is going on.
    confirmed: bool,
    from_errors: bool,
}

impl Tracker {
    pub(super) fn is_open(&self, slug: &str) -> bool {
        self.open.iter().any(|open| open.finding.slug == slug)
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &Finding> {
        self.open.iter().map(|open| &open.finding)
    }

    pub(super) fn restore(&mut self, finding: Finding) {
        if self.is_open(&finding.slug) || finding.status != FindingStatus::Open {
            return;
        }
        self.open.push(Open {
            told_ms: parse_rfc3339(&finding.last_seen).unwrap_or_default(),
            from_errors: finding
                .evidence
                .iter()
                .any(|evidence| matches!(evidence, Evidence::Log { .. })),
            told: finding.clone(),
            finding,
            seen_ms: None,
            quiet: 0,
            confirmed: false,
        });
    }

    /// Opens what is new and refreshes what is open.
    pub(super) fn confirm(
        &mut self,
        config: &DiagnosisConfig,
        now_ms: i64,
        found: Vec<(Finding, bool)>,
    ) -> Vec<FindingEvent> {
        for open in &mut self.open {
            open.confirmed = false;
        }
        let mut events = Vec::new();
        for (finding, from_errors) in found {
            let known = self
                .open
                .iter_mut()
                .find(|open| open.finding.slug == finding.slug);
            match known {
                Some(open) => events.extend(open.refresh(config, now_ms, finding, from_errors)),
                None => {
                    events.push(event(FindingEventType::Opened, now_ms, &finding));
                    self.open.push(Open::new(finding, now_ms, from_errors));
                }
            }
        }
        events
    }

    /// Resolves what turned out to follow from another finding.
    pub(super) fn replace(&mut self, now_ms: i64, followers: &[String]) -> Vec<FindingEvent> {
        self.resolve(now_ms, |open| {
            !open.confirmed && followers.contains(&open.finding.slug)
        })
    }

    /// Counts a window without evidence and resolves what is gone.
    pub(super) fn fade(
        &mut self,
        config: &DiagnosisConfig,
        now_ms: i64,
        may_resolve: bool,
    ) -> Vec<FindingEvent> {
        for open in self.open.iter_mut().filter(|open| !open.confirmed) {
            open.seen_ms.get_or_insert(now_ms);
            if may_resolve {
                open.quiet += 1;
            }
        }
        self.resolve(now_ms, |open| may_resolve && open.is_gone(config, now_ms))
    }

    /// Resolves a finding that is somebody else's.
    pub(super) fn give_up(&mut self, now_ms: i64, slug: &str) -> Vec<FindingEvent> {
        self.resolve(now_ms, |open| open.finding.slug == slug)
    }

    pub(super) fn resolve_all(&mut self, now_ms: i64) -> Vec<FindingEvent> {
        self.resolve(now_ms, |_| true)
    }

    fn resolve(&mut self, now_ms: i64, is_over: impl Fn(&Open) -> bool) -> Vec<FindingEvent> {
        let (over, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition::<Vec<_>, _>(&is_over);
        self.open = open;
        over.into_iter()
            .map(|open| {
                let mut finding = open.finding;
                finding.status = FindingStatus::Resolved;
                event(FindingEventType::Resolved, now_ms, &finding)
            })
            .collect()
    }
}

impl Open {
    fn new(finding: Finding, now_ms: i64, from_errors: bool) -> Self {
        Self {
            told: finding.clone(),
            finding,
            told_ms: now_ms,
            seen_ms: Some(now_ms),
            quiet: 0,
            confirmed: true,
            from_errors,
        }
    }

    /// Takes what was found now under the identity that the finding has from its opening.
    fn refresh(
        &mut self,
        config: &DiagnosisConfig,
        now_ms: i64,
        found: Finding,
        from_errors: bool,
    ) -> Option<FindingEvent> {
        self.finding = Finding {
            finding_id: self.told.finding_id.clone(),
            first_seen: self.told.first_seen.clone(),
            ..found
        };
        self.from_errors |= from_errors;
        self.quiet = 0;
        self.confirmed = true;
        self.seen_ms = Some(now_ms);
        let due = now_ms - self.told_ms >= config.heartbeat_ms
            || now_ms - self.told_ms >= config.update_interval_ms && self.has_changed();
        if !due {
            return None;
        }
        self.told = self.finding.clone();
        self.told_ms = now_ms;
        Some(event(FindingEventType::Updated, now_ms, &self.finding))
    }

    fn has_changed(&self) -> bool {
        let (now, told) = (&self.finding, &self.told);
        now.severity != told.severity
            || now.subject != told.subject
            || now.confidence - told.confidence >= CONFIDENCE_STEP
            || !now
                .actions
                .iter()
                .map(|action| (&action.key, &action.to))
                .eq(told.actions.iter().map(|action| (&action.key, &action.to)))
            || templates(now) != templates(told)
    }

    /// Errors come in bursts: what they opened goes by time; what figures opened goes by windows.
    fn is_gone(&self, config: &DiagnosisConfig, now_ms: i64) -> bool {
        if self.confirmed || self.quiet < config.close_windows {
            return false;
        }
        !self.from_errors
            || self
                .seen_ms
                .is_some_and(|seen| now_ms - seen >= config.error_quiet_ms.min(30_000))
    }
}

fn templates(finding: &Finding) -> Vec<&str> {
    let mut codes: Vec<&str> = finding
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Log { log } => Some(log.template.as_str()),
            Evidence::Figure(_) => None,
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn event(event_type: FindingEventType, at_ms: i64, finding: &Finding) -> FindingEvent {
    FindingEvent::of(event_type, at_ms, finding.clone())
}
