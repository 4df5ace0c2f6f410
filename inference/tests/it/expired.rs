//! Checkpoints that expire: the error says only that, and figures why.

use streamwarden_inference::Diagnosis;

use crate::findings::{opened, seasoned, well_for_a_minute, windows};
use crate::records::{
    FINE, START_MS, STRANGE, diagnosis_with_acknowledgements, diagnosis_with_limits, error,
    job_context, push, told, window_of_all,
};
/// What comes of two expired checkpoints and of the windows after them.
fn expired(mut diagnosis: Diagnosis, sink: [f32; 4]) -> [Vec<String>; 2] {
    let slug = "checkpoint-timeout-alignment";
    let mut early = push(
        &mut diagnosis,
        &[error(61, slug, 0.9), error(66, slug, 0.9)],
    );
    early.extend(windows(&mut diagnosis, 7..=8, sink));
    let late = windows(&mut diagnosis, 9..=10, sink);
    [told(&early), told(&late)]
}

#[test]
fn a_checkpoint_that_expired_is_laid_to_what_is_usual_only_once_figures_had_time_to_say_why() {
    let [early, late] = expired(seasoned(), FINE);
    assert_eq!(early, Vec::<String>::new());
    assert_eq!(late, ["opened checkpoint-timeout-alignment@totals"]);
}

#[test]
fn a_checkpoint_that_expired_for_a_reason_that_figures_do_not_know_is_no_known_problem() {
    let [early, late] = expired(well_for_a_minute(diagnosis_with_limits()), STRANGE);
    assert_eq!(early, Vec::<String>::new());
    assert_eq!(late, ["opened unknown@sink"]);
}

/// What comes of checkpoints that expire; in each window after the first, source, totals and sink say how far barriers came
/// past them.
fn acknowledged(came_past: &[[f32; 3]]) -> Vec<String> {
    let figures = |came_past: [f32; 3]| came_past.map(|share| [300.0, 100.0, 0.3, share]);
    let mut diagnosis = diagnosis_with_acknowledgements();
    push(&mut diagnosis, &[job_context(START_MS, "RUNNING")]);
    for number in 1..=6 {
        push(
            &mut diagnosis,
            &window_of_all(number, figures([f32::NAN; 3])),
        );
    }
    let mut events = Vec::new();
    for (number, came_past) in (7..).zip(came_past) {
        let expired = error(number * 10 - 9, "checkpoint-timeout-alignment", 0.9);
        events.extend(push(&mut diagnosis, &[expired]));
        events.extend(push(
            &mut diagnosis,
            &window_of_all(number, figures(*came_past)),
        ));
    }
    told(&events)
}

const CAME_PAST_TOTALS: [f32; 3] = [f32::NAN, 1.0, f32::NAN];
const WAIT_BEFORE_TOTALS: [f32; 3] = [f32::NAN, 0.0, f32::NAN];

#[test]
fn a_checkpoint_that_expired_is_laid_to_the_snapshot_of_the_step_that_barriers_came_past() {
    let slow = ["opened checkpoint-timeout-slow-snapshot@totals"];
    assert_eq!(acknowledged(&[CAME_PAST_TOTALS]), slow);
    let held_up_by_it = [WAIT_BEFORE_TOTALS; 6];
    let story = [&[CAME_PAST_TOTALS][..], &held_up_by_it].concat();
    assert_eq!(acknowledged(&story), slow);
}

#[test]
fn barriers_that_reach_a_step_in_the_last_moment_do_not_lay_it_to_that_steps_snapshot() {
    assert_eq!(acknowledged(&[[0.0, 1.0, f32::NAN]]), Vec::<String>::new());
}

#[test]
fn a_checkpoint_whose_barriers_wait_is_laid_to_that_only_once_figures_had_time_to_say_where() {
    assert_eq!(acknowledged(&[WAIT_BEFORE_TOTALS; 2]), Vec::<String>::new());
    assert_eq!(
        acknowledged(&[WAIT_BEFORE_TOTALS; 4]),
        ["opened checkpoint-timeout-alignment@totals"]
    );
}

/// A sink that is slow, and checkpoints that expire meanwhile and after it: what comes of that.
fn with_expired_checkpoints(after_the_end: bool) -> Vec<String> {
    let mut diagnosis = seasoned();
    opened(&mut diagnosis);
    let expired = |at_s| error(at_s, "checkpoint-timeout-alignment", 0.9);
    let mut events = push(&mut diagnosis, &[expired(81), expired(86)]);
    events.extend(windows(&mut diagnosis, 9..=15, FINE));
    if after_the_end {
        events.extend(push(&mut diagnosis, &[expired(151), expired(156)]));
        events.extend(windows(&mut diagnosis, 16..=20, FINE));
    }
    told(&events)
}

#[test]
fn what_followed_from_a_finding_is_no_news_when_that_is_over_unless_it_comes_again() {
    assert_eq!(with_expired_checkpoints(false), ["resolved slow-sink@sink"]);
    assert_eq!(
        with_expired_checkpoints(true),
        [
            "resolved slow-sink@sink",
            "opened checkpoint-timeout-alignment@totals"
        ]
    );
}
