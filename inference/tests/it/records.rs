//! Records of one small job, `Source: orders -> totals -> Sink: warehouse`, and a judgement on the tiny model.

use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_inference::model::ModelSet;
use streamwarden_inference::model::runtime::find_library;
use streamwarden_inference::model::set::ModelFiles;
use streamwarden_inference::{Diagnosis, DiagnosisConfig};
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{
    self, ClusterSnapshot, ContextRecord, Edge, ErrorOrigin, ErrorRecord, FeatureRecord, JobRef,
    JobSnapshot, Subject, Vertex, context_record,
};

pub(crate) const FINGERPRINT: &str = "0123456789abcdef";
pub(crate) const START_MS: i64 = 1_795_386_300_000;
pub(crate) const WINDOW_MS: i64 = 10_000;
pub(crate) const SOURCE: &str = "source";
pub(crate) const TOTALS: &str = "totals";
pub(crate) const SINK: &str = "sink";

/// Busy, backpressured, CPU, pending: what the tiny model asks.
pub(crate) const FINE: [f32; 4] = [300.0, 100.0, 0.3, 10.0];
pub(crate) const SLOW: [f32; 4] = [985.0, 100.0, 0.1, 10.0];
/// As slow, but beyond what a slow sink ever showed: see [`diagnosis_with_limits`].
pub(crate) const STRANGE: [f32; 4] = [985.0, 600.0, 0.1, 10.0];

/// Fine by the model, but beyond what a healthy vertex ever showed: see [`diagnosis_with_healthy_limits`].
pub(crate) const TROUBLED: [f32; 4] = [300.0, 600.0, 0.3, 10.0];

pub(crate) fn diagnosis() -> Diagnosis {
    diagnosis_with(DiagnosisConfig::default())
}

pub(crate) fn diagnosis_with(config: DiagnosisConfig) -> Diagnosis {
    judged_by(include_str!("../fixtures/tiny/manifest.json"), config)
}

/// A slow sink is named only while its backpressure is not above 400 ms/s.
pub(crate) fn diagnosis_with_limits() -> Diagnosis {
    limited("slow-sink")
}

/// No healthy vertex had a backpressure above 400 ms/s.
pub(crate) fn diagnosis_with_healthy_limits() -> Diagnosis {
    limited("healthy")
}

/// A slow sink may show any backpressure, but more than 400 ms/s is trouble that does not go with it.
pub(crate) fn diagnosis_with_limits_of_trouble() -> Diagnosis {
    let mut profile = profile_of(None);
    profile["trouble"] = serde_json::json!([ANY, 400.0, ANY, ANY]);
    judged_with([("healthy", profile_of(Some(400.0))), ("slow-sink", profile)])
}

fn limited(label: &str) -> Diagnosis {
    judged_with([(label, profile_of(Some(400.0)))])
}

const ANY: f64 = 1e30;

fn profile_of(most_backpressure: Option<f64>) -> serde_json::Value {
    let most = most_backpressure.unwrap_or(ANY);
    serde_json::json!({ "rows": 100, "min": [-ANY, -ANY, -ANY, -ANY], "max": [ANY, most, ANY, ANY] })
}

fn judged_with<const N: usize>(profiles: [(&str, serde_json::Value); N]) -> Diagnosis {
    let manifest = include_str!("../fixtures/tiny/manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    for (label, profile) in profiles {
        manifest["profiles"][label] = profile;
    }
    judged_by(&manifest.to_string(), DiagnosisConfig::default())
}

fn judged_by(manifest: &str, config: DiagnosisConfig) -> Diagnosis {
    let mut models = ModelSet::empty();
    let files = ModelFiles {
        onnx: include_bytes!("../fixtures/tiny/model.onnx"),
        manifest: manifest.as_bytes(),
        golden: include_bytes!("../fixtures/tiny/golden.json"),
    };
    let library = find_library(None).expect("these tests need the ONNX runtime: see `make setup`");
    models
        .load(&library, Scope::Vertex, files, FINGERPRINT)
        .unwrap();
    Diagnosis::new(models, Arc::new(Experience::builtin().unwrap()), config)
}

