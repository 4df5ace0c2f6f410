//! Any bytes as a log through rules, ranking and the words of the answer: one answer at least, sure of itself between 0 and 1.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use streamwarden_experience::Experience;
use streamwarden_experience::explain::{coded, explain, text};

static EXPERIENCE: LazyLock<Experience> = LazyLock::new(|| Experience::builtin().expect("the pack is whole"));

fuzz_target!(|data: &[u8]| {
    let answers = explain(&EXPERIENCE, data).expect("bytes in memory can be read");
    assert!(!answers.is_empty());
    assert!(answers.iter().all(|answer| (0.0..=1.0).contains(&answer.confidence)));
    assert!(!text(&answers).is_empty());
    coded::rewrite(&EXPERIENCE, data, &mut std::io::sink()).expect("nothing is written");
});
