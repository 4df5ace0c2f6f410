//! Input that nobody meant to be a log: time stays linear, memory bounded, nothing breaks.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use streamwarden_experience::explain::explain;
use streamwarden_proto::Class;

use crate::{EXPERIENCE, events, verdict};

/// Generous: these take milliseconds; a quadratic step would take hours.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_line_of_ten_megabytes_is_read_in_linear_time() {
    let started = Instant::now();
    let line = "java.lang.Error: ' \" ( [ { < a.b.C password=".repeat(240_000);
    assert!(line.len() > 10_000_000);
    let longest = events(line.as_bytes())
        .iter()
        .map(|event| event.text.len())
        .max();
    assert!(longest.unwrap_or_default() <= 4 * 1024);
    assert!(started.elapsed() < LIMIT);
}

#[test]
fn a_million_causes_are_read_in_linear_time() {
    let started = Instant::now();
    let mut log =
        "2026-11-22 21:00:00,000 ERROR a.B [] - x\njava.lang.RuntimeException: y\n".to_owned();
    log.push_str(&"Caused by: java.io.IOException: z\n\tat a.b.C.d(E.java:1)\n".repeat(1_000_000));
    let answer = explain(&EXPERIENCE, log.as_bytes()).unwrap().remove(0);
    assert_eq!(answer.root_cause.unwrap().line, 1);
    assert!(started.elapsed() < LIMIT);
}

#[test]
fn a_million_different_errors_keep_memory_and_answers_bounded() {
    let log = (0..200_000).map(|n| {
        let word: String = format!("{n:x}")
            .chars()
            .map(|c| char::from(b'g' + c.to_digit(16).unwrap() as u8))
            .collect();
        format!("2026-11-22 21:00:00,000 ERROR a.B [] - failure {word}\n")
    });
    let log: String = log.collect();
    assert!(explain(&EXPERIENCE, log.as_bytes()).unwrap().len() <= 10);
}

#[test]
fn binary_garbage_and_nothing_at_all_are_no_failure() {
    let garbage = vec![0xA7_u8; 100_000];
    let answers = explain(&EXPERIENCE, garbage.as_slice()).unwrap();
    assert_eq!(answers[0].class, Class::Healthy);
    assert_eq!(verdict("").class, Class::Healthy);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        explain(&EXPERIENCE, bytes.as_slice()).unwrap();
    }

    #[test]
    fn no_mix_of_trace_lines_breaks_the_reader(lines in proptest::collection::vec(prop_oneof![
        Just("Caused by: "), Just("\tat a.b.C.d(E.java:1)"), Just("java.lang.Error: x"), Just("... 3 more"), Just(""),
        Just("2026-11-22 21:00:00,000 ERROR a.B [] - é"), Just("\tSuppressed: "), Just("[ERROR] "), Just("{\"message\":\"x\"}"),
        Just("2026-11-22T21:00:00.000000000Z stdout P x"), Just("a  | b"), Just("Exception in thread \"x\" "),
    ], 0..60)) {
        explain(&EXPERIENCE, lines.join("\n").as_bytes()).unwrap();
    }

    #[test]
    fn where_the_input_is_cut_does_not_matter(cut in 0_usize..600, wide_letters in any::<bool>()) {
        let log = "\u{feff}2026-11-22 21:00:00,000 WARN  a.Task [] - \u{1f600} x switched to FAILED\njava.io.IOException: y\n\tat a.b.C.d(E.java:1)\nCaused by: java.lang.Error: z\n\t... 2 more\n2026-11-22 21:00:01,000 INFO  a.B [] - after\n";
        let wide: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let log = if wide_letters { wide.as_slice() } else { &log.as_bytes()[3..] };
        let cut = cut.min(log.len());
        let mut parser = streamwarden_experience::LogParser::new(std::sync::Arc::clone(EXPERIENCE.templates()), Default::default());
        let mut out = Vec::new();
        parser.push(&log[..cut], &mut out);
        parser.push(&log[cut..], &mut out);
        parser.finish(&mut out);
        prop_assert_eq!(out, events(log));
    }
}
