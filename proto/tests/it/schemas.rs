//! The published JSON schemas are those of the types, and the samples satisfy them.
//!
//! `STREAMWARDEN_WRITE_SCHEMAS=1 cargo test -p streamwarden-proto` writes them anew; the difference is then reviewed.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use streamwarden_proto::cloud_event::{FeedbackEvent, FindingEvent};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas")
        .join(name)
}

fn generated<T: JsonSchema>(id: &str) -> Value {
    let mut schema = schema_for!(T).to_value();
    schema["$id"] = Value::from(id);
    schema
}

fn check<T: JsonSchema>(name: &str, id: &str) {
    let schema = generated::<T>(id);
    if std::env::var_os("STREAMWARDEN_WRITE_SCHEMAS").is_some() {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        std::fs::write(path(name), text + "\n").unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap();
    assert_eq!(
        committed, schema,
        "schemas/{name} is not the schema of its type any more"
    );
}

#[test]
fn the_published_schema_of_findings_is_that_of_the_type() {
    check::<FindingEvent>(
        "finding-event.v1.json",
        streamwarden_proto::cloud_event::FINDING_SCHEMA,
    );
}

#[test]
fn the_published_schema_of_feedback_is_that_of_the_type() {
    check::<FeedbackEvent>(
        "feedback-event.v1.json",
        streamwarden_proto::cloud_event::FEEDBACK_SCHEMA,
    );
}

#[test]
fn a_written_event_satisfies_the_published_schema() {
    let schema: Value =
        serde_json::from_slice(&std::fs::read(path("finding-event.v1.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let event = serde_json::to_value(crate::samples::finding_event()).unwrap();
    let mistakes: Vec<_> = validator
        .iter_errors(&event)
        .map(|e| e.to_string())
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");

    let mut without_cause = event;
    without_cause["data"]
        .as_object_mut()
        .unwrap()
        .remove("slug");
    assert!(!validator.is_valid(&without_cause));
}
