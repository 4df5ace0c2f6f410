//! What the service says of itself: wording, levels and metrics in one place.

use std::sync::LazyLock;

use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_service_runtime::metrics::{self, Counter};

struct Counters {
    records: Counter,
    findings: Counter,
    rejected: Counter,
}

static COUNTERS: LazyLock<Counters> = LazyLock::new(|| {
    let counters = Counters {
        records: Counter::default(),
        findings: Counter::default(),
        rejected: Counter::default(),
    };
    metrics::register(|registry| {
        registry.register(
            "inference_records",
            "Feature records, errors and contexts that were judged",
            counters.records.clone(),
        );
        registry.register(
            "inference_finding_events",
            "Findings opened, updated and resolved",
            counters.findings.clone(),
        );
        registry.register(
            "inference_rejected_records",
            "Records that could not be read or scored",
            counters.rejected.clone(),
        );
    });
    counters
});

pub(crate) fn judged(records: usize, events: &[FindingEvent]) {
    COUNTERS.records.inc_by(records as u64);
    COUNTERS.findings.inc_by(events.len() as u64);
    for event in events {
        let finding = &event.data;
        tracing::info!(
            event = event.event_type,
            slug = finding.slug,
            job = finding.job_name,
            subject = finding.subject.name,
            confidence = finding.confidence,
            "finding"
        );
    }
}

pub(crate) fn rejected(reason: &str) {
    COUNTERS.rejected.inc();
    tracing::warn!(reason, "record goes to the dead-letter topic");
}

pub(crate) fn restored(findings: usize, contexts: usize) {
    tracing::info!(findings, contexts, "memory restored");
}

pub(crate) fn no_model(scope: &str) {
    tracing::warn!(scope, "no model for this scope: only errors are judged");
}
