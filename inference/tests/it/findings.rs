use proptest::prelude::*;
use streamwarden_inference::{Diagnosis, DiagnosisConfig, health_score};
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::finding::{Evidence, FindingStatus};
use streamwarden_proto::{FeatureEvent, Finding};

use crate::records::{
    FINE, SINK, SLOW, START_MS, STRANGE, TROUBLED, WINDOW_MS, diagnosis, diagnosis_of_taskmanagers,
    diagnosis_with, diagnosis_with_healthy_limits, diagnosis_with_limits,
    diagnosis_with_limits_of_trouble, error, job_context, listing, push, symptom, told, window,
    window_of_taskmanager,
};

/// A job that has run well for a minute.
pub(crate) fn seasoned() -> Diagnosis {
    well_for_a_minute(diagnosis())
}

pub(crate) fn well_for_a_minute(mut diagnosis: Diagnosis) -> Diagnosis {
    assert_eq!(
        told(&push(&mut diagnosis, &[job_context(START_MS, "RUNNING")])),
        Vec::<String>::new()
    );
    for number in 1..=6 {
        assert_eq!(
            told(&push(&mut diagnosis, &window(number, FINE, FINE))),
            Vec::<String>::new()
        );
    }
    diagnosis
}

pub(crate) fn opened(diagnosis: &mut Diagnosis) -> Finding {
    let mut events = push(diagnosis, &window(7, FINE, SLOW));
    events.extend(push(diagnosis, &window(8, FINE, SLOW)));
    assert_eq!(told(&events), ["opened slow-sink@sink"]);
    events.remove(0).data
}

#[test]
fn a_slow_sink_is_named_within_two_windows() {
    let finding = opened(&mut seasoned());
    assert_eq!(
        (finding.code.as_str(), finding.subject.id.as_str()),
        ("SW1101", SINK)
    );
    assert!(finding.confidence > 0.5 && finding.confidence <= 0.99);
    assert!(
        finding.title.starts_with("sink waits for"),
        "{}",
        finding.title
    );
    assert_eq!(finding.status, FindingStatus::Open);
    assert_eq!(finding.model.name, "vertex");
    assert!(!finding.actions.is_empty() && !finding.avoid.is_empty());
}

#[test]
fn the_evidence_stands_beside_its_healthy_limit_and_the_decision_names_the_measured_value() {
    let finding = opened(&mut seasoned());
    let Evidence::Figure(first) = &finding.evidence[0] else {
        panic!("a figure should come first: {:?}", finding.evidence)
    };
    assert_eq!((first.feature.as_str(), first.value), ("busy_max", 985.0));
    assert!(
        first
            .healthy_max
            .is_some_and(|limit| (700.0..900.0).contains(&limit))
    );
    let shares: f64 = finding
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Figure(figure) => Some(figure.contribution),
            Evidence::Log { .. } => None,
        })
        .sum();
    assert!((0.5..=1.001).contains(&shares), "{shares}");
    let step = &finding.decision[0];
    assert_eq!((step.op.as_str(), step.value), (">", Some(985.0)));
    assert!(
        step.text.contains("is above") && step.text.ends_with("985 ms/s"),
        "{}",
        step.text
    );
}

#[test]
fn a_healthy_job_has_no_finding_and_full_health() {
    let diagnosis = seasoned();
    let health = diagnosis.health();
    assert_eq!(health.len(), 1);
    assert_eq!(health[0].score, Some(100));
}

#[test]
fn a_young_job_is_not_judged_yet() {
    let mut diagnosis = diagnosis();
    push(&mut diagnosis, &[job_context(START_MS, "RUNNING")]);
    assert_eq!(
        told(&push(&mut diagnosis, &window(1, SLOW, SLOW))),
        Vec::<String>::new()
    );
    assert_eq!(diagnosis.health()[0].score, None);
}

#[test]
fn of_two_slow_steps_the_one_further_down_is_the_cause_and_there_is_one_finding() {
    let mut diagnosis = seasoned();
    let mut events = push(&mut diagnosis, &window(7, SLOW, SLOW));
    events.extend(push(&mut diagnosis, &window(8, SLOW, SLOW)));
    assert_eq!(told(&events), ["opened slow-sink@sink"]);
}

