//! The same records give the same features, byte for byte.

use proptest::prelude::*;
use streamwarden_featurizer::{HORIZON_MS, schema};
use streamwarden_proto::record::Record;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::{MetricBatch, MetricGroup, Observation, metric_batch};
use streamwarden_proto::{FeatureEvent, StoredRecord};

use crate::cluster::{
    CLUSTER, Counted, EXPERIENCE, JOB, TASKMANAGERS, VERTICES, cluster, events_of, featurizer,
    healthy_run, job, observation, poll_with, process,
};

fn bytes(events: &[FeatureEvent]) -> Vec<StoredRecord> {
    events.iter().map(Record::store).collect()
}

#[test]
fn a_run_that_is_read_twice_gives_the_same_bytes() {
    let run = healthy_run(40);
    assert_eq!(bytes(&events_of(&run)), bytes(&events_of(&run)));
    assert!(EXPERIENCE.problem("slow-sink").is_some());
}

#[test]
fn state_that_is_rebuilt_from_the_horizon_gives_the_same_features() {
    let run = healthy_run(600);
    let all = events_of(&run);
    let newest_ms = run.last().unwrap().observed_at_ms;
    let resume_ms = newest_ms - 60_000;
    let reread: Vec<Observation> = run
        .iter()
        .filter(|one| one.observed_at_ms >= resume_ms - HORIZON_MS - 10_000)
        .cloned()
        .collect();
    let later = |events: Vec<FeatureEvent>| -> Vec<StoredRecord> {
        let events = events
            .into_iter()
            .filter(|event| event.timestamp_ms() > resume_ms);
        events.map(|event| event.store()).collect()
    };
    let (expected, rebuilt) = (later(all), later(events_of(&reread)));
    assert!(expected.len() > 20);
    assert_eq!(rebuilt, expected);
}

/// Any figures at all, also those that no Flink would report.
fn any_poll() -> impl Strategy<Value = Observation> {
    let figure = prop_oneof![
        Just(f64::NAN),
        Just(0.0),
        Just(-9_223_372_036_854_775_808.0),
        Just(f64::INFINITY),
        0.0..1e12,
        -1e6..1e6,
    ];
    let names = [
        "accumulated-busy-time",
        "accumulated-idle-time",
        "accumulated-backpressured-time",
        "busyTimeMsPerSecond",
        "read-records",
        "write-records",
        "currentInputWatermark",
        "Source__a.pendingRecords",
        "a.numLateRecordsDropped",
        "Shuffle.Netty.Input.Buffers.inPoolUsage",
    ];
    let figures = proptest::collection::vec(figure, names.len() * 3);
    (0..60_000_i64, 0..3_usize, 1..4_u32, figures).prop_map(
        move |(offset_ms, vertex, columns, values)| {
            let group = MetricGroup {
                vertex_id: VERTICES[vertex].into(),
                columns,
                names: names.map(str::to_owned).to_vec(),
                values,
                ..MetricGroup::default()
            };
            let batch = MetricBatch {
                subject: Some(metric_batch::Subject::JobId(JOB.into())),
                taskmanager_ids: TASKMANAGERS.map(str::to_owned).to_vec(),
                groups: vec![group],
            };
            observation(1_795_386_300_000 + offset_ms, Body::Metrics(batch))
        },
    )
}

fn in_its_range(unit: &str, name: &str, value: f32) -> bool {
    let is_share = unit == "ratio" && name.ends_with("_share");
    match unit {
        _ if value.is_nan() => true,
        "flag" => value == 0.0 || value == 1.0,
        _ if is_share => {
            (-0.0..=1.0).contains(&value) || name.contains("heap") || name.contains("direct")
        }
        "ms/s" if name.starts_with("busy_m") || name.starts_with("idle_m") => {
            name.contains("_vs_") || name.contains("minus") || (0.0..=1_000.0).contains(&value)
        }
        _ => value.is_finite(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_reported_values_are_finite_or_missing_and_in_their_range(
        polls in proptest::collection::vec(any_poll(), 1..40)
    ) {
        let mut run = vec![cluster(1_795_386_300_000, &TASKMANAGERS, "RUNNING"), job(1_795_386_300_000, "RUNNING", 2)];
        run.extend(polls);
        for event in events_of(&run) {
            let FeatureEvent::Features(record) = event else { continue };
            let scope = Scope::try_from(record.subject.clone().unwrap().scope()).unwrap();
            prop_assert_eq!(&record.schema_fingerprint, &schema(scope).fingerprint());
            prop_assert_eq!(record.values.len(), schema(scope).features.len());
            for (feature, value) in schema(scope).features.iter().zip(&record.values) {
                prop_assert!(!value.is_infinite(), "{} is {value}", feature.name);
                prop_assert!(in_its_range(feature.unit, &feature.name, *value), "{} is {value}", feature.name);
            }
        }
    }

    #[test]
    fn a_little_disorder_within_the_allowed_lateness_changes_nothing(
        swaps in proptest::collection::vec(any::<prop::sample::Index>(), 0..30)
    ) {
        let run = healthy_run(30);
        let mut disordered = run.clone();
        for swap in swaps {
            // Snapshots and polls of one moment may come in any order; so may neighbours.
            let at = swap.index(run.len() - 1);
            let (left, right) = (&disordered[at], &disordered[at + 1]);
            if (left.observed_at_ms - right.observed_at_ms).abs() < 1_000
                && left.subject_id() != right.subject_id()
                && !matches!(left.body, Some(Body::Snapshot(_)))
                && !matches!(right.body, Some(Body::Snapshot(_)))
            {
                disordered.swap(at, at + 1);
            }
        }
        let features = |events: Vec<FeatureEvent>| {
            let mut records: Vec<_> = events
                .into_iter()
                .filter(|event| matches!(event, FeatureEvent::Features(_)))
                .map(|event| event.store().payload)
                .collect();
            records.sort();
            records
        };
        prop_assert_eq!(features(events_of(&disordered)), features(events_of(&run)));
    }
}

#[test]
fn two_clusters_in_one_partition_do_not_touch_each_other() {
    let run = healthy_run(20);
    let mut other = run.clone();
    other
        .iter_mut()
        .for_each(|observation| observation.cluster_id = "cluster-2".into());
    let mut featurizer = featurizer();
    let mut events = Vec::new();
    for (one, two) in run.iter().zip(&other) {
        events.extend(featurizer.push(one));
        events.extend(featurizer.push(two));
    }
    events.extend(featurizer.finish());
    let of_first = events
        .into_iter()
        .filter(|event| event.cluster_id() == CLUSTER)
        .collect::<Vec<_>>();
    assert_eq!(bytes(&of_first), bytes(&events_of(&run)));
}

#[test]
fn counters_and_placements_of_a_task_that_runs_nowhere_do_no_harm() {
    let nowhere = Counted {
        records: f64::NAN,
        busy_ms: f64::NAN,
        idle_ms: f64::NAN,
        attempt: 0,
    };
    let at_ms = 1_795_386_300_000;
    let run = [
        job(at_ms, "CREATED", 2),
        poll_with(at_ms, 2, nowhere, &[]),
        process(at_ms, "tm-9", f64::NAN),
    ];
    assert!(!events_of(&run).is_empty());
}
