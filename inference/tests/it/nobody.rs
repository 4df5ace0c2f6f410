//! Failures that name no job.

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::ErrorRecord;

use crate::findings::seasoned;
use crate::records::{error, push, told};

#[test]
fn a_failure_that_names_no_job_is_not_laid_upon_the_one_that_runs() {
    let mut diagnosis = seasoned();
    let stray = of_nobody(error(61, "connector-not-found", 0.97));
    let events = push(&mut diagnosis, &[stray]);
    assert_eq!(events.len(), 1, "{:?}", told(&events));
    assert_eq!(events[0].data.job_id, "");
}

/// The same error, of which nothing says whose it is.
fn of_nobody(error: FeatureEvent) -> FeatureEvent {
    let FeatureEvent::Error(record) = error else {
        unreachable!("an error is an error");
    };
    FeatureEvent::Error(ErrorRecord {
        job_id: String::new(),
        job_name: String::new(),
        subject: None,
        ..record
    })
}

#[test]
fn a_failure_that_names_no_job_at_first_is_told_once_it_is_known_whose_it_is() {
    let mut diagnosis = seasoned();
    let events = push(
        &mut diagnosis,
        &[
            of_nobody(error(61, "timestamp-missing", 0.97)),
            error(63, "timestamp-missing", 0.97),
            of_nobody(error(64, "timestamp-missing", 0.97)),
        ],
    );
    assert_eq!(
        told(&events),
        [
            "opened timestamp-missing@",
            "opened timestamp-missing@totals",
            "resolved timestamp-missing@",
        ]
    );
    assert_eq!(
        events[0].data.title,
        "Records of a job of c have no timestamp"
    );
    assert_eq!(diagnosis.open_findings().len(), 1);
}

#[test]
fn a_failure_that_names_no_job_is_of_the_one_that_shows_the_same() {
    let mut diagnosis = seasoned();
    let named = error(61, "not-enough-slots", 0.9);
    let events = push(
        &mut diagnosis,
        &[named, of_nobody(error(62, "not-enough-slots", 0.95))],
    );
    assert_eq!(events.len(), 1, "{:?}", told(&events));
}