#[test]
fn one_good_window_does_not_resolve_a_finding_and_three_do() {
    let mut diagnosis = seasoned();
    let id = opened(&mut diagnosis).finding_id;
    assert_eq!(
        told(&push(&mut diagnosis, &window(9, FINE, FINE))),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&push(&mut diagnosis, &window(10, FINE, SLOW))),
        Vec::<String>::new()
    );
    let mut events = Vec::new();
    for number in 11..=14 {
        events.extend(push(&mut diagnosis, &window(number, FINE, FINE)));
    }
    assert_eq!(told(&events), ["resolved slow-sink@sink"]);
    assert_eq!(events[0].data.finding_id, id);
    assert_eq!(diagnosis.health()[0].score, Some(100));
}

#[test]
fn a_finding_that_stays_is_confirmed_now_and_then_and_not_each_window() {
    let mut diagnosis = seasoned();
    opened(&mut diagnosis);
    let mut events = Vec::new();
    for number in 9..=70 {
        events.extend(push(&mut diagnosis, &window(number, FINE, SLOW)));
    }
    let updates = told(&events);
    assert!(
        updates.iter().all(|told| told == "updated slow-sink@sink"),
        "{updates:?}"
    );
    assert!(
        (2..=4).contains(&updates.len()),
        "ten minutes: {}",
        updates.len()
    );
}

#[test]
fn one_failure_that_a_restart_cures_is_no_finding_and_the_same_again_is_one() {
    let mut diagnosis = seasoned();
    let first = push(&mut diagnosis, &[error(61, "user-exception-loop", 0.9)]);
    assert_eq!(told(&first), Vec::<String>::new());
    let second = push(&mut diagnosis, &[error(66, "user-exception-loop", 0.9)]);
    assert_eq!(told(&second), ["opened user-exception-loop@totals"]);
    let finding = &second[0].data;
    assert_eq!(finding.model.name, "rules");
    let Evidence::Log { log } = &finding.evidence[0] else {
        panic!("the log line should come first: {:?}", finding.evidence)
    };
    assert_eq!(log.template, "E-00000001");
    assert!(log.text.contains("Totals.java:42"), "{}", log.text);
}

#[test]
fn a_failed_job_keeps_its_finding_and_one_failure_is_enough() {
    let mut diagnosis = seasoned();
    push(&mut diagnosis, &[error(61, "user-exception-loop", 0.9)]);
    let failed = push(&mut diagnosis, &[job_context(START_MS + 62_000, "FAILED")]);
    assert_eq!(told(&failed), ["opened user-exception-loop@totals"]);
}

#[test]
fn what_was_found_of_a_failed_job_ends_after_an_hour() {
    let mut diagnosis = seasoned();
    push(&mut diagnosis, &[error(61, "user-exception-loop", 0.9)]);
    let failed_ms = START_MS + 62_000;
    push(&mut diagnosis, &[job_context(failed_ms, "FAILED")]);
    let at = |minutes: i64| listing(failed_ms + minutes * 60_000, &[("j", "FAILED")]);
    assert_eq!(
        told(&push(&mut diagnosis, &[at(1), at(59)])),
        Vec::<String>::new()
    );
    let ended = push(&mut diagnosis, &[at(61)]);
    assert_eq!(told(&ended), ["resolved user-exception-loop@totals"]);
}

#[test]
fn what_was_found_of_a_job_that_the_cluster_never_lists_ends_after_an_hour() {
    let mut diagnosis = diagnosis();
    let refused = error(0, "uid-used-twice", 0.96);
    assert_eq!(
        told(&push(&mut diagnosis, &[refused])),
        ["opened uid-used-twice@j"]
    );
    let at = |minutes: i64| listing(START_MS + minutes * 60_000, &[]);
    assert_eq!(
        told(&push(&mut diagnosis, &[at(1), at(59)])),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&push(&mut diagnosis, &[at(61)])),
        ["resolved uid-used-twice@j"]
    );
}

#[test]
fn a_failure_that_no_rule_knows_is_called_unknown_when_it_comes_again() {
    let mut diagnosis = seasoned();
    let events = push(&mut diagnosis, &[error(61, "", 0.0), error(70, "", 0.0)]);
    let [event] = events.as_slice() else {
        panic!("one finding was expected: {:?}", told(&events))
    };
    assert_eq!(
        (event.data.slug.as_str(), event.data.code.as_str()),
        ("unknown", "SW0000")
    );
    assert!(
        event.data.explanation.contains("thread dump"),
        "{}",
        event.data.explanation
    );
}

/// What comes of windows with these numbers, in which the sink shows these figures.
pub(crate) fn windows(
    diagnosis: &mut Diagnosis,
    numbers: std::ops::RangeInclusive<i64>,
    sink: [f32; 4],
) -> Vec<FindingEvent> {
    numbers
        .flat_map(|number| push(diagnosis, &window(number, FINE, sink)))
        .collect()
}

