//! Committed records of version 1 must be readable for ever.
//!
//! `STREAMWARDEN_WRITE_SAMPLES=1 cargo test -p streamwarden-proto` adds missing samples; existing ones are never written
//! again, since they stand for what lies on users' topics and tapes.

use std::fmt::Debug;
use std::path::Path;

use streamwarden_proto::class::Class;
use streamwarden_proto::cloud_event::{FeedbackEvent, FindingEvent, FindingEventType};
use streamwarden_proto::feedback::{Feedback, Verdict};
use streamwarden_proto::finding::*;
use streamwarden_proto::record::{FeatureEvent, Record};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{self, observation::Body, snapshot::Kind};

const AT_MS: i64 = 1_763_800_000_000;

/// A finding as strangers read it.
pub(crate) fn finding_event() -> FindingEvent {
    let finding = Finding {
        finding_id: "f-0011223344".into(),
        status: FindingStatus::Open,
        code: "SW1101".into(),
        slug: "slow-sink".into(),
        class: Class::BackpressureStall,
        confidence: 0.97,
        severity: Severity::Critical,
        cluster_id: "orders-prod".into(),
        job_id: "a1b2".into(),
        job_name: "orders-enrichment".into(),
        subject: FindingSubject {
            scope: Scope::Vertex,
            id: "v3".into(),
            name: "Sink: warehouse".into(),
            subtask: None,
        },
        title: "Sink: warehouse waits for its database and blocks everything before it".into(),
        effect: "9 min 57 s behind, loses 22 s every minute; no data lost".into(),
        explanation: "Each subtask writes fewer records than arrive.".into(),
        evidence: vec![
            Evidence::Figure(FigureEvidence {
                feature: "busy_max".into(),
                label: "busy".into(),
                value: 985.0,
                unit: "ms/s".into(),
                healthy_max: Some(800.0),
                healthy_min: None,
                contribution: 0.41,
            }),
            Evidence::Log {
                log: LogEvidence {
                    template: "E-5F3A9C01".into(),
                    text: "batch took 50 ms".into(),
                    at: "2025-11-22T08:26:40Z".into(),
                },
            },
        ],
        decision: vec![DecisionStep {
            feature: "busy_max".into(),
            op: ">=".into(),
            threshold: 950.0,
            unit: "ms/s".into(),
            value: Some(985.0),
            text: "busy of the sink is at least 950 ms/s".into(),
        }],
        alternatives: vec![Alternative {
            slug: "under-provisioned-operator".into(),
            confidence: 0.02,
        }],
        actions: vec![Action {
            kind: ActionKind::Rescale,
            key: "sink.parallelism".into(),
            from: Some("4".into()),
            to: Some("8".into()),
            unit: "subtasks".into(),
            computation: "12,400 records/s / (1,980 per subtask x 0.8) = 7.8".into(),
            restart: Restart::Job,
            risk: Risk::Medium,
            why: "more subtasks wait at the same time".into(),
        }],
        avoid: vec![Avoid {
            what: "scale the source".into(),
            why: "it is blocked, not slow".into(),
        }],
        first_seen: "2025-11-22T08:26:40Z".into(),
        last_seen: "2025-11-22T08:27:40Z".into(),
        model: ModelRef {
            name: "vertex".into(),
            version: "1".into(),
        },
    };
    FindingEvent::of(FindingEventType::Opened, AT_MS, finding)
}

fn feedback_event() -> FeedbackEvent {
    FeedbackEvent::of_feedback(Feedback {
        finding_id: "f-0011223344".into(),
        cluster_id: "orders-prod".into(),
        job_id: "a1b2".into(),
        slug: "slow-sink".into(),
        verdict: Verdict::Wrong,
        actual_slug: Some("under-provisioned-operator".into()),
        comment: "the CPU was full".into(),
        author: "mo".into(),
        at: "2025-11-22T09:00:00Z".into(),
        record_ids: vec!["00ff".into()],
    })
}

fn observation(body: Body) -> v1::Observation {
    v1::Observation {
        cluster_id: "orders-prod".into(),
        observed_at_ms: AT_MS,
        body: Some(body),
    }
}

fn metrics() -> v1::Observation {
    observation(Body::Metrics(v1::MetricBatch {
        subject: Some(v1::metric_batch::Subject::JobId("a1b2".into())),
        taskmanager_ids: vec!["10.0.0.7:41999-ab".into()],
        groups: vec![v1::MetricGroup {
            vertex_id: "v3".into(),
            columns: 2,
            names: vec!["busyTimeMsPerSecond".into(), "read-records".into()],
            values: vec![985.0, 981.0, 12_345.0, 12_001.0],
            placements: vec![
                v1::SubtaskPlacement {
                    state: v1::ExecutionState::Running.into(),
                    attempt: 1,
                    taskmanager: 1,
                };
                2
            ],
        }],
    }))
}

