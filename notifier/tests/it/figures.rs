//! What a featurizer would write of one small job.

use streamwarden_notifier::view::FeatureNames;
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::feature::{FeatureDef, FeatureSchema};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{
    ClusterSnapshot, ContextRecord, Edge, FeatureRecord, JobSnapshot, Subject, Vertex,
    context_record,
};

use crate::support::BEGAN_MS;

pub(crate) const VERTEX_FEATURES: &[&str] = &[
    "busy_max",
    "busy_mean",
    "backpressured_mean",
    "idle_mean",
    "records_in",
];
pub(crate) const JOB_FEATURES: &[&str] =
    &["source_records_out", "busiest_max", "checkpoint_duration"];

pub(crate) fn schema(scope: Scope, names: &[&str]) -> FeatureSchema {
    let feature = |name: &&str| FeatureDef {
        name: (*name).into(),
        unit: "ms/s",
        family: "time",
        label: (*name).into(),
        description: String::new(),
        missing: "",
    };
    FeatureSchema {
        scope,
        features: names.iter().map(feature).collect(),
    }
}

pub(crate) fn names() -> FeatureNames {
    FeatureNames::new(&[
        schema(Scope::Vertex, VERTEX_FEATURES),
        schema(Scope::Job, JOB_FEATURES),
    ])
}

pub(crate) fn features(
    scope: Scope,
    job: &str,
    id: &str,
    at_ms: i64,
    values: &[f32],
) -> FeatureEvent {
    let names = if scope == Scope::Job {
        JOB_FEATURES
    } else {
        VERTEX_FEATURES
    };
    FeatureEvent::Features(FeatureRecord {
        cluster_id: "orders-prod".into(),
        job_id: format!("id-{job}"),
        job_name: job.into(),
        subject: Some(Subject {
            scope: streamwarden_proto::v1::Scope::from(scope).into(),
            id: id.into(),
            name: if id == "v-sink" {
                "Sink: warehouse".into()
            } else {
                id.into()
            },
            subtask: None,
        }),
        window_start_ms: at_ms - 10_000,
        window_end_ms: at_ms,
        schema_fingerprint: schema(scope, names).fingerprint(),
        values: values.to_vec(),
        samples: 2,
    })
}

pub(crate) fn snapshot(job: &str, at_ms: i64, parallelism: &str) -> FeatureEvent {
    let vertex = |id: &str, name: &str| Vertex {
        id: id.into(),
        name: name.into(),
        parallelism: 4,
        max_parallelism: 128,
    };
    let config = [
        ("parallelism.default", parallelism),
        ("s3.secret-key", "******"),
    ];
    FeatureEvent::Context(ContextRecord {
        cluster_id: "orders-prod".into(),
        at_ms,
        kind: Some(context_record::Kind::Job(JobSnapshot {
            job_id: format!("id-{job}"),
            name: job.into(),
            state: "RUNNING".into(),
            start_time_ms: BEGAN_MS - 3_600_000,
            vertices: vec![
                vertex("v-source", "Source: orders"),
                vertex("v-sink", "Sink: warehouse"),
            ],
            edges: vec![Edge {
                from: "v-source".into(),
                to: "v-sink".into(),
                ship_strategy: "HASH".into(),
            }],
            config: config
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            ..JobSnapshot::default()
        })),
    })
}

pub(crate) fn cluster(at_ms: i64, reachable: bool) -> FeatureEvent {
    FeatureEvent::Context(ContextRecord {
        cluster_id: "orders-prod".into(),
        at_ms,
        kind: Some(context_record::Kind::Cluster(ClusterSnapshot {
            flink_version: "2.2.1".into(),
            reachable,
            error: if reachable {
                String::new()
            } else {
                "connection refused".into()
            },
            unreachable_since_ms: (!reachable).then_some(at_ms),
            slots_total: 16,
            url: "http://jm:8081".into(),
            ..ClusterSnapshot::default()
        })),
    })
}

/// A job with an hour of windows, and a sink that is slow at the end.
pub(crate) fn an_hour(job: &str) -> Vec<FeatureEvent> {
    let mut events = vec![
        cluster(BEGAN_MS - 3_600_000, true),
        snapshot(job, BEGAN_MS - 3_600_000, "8"),
    ];
    for at_ms in (BEGAN_MS - 3_600_000..=BEGAN_MS + 60_000).step_by(10_000) {
        let busy = if at_ms < BEGAN_MS { 744.0 } else { 985.0 };
        events.push(features(
            Scope::Job,
            job,
            &format!("id-{job}"),
            at_ms,
            &[12_400.0, busy, 1900.0],
        ));
        events.push(features(
            Scope::Vertex,
            job,
            "v-source",
            at_ms,
            &[88.0, 80.0, 893.0, 27.0, f32::NAN],
        ));
        events.push(features(
            Scope::Vertex,
            job,
            "v-sink",
            at_ms,
            &[busy, busy, 0.0, 15.0, 7800.0],
        ));
    }
    events
}
