//! Any text as a public event (finding, feedback): an error, or an event that survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamwarden_proto::cloud_event::{FeedbackEvent, FindingEvent};
use streamwarden_proto::record::Record;

fuzz_target!(|data: &[u8]| {
    if let Ok(event) = serde_json::from_slice::<FindingEvent>(data) {
        let written = serde_json::to_vec(&event).expect("an event can be written");
        let read: FindingEvent = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(read, event);
        let _ = event.store();
    }
    if let Ok(event) = serde_json::from_slice::<FeedbackEvent>(data) {
        let _ = event.store();
    }
});
