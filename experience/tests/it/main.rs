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
    let coder = std::sync::Arc::clone(EXPERIENCE.templates());
    let mut parser = LogParser::new(coder, ParserOptions::default());
    let mut out = Vec::new();
    parser.push(log, &mut out);
    parser.finish(&mut out);
    out
}
