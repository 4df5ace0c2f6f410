//! TaskManagers that go, jobs that end, jobs that cannot run.

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::context_record;

use crate::cluster::{
    Counted, JOB, START_MS, TASKMANAGERS, VERTICES, cluster, events_of, healthy_run, job, poll,
    process, records_of, value,
};

#[test]
fn a_taskmanager_that_went_still_has_records_for_a_minute() {
    let mut run = healthy_run(6);
    let gone_ms = START_MS + 30_000;
    for number in 0..30 {
        let at_ms = gone_ms + number * 5_000;
        run.push(cluster(at_ms, &TASKMANAGERS[..1], "RUNNING"));
        run.push(process(at_ms, TASKMANAGERS[0], 3.0 + number as f64));
    }
    let events = events_of(&run);
    let gone = records_of(&events, TASKMANAGERS[1]);
    let present: Vec<f32> = gone.iter().map(|record| value(record, "present")).collect();
    assert_eq!(present[..3], [1.0; 3]);
    assert!(present[3..].iter().all(|present| *present == 0.0));
    assert!((6..=8).contains(&present[3..].len()), "{present:?}");
    assert!(value(gone.last().unwrap(), "heap_share").is_nan());
    assert_eq!(gone.last().unwrap().job_id, JOB);
    assert!(records_of(&events, TASKMANAGERS[0]).len() > 15);
}

#[test]
fn a_job_without_a_running_task_still_has_records() {
    let waiting = Counted {
        records: f64::NAN,
        busy_ms: f64::NAN,
        idle_ms: f64::NAN,
        attempt: 0,
    };
    let mut run = vec![
        cluster(START_MS, &[], "RUNNING"),
        job(START_MS, "RUNNING", 2),
    ];
    for number in 0..6 {
        let mut observation = poll(START_MS + number * 5_000, 2, waiting);
        if let Some(streamwarden_proto::v1::observation::Body::Metrics(batch)) =
            &mut observation.body
        {
            batch
                .groups
                .iter_mut()
                .flat_map(|group| &mut group.placements)
                .for_each(|placement| {
                    placement.state = streamwarden_proto::v1::ExecutionState::Scheduled.into();
                    placement.taskmanager = 0;
                });
        }
        run.push(observation);
    }
    let jobs = records_of(&events_of(&run), JOB);
    assert_eq!(jobs.len(), 3);
    let last = jobs.last().unwrap();
    assert_eq!(value(last, "running_share"), 0.0);
    assert_eq!(value(last, "waiting_share"), 1.0);
    assert_eq!(value(last, "slots_total"), 0.0);
}

#[test]
fn a_job_that_ended_has_records_for_a_minute_and_its_vertices_none() {
    let mut run = healthy_run(4);
    let ended_ms = START_MS + 20_000;
    for number in 0..30 {
        run.push(cluster(ended_ms + number * 5_000, &TASKMANAGERS, "FAILED"));
    }
    let events = events_of(&run);
    let jobs = records_of(&events, JOB);
    assert!((8..=9).contains(&jobs.len()), "{}", jobs.len());
    assert_eq!(value(jobs.last().unwrap(), "status_failed"), 1.0);
    assert_eq!(records_of(&events, VERTICES[0]).len(), 2);
}

#[test]
fn graph_and_resources_are_forwarded_when_they_change() {
    let contexts = |run: &[_]| {
        let events = events_of(run);
        let kinds = events.iter().filter_map(|event| match event {
            FeatureEvent::Context(context) => context.kind.clone(),
            _ => None,
        });
        let (jobs, clusters): (Vec<_>, Vec<_>) =
            kinds.partition(|kind| matches!(kind, context_record::Kind::Job(_)));
        (jobs.len(), clusters.len())
    };
    let mut run = vec![
        cluster(START_MS, &TASKMANAGERS, "RUNNING"),
        job(START_MS, "RUNNING", 2),
    ];
    run.push(cluster(START_MS + 5_000, &TASKMANAGERS, "RUNNING"));
    run.push(job(START_MS + 5_000, "RUNNING", 2));
    assert_eq!(contexts(&run), (1, 1));
    run.push(job(START_MS + 10_000, "RUNNING", 4));
    run.push(cluster(START_MS + 10_000, &TASKMANAGERS[..1], "RUNNING"));
    assert_eq!(contexts(&run), (2, 2));
}
