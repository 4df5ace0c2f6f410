//! Findings to speak of, a clock to hold, a place to wait.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use streamwarden_notifier::clock::Clock;
use streamwarden_proto::Class;
use streamwarden_proto::cloud_event::{FindingEvent, FindingEventType, rfc3339};
use streamwarden_proto::finding::{
    Action, ActionKind, Avoid, Evidence, FigureEvidence, Finding, FindingStatus, FindingSubject,
    ModelRef, Restart, Risk, Severity,
};
use streamwarden_proto::scope::Scope;

/// 2026-11-22T02:46:20Z.
pub(crate) const BEGAN_MS: i64 = 1_795_315_580_000;
/// Nothing that should happen takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// A slow sink of a job.
pub(crate) fn slow_sink(job: &str) -> Finding {
    finding(job, "slow-sink", Class::BackpressureStall, BEGAN_MS)
}

pub(crate) fn finding(job: &str, slug: &str, class: Class, began_ms: i64) -> Finding {
    Finding {
        finding_id: format!("f-{job}-{slug}-{began_ms}"),
        status: FindingStatus::Open,
        code: "SW1101".into(),
        slug: slug.into(),
        class,
        confidence: 0.93,
        severity: Severity::Critical,
        cluster_id: "orders-prod".into(),
        job_id: format!("id-{job}"),
        job_name: job.into(),
        subject: FindingSubject {
            scope: Scope::Vertex,
            id: "v-sink".into(),
            name: "Sink: warehouse".into(),
            subtask: None,
        },
        title: "Sink: warehouse waits for its database and blocks everything before it".into(),
        effect: "19 s behind, loses 22 s every minute; no data lost".into(),
        explanation: "It waits.".into(),
        evidence: vec![figure("busy_max", "sink busy", 981.0, 800.0)],
        decision: Vec::new(),
        alternatives: Vec::new(),
        actions: vec![rescale("4", "8")],
        avoid: vec![Avoid {
            what: "scale Source: orders".into(),
            why: "It is blocked, not slow.".into(),
        }],
        first_seen: rfc3339(began_ms),
        last_seen: rfc3339(began_ms),
        model: ModelRef {
            name: "vertex".into(),
            version: "1".into(),
        },
    }
}

pub(crate) fn figure(feature: &str, label: &str, value: f64, healthy_max: f64) -> Evidence {
    Evidence::Figure(FigureEvidence {
        feature: feature.into(),
        label: label.into(),
        value,
        unit: "ms/s".into(),
        healthy_max: Some(healthy_max),
        healthy_min: None,
        contribution: 0.4,
    })
}

pub(crate) fn rescale(from: &str, to: &str) -> Action {
    Action {
        kind: ActionKind::Rescale,
        key: "sink.parallelism".into(),
        from: Some(from.into()),
        to: Some(to.into()),
        unit: String::new(),
        computation: "12,400 / (1,980 × 0.8) = 7.8".into(),
        restart: Restart::Job,
        risk: Risk::Medium,
        why: "More wait at once.".into(),
    }
}

pub(crate) fn opened(finding: &Finding, at_ms: i64) -> FindingEvent {
    FindingEvent::of(FindingEventType::Opened, at_ms, finding.clone())
}

pub(crate) fn updated(finding: &Finding, at_ms: i64) -> FindingEvent {
    FindingEvent::of(FindingEventType::Updated, at_ms, finding.clone())
}

pub(crate) fn resolved(finding: &Finding, at_ms: i64) -> FindingEvent {
    let mut finding = finding.clone();
    finding.status = FindingStatus::Resolved;
    FindingEvent::of(FindingEventType::Resolved, at_ms, finding)
}

/// A clock that stands until it is moved.
#[derive(Debug, Clone)]
pub(crate) struct HeldClock(Arc<AtomicI64>);

impl HeldClock {
    pub(crate) fn at(now_ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now_ms)))
    }

    pub(crate) fn pass_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn clock(&self) -> Clock {
        let held = Arc::clone(&self.0);
        Arc::new(move || held.load(Ordering::SeqCst))
    }
}

/// Waits until `ready` gives something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ready: impl FnMut() -> F,
) -> T {
    let began = tokio::time::Instant::now();
    loop {
        if let Some(found) = ready().await {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
