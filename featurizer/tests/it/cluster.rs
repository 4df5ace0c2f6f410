//! A Flink cluster of two TaskManagers with one job (source, keyed step, sink), as a collector would see it.

use std::sync::{Arc, LazyLock};

use streamwarden_experience::Experience;
use streamwarden_featurizer::{Featurizer, FeaturizerConfig, schema};
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{
    ClusterSnapshot, Edge, ExecutionState, FeatureRecord, JobRef, JobSnapshot, MetricBatch,
    MetricGroup, Observation, Snapshot, SubtaskPlacement, TaskManagerInfo, Vertex, metric_batch,
};

pub(crate) const CLUSTER: &str = "cluster-1";
pub(crate) const JOB: &str = "00000000000000000000000000000001";
pub(crate) const VERTICES: [&str; 3] = ["source", "totals", "sink"];
pub(crate) const TASKMANAGERS: [&str; 2] = ["tm-1", "tm-2"];
/// Some moment at the start of a window.
pub(crate) const START_MS: i64 = 1_795_386_300_000;

pub(crate) static EXPERIENCE: LazyLock<Arc<Experience>> =
    LazyLock::new(|| Arc::new(Experience::builtin().unwrap()));

pub(crate) fn featurizer() -> Featurizer {
    Featurizer::new(FeaturizerConfig::default(), Arc::clone(&EXPERIENCE))
}

pub(crate) fn observation(at_ms: i64, body: Body) -> Observation {
    Observation {
        cluster_id: CLUSTER.into(),
        observed_at_ms: at_ms,
        body: Some(body),
    }
}

pub(crate) fn snapshot(at_ms: i64, kind: Kind) -> Observation {
    observation(at_ms, Body::Snapshot(Snapshot { kind: Some(kind) }))
}

/// A look at the cluster with these TaskManagers.
pub(crate) fn cluster(at_ms: i64, taskmanagers: &[&str], job_state: &str) -> Observation {
    let info = |id: &&str| TaskManagerInfo {
        id: (*id).into(),
        address: (*id).into(),
        slots_total: 2,
        last_heartbeat_ms: Some(at_ms - 3_000),
        cpu_cores: 2.0,
        ..TaskManagerInfo::default()
    };
    let job = JobRef {
        job_id: JOB.into(),
        name: "orders".into(),
        state: job_state.into(),
        ..JobRef::default()
    };
    snapshot(
        at_ms,
        Kind::Cluster(ClusterSnapshot {
            flink_version: "2.2.1".into(),
            reachable: true,
            slots_total: 2 * taskmanagers.len() as u32,
            taskmanagers: taskmanagers.iter().map(info).collect(),
            jobs: vec![job],
            ..ClusterSnapshot::default()
        }),
    )
}

pub(crate) fn job(at_ms: i64, state: &str, parallelism: u32) -> Observation {
    let vertex = |id: &&str| Vertex {
        id: (*id).into(),
        name: format!("{id} step"),
        parallelism,
        max_parallelism: 128,
    };
    let edge = |pair: &[&str]| Edge {
        from: pair[0].into(),
        to: pair[1].into(),
        ship_strategy: "HASH".into(),
    };
    snapshot(
        at_ms,
        Kind::Job(JobSnapshot {
            job_id: JOB.into(),
            name: "orders".into(),
            state: state.into(),
            vertices: VERTICES.iter().map(vertex).collect(),
            edges: VERTICES.windows(2).map(edge).collect(),
            config: [(
                "execution.checkpointing.interval".to_owned(),
                "5 s".to_owned(),
            )]
            .into(),
            ..JobSnapshot::default()
        }),
    )
}

/// What the subtasks of every vertex have counted since the start of their attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) records: f64,
    pub(crate) busy_ms: f64,
    pub(crate) idle_ms: f64,
    pub(crate) attempt: u32,
}

/// A poll of the job: every subtask has counted the same.
pub(crate) fn poll(at_ms: i64, parallelism: u32, counted: Counted) -> Observation {
    poll_with(at_ms, parallelism, counted, &[])
}

