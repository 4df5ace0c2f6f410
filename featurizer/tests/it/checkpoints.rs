//! What a checkpoint in trouble says of the steps that have not acknowledged it.

use streamwarden_featurizer::schema;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{Checkpoint, CheckpointSnapshot, CheckpointStatus, CheckpointVertex};

use crate::cluster::{
    EXPERIENCE, JOB, START_MS, VERTICES, events_of, healthy_run, records_of, snapshot, value,
};

/// How far barriers came past source, totals and sink when a checkpoint expires that so many subtasks of each, of
/// two, have acknowledged.
fn came_past(acknowledged: [u32; 3]) -> [f32; 3] {
    let part = |(id, acknowledged): (&str, u32)| CheckpointVertex {
        vertex_id: id.into(),
        subtasks: 2,
        subtasks_acknowledged: acknowledged,
        ..CheckpointVertex::default()
    };
    let expired = Checkpoint {
        id: 7,
        status: CheckpointStatus::CheckpointFailed.into(),
        triggered_at_ms: START_MS + 1_000,
        end_to_end_duration_ms: Some(20_000.0),
        failure_message: "Checkpoint expired before completing.".into(),
        subtasks: 6,
        subtasks_acknowledged: acknowledged.iter().sum(),
        vertices: VERTICES.into_iter().zip(acknowledged).map(part).collect(),
        ..Checkpoint::default()
    };
    let look = CheckpointSnapshot {
        job_id: JOB.into(),
        checkpoints: vec![expired],
        ..CheckpointSnapshot::default()
    };
    let mut run = healthy_run(6);
    run.push(snapshot(START_MS + 29_000, Kind::Checkpoints(look)));
    let events = events_of(&run);
    VERTICES.map(|id| {
        let records = records_of(&events, id);
        value(records.last().unwrap(), "checkpoint_passed_on_share")
    })
}

#[test]
fn a_step_that_lacks_in_a_checkpoint_says_whether_barriers_came_past_it() {
    let [source, totals, sink] = came_past([2, 0, 2]);
    assert!(source.is_nan() && sink.is_nan(), "they acknowledged it");
    assert_eq!(totals, 1.0);
    let [source, totals, sink] = came_past([2, 1, 1]);
    assert_eq!(totals, 0.5);
    assert!(source.is_nan() && sink.is_nan(), "nothing is after a sink");
    assert_eq!(came_past([1, 0, 0])[..2], [0.0, 0.0]);
}

#[test]
fn every_figure_that_problems_are_told_apart_by_is_a_feature_of_what_they_befall() {
    let problems = EXPERIENCE.problems().iter();
    let told_by = problems.filter_map(|problem| Some((problem, problem.told_by.as_ref()?)));
    let told_by: Vec<_> = told_by.collect();
    assert!(!told_by.is_empty());
    for (problem, told_by) in told_by {
        let known = schema(problem.scope).index_of(&told_by.feature);
        assert!(known.is_some(), "{}: {}", problem.slug, told_by.feature);
    }
}
