//! Metric samples a second: a job of ten vertices with eight subtasks each, polled every ten seconds.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamwarden_experience::Experience;
use streamwarden_featurizer::{Featurizer, FeaturizerConfig};
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{
    Edge, ExecutionState, JobSnapshot, MetricBatch, MetricGroup, Observation, Snapshot,
    SubtaskPlacement, Vertex, metric_batch,
};

const VERTICES: usize = 10;
const SUBTASKS: u32 = 8;
const POLLS: i64 = 60;
const NAMES: [&str; 24] = [
    "accumulated-backpressured-time",
    "accumulated-busy-time",
    "accumulated-idle-time",
    "backPressuredTimeMsPerSecond",
    "busyTimeMsPerSecond",
    "checkpointAlignmentTime",
    "checkpointStartDelayNanos",
    "currentInputWatermark",
    "hardBackPressuredTimeMsPerSecond",
    "idleTimeMsPerSecond",
    "mailboxLatencyMs_max",
    "mailboxQueueSize",
    "numFiredTimers",
    "read-bytes",
    "read-records",
    "softBackPressuredTimeMsPerSecond",
    "step.currentOutputWatermark",
    "step.numLateRecordsDropped",
    "write-bytes",
    "write-records",
    "Shuffle.Netty.Input.Buffers.inPoolUsage",
    "Shuffle.Netty.Input.Buffers.inputQueueLength",
    "Shuffle.Netty.Output.Buffers.outPoolUsage",
    "Shuffle.Netty.Output.Buffers.outputQueueLength",
];

fn observation(at_ms: i64, body: Body) -> Observation {
    Observation {
        cluster_id: "c".into(),
        observed_at_ms: at_ms,
        body: Some(body),
    }
}

fn graph() -> Observation {
    let id = |index: usize| format!("{index:032}");
    let job = JobSnapshot {
        job_id: "job".into(),
        name: "job".into(),
        state: "RUNNING".into(),
        vertices: (0..VERTICES)
            .map(|index| Vertex {
                id: id(index),
                name: format!("step {index}"),
                parallelism: SUBTASKS,
                max_parallelism: 128,
            })
            .collect(),
        edges: (1..VERTICES)
            .map(|index| Edge {
                from: id(index - 1),
                to: id(index),
                ship_strategy: "HASH".into(),
            })
            .collect(),
        ..JobSnapshot::default()
    };
    observation(
        0,
        Body::Snapshot(Snapshot {
            kind: Some(Kind::Job(job)),
        }),
    )
}

fn poll(number: i64) -> Observation {
    let placement = SubtaskPlacement {
        state: ExecutionState::Running.into(),
        attempt: 1,
        taskmanager: 1,
    };
    let group = |index: usize| MetricGroup {
        vertex_id: format!("{index:032}"),
        columns: SUBTASKS,
        names: NAMES.map(str::to_owned).to_vec(),
        values: vec![number as f64 * 1_000.0; NAMES.len() * SUBTASKS as usize],
        placements: vec![placement; SUBTASKS as usize],
    };
    let batch = MetricBatch {
        subject: Some(metric_batch::Subject::JobId("job".into())),
        taskmanager_ids: vec!["tm".into()],
        groups: (0..VERTICES).map(group).collect(),
    };
    observation(number * 10_000 + 5_000, Body::Metrics(batch))
}

fn windows(criterion: &mut Criterion) {
    let Ok(experience) = Experience::builtin().map(Arc::new) else {
        return;
    };
    let mut run = vec![graph()];
    run.extend((0..POLLS).map(poll));
    let samples = POLLS as u64 * VERTICES as u64 * u64::from(SUBTASKS) * NAMES.len() as u64;
    let mut group = criterion.benchmark_group("featurizer");
    group.throughput(Throughput::Elements(samples));
    group.bench_function("metric_samples", |bencher| {
        bencher.iter(|| {
            let mut featurizer =
                Featurizer::new(FeaturizerConfig::default(), Arc::clone(&experience));
            run.iter()
                .map(|observation| featurizer.push(black_box(observation)).len())
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, windows);
criterion_main!(benches);
