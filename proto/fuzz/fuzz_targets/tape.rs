//! Any bytes as a tape: an error, or records; no panic, no endless reading.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamwarden_proto::tape::TapeReader;

/// A few bytes may unpack to very many; whoever reads stops when it likes.
const RECORDS: usize = 10_000;

fuzz_target!(|data: &[u8]| {
    if let Ok(tape) = TapeReader::new(data) {
        let _ = tape.header();
        for record in tape.take(RECORDS) {
            if record.is_err() {
                break;
            }
        }
    }
});
