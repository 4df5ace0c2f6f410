//! Moves a recording in time: every instant in it by the same span, durations not.
//!
//! Windows are cut at whole multiples of their length, so that a span of whole windows gives the same features at
//! other times.

use streamwarden_featurizer::WINDOW_MS;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{
    CheckpointSnapshot, ClusterSnapshot, ExceptionSnapshot, JobSnapshot, LogBatch, MetricBatch,
    Observation, Snapshot,
};
use streamwarden_proto::{DecodeError, Record, StoredRecord};

/// Metrics whose values are instants, by the end of their names.
const INSTANT_METRICS: [&str; 2] = ["Watermark", "Timestamp"];
/// Smaller values stand for "none", or are no milliseconds since 1970: 1973, in milliseconds.
const EARLIEST_INSTANT_MS: f64 = 1e11;
/// Larger ones stand for "the end of time".
const LATEST_INSTANT_MS: f64 = 1e14;

/// `span_ms`, cut to whole windows.
#[must_use]
pub fn whole_windows(span_ms: i64) -> i64 {
    span_ms.div_euclid(WINDOW_MS) * WINDOW_MS
}

/// The same record at another time. Its id changes: it is another observation.
///
/// # Errors
/// [`DecodeError`] if it is no observation.
pub fn record(record: &StoredRecord, span_ms: i64) -> Result<StoredRecord, DecodeError> {
    let payload = record.payload.as_deref().unwrap_or_default();
    let mut observation = Observation::decode_payload(&record.kind, payload)?;
    self::observation(&mut observation, span_ms);
    Ok(observation.store())
}

/// Moves every instant of an observation.
pub fn observation(observation: &mut Observation, span_ms: i64) {
    observation.observed_at_ms += span_ms;
    match &mut observation.body {
        Some(Body::Metrics(batch)) => metrics(batch, span_ms),
        Some(Body::Logs(batch)) => logs(batch, span_ms),
        Some(Body::Snapshot(snapshot)) => self::snapshot(snapshot, span_ms),
        None => {}
    }
}

/// An instant of 0 or below stands for "never".
fn move_instant(at_ms: &mut i64, span_ms: i64) {
    if *at_ms > 0 {
        *at_ms += span_ms;
    }
}

fn move_optional(at_ms: &mut Option<i64>, span_ms: i64) {
    if let Some(at_ms) = at_ms {
        move_instant(at_ms, span_ms);
    }
}

fn metrics(batch: &mut MetricBatch, span_ms: i64) {
    for group in &mut batch.groups {
        let columns = (group.columns as usize).max(1);
        let rows = group.names.iter().zip(group.values.chunks_mut(columns));
        for (name, row) in rows {
            if INSTANT_METRICS.iter().any(|ending| name.ends_with(ending)) {
                row.iter_mut().for_each(|value| move_figure(value, span_ms));
            }
        }
    }
}

fn move_figure(value: &mut f64, span_ms: i64) {
    if (EARLIEST_INSTANT_MS..LATEST_INSTANT_MS).contains(value) {
        // Spans are below 2^53 milliseconds by far.
        *value += span_ms as f64;
    }
}

fn logs(batch: &mut LogBatch, span_ms: i64) {
    for event in &mut batch.events {
        move_instant(&mut event.at_ms, span_ms);
    }
}

fn snapshot(snapshot: &mut Snapshot, span_ms: i64) {
    match &mut snapshot.kind {
        Some(Kind::Cluster(cluster)) => self::cluster(cluster, span_ms),
        Some(Kind::Job(job)) => self::job(job, span_ms),
        Some(Kind::Checkpoints(checkpoints)) => self::checkpoints(checkpoints, span_ms),
        Some(Kind::Exceptions(exceptions)) => self::exceptions(exceptions, span_ms),
        None => {}
    }
}

fn cluster(cluster: &mut ClusterSnapshot, span_ms: i64) {
    move_optional(&mut cluster.unreachable_since_ms, span_ms);
    for taskmanager in &mut cluster.taskmanagers {
        move_optional(&mut taskmanager.last_heartbeat_ms, span_ms);
    }
    for job in &mut cluster.jobs {
        move_instant(&mut job.start_time_ms, span_ms);
        move_optional(&mut job.end_time_ms, span_ms);
    }
}

fn job(job: &mut JobSnapshot, span_ms: i64) {
    move_instant(&mut job.start_time_ms, span_ms);
    job.state_entered_at_ms
        .values_mut()
        .for_each(|at_ms| move_instant(at_ms, span_ms));
}

fn checkpoints(snapshot: &mut CheckpointSnapshot, span_ms: i64) {
    for checkpoint in &mut snapshot.checkpoints {
        move_instant(&mut checkpoint.triggered_at_ms, span_ms);
        move_optional(&mut checkpoint.latest_ack_at_ms, span_ms);
    }
}