fn logs() -> v1::Observation {
    observation(Body::Logs(v1::LogBatch {
        process_id: "jobmanager".into(),
        file: "flink.log".into(),
        events: vec![v1::LogEvent {
            at_ms: AT_MS,
            level: v1::LogLevel::Warn.into(),
            logger: "org.example.Sink".into(),
            thread: "Sink: warehouse (1/2)#0".into(),
            code: "E-5F3A9C01".into(),
            arguments: vec!["50".into()],
            text: "batch took 50 ms".into(),
            throwable: Some(v1::Throwable {
                chain: vec![v1::ThrowableLink {
                    exception: "java.io.IOException".into(),
                    message: "closed".into(),
                    code: "E-00000001".into(),
                    frames: vec!["org.example.Sink.invoke(Sink.java:42)".into()],
                    suppressed: false,
                }],
            }),
            line: 17,
        }],
        counts: vec![v1::LogCount {
            code: "E-00000002".into(),
            level: v1::LogLevel::Info.into(),
            count: 9,
        }],
        dropped_lines: 3,
    }))
}

fn job_snapshot() -> v1::JobSnapshot {
    v1::JobSnapshot {
        job_id: "a1b2".into(),
        name: "orders-enrichment".into(),
        state: "RUNNING".into(),
        start_time_ms: AT_MS - 1000,
        vertices: vec![v1::Vertex {
            id: "v3".into(),
            name: "Sink: warehouse".into(),
            parallelism: 2,
            max_parallelism: 128,
        }],
        edges: vec![v1::Edge {
            from: "v2".into(),
            to: "v3".into(),
            ship_strategy: "HASH".into(),
        }],
        config: [("parallelism.default".to_owned(), "2".to_owned())].into(),
        state_entered_at_ms: [("RUNNING".to_owned(), AT_MS - 900)].into(),
        stoppable: true,
    }
}

fn features() -> FeatureEvent {
    FeatureEvent::Features(v1::FeatureRecord {
        cluster_id: "orders-prod".into(),
        job_id: "a1b2".into(),
        job_name: "orders-enrichment".into(),
        subject: Some(v1::Subject {
            scope: v1::Scope::Vertex.into(),
            id: "v3".into(),
            name: "Sink: warehouse".into(),
            subtask: None,
        }),
        window_start_ms: AT_MS - 10_000,
        window_end_ms: AT_MS,
        schema_fingerprint: "0123456789abcdef".into(),
        values: vec![985.0, 0.5],
        samples: 2,
    })
}

fn error() -> FeatureEvent {
    FeatureEvent::Error(v1::ErrorRecord {
        cluster_id: "orders-prod".into(),
        job_id: "a1b2".into(),
        job_name: "orders-enrichment".into(),
        subject: Some(v1::Subject {
            scope: v1::Scope::Vertex.into(),
            id: "v3".into(),
            name: "Sink: warehouse".into(),
            subtask: Some(1),
        }),
        at_ms: AT_MS,
        code: "E-5F3A9C01".into(),
        problem_slug: "user-exception-loop".into(),
        confidence: 0.9,
        exception: "java.lang.IllegalStateException".into(),
        message: "no price".into(),
        frame: "org.example.Price.map(Price.java:7)".into(),
        origin: v1::ErrorOrigin::ExceptionHistory.into(),
        process_id: String::new(),
        consequence: false,
        level: v1::LogLevel::Error.into(),
    })
}

/// The committed bytes still decode, to what they always meant.
fn check<R: Record + Debug + PartialEq>(name: &str, expected: &R) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples/v1")
        .join(name);
    if std::env::var_os("STREAMWARDEN_WRITE_SAMPLES").is_some() && !path.exists() {
        std::fs::write(&path, expected.encode_payload()).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(
        &R::decode_payload(expected.kind(), &bytes).unwrap(),
        expected
    );
}

#[test]
fn committed_observations_still_read() {
    check("observation-metrics.bin", &metrics());
    check("observation-logs.bin", &logs());
    let job = v1::Snapshot {
        kind: Some(Kind::Job(job_snapshot())),
    };
    check("observation-job.bin", &observation(Body::Snapshot(job)));
}

#[test]
fn committed_feature_events_still_read() {
    check("features.bin", &features());
    check("error.bin", &error());
    let context = v1::ContextRecord {
        cluster_id: "orders-prod".into(),
        at_ms: AT_MS,
        kind: Some(v1::context_record::Kind::Job(job_snapshot())),
    };
    check("context.bin", &FeatureEvent::Context(context));
}

#[test]
fn committed_public_events_still_read() {
    check("finding-event.json", &finding_event());
    check("feedback-event.json", &feedback_event());
}

#[test]
fn a_repeat_has_the_id_of_the_first() {
    assert_eq!(metrics().id(), metrics().id());
    assert_ne!(metrics().id(), logs().id());
    assert_eq!(finding_event().store().id, finding_event().store().id);
}
