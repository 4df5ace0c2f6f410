//! Rows a second: the ONNX runtime alone, and the whole judgement around it, on the shipped vertex model.
//!
//! One window of 100 jobs with 10 vertices each is one batch, as it comes from the topic.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamwarden_experience::{Experience, models};
use streamwarden_inference::model::Scorer;
use streamwarden_inference::model::manifest::{Golden, Manifest};
use streamwarden_inference::model::onnx::OnnxScorer;
use streamwarden_inference::model::runtime::find_library;
use streamwarden_inference::{Diagnosis, InferenceConfig, setup};
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{self, FeatureRecord, Subject};

const JOBS: usize = 100;
const VERTICES: usize = 10;
const WINDOW_MS: i64 = 10_000;

fn shipped() -> (Vec<u8>, Manifest, Golden) {
    let bytes = models::builtin(Scope::Vertex).expect("a shipped vertex model");
    let manifest = Manifest::parse("vertex", &bytes.manifest).expect("its manifest");
    let golden = Golden::parse("vertex", &bytes.golden).expect("its golden rows");
    (bytes.onnx, manifest, golden)
}

fn row(golden: &Golden, number: usize) -> Vec<f32> {
    let row = &golden.rows[number % golden.rows.len()];
    row.values
        .iter()
        .map(|value| value.unwrap_or(f32::NAN))
        .collect()
}

fn window(manifest: &Manifest, golden: &Golden, end_ms: i64) -> Vec<FeatureEvent> {
    let record = |number: usize| {
        FeatureEvent::Features(FeatureRecord {
            cluster_id: "bench".into(),
            job_id: format!("job-{}", number / VERTICES),
            job_name: "bench".into(),
            subject: Some(Subject {
                scope: v1::Scope::Vertex.into(),
                id: format!("vertex-{number}"),
                name: "map".into(),
                subtask: None,
            }),
            window_start_ms: end_ms - WINDOW_MS,
            window_end_ms: end_ms,
            schema_fingerprint: manifest.fingerprint.clone(),
            values: row(golden, 0),
            samples: 2,
        })
    };
    (0..JOBS * VERTICES).map(record).collect()
}

fn diagnosis() -> Diagnosis {
    let experience = Arc::new(Experience::builtin().expect("the built-in pack"));
    setup::diagnosis(
        &InferenceConfig::default(),
        experience,
        &setup::Fingerprints::new(),
    )
    .expect("the shipped models")
}

fn scoring(criterion: &mut Criterion) {
    let (onnx, manifest, golden) = shipped();
    let library = find_library(None).expect("the ONNX runtime");
    let mut scorer = OnnxScorer::load(&library, &onnx, &manifest, &golden).expect("the model");
    let width = manifest.features.len();
    let rows: Vec<f32> = (0..JOBS * VERTICES).flat_map(|_| row(&golden, 0)).collect();
    let mut group = criterion.benchmark_group("scoring");
    group.throughput(Throughput::Elements((JOBS * VERTICES) as u64));
    group.bench_function("onnx runtime alone", |bencher| {
        bencher.iter(|| black_box(scorer.score(black_box(&rows), width)));
    });
    let mut judge = diagnosis();
    let mut end_ms = 1_795_386_300_000;
    group.bench_function("whole judgement", |bencher| {
        bencher.iter_batched(
            || {
                end_ms += WINDOW_MS;
                window(&manifest, &golden, end_ms)
            },
            |events| black_box(judge.push_all(&events)),
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, scoring);
criterion_main!(benches);