fn exceptions(snapshot: &mut ExceptionSnapshot, span_ms: i64) {
    for entry in &mut snapshot.entries {
        move_instant(&mut entry.at_ms, span_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::{Checkpoint, JobRef, LogEvent, MetricGroup, TaskManagerInfo};

    fn moved(body: Body) -> Body {
        let mut moved = Observation {
            cluster_id: "c".into(),
            observed_at_ms: 1_700_000_000_000,
            body: Some(body),
        };
        observation(&mut moved, 10_000);
        assert_eq!(moved.observed_at_ms, 1_700_000_010_000);
        moved.body.unwrap()
    }

    #[test]
    fn watermarks_move_and_other_figures_stay() {
        let group = MetricGroup {
            columns: 2,
            names: vec!["currentInputWatermark".into(), "numRecordsIn".into()],
            values: vec![1_700_000_000_500.0, i64::MIN as f64, 1e12, 7.0],
            ..MetricGroup::default()
        };
        let batch = MetricBatch {
            groups: vec![group],
            ..MetricBatch::default()
        };
        let Body::Metrics(batch) = moved(Body::Metrics(batch)) else {
            panic!("still metrics")
        };
        assert_eq!(
            batch.groups[0].values,
            [1_700_000_010_500.0, i64::MIN as f64, 1e12, 7.0]
        );
    }

    #[test]
    fn log_lines_move_with_their_batch() {
        let event = LogEvent {
            at_ms: 1_700_000_000_001,
            ..LogEvent::default()
        };
        let Body::Logs(batch) = moved(Body::Logs(LogBatch {
            events: vec![event],
            ..LogBatch::default()
        })) else {
            panic!("still logs")
        };
        assert_eq!(batch.events[0].at_ms, 1_700_000_010_001);
    }

    #[test]
    fn what_never_happened_stays_never_and_durations_stay() {
        let cluster = ClusterSnapshot {
            taskmanagers: vec![TaskManagerInfo {
                last_heartbeat_ms: Some(1_700_000_000_000),
                ..TaskManagerInfo::default()
            }],
            jobs: vec![JobRef {
                start_time_ms: 1_700_000_000_000,
                end_time_ms: Some(-1),
                ..JobRef::default()
            }],
            ..ClusterSnapshot::default()
        };
        let mut whole = Snapshot {
            kind: Some(Kind::Cluster(cluster)),
        };
        snapshot(&mut whole, 10_000);
        let Some(Kind::Cluster(cluster)) = whole.kind else {
            panic!("still a cluster")
        };
        assert_eq!(
            cluster.taskmanagers[0].last_heartbeat_ms,
            Some(1_700_000_010_000)
        );
        assert_eq!(cluster.jobs[0].start_time_ms, 1_700_000_010_000);
        assert_eq!(cluster.jobs[0].end_time_ms, Some(-1));
        let mut snapshot = CheckpointSnapshot {
            checkpoints: vec![Checkpoint {
                triggered_at_ms: 1_700_000_000_000,
                end_to_end_duration_ms: Some(250.0),
                ..Checkpoint::default()
            }],
            ..CheckpointSnapshot::default()
        };
        checkpoints(&mut snapshot, 10_000);
        assert_eq!(snapshot.checkpoints[0].triggered_at_ms, 1_700_000_010_000);
        assert_eq!(snapshot.checkpoints[0].end_to_end_duration_ms, Some(250.0));
    }

    /// A new field that ends in `_ms` has to be put into one of these lists, and into the code above if it is an instant.
    #[test]
    fn every_time_of_the_record_is_known_to_be_an_instant_or_a_duration() {
        const INSTANTS: [&str; 9] = [
            "observed_at_ms",
            "at_ms",
            "unreachable_since_ms",
            "last_heartbeat_ms",
            "start_time_ms",
            "end_time_ms",
            "state_entered_at_ms",
            "triggered_at_ms",
            "latest_ack_at_ms",
        ];
        const DURATIONS: [&str; 5] = [
            "end_to_end_duration_ms",
            "sync_duration_ms",
            "async_duration_ms",
            "alignment_duration_ms",
            "start_delay_ms",
        ];
        let schema = include_str!("../../../proto/proto/streamwarden/v1/observation.proto");
        for line in schema
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let Some((declaration, _)) = line.split_once(" = ") else {
                continue;
            };
            let name = declaration.split_whitespace().last().unwrap();
            if name.ends_with("_ms") {
                let known = INSTANTS.contains(&name) || DURATIONS.contains(&name);
                assert!(known, "is {name} an instant or a duration?");
            }
        }
    }

    #[test]
    fn a_span_is_cut_to_whole_windows() {
        assert_eq!(whole_windows(25_000), 20_000);
        assert_eq!(whole_windows(-25_000), -30_000);
    }
}
