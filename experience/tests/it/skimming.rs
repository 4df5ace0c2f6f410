//! Lines that say nothing are passed over; no answer may change by it.

use proptest::prelude::*;
use streamwarden_experience::explain::{Answer, explain};
use streamwarden_proto::Class;

use crate::EXPERIENCE;

/// Colours anywhere in a piece of input have every line of it read.
const NO_SKIMMING: &str = "\u{1b}[0m";

/// What an answer says, but for the number of lines of a log that is fine, and for which lines beside the first show it.
fn answers(log: &str) -> Vec<Answer> {
    let mut answers = explain(&EXPERIENCE, log.as_bytes()).unwrap();
    for answer in &mut answers {
        answer.evidence.truncate(1);
        if answer.class == Class::Healthy {
            answer.explanation.clear();
        }
    }
    answers
}

/// A short log is read whole; lines are passed over only behind its end.
const CALM: &str = "2026-11-22 21:34:00,123 INFO  a.B [] - calm\n";

fn line() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("2026-11-22 21:34:00,123 INFO  org.apache.flink.Task [] - started"),
        Just(
            "2026-11-22 21:34:00,124 INFO  a.B [] - caught java.io.IOException: No space left on device"
        ),
        Just("2026-11-22 22:00:01,000 INFO  a.YarnAllocator [] - Container exited with code 137"),
        Just("2026-11-22 21:34:00,125 [main] DEBUG a.B - x"),
        Just(
            "2026-11-22 21:34:00,126 WARN  a.B [] - java.net.ConnectException: Connection refused"
        ),
        Just("2026-11-22 21:34:00,127 ERROR a.B [] - boom"),
        Just("26/11/22 21:34:00 INFO Client: Submitting"),
        Just("jobmanager-1  | 2026-11-22 21:34:00,128 INFO  a.B [] - x"),
        Just("2026-11-22T21:34:00.123456789Z stdout P half kafka-1:9092"),
        Just("2026-11-22 21:99:00,123 INFO a.B - no time kafka-2:9092"),
        Just("Caused by: java.lang.OutOfMemoryError: Metaspace"),
        Just("java.lang.IllegalStateException: x"),
        Just("\tat com.acme.Job.map(Job.java:7)"),
        Just("text that continues"),
        Just(""),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn passing_over_lines_changes_no_answer(
        before in 0_usize..300,
        lines in proptest::collection::vec(line(), 0..40),
    ) {
        let log = CALM.repeat(before) + &lines.join("\n") + "\n";
        let read = log.replacen('\n', &format!("{NO_SKIMMING}\n"), 1);
        prop_assert_eq!(answers(&log), answers(&read));
    }
}
