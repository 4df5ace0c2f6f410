//! Any bytes as a log, cut anywhere: the reader never breaks, and where the input is cut changes nothing.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use streamwarden_experience::{Experience, LogParser, ParserOptions};

static EXPERIENCE: LazyLock<Experience> = LazyLock::new(|| Experience::builtin().expect("the pack is whole"));

fuzz_target!(|data: &[u8]| {
    let Some((cut, log)) = data.split_first() else { return };
    let cut = usize::from(*cut).min(log.len());
    assert_eq!(read(&[log]), read(&[&log[..cut], &log[cut..]]));
});

fn read(parts: &[&[u8]]) -> Vec<String> {
    let mut parser = LogParser::new(Arc::clone(EXPERIENCE.templates()), ParserOptions::default());
    let mut events = Vec::new();
    for part in parts {
        parser.push(part, &mut events);
    }
    parser.finish(&mut events);
    events.iter().map(|event| format!("{event:?}")).collect()
}