/// The same, with further figures of every subtask.
pub(crate) fn poll_with(
    at_ms: i64,
    parallelism: u32,
    counted: Counted,
    more: &[(&str, f64)],
) -> Observation {
    let mut rows = vec![
        ("accumulated-backpressured-time", 0.0),
        ("accumulated-busy-time", counted.busy_ms),
        ("accumulated-idle-time", counted.idle_ms),
        ("read-records", counted.records),
        ("write-records", counted.records),
    ];
    rows.extend_from_slice(more);
    let placement = |index: u32| SubtaskPlacement {
        state: ExecutionState::Running.into(),
        attempt: counted.attempt,
        taskmanager: index % 2 + 1,
    };
    let group = |vertex: &&str| MetricGroup {
        vertex_id: (*vertex).into(),
        columns: parallelism,
        names: rows.iter().map(|(name, _)| (*name).to_owned()).collect(),
        values: rows
            .iter()
            .flat_map(|(_, value)| vec![*value; parallelism as usize])
            .collect(),
        placements: (0..parallelism).map(placement).collect(),
    };
    observation(
        at_ms,
        Body::Metrics(MetricBatch {
            subject: Some(metric_batch::Subject::JobId(JOB.into())),
            taskmanager_ids: TASKMANAGERS.map(str::to_owned).to_vec(),
            groups: VERTICES.iter().map(group).collect(),
        }),
    )
}

/// A poll of a TaskManager that has used so much CPU.
pub(crate) fn process(at_ms: i64, id: &str, cpu_s: f64) -> Observation {
    let rows = [
        ("Status.JVM.CPU.Time", cpu_s * 1e9),
        ("Status.JVM.GarbageCollector.All.Time", cpu_s * 10.0),
        ("Status.JVM.Memory.Heap.Max", 100.0),
        ("Status.JVM.Memory.Heap.Used", 40.0),
    ];
    observation(
        at_ms,
        Body::Metrics(MetricBatch {
            subject: Some(metric_batch::Subject::ProcessId(id.into())),
            taskmanager_ids: Vec::new(),
            groups: vec![MetricGroup {
                columns: 1,
                names: rows.iter().map(|(name, _)| (*name).to_owned()).collect(),
                values: rows.iter().map(|(_, value)| *value).collect(),
                ..MetricGroup::default()
            }],
        }),
    )
}

/// A healthy run: 100 records/s in each subtask, busy for 40 % of the time, polled every 5 s.
pub(crate) fn healthy_run(polls: i64) -> Vec<Observation> {
    (0..polls).flat_map(healthy_poll).collect()
}

fn healthy_poll(number: i64) -> Vec<Observation> {
    /// Collectors send snapshots again every three minutes.
    const SNAPSHOT_POLLS: i64 = 36;
    let at_ms = START_MS + number * 5_000;
    let passed_ms = (number * 5_000) as f64;
    let mut observations = Vec::new();
    if number % SNAPSHOT_POLLS == 0 {
        observations.push(cluster(at_ms, &TASKMANAGERS, "RUNNING"));
        observations.push(job(at_ms, "RUNNING", 2));
    }
    let counted = Counted {
        records: passed_ms / 10.0,
        busy_ms: passed_ms * 0.4,
        idle_ms: passed_ms * 0.6,
        attempt: 1,
    };
    observations.push(poll(at_ms + 100, 2, counted));
    observations.extend(TASKMANAGERS.map(|id| process(at_ms + 150, id, passed_ms / 2_000.0)));
    observations
}

/// Everything that a run leads to.
pub(crate) fn events_of(observations: &[Observation]) -> Vec<FeatureEvent> {
    let mut featurizer = featurizer();
    let mut events: Vec<_> = observations
        .iter()
        .flat_map(|observation| featurizer.push(observation))
        .collect();
    events.extend(featurizer.finish());
    events
}

/// The feature records of one subject.
pub(crate) fn records_of(events: &[FeatureEvent], subject_id: &str) -> Vec<FeatureRecord> {
    let records = events.iter().filter_map(|event| match event {
        FeatureEvent::Features(record) => Some(record.clone()),
        FeatureEvent::Error(_) | FeatureEvent::Context(_) => None,
    });
    records
        .filter(|record| {
            record
                .subject
                .as_ref()
                .is_some_and(|subject| subject.id == subject_id)
        })
        .collect()
}

/// A feature of a record.
pub(crate) fn value(record: &FeatureRecord, name: &str) -> f32 {
    let scope = Scope::try_from(record.subject.clone().unwrap().scope()).unwrap();
    let index = schema(scope)
        .index_of(name)
        .unwrap_or_else(|| panic!("no feature {name}"));
    record.values[index]
}
