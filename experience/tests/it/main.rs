//! What a user of the analyzer would notice: real failures in, causes out; no secret out; no input too much.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod calm;
mod corpus;
mod hostile;
mod layouts;
mod secrets;
mod skimming;
mod templates;

use std::sync::LazyLock;

use streamwarden_experience::explain::{Answer, explain};
use streamwarden_experience::{Experience, LogParser, ParserOptions};
use streamwarden_proto::v1::LogEvent;

static EXPERIENCE: LazyLock<Experience> = LazyLock::new(|| Experience::builtin().unwrap());

fn verdict(log: &str) -> Answer {
    explain(&EXPERIENCE, log.as_bytes()).unwrap().remove(0)
}

fn events(log: &[u8]) -> Vec<LogEvent> {
    events_read_at(log, 0)
}

fn events_read_at(log: &[u8], now_ms: i64) -> Vec<LogEvent> {
    let coder = std::sync::Arc::clone(EXPERIENCE.templates());
    let options = ParserOptions {
        default_at_ms: now_ms,
        ..ParserOptions::default()
    };
    let mut parser = LogParser::new(coder, options);
    let mut out = Vec::new();
    parser.push(log, &mut out);
    parser.finish(&mut out);
    out
}
