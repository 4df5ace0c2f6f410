//! How fast the state machine is, and how much memory live incidents take.
//!
//! The overview under load has its own bench, `overview`.

#![allow(missing_docs, reason = "macros of criterion")]
#![allow(
    clippy::unwrap_used,
    reason = "a bench ends where something is missing"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::alerts::{AlertMachine, ChannelRoute};
use streamwarden_notifier::message::build::Surroundings;
use streamwarden_proto::Class;
use streamwarden_proto::cloud_event::{FindingEvent, FindingEventType, rfc3339};
use streamwarden_proto::finding::{
    Action, ActionKind, Evidence, FigureEvidence, Finding, FindingStatus, FindingSubject, ModelRef,
    Restart, Risk, Severity,
};
use streamwarden_proto::scope::Scope;

/// Some time in 2026.
const BEGAN_MS: i64 = 1_795_315_580_000;
/// Events a second that the machine has to take.
const EVENTS: usize = 5_000;
/// Incidents that are open at once.
const INCIDENTS: usize = 10_000;

fn finding(number: usize) -> Finding {
    let figure = |feature: &str, value: f64| {
        Evidence::Figure(FigureEvidence {
            feature: feature.into(),
            label: feature.replace('_', " "),
            value,
            unit: "ms/s".into(),
            healthy_max: Some(800.0),
            healthy_min: None,
            contribution: 0.3,
        })
    };
    Finding {
        finding_id: format!("f-{number:012}"),
        status: FindingStatus::Open,
        code: "SW1101".into(),
        slug: "slow-sink".into(),
        class: Class::BackpressureStall,
        confidence: 0.93,
        severity: Severity::Critical,
        cluster_id: format!("cluster-{}", number % 200),
        job_id: format!("{number:032x}"),
        job_name: format!("orders-enrichment-{number}"),
        subject: FindingSubject {
            scope: Scope::Vertex,
            id: format!("{:032x}", number + 1),
            name: "Sink: warehouse".into(),
            subtask: None,
        },
        title: "Sink: warehouse waits for its database and blocks everything before it".into(),
        effect: "19 s behind, 22 s more every minute; no data is lost".into(),
        explanation: "A sink writes slower than records arrive, so Flink stops reading.".into(),
        evidence: vec![
            figure("busy_max", 985.0),
            figure("backpressured_max", 930.0),
        ],
        decision: Vec::new(),
        alternatives: Vec::new(),
        actions: vec![Action {
            kind: ActionKind::Rescale,
            key: "parallelism of Sink: warehouse".into(),
            from: Some("4".into()),
            to: Some("8".into()),
            unit: String::new(),
            computation: "12,400 / (1,980 × 0.8) = 7.8".into(),
            restart: Restart::Job,
            risk: Risk::Medium,
            why: "More wait at once.".into(),
        }],
        avoid: Vec::new(),
        first_seen: rfc3339(BEGAN_MS),
        last_seen: rfc3339(BEGAN_MS),
        model: ModelRef {
            name: "vertex".into(),
            version: "1".into(),
        },
    }
}

fn events(count: usize, kind: FindingEventType, at_ms: i64) -> Vec<FindingEvent> {
    (0..count)
        .map(|number| FindingEvent::of(kind, at_ms, finding(number)))
        .collect()
}

fn machine() -> AlertMachine {
    let channel = ChannelRoute {
        name: "slack".into(),
        route: Route::default(),
        edits: true,
        lists: true,
    };
    AlertMachine::new(AlertingConfig::default(), vec![channel])
}

/// Takes events, and then time goes on by half a second as in the service; gives how much would be stored.
fn take(machine: &mut AlertMachine, events: &[FindingEvent], now_ms: i64) -> usize {
    let around = Surroundings::default();
    let mut stored = 0;
    for event in events {
        stored += machine.on_event(event, &around, now_ms).alerts.len();
    }
    stored + machine.on_tick(&around, now_ms + 500).intents.len()
}

fn storm(criterion: &mut Criterion) {
    let opened = events(EVENTS, FindingEventType::Opened, BEGAN_MS);
    let updated = events(EVENTS, FindingEventType::Updated, BEGAN_MS + 60_000);
    let mut group = criterion.benchmark_group("state_machine");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("opens", |bencher| {
        bencher.iter_batched(
            machine,
            |mut machine| {
                let stored = take(&mut machine, &opened, BEGAN_MS);
                // What waited is told: the dearest tick of a storm.
                black_box(stored + take(&mut machine, &[], BEGAN_MS + 30_000))
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("updates", |bencher| {
        let ready = || {
            let mut machine = machine();
            take(&mut machine, &opened, BEGAN_MS);
            take(&mut machine, &[], BEGAN_MS + 30_000);
            machine
        };
        bencher.iter_batched(
            ready,
            |mut machine| black_box(take(&mut machine, &updated, BEGAN_MS + 60_000)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Resident memory in bytes, as Linux tells it.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// Not a time but a size: told once, and the bench fails above the target.
fn live_incidents(_: &mut Criterion) {
    let before = resident();
    let began = Instant::now();
    let mut machine = machine();
    for number in 0..INCIDENTS {
        let event = FindingEvent::of(FindingEventType::Opened, BEGAN_MS, finding(number));
        machine.on_event(&event, &Surroundings::default(), BEGAN_MS);
    }
    let around = Surroundings::default();
    machine.on_tick(&around, BEGAN_MS + 30_000);
    let took = began.elapsed();
    let megabytes = |bytes: usize| bytes / 1_000_000;
    let (Some(before), Some(after)) = (before, resident()) else {
        return;
    };
    criterion_output(&format!(
        "live_incidents: {INCIDENTS} open, {} MB more than before, opened and told within {} ms",
        megabytes(after.saturating_sub(before)),
        took.as_millis()
    ));
    assert!(megabytes(after.saturating_sub(before)) < 300);
    black_box(machine);
}

fn criterion_output(line: &str) {
    use std::io::Write;
    // A closed pipe is nobody's loss.
    let _ = writeln!(std::io::stdout(), "{line}");
}

criterion_group!(benches, live_incidents, storm);
criterion_main!(benches);
