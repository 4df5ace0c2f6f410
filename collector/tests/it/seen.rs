//! Looks into observations.

use std::path::Path;
use std::sync::LazyLock;

use streamwarden_collector::clock::Clock;
use streamwarden_collector::coding::Coding;
use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig, Shared};
use streamwarden_proto::v1::metric_batch::Subject;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{
    CheckpointSnapshot, ClusterSnapshot, ExceptionSnapshot, JobSnapshot, LogBatch, MetricBatch,
    MetricGroup, Observation,
};

use crate::stand_in::StandIn;

/// A moment after the answers were recorded; logs are recent then.
const NOW_MS: i64 = 1_795_387_600_000;

/// No waiting for a refresh that a stand-in does not do. Time-outs stay long: a machine that runs tests may be busy.
pub(crate) fn quick() -> CollectorConfig {
    CollectorConfig {
        request_timeout_ms: 20_000,
        metric_refresh_wait_ms: 1,
        ..CollectorConfig::default()
    }
}

pub(crate) fn watcher_of(
    url: &str,
    logs: Option<&Path>,
    config: CollectorConfig,
) -> ClusterWatcher {
    let mut target = ClusterTarget::new("c", url);
    target.log_directories.extend(logs.map(Path::to_owned));
    // Loading the templates takes longer than any of these tests.
    static CODING: LazyLock<Coding> = LazyLock::new(|| Coding::builtin().unwrap());
    let shared = Shared::with_templates(&config, CODING.clone())
        .unwrap()
        .with_clock(Clock::new(|| NOW_MS));
    ClusterWatcher::sharing(shared, target, config.into()).unwrap()
}

pub(crate) fn watcher(stand_in: &StandIn) -> ClusterWatcher {
    watcher_of(&stand_in.url(), None, quick())
}

fn snapshots(observations: &[Observation]) -> impl Iterator<Item = &Kind> {
    observations
        .iter()
        .filter_map(|observation| match &observation.body {
            Some(Body::Snapshot(snapshot)) => snapshot.kind.as_ref(),
            _ => None,
        })
}

pub(crate) fn cluster(observations: &[Observation]) -> Option<&ClusterSnapshot> {
    snapshots(observations).find_map(|kind| match kind {
        Kind::Cluster(cluster) => Some(cluster),
        _ => None,
    })
}

pub(crate) fn job<'o>(observations: &'o [Observation], name: &str) -> Option<&'o JobSnapshot> {
    snapshots(observations).find_map(|kind| match kind {
        Kind::Job(job) if job.name == name => Some(job),
        _ => None,
    })
}

pub(crate) fn checkpoints<'o>(
    observations: &'o [Observation],
    job_id: &str,
) -> Option<&'o CheckpointSnapshot> {
    snapshots(observations).find_map(|kind| match kind {
        Kind::Checkpoints(snapshot) if snapshot.job_id == job_id => Some(snapshot),
        _ => None,
    })
}

pub(crate) fn exceptions<'o>(
    observations: &'o [Observation],
    job_id: &str,
) -> Option<&'o ExceptionSnapshot> {
    snapshots(observations).find_map(|kind| match kind {
        Kind::Exceptions(snapshot) if snapshot.job_id == job_id => Some(snapshot),
        _ => None,
    })
}

pub(crate) fn metrics<'o>(observations: &'o [Observation], id: &str) -> Option<&'o MetricBatch> {
    observations
        .iter()
        .find_map(|observation| match &observation.body {
            Some(Body::Metrics(batch)) => match &batch.subject {
                Some(Subject::JobId(subject) | Subject::ProcessId(subject)) if subject == id => {
                    Some(batch)
                }
                _ => None,
            },
            _ => None,
        })
}

pub(crate) fn logs(observations: &[Observation]) -> Vec<&LogBatch> {
    let batch = |observation: &'_ Observation| matches!(observation.body, Some(Body::Logs(_)));
    let batches = observations.iter().filter(|observation| batch(observation));
    batches
        .filter_map(|observation| match &observation.body {
            Some(Body::Logs(batch)) => Some(batch),
            _ => None,
        })
        .collect()
}

/// Values of one metric, a subtask each.
pub(crate) fn row<'g>(group: &'g MetricGroup, name: &str) -> &'g [f64] {
    let row = group.names.iter().position(|other| other == name);
    let row = row.unwrap_or_else(|| panic!("{name} is not among {:?}", group.names));
    let columns = group.columns as usize;
    &group.values[row * columns..(row + 1) * columns]
}

/// All texts that leave the collector.
pub(crate) fn everything(observations: &[Observation]) -> String {
    format!("{observations:?}")
}
