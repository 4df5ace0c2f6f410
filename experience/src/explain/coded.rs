//! `explain --codes`: a log with codes in place of stack traces; and what a code means.

use std::io::{self, Read, Write};
use std::sync::Arc;

use streamwarden_proto::v1::{LogEvent, LogLevel};

use crate::analyzer::root_cause;
use crate::log::{LogParser, ParserOptions};
use crate::pack::Experience;

const CHUNK_BYTES: usize = 256 * 1024;

/// Writes every event as one line, its stack trace as the codes of its chain.
///
/// # Errors
/// When `reader` or `out` fails.
pub fn rewrite(
    experience: &Experience,
    mut reader: impl Read,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut parser = LogParser::new(Arc::clone(experience.templates()), ParserOptions::default());
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut events = Vec::new();
    loop {
        let length = reader.read(&mut buffer)?;
        if length == 0 {
            parser.finish(&mut events);
        } else {
            parser.push(&buffer[..length], &mut events);
        }
        for event in events.drain(..) {
            write_event(experience, &event, out)?;
        }
        if length == 0 {
            return Ok(());
        }
    }
}

fn write_event(experience: &Experience, event: &LogEvent, out: &mut impl Write) -> io::Result<()> {
    let at = jiff::Timestamp::from_millisecond(event.at_ms)
        .ok()
        .filter(|_| event.at_ms > 0);
    if let Some(at) = at {
        write!(out, "{at} ")?;
    }
    if event.level() != LogLevel::Unspecified {
        write!(out, "{} ", event.level().as_str_name())?;
    }
    if event.text.is_empty() {
        write!(out, "{}", event.code)?;
    } else {
        write!(
            out,
            "{} {}",
            event.code,
            event.text.lines().next().unwrap_or_default()
        )?;
    }
    if let Some(throwable) = &event.throwable {
        let root = root_cause(throwable);
        for (index, link) in throwable
            .chain
            .iter()
            .enumerate()
            .filter(|(_, link)| !link.suppressed)
        {
            let mark = if index == root { "*" } else { "" };
            write!(out, " <- {mark}{}", link.code)?;
        }
        if let Some(found) = experience.analyze_event(event) {
            write!(out, " = {} {}", found.problem.code, found.problem.slug)?;
        }
    }
    writeln!(out)
}

/// What a code means: a template's owner and text, or a problem's title and explanation; none if it is not known.
#[must_use]
pub fn look_up(experience: &Experience, code: &str) -> Option<String> {
    if let Some(problem) = experience.problem(code) {
        let title = problem.title.last().map_or("", String::as_str);
        return Some(format!(
            "{} {} ({})\n{title}\n{}",
            problem.code,
            problem.slug,
            problem.class,
            problem.explanation()
        ));
    }
    let mined = experience.templates().template(code)?;
    Some(format!(
        "{} {}: {}",
        mined.code(),
        mined.owner(),
        mined.template()
    ))
}
