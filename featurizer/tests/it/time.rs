//! Windows, rates and standstills.

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::FeatureRecord;

use crate::cluster::{
    Counted, JOB, START_MS, TASKMANAGERS, cluster, events_of, featurizer, healthy_run, job, poll,
    poll_with, records_of, value,
};

fn started() -> Vec<streamwarden_proto::v1::Observation> {
    vec![
        cluster(START_MS, &TASKMANAGERS, "RUNNING"),
        job(START_MS, "RUNNING", 2),
    ]
}

fn counted(seconds: f64, attempt: u32) -> Counted {
    Counted {
        records: seconds * 100.0,
        busy_ms: seconds * 400.0,
        idle_ms: seconds * 600.0,
        attempt,
    }
}

fn last(records: &[FeatureRecord]) -> &FeatureRecord {
    records.last().unwrap()
}

#[test]
fn a_window_closes_when_the_clusters_own_time_has_passed_it() {
    let mut featurizer = featurizer();
    let is_features = |event: &FeatureEvent| matches!(event, FeatureEvent::Features(_));
    for observation in started() {
        assert!(!featurizer.push(&observation).iter().any(is_features));
    }
    assert!(
        !featurizer
            .push(&poll(START_MS + 11_900, 2, counted(1.0, 1)))
            .iter()
            .any(is_features)
    );
    let closed = featurizer.push(&poll(START_MS + 12_000, 2, counted(1.1, 1)));
    assert!(closed.iter().any(is_features));
    let ends = closed.iter().filter_map(|event| match event {
        FeatureEvent::Features(record) => Some(record.window_end_ms),
        _ => None,
    });
    assert!(ends.into_iter().all(|end_ms| end_ms == START_MS + 10_000));
}

#[test]
fn rates_and_times_are_those_of_the_tasks() {
    let events = events_of(&healthy_run(30));
    let sink = records_of(&events, "sink");
    let record = last(&sink);
    assert_eq!(value(record, "records_in"), 200.0);
    assert_eq!(value(record, "busy_max"), 400.0);
    assert_eq!(value(record, "idle_mean"), 600.0);
    assert_eq!(value(record, "true_rate"), 250.0);
    assert_eq!(value(record, "records_in_vs_1m"), 1.0);
    assert_eq!(value(record, "is_sink"), 1.0);
    let taskmanagers = records_of(&events, "tm-1");
    let taskmanager = last(&taskmanagers);
    assert!((value(taskmanager, "cpu_cores") - 0.5).abs() < 1e-3);
    assert!((value(taskmanager, "heap_share") - 0.4).abs() < 1e-6);
    assert!((value(taskmanager, "tasks_busy") - 1.2).abs() < 1e-6);
}

#[test]
fn the_measured_time_counts_and_not_the_polls_own_pace() {
    let mut run = started();
    run.push(poll(START_MS + 1_000, 2, counted(1.0, 1)));
    // The same answer again, then one that was measured four seconds after the first.
    run.push(poll(START_MS + 4_000, 2, counted(1.0, 1)));
    run.push(poll(START_MS + 9_000, 2, counted(5.0, 1)));
    let events = events_of(&run);
    assert_eq!(
        value(last(&records_of(&events, "totals")), "records_in"),
        200.0
    );
}

#[test]
fn counters_that_begin_anew_after_a_restart_give_no_negative_rates() {
    let mut run = started();
    run.push(poll(START_MS + 1_000, 2, counted(500.0, 1)));
    run.push(poll(START_MS + 5_000, 2, counted(504.0, 1)));
    run.push(poll(START_MS + 11_000, 2, counted(1.0, 2)));
    run.push(poll(START_MS + 16_000, 2, counted(6.0, 2)));
    let events = events_of(&run);
    let totals = records_of(&events, "totals");
    assert_eq!(
        totals
            .iter()
            .map(|record| value(record, "records_in"))
            .collect::<Vec<_>>(),
        [200.0, 200.0]
    );
    assert_eq!(value(last(&totals), "new_attempts"), 2.0);
}

