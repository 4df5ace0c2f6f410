//! `explain --codes`: a log with codes in place of stack traces; and what a code means.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::Serialize;
use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel, Throwable, ThrowableLink};

use crate::analyzer::root_cause;
use crate::log::{LogParser, ParserOptions};
use crate::pack::Experience;
use crate::problem::Problem;
use crate::template::simple_name;

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
    let mut clock = Clock::default();
    for_each_event(experience, &mut reader, |event| {
        write_event(experience, event, &mut clock, out)
    })
}

fn for_each_event(
    experience: &Experience,
    mut reader: impl Read,
    mut take: impl FnMut(&LogEvent) -> io::Result<()>,
) -> io::Result<()> {
    let mut parser = LogParser::new(
        Arc::clone(experience.templates()),
        ParserOptions {
            arguments: false,
            ..ParserOptions::default()
        },
    );
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
            take(&event)?;
        }
        if length == 0 {
            return Ok(());
        }
    }
}

/// Writes times as RFC 3339; the second of the line before is not computed again.
#[derive(Debug, Default)]
struct Clock {
    second: Option<i64>,
    /// Date and time up to the second.
    text: String,
}

impl Clock {
    fn write(&mut self, at_ms: i64, out: &mut impl Write) -> io::Result<()> {
        let (second, ms) = (at_ms.div_euclid(1000), at_ms.rem_euclid(1000));
        if at_ms <= 0 {
            return Ok(());
        }
        if self.second != Some(second) {
            let Ok(at) = jiff::Timestamp::from_second(second) else {
                return Ok(());
            };
            self.text = at.to_string();
            self.text.truncate(self.text.trim_end_matches('Z').len());
            self.second = Some(second);
        }
        out.write_all(self.text.as_bytes())?;
        match ms {
            0 => out.write_all(b"Z "),
            _ => {
                let fraction = format!("{ms:03}");
                write!(out, ".{}Z ", fraction.trim_end_matches('0'))
            }
        }
    }
}

fn write_event(
    experience: &Experience,
    event: &LogEvent,
    clock: &mut Clock,
    out: &mut impl Write,
) -> io::Result<()> {
    clock.write(event.at_ms, out)?;
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

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meaning {
    /// `E-5F3A9C01`, or `SW1101`.
    pub code: String,
    /// Class that logs or throws the message; empty for the code of a problem.
    pub owner: String,
    /// Constant text with `{}` at its places; for the code of a problem, what the problem is.
    pub template: String,
    /// The problem that it is, or that the message points to.
    pub problem: Option<ProblemName>,
}

/// What a problem is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemName {
    /// `SW1101`.
    pub code: String,
    /// Its name.
    pub slug: String,
    /// Its class.
    pub class: Class,
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.owner.is_empty() { "" } else { ":" };
        match &self.problem {
            Some(problem) if problem.code == self.code => {
                write!(
                    f,
                    "{} {} ({})\n{}",
                    problem.code, problem.slug, problem.class, self.template
                )
            }
            Some(problem) => write!(
                f,
                "{} {}{colon} {}\nThis alone points to {} {} ({}).",
                self.code, self.owner, self.template, problem.code, problem.slug, problem.class
            ),
            None => write!(f, "{} {}{colon} {}", self.code, self.owner, self.template),
        }
    }
}

/// Whether a word has the shape of a code: `E-5F3A9C01` or `SW1101`, in letters of any size.
#[must_use]
pub fn is_code(word: &str) -> bool {
    let word = word.to_ascii_uppercase();
    let hex = |rest: &str| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = |rest: &str| rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_digit());
    word.strip_prefix("E-").is_some_and(hex) || word.strip_prefix("SW").is_some_and(digits)
}

/// What a code means, of a problem or of a mined message; none if neither has it.
#[must_use]
pub fn look_up(experience: &Experience, code: &str) -> Option<Meaning> {
    let code = code.to_ascii_uppercase();
    if let Some(problem) = experience.problem(&code) {
        return Some(Meaning {
            template: problem.explanation(),
            owner: String::new(),
            problem: Some(name_of(problem)),
            code,
        });
    }
    let mined = experience.templates().template(&code)?;
    Some(meaning(experience, code, mined.owner(), mined.template()))
}

/// What a code means by the first message in a log that has it: messages that were never mined have codes as well.
///
/// # Errors
/// When `reader` fails.
pub fn look_up_in(
    experience: &Experience,
    code: &str,
    reader: impl Read,
) -> io::Result<Option<Meaning>> {
    let code = code.to_ascii_uppercase();
    let mut found = None;
    for_each_event(experience, reader, |event| {
        let chain = event
            .throwable
            .iter()
            .flat_map(|throwable| &throwable.chain);
        let thrown = chain.map(|link| (&link.code, &link.exception, &link.message));
        let said = std::iter::once((&event.code, &event.logger, &event.text));
        let (_, owner, message) = match said.chain(thrown).find(|(of, _, _)| **of == code) {
            Some(one) if found.is_none() => one,
            _ => return Ok(()),
        };
        let coded = experience.templates().code(owner, message);
        found = Some(meaning(
            experience,
            code.clone(),
            simple_name(owner),
            &coded.template,
        ));
        Ok(())
    })?;
    Ok(found)
}

fn meaning(experience: &Experience, code: String, owner: &str, template: &str) -> Meaning {
    let link = ThrowableLink {
        exception: owner.to_owned(),
        message: template.to_owned(),
        ..ThrowableLink::default()
    };
    let alone = Throwable { chain: vec![link] };
    Meaning {
        code,
        owner: owner.to_owned(),
        template: template.to_owned(),
        problem: experience
            .analyze(&alone)
            .map(|found| name_of(found.problem)),
    }
}

fn name_of(problem: &Problem) -> ProblemName {
    ProblemName {
        code: problem.code.clone(),
        slug: problem.slug.clone(),
        class: problem.class,
    }
}