/// What comes of strange windows with these numbers.
fn strange(diagnosis: &mut Diagnosis, numbers: std::ops::RangeInclusive<i64>) -> Vec<String> {
    told(&windows(diagnosis, numbers, STRANGE))
}

#[test]
fn figures_beyond_what_a_problem_ever_showed_are_called_unknown_after_three_windows() {
    let mut diagnosis = well_for_a_minute(diagnosis_with_limits());
    assert_eq!(strange(&mut diagnosis, 7..=8), Vec::<String>::new());
    assert_eq!(strange(&mut diagnosis, 9..=9), ["opened unknown@sink"]);
}

#[test]
fn more_trouble_than_any_healthy_subject_showed_is_called_unknown_though_no_model_knows_it() {
    let mut diagnosis = well_for_a_minute(diagnosis_with_healthy_limits());
    assert_eq!(
        told(&windows(&mut diagnosis, 7..=8, TROUBLED)),
        Vec::<String>::new()
    );
    let events = windows(&mut diagnosis, 9..=9, TROUBLED);
    assert_eq!(told(&events), ["opened unknown@sink"]);
    assert!(
        events[0].data.confidence >= 0.9,
        "{}",
        events[0].data.confidence
    );
}

#[test]
fn a_problem_is_not_named_beside_trouble_that_never_goes_with_it() {
    let mut diagnosis = well_for_a_minute(diagnosis_with_limits_of_trouble());
    assert_eq!(strange(&mut diagnosis, 7..=9), ["opened unknown@sink"]);
    let mut diagnosis = well_for_a_minute(diagnosis_with_limits_of_trouble());
    opened(&mut diagnosis);
}

#[test]
fn what_the_last_figures_of_a_taskmanager_only_hint_at_is_proven_by_its_end() {
    let mut diagnosis = well_for_a_minute(diagnosis_of_taskmanagers());
    for number in 7..=8 {
        push(&mut diagnosis, &window(number, FINE, FINE));
        let hint = push(&mut diagnosis, &[window_of_taskmanager(number, SLOW)]);
        assert_eq!(told(&hint), Vec::<String>::new());
    }
    let gone = push(&mut diagnosis, &[error(81, "taskmanager-killed", 0.9)]);
    assert_eq!(told(&gone), ["opened disk-full@tm-1"]);
    let mut well = seasoned();
    let gone = push(&mut well, &[error(81, "taskmanager-killed", 0.9)]);
    assert_eq!(gone[0].data.slug, "taskmanager-killed");
}

#[test]
fn advice_that_errors_gave_stays_when_figures_show_something_else() {
    let mut diagnosis = seasoned();
    let advice = push(&mut diagnosis, &[error(61, "kryo-fallback", 0.9)]);
    assert_eq!(advice.len(), 1, "{:?}", told(&advice));
    opened(&mut diagnosis);
    assert_eq!(diagnosis.open_findings().len(), 2);
}

#[test]
fn what_is_left_of_a_known_problem_is_no_unknown_one_until_two_minutes_after_it() {
    let mut diagnosis = well_for_a_minute(diagnosis_with_limits());
    opened(&mut diagnosis);
    assert_eq!(strange(&mut diagnosis, 9..=22), ["resolved slow-sink@sink"]);
    assert_eq!(strange(&mut diagnosis, 23..=30), ["opened unknown@sink"]);
}

#[test]
fn a_lost_taskmanager_opens_at_once_and_what_follows_from_it_is_evidence() {
    let mut diagnosis = seasoned();
    let lost = push(&mut diagnosis, &[error(61, "taskmanager-killed", 0.9)]);
    assert_eq!(lost.len(), 1, "{:?}", told(&lost));
    let follower = push(&mut diagnosis, &[error(62, "peer-taskmanager-gone", 0.9)]);
    assert_eq!(told(&follower), Vec::<String>::new());
    assert_eq!(diagnosis.open_findings().len(), 1);
}

/// What the first of two symptoms of a lost TaskManager makes of both.
fn named_after(first: &str, then: &str) -> String {
    let mut diagnosis = seasoned();
    let mut events = push(
        &mut diagnosis,
        &[symptom(61, first), symptom(65, then), symptom(75, then)],
    );
    assert_eq!(events.len(), 1, "{:?}", told(&events));
    events.remove(0).data.slug
}

#[test]
fn a_taskmanager_whose_connections_broke_first_was_killed_and_one_that_fell_silent_first_is_frozen()
{
    let (broken, silent) = ("peer-taskmanager-gone", "taskmanager-heartbeat-lost");
    assert_eq!(named_after(broken, silent), "taskmanager-killed");
    assert_eq!(named_after(silent, broken), "taskmanager-frozen");
    assert_eq!(named_after(silent, silent), "taskmanager-frozen");
}

