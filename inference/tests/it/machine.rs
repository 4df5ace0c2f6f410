//! What the machine's own log says of processes, which it knows by their numbers alone.

use streamwarden_inference::Diagnosis;
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{self, ErrorOrigin, ErrorRecord, Subject};

use crate::findings::seasoned;
use crate::records::{FINE, START_MS, job_context, listing, push, told, window};

fn record(at_s: i64, job: &str, slug: &str, subject: Subject) -> ErrorRecord {
    ErrorRecord {
        cluster_id: "c".into(),
        job_id: job.into(),
        subject: Some(subject),
        at_ms: START_MS + at_s * 1_000,
        code: "E-00000002".into(),
        problem_slug: slug.into(),
        confidence: 0.9,
        origin: ErrorOrigin::Log.into(),
        ..ErrorRecord::default()
    }
}

fn subject(scope: v1::Scope, id: &str) -> Subject {
    Subject {
        scope: scope.into(),
        id: id.into(),
        name: id.into(),
        subtask: None,
    }
}

/// The kernel ended some process at its limit.
fn killed(at_s: i64) -> FeatureEvent {
    let nobody = subject(v1::Scope::Cluster, "c");
    FeatureEvent::Error(record(at_s, "", "container-memory-killed", nobody))
}

/// The JobManager misses a TaskManager; `known_why`: the kernel's line was read before.
fn lost(at_s: i64, job: &str, taskmanager: &str, known_why: bool) -> FeatureEvent {
    let gone = subject(v1::Scope::Taskmanager, taskmanager);
    FeatureEvent::Error(ErrorRecord {
        process_id: "jobmanager".into(),
        consequence: known_why,
        ..record(at_s, job, "taskmanager-killed", gone)
    })
}

fn fine(diagnosis: &mut Diagnosis, numbers: std::ops::RangeInclusive<i64>) -> Vec<String> {
    let events: Vec<_> = numbers
        .flat_map(|number| push(diagnosis, &window(number, FINE, FINE)))
        .collect();
    told(&events)
}

#[test]
fn a_kill_that_names_no_taskmanager_is_of_the_one_that_is_missed_then() {
    let mut diagnosis = seasoned();
    let alone = push(&mut diagnosis, &[killed(61)]);
    assert_eq!(told(&alone), Vec::<String>::new(), "whose process was it?");
    let events = push(&mut diagnosis, &[lost(64, "j", "tm-2", true)]);
    assert_eq!(told(&events), ["opened container-memory-killed@tm-2"]);
    assert_eq!(events[0].data.subject.scope, Scope::TaskManager);
    assert!(events[0].data.title.starts_with("tm-2 was killed"));
    assert_eq!(fine(&mut diagnosis, 7..=8), Vec::<String>::new());
}

#[test]
fn a_kill_that_is_read_after_the_loss_explains_it() {
    let mut diagnosis = seasoned();
    let events = [lost(62, "j", "tm-2", false), killed(61)];
    assert_eq!(
        told(&push(&mut diagnosis, &events)),
        [
            "opened taskmanager-killed@tm-2",
            "opened container-memory-killed@tm-2",
            "resolved taskmanager-killed@tm-2"
        ]
    );
}

#[test]
fn a_job_that_has_failed_of_it_by_then_learns_why() {
    let mut diagnosis = seasoned();
    push(&mut diagnosis, &[lost(62, "j", "tm-2", false)]);
    let failed = job_context(START_MS + 63_000, "FAILED");
    let events = push(&mut diagnosis, &[failed, killed(61)]);
    assert_eq!(events[0].data.slug, "container-memory-killed");
    assert_eq!(events[0].data.subject.id, "tm-2");
}

#[test]
fn a_kill_beside_a_healthy_job_is_no_finding() {
    let mut diagnosis = seasoned();
    push(&mut diagnosis, &[killed(61)]);
    assert_eq!(fine(&mut diagnosis, 7..=14), Vec::<String>::new());
    assert_eq!(diagnosis.health()[0].score, Some(100));
}

#[test]
fn a_taskmanager_lost_minutes_before_is_not_the_one_that_is_killed_now() {
    let mut diagnosis = seasoned();
    push(&mut diagnosis, &[lost(61, "j", "tm-1", false)]);
    let later = push(&mut diagnosis, &[killed(190)]);
    assert_eq!(told(&later), Vec::<String>::new());
}

#[test]
fn of_two_kills_each_is_of_the_taskmanager_that_is_missed_next() {
    let mut diagnosis = seasoned();
    let events = [
        killed(61),
        lost(64, "j", "tm-1", true),
        killed(90),
        lost(93, "j", "tm-2", true),
    ];
    let opened = push(&mut diagnosis, &events);
    assert_eq!(told(&opened), ["opened container-memory-killed@tm-1"]);
    let open = diagnosis.open_findings();
    assert_eq!((open.len(), open[0].subject.id.as_str()), (1, "tm-2"));
}

#[test]
fn of_several_jobs_the_one_that_loses_its_taskmanager_has_the_finding() {
    let mut diagnosis = seasoned();
    let both = listing(START_MS + 60_000, &[("j", "RUNNING"), ("k", "RUNNING")]);
    let events = [both, killed(61), lost(64, "k", "tm-2", true)];
    let opened = push(&mut diagnosis, &events);
    assert_eq!(told(&opened), ["opened container-memory-killed@tm-2"]);
    assert_eq!(opened[0].data.job_id, "k");
}