#[test]
fn another_parallelism_begins_anew_without_mixing_subtasks() {
    let mut run = started();
    run.push(poll(START_MS + 1_000, 2, counted(1.0, 1)));
    run.push(poll(START_MS + 6_000, 2, counted(6.0, 1)));
    run.push(job(START_MS + 11_000, "RUNNING", 4));
    run.push(poll(START_MS + 11_000, 4, counted(1.0, 1)));
    run.push(poll(START_MS + 16_000, 4, counted(6.0, 1)));
    let events = events_of(&run);
    let totals = records_of(&events, "totals");
    assert_eq!(value(&totals[0], "parallelism"), 2.0);
    assert_eq!(value(&totals[1], "parallelism"), 4.0);
    assert_eq!(value(&totals[1], "records_in"), 400.0);
}

#[test]
fn a_figure_that_was_never_reported_is_missing_and_not_zero() {
    let events = events_of(&healthy_run(10));
    let sinks = records_of(&events, "sink");
    for name in [
        "in_pool_usage_mean",
        "pending_records",
        "watermark_lag",
        "late_dropped",
        "checkpoint_sync",
    ] {
        assert!(value(last(&sinks), name).is_nan(), "{name}");
    }
}

#[test]
fn the_gauge_of_a_task_that_was_not_measured_yet_is_not_believed() {
    let unknown = Counted {
        records: 0.0,
        busy_ms: f64::NAN,
        idle_ms: f64::NAN,
        attempt: 1,
    };
    let gauges = |busy| {
        [
            ("busyTimeMsPerSecond", busy),
            ("idleTimeMsPerSecond", 1_000.0 - busy),
            ("backPressuredTimeMsPerSecond", 0.0),
        ]
    };
    let mut run = started();
    run.push(poll_with(START_MS + 1_000, 2, unknown, &gauges(1_000.0)));
    run.push(poll_with(START_MS + 6_000, 2, unknown, &gauges(300.0)));
    let events = events_of(&run);
    assert_eq!(
        value(last(&records_of(&events, "totals")), "busy_max"),
        300.0
    );
}

#[test]
fn a_watermark_that_stands_while_records_come_shows_for_how_long() {
    let mut run = started();
    for number in 0..8 {
        let at_ms = START_MS + number * 5_000;
        let watermark = (START_MS - 2_000) as f64;
        let figures = counted(number as f64 * 5.0, 1);
        run.push(poll_with(
            at_ms,
            2,
            figures,
            &[("currentInputWatermark", watermark)],
        ));
    }
    let events = events_of(&run);
    let totals = records_of(&events, "totals");
    assert_eq!(value(last(&totals), "watermark_frozen_while_fed"), 40.0);
    assert_eq!(value(last(&totals), "watermark_advance"), 0.0);
    assert_eq!(value(last(&totals), "event_time"), 1.0);
}

#[test]
fn no_watermark_yet_is_no_watermark_that_stands() {
    let mut run = started();
    for number in 0..4 {
        let figures = counted(number as f64 * 5.0, 1);
        let none_yet = [("currentInputWatermark", i64::MIN as f64)];
        run.push(poll_with(START_MS + number * 5_000, 2, figures, &none_yet));
    }
    let events = events_of(&run);
    let totals = records_of(&events, "totals");
    assert_eq!(value(last(&totals), "input_watermark_none_share"), 1.0);
    assert!(value(last(&totals), "watermark_frozen_max").is_nan());
    assert_eq!(value(last(&totals), "event_time"), 0.0);
}

#[test]
fn a_clock_that_jumps_back_begins_a_new_time() {
    let mut run = healthy_run(10);
    let day_ms = 86_400_000;
    let mut earlier = run.clone();
    earlier
        .iter_mut()
        .for_each(|observation| observation.observed_at_ms -= day_ms);
    run.extend(earlier);
    let jobs = records_of(&events_of(&run), JOB);
    assert!(
        jobs.iter()
            .any(|record| record.window_start_ms < START_MS - day_ms / 2)
    );
}

#[test]
fn a_clock_that_jumps_far_ahead_closes_no_windows_in_between() {
    let mut run = healthy_run(4);
    let mut later = run.clone();
    later
        .iter_mut()
        .for_each(|observation| observation.observed_at_ms += 30 * 86_400_000);
    run.extend(later);
    let jobs = records_of(&events_of(&run), JOB);
    assert!(jobs.len() < 10, "{}", jobs.len());
}