pub(crate) fn job_context(at_ms: i64, state: &str) -> FeatureEvent {
    let vertex = |id: &str, name: &str| Vertex {
        id: id.into(),
        name: name.into(),
        parallelism: 2,
        max_parallelism: 128,
    };
    let edge = |from: &str, to: &str| Edge {
        from: from.into(),
        to: to.into(),
        ship_strategy: "HASH".into(),
    };
    FeatureEvent::Context(ContextRecord {
        cluster_id: "c".into(),
        at_ms,
        kind: Some(context_record::Kind::Job(JobSnapshot {
            job_id: "j".into(),
            name: "orders".into(),
            state: state.into(),
            start_time_ms: START_MS,
            vertices: vec![
                vertex(SOURCE, "Source: orders"),
                vertex(TOTALS, "totals"),
                vertex(SINK, "Sink: warehouse"),
            ],
            edges: vec![edge(SOURCE, TOTALS), edge(TOTALS, SINK)],
            ..JobSnapshot::default()
        })),
    })
}

/// What the cluster lists: ids of jobs with their states.
pub(crate) fn listing(at_ms: i64, jobs: &[(&str, &str)]) -> FeatureEvent {
    let jobs = jobs.iter().map(|(id, state)| JobRef {
        job_id: (*id).into(),
        name: "orders".into(),
        state: (*state).into(),
        ..JobRef::default()
    });
    FeatureEvent::Context(ContextRecord {
        cluster_id: "c".into(),
        at_ms,
        kind: Some(context_record::Kind::Cluster(ClusterSnapshot {
            reachable: true,
            jobs: jobs.collect(),
            ..ClusterSnapshot::default()
        })),
    })
}

fn row(scope: v1::Scope, id: &str, window: i64, values: &[f32]) -> FeatureEvent {
    let end_ms = START_MS + window * WINDOW_MS;
    FeatureEvent::Features(FeatureRecord {
        cluster_id: "c".into(),
        job_id: "j".into(),
        job_name: "orders".into(),
        subject: Some(Subject {
            scope: scope.into(),
            id: id.into(),
            name: id.into(),
            subtask: None,
        }),
        window_start_ms: end_ms - WINDOW_MS,
        window_end_ms: end_ms,
        schema_fingerprint: FINGERPRINT.into(),
        values: values.to_vec(),
        samples: 2,
    })
}

/// The records of window number `window` (from 1): the job, then its vertices.
pub(crate) fn window(window: i64, totals: [f32; 4], sink: [f32; 4]) -> Vec<FeatureEvent> {
    vec![
        row(v1::Scope::Job, "j", window, &[]),
        row(v1::Scope::Vertex, SOURCE, window, &FINE),
        row(v1::Scope::Vertex, TOTALS, window, &totals),
        row(v1::Scope::Vertex, SINK, window, &sink),
    ]
}

pub(crate) fn error(at_s: i64, slug: &str, confidence: f64) -> FeatureEvent {
    FeatureEvent::Error(ErrorRecord {
        cluster_id: "c".into(),
        job_id: "j".into(),
        job_name: "orders".into(),
        subject: Some(Subject {
            scope: v1::Scope::Vertex.into(),
            id: TOTALS.into(),
            name: "totals".into(),
            subtask: Some(1),
        }),
        at_ms: START_MS + at_s * 1_000,
        code: "E-00000001".into(),
        problem_slug: slug.into(),
        confidence,
        exception: "java.lang.IllegalStateException".into(),
        message: "no price".into(),
        frame: "org.example.Totals.map(Totals.java:42)".into(),
        origin: ErrorOrigin::ExceptionHistory.into(),
        ..ErrorRecord::default()
    })
}

/// An error that follows from another failure.
pub(crate) fn symptom(at_s: i64, slug: &str) -> FeatureEvent {
    let FeatureEvent::Error(record) = error(at_s, slug, 0.85) else {
        unreachable!("an error is an error");
    };
    FeatureEvent::Error(ErrorRecord {
        consequence: true,
        ..record
    })
}

/// Pushes records one by one.
pub(crate) fn push(diagnosis: &mut Diagnosis, events: &[FeatureEvent]) -> Vec<FindingEvent> {
    events
        .iter()
        .flat_map(|event| diagnosis.push(event))
        .collect()
}

/// What happened, in short: `opened slow-sink@sink`.
pub(crate) fn told(events: &[FindingEvent]) -> Vec<String> {
    let short = |event: &FindingEvent| {
        let what = event.event_type.split('.').nth(3).unwrap_or_default();
        format!("{what} {}@{}", event.data.slug, event.data.subject.id)
    };
    events.iter().map(short).collect()
}