#[test]
fn memory_that_ran_out_is_the_cause_of_a_silence_and_not_a_frozen_process() {
    let mut diagnosis = seasoned();
    let events = [
        error(61, "heap-exhausted", 0.9),
        symptom(62, "taskmanager-heartbeat-lost"),
        symptom(75, "taskmanager-heartbeat-lost"),
    ];
    assert_eq!(
        told(&push(&mut diagnosis, &events)),
        [format!("opened heap-exhausted@{}", "j")]
    );
}

#[test]
fn a_cancelled_job_ends_its_findings() {
    let mut diagnosis = seasoned();
    opened(&mut diagnosis);
    let events = push(
        &mut diagnosis,
        &[job_context(START_MS + 90_000, "CANCELED")],
    );
    assert_eq!(told(&events), ["resolved slow-sink@sink"]);
}

#[test]
fn a_finding_that_was_open_before_a_restart_is_not_opened_again() {
    let mut before = seasoned();
    let finding = opened(&mut before);
    let mut after = diagnosis();
    after.restore([finding.clone()]);
    push(&mut after, &[job_context(START_MS, "RUNNING")]);
    let mut events = Vec::new();
    for number in 9..=12 {
        events.extend(push(&mut after, &window(number, FINE, SLOW)));
    }
    assert!(
        events
            .iter()
            .all(|event| event.data.finding_id == finding.finding_id)
    );
    assert!(
        told(&events).iter().all(|told| told.starts_with("updated")),
        "{:?}",
        told(&events)
    );
    for number in 13..=16 {
        events.extend(push(&mut after, &window(number, FINE, FINE)));
    }
    assert_eq!(
        told(&events).last().map(String::as_str),
        Some("resolved slow-sink@sink")
    );
}

#[test]
fn a_row_of_another_schema_is_refused_and_the_rest_goes_on() {
    let mut diagnosis = seasoned();
    let mut events = window(7, FINE, SLOW);
    let FeatureEvent::Features(record) = &mut events[2] else {
        panic!("a row was expected")
    };
    record.schema_fingerprint = "ffffffffffffffff".into();
    let outcome = diagnosis.push_all(&events);
    let [(2, rejection)] = outcome.rejected.as_slice() else {
        panic!("one refusal was expected: {:?}", outcome.rejected)
    };
    assert!(rejection.to_string().contains("ffffffffffffffff"));
}

#[test]
fn health_falls_with_severity_and_number_of_findings() {
    let finding = opened(&mut seasoned());
    let one = health_score([&finding]);
    let two = health_score([&finding, &finding]);
    assert!(one < 60 && two < one, "{one} {two}");
    assert_eq!(health_score([]), 100);
}

/// A story of 20 windows and some errors, the same every time.
fn story() -> Vec<FeatureEvent> {
    let mut events = vec![job_context(START_MS, "RUNNING")];
    for number in 1..=20 {
        let sink = if (7..=12).contains(&number) {
            SLOW
        } else {
            FINE
        };
        events.extend(window(number, FINE, sink));
        if number % 4 == 0 {
            events.push(error(
                number * WINDOW_MS / 1_000,
                "user-exception-loop",
                0.9,
            ));
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn findings_do_not_depend_on_how_records_were_batched(cuts in prop::collection::vec(1_usize..9, 1..30)) {
        let story = story();
        let expected = push(&mut diagnosis(), &story);
        let mut batched = diagnosis();
        let (mut found, mut rest) = (Vec::new(), story.as_slice());
        for size in cuts.iter().cycle() {
            let (batch, later) = rest.split_at((*size).min(rest.len()));
            found.extend(batched.push_all(batch).events);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn more_windows_can_be_asked_for_before_a_finding_opens() {
    let config = DiagnosisConfig {
        open_windows: 3,
        ..DiagnosisConfig::default()
    };
    let mut diagnosis = diagnosis_with(config);
    push(&mut diagnosis, &[job_context(START_MS, "RUNNING")]);
    for number in 1..=6 {
        push(&mut diagnosis, &window(number, FINE, FINE));
    }
    push(&mut diagnosis, &window(7, FINE, SLOW));
    let second = push(&mut diagnosis, &window(8, FINE, SLOW));
    let third = push(&mut diagnosis, &window(9, FINE, SLOW));
    assert_eq!((told(&second).len(), told(&third).len()), (0, 1));
}
