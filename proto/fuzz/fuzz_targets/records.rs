//! Any bytes as a record of any kind: an error, or a record that survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamwarden_proto::record::{FeatureEvent, Record};
use streamwarden_proto::v1::{ClusterRecord, Observation};

const KINDS: [&str; 7] = ["metrics", "logs", "snapshot", "features", "error", "context", "cluster"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, payload)) = data.split_first() else { return };
    let kind = KINDS[usize::from(*choice) % KINDS.len()];
    match kind {
        "metrics" | "logs" | "snapshot" => again::<Observation>(kind, payload),
        "cluster" => again::<ClusterRecord>(kind, payload),
        _ => again::<FeatureEvent>(kind, payload),
    }
});

/// NaN is not equal to itself, so that the bytes are compared.
fn again<R: Record>(kind: &str, payload: &[u8]) {
    let Ok(record) = R::decode_payload(kind, payload) else { return };
    let written = record.encode_payload();
    let read = R::decode_payload(record.kind(), &written).expect("what was written can be read");
    assert_eq!(read.encode_payload(), written);
    assert_eq!(read.store().id, record.store().id);
}
