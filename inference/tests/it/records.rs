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

/// The last of the figures says how far barriers came past a vertex.
pub(crate) fn diagnosis_with_acknowledgements() -> Diagnosis {
    let manifest = include_str!("../fixtures/tiny/manifest.json");
    let manifest = manifest.replace("pending_records", "checkpoint_passed_on_share");
    judged_by(&manifest, DiagnosisConfig::default())
}

/// TaskManagers are judged, too: the disk of one that is [`SLOW`] may be full, which is never sure.
pub(crate) fn diagnosis_of_taskmanagers() -> Diagnosis {
    let manifest = include_str!("../fixtures/tiny/manifest.json");
    let of_taskmanagers = manifest.replace("slow-sink", "disk-full");
    let of_taskmanagers = of_taskmanagers.replace("\"vertex\"", "\"taskmanager\"");
    let mut of_taskmanagers: serde_json::Value = serde_json::from_str(&of_taskmanagers).unwrap();
    of_taskmanagers["thresholds"] =
        serde_json::json!({ "open": 0.9999, "sure": 0.9999, "keep": 0.3 });
    let mut models = ModelSet::empty();
    load(&mut models, Scope::Vertex, MODEL, manifest);
    load(
        &mut models,
        Scope::TaskManager,
        &with_label_disk_full(),
        &of_taskmanagers.to_string(),
    );
    judged(models, DiagnosisConfig::default())
}

/// The model's labels are in its file; names of one length can be put in the place of each other.
fn with_label_disk_full() -> Vec<u8> {
    let (known, other) = (b"slow-sink", b"disk-full");
    let mut model = MODEL.to_vec();
    let at = model.windows(known.len()).position(|bytes| bytes == known);
    let at = at.expect("the tiny model knows slow sinks");
    model[at..at + other.len()].copy_from_slice(other);
    model
}

fn judged_by(manifest: &str, config: DiagnosisConfig) -> Diagnosis {
    let mut models = ModelSet::empty();
    load(&mut models, Scope::Vertex, MODEL, manifest);
    judged(models, config)
}

const MODEL: &[u8] = include_bytes!("../fixtures/tiny/model.onnx");

fn load(models: &mut ModelSet, scope: Scope, onnx: &[u8], manifest: &str) {
    let library = find_library(None).expect("these tests need the ONNX runtime: see `make setup`");
    let files = ModelFiles {
        onnx,
        manifest: manifest.as_bytes(),
        golden: include_bytes!("../fixtures/tiny/golden.json"),
    };
    models.load(&library, scope, files, FINGERPRINT).unwrap();
}

fn judged(models: ModelSet, config: DiagnosisConfig) -> Diagnosis {
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
    window_of_all(window, [FINE, totals, sink])
}

/// The same, with the figures of source, totals and sink.
pub(crate) fn window_of_all(window: i64, vertices: [[f32; 4]; 3]) -> Vec<FeatureEvent> {
    let mut records = vec![row(v1::Scope::Job, "j", window, &[])];
    for (id, values) in [SOURCE, TOTALS, SINK].into_iter().zip(vertices) {
        records.push(row(v1::Scope::Vertex, id, window, &values));
    }
    records
}

/// A window of a TaskManager of the job.
pub(crate) fn window_of_taskmanager(window: i64, values: [f32; 4]) -> FeatureEvent {
    row(v1::Scope::Taskmanager, "tm-1", window, &values)
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
