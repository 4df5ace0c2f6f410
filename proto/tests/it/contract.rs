//! What versions agree upon: services of two versions run side by side during an upgrade, and records outlive releases.
//!
//! `samples/contract.txt` lists every field and every value of an enumeration that was ever released. A line may be added
//! (`STREAMWARDEN_WRITE_SAMPLES=1 cargo test -p streamwarden-proto contract`), never changed and never taken away: a number
//! that means something else would be read wrongly by the other version, and by ours from older records.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::record::{FeatureEvent, Record};
use streamwarden_proto::v1;

const FILES: [&str; 3] = ["observation", "feature", "cluster"];
/// Field 15000, a text: `new`.
const FIELD_OF_TOMORROW: [u8; 7] = [0xc2, 0xa9, 0x07, 3, b'n', b'e', b'w'];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// `Message 7 name type label`, or `Enum 3 NAME`.
fn contract() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let files = FILES.map(|file| root.join(format!("streamwarden/v1/{file}.proto")));
    let compiled = protox::compile(files, [&root]).unwrap();
    let mut lines = BTreeSet::new();
    for file in &compiled.file {
        let package = file.package();
        let mut messages: Vec<(String, _)> = file
            .message_type
            .iter()
            .map(|message| (format!("{package}.{}", message.name()), message))
            .collect();
        for values in &file.enum_type {
            for value in &values.value {
                let (of, number) = (values.name(), value.number());
                lines.insert(format!("{package}.{of} {number} {}", value.name()));
            }
        }
        while let Some((name, message)) = messages.pop() {
            for field in &message.field {
                let (number, label) = (field.number(), field.label().as_str_name());
                let kind = format!("{:?} {}", field.r#type(), field.type_name());
                lines.insert(format!(
                    "{name} {number} {} {} {label}",
                    field.name(),
                    kind.trim()
                ));
            }
            for values in &message.enum_type {
                for value in &values.value {
                    let (of, number) = (values.name(), value.number());
                    lines.insert(format!("{name}.{of} {number} {}", value.name()));
                }
            }
            let nested = message.nested_type.iter();
            messages.extend(nested.map(|inner| (format!("{name}.{}", inner.name()), inner)));
        }
    }
    lines
}

#[test]
fn no_field_that_was_released_changes_its_number_or_its_type_or_goes_away() {
    let path = samples().join("contract.txt");
    let now = contract();
    let released = std::fs::read_to_string(&path).unwrap_or_default();
    let released: BTreeSet<String> = released.lines().map(str::to_owned).collect();
    let broken: Vec<&String> = released.difference(&now).collect();
    assert!(
        broken.is_empty(),
        "released, and now otherwise: {broken:#?}"
    );
    if std::env::var_os("STREAMWARDEN_WRITE_SAMPLES").is_some() {
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        return;
    }
    let new: Vec<&String> = now.difference(&released).collect();
    assert!(
        new.is_empty(),
        "add these to samples/contract.txt: {new:#?}"
    );
}

#[test]
fn records_of_a_newer_version_read_as_if_they_were_ours() {
    let read = |name: &str| std::fs::read(samples().join("v1").join(name)).unwrap();
    let newer = |name: &str| [read(name), FIELD_OF_TOMORROW.to_vec()].concat();
    for (kind, file) in [
        ("metrics", "observation-metrics.bin"),
        ("logs", "observation-logs.bin"),
        ("snapshot", "observation-job.bin"),
    ] {
        let ours = v1::Observation::decode_payload(kind, &read(file)).unwrap();
        let theirs = v1::Observation::decode_payload(kind, &newer(file)).unwrap();
        assert_eq!(ours, theirs);
    }
    for (kind, file) in [
        ("features", "features.bin"),
        ("error", "error.bin"),
        ("context", "context.bin"),
    ] {
        let ours = FeatureEvent::decode_payload(kind, &read(file)).unwrap();
        let theirs = FeatureEvent::decode_payload(kind, &newer(file)).unwrap();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn a_finding_with_fields_of_tomorrow_reads_as_if_they_were_not_there() {
    let json = std::fs::read_to_string(samples().join("v1/finding-event.json")).unwrap();
    let ours: FindingEvent = serde_json::from_str(&json).unwrap();
    let mut newer: serde_json::Value = serde_json::from_str(&json).unwrap();
    newer["traceparent"] = "00-1".into();
    newer["data"]["runbook"] = "https://example.org".into();
    newer["data"]["subject"]["operator"] = 7.into();
    newer["data"]["actions"][0]["who"] = "platform".into();
    let theirs: FindingEvent = serde_json::from_value(newer).unwrap();
    assert_eq!(ours, theirs);
}
