//! Failures go out at once, with code, problem and subject.

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{
    Checkpoint, CheckpointSnapshot, CheckpointStatus, ErrorRecord, ExceptionEntry,
    ExceptionSnapshot, LogBatch, LogEvent, LogLevel, Observation, Scope, Throwable, ThrowableLink,
};

use crate::cluster::{
    JOB, START_MS, TASKMANAGERS, cluster, events_of, job, observation, records_of, snapshot, value,
};

fn link(exception: &str, message: &str, frame: &str) -> ThrowableLink {
    ThrowableLink {
        exception: exception.into(),
        message: message.into(),
        frames: vec![frame.into()],
        ..ThrowableLink::default()
    }
}

fn user_exception(at_ms: i64) -> ExceptionEntry {
    ExceptionEntry {
        at_ms,
        task_name: "totals step (1/2) - execution #3".into(),
        throwable: Some(Throwable {
            chain: vec![
                link(
                    "org.apache.flink.runtime.JobException",
                    "Recovery is suppressed by NoRestartBackoffTimeStrategy",
                    "org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:180)",
                ),
                link(
                    "java.lang.NullPointerException",
                    "tariff is null",
                    "com.example.Totals.map(Totals.java:42)",
                ),
            ],
        }),
        ..ExceptionEntry::default()
    }
}

fn known() -> Vec<Observation> {
    vec![
        cluster(START_MS, &TASKMANAGERS, "RUNNING"),
        job(START_MS, "RUNNING", 2),
    ]
}

fn exceptions(at_ms: i64, entries: Vec<ExceptionEntry>) -> Observation {
    snapshot(
        at_ms,
        Kind::Exceptions(ExceptionSnapshot {
            job_id: JOB.into(),
            entries,
        }),
    )
}

fn errors_of(run: &[Observation]) -> Vec<ErrorRecord> {
    let errors = events_of(run).into_iter().filter_map(|event| match event {
        FeatureEvent::Error(record) => Some(record),
        _ => None,
    });
    errors.collect()
}

fn log(at_ms: i64, process_id: &str, text: &str) -> Observation {
    let event = LogEvent {
        at_ms,
        level: LogLevel::Warn.into(),
        text: text.into(),
        ..LogEvent::default()
    };
    let batch = LogBatch {
        process_id: process_id.into(),
        events: vec![event],
        ..LogBatch::default()
    };
    observation(at_ms, Body::Logs(batch))
}

#[test]
fn an_exception_names_the_cause_below_its_wrapper_and_the_vertex_that_threw() {
    let mut run = known();
    run.push(exceptions(
        START_MS + 3_000,
        vec![user_exception(START_MS + 2_500)],
    ));
    let errors = errors_of(&run);
    assert_eq!(errors.len(), 1);
    let error = &errors[0];
    assert_eq!(error.problem_slug, "user-exception-loop");
    assert_eq!(error.exception, "java.lang.NullPointerException");
    assert!(
        error.frame.contains("com.example.Totals.map"),
        "{}",
        error.frame
    );
    let subject = error.subject.clone().unwrap();
    assert_eq!(
        (subject.scope(), subject.id.as_str()),
        (Scope::Vertex, "totals")
    );
    assert!(error.code.starts_with("E-"));
}

#[test]
fn a_failure_that_is_told_again_counts_once() {
    let mut run = known();
    run.push(exceptions(
        START_MS + 3_000,
        vec![user_exception(START_MS + 2_500)],
    ));
    run.push(exceptions(
        START_MS + 4_000,
        vec![
            user_exception(START_MS + 2_500),
            user_exception(START_MS + 3_500),
        ],
    ));
    assert_eq!(errors_of(&run).len(), 2);
    let jobs = records_of(&events_of(&run), JOB);
    assert_eq!(value(&jobs[0], "errors_user_code"), 2.0);
}

#[test]
fn a_jobmanagers_line_about_a_taskmanager_is_the_taskmanagers() {
    let mut run = known();
    let text = format!(
        "TaskManager with id {} is no longer reachable.",
        TASKMANAGERS[1]
    );
    run.push(log(START_MS + 3_000, "jobmanager", &text));
    let errors = errors_of(&run);
    assert_eq!(errors.len(), 1);
    let subject = errors[0].subject.clone().unwrap();
    assert_eq!(
        (subject.scope(), subject.id.as_str()),
        (Scope::Taskmanager, TASKMANAGERS[1])
    );
    assert!(!errors[0].problem_slug.is_empty());
}

#[test]
fn a_kill_that_the_machine_tells_is_the_cause_of_the_loss_that_follows() {
    let mut run = known();
    let text = "[  337.429580] Memory cgroup out of memory: Killed process 8258 (java)";
    run.push(log(START_MS + 3_000, "", text));
    let text = format!(
        "TaskManager with id {} is no longer reachable.",
        TASKMANAGERS[1]
    );
    run.push(log(START_MS + 6_000, "jobmanager", &text));
    let errors = errors_of(&run);
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.problem_slug.as_str(), error.consequence))
        .collect();
    let expected = [
        ("container-memory-killed", false),
        ("taskmanager-killed", true),
    ];
    assert_eq!(told, expected);
    assert_eq!(errors[0].job_id, "", "it may be any job's");
}

#[test]
fn a_line_that_means_nothing_is_no_error() {
    let mut run = known();
    run.push(log(
        START_MS + 3_000,
        "jobmanager",
        "Registered metrics reporter",
    ));
    assert!(errors_of(&run).is_empty());
}

#[test]
fn a_checkpoint_that_expired_is_an_error_and_one_that_a_restart_took_along_is_none() {
    let failed = |id, message: &str| Checkpoint {
        id,
        status: CheckpointStatus::CheckpointFailed.into(),
        triggered_at_ms: START_MS + 1_000,
        end_to_end_duration_ms: Some(1_000.0),
        failure_message: message.into(),
        ..Checkpoint::default()
    };
    let mut run = known();
    let checkpoints = vec![
        failed(1, "Checkpoint Coordinator is suspending."),
        failed(2, "Checkpoint expired before completing."),
    ];
    let look = CheckpointSnapshot {
        job_id: JOB.into(),
        checkpoints,
        ..CheckpointSnapshot::default()
    };
    run.push(snapshot(START_MS + 3_000, Kind::Checkpoints(look.clone())));
    run.push(snapshot(START_MS + 4_000, Kind::Checkpoints(look)));
    let errors = errors_of(&run);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].at_ms, START_MS + 2_000);
    let jobs = records_of(&events_of(&run), JOB);
    assert_eq!(value(&jobs[0], "checkpoints_expired_minute"), 1.0);
}
