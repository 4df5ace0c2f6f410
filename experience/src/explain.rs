//! `streamwarden explain`: a log in, causes out.

use std::io::Read;

use serde::Serialize;
use streamwarden_proto::Class;
use streamwarden_proto::finding::{Action, Avoid, Severity};
use streamwarden_proto::v1::{LogEvent, ThrowableLink};

use crate::analyzer::ranking::{Incident, LogRanking};
use crate::analyzer::root_cause;
use crate::log::{LogParser, ParserOptions};
use crate::pack::Experience;
use crate::sizing::Measured;
use crate::words::Context;

mod answer;
pub mod coded;
pub mod render;

pub use render::text;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// Answers given at most, the verdict first.
const MAX_ANSWERS: usize = 10;
/// Less sure rules than this are guesses, and right as often as they say.
const CALIBRATED_FROM: f64 = 0.6;
/// As sure as the surest rules are right.
const SURE: f64 = 0.95;
/// Answers whose score is below this share of the verdict's are left out.
const LEAST_SHARE: f64 = 0.1;

/// One cause, in the shape that is printed as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Problem code: `SW1101`; `SW0000` for healthy, `SW0001` for unknown.
    pub code: String,
    /// Problem name, `healthy` or `unknown`.
    pub slug: String,
    /// Class of the problem.
    pub class: Class,
    /// Calibrated probability, 0 to 1.
    pub confidence: f64,
    /// How urgent it is.
    pub severity: Severity,
    /// The cause in one sentence.
    pub title: String,
    /// What it does.
    pub effect: String,
    /// What it is and why it happens.
    pub explanation: String,
    /// Where it shows; absent for a healthy log.
    pub root_cause: Option<RootCause>,
    /// Lines that show it.
    pub evidence: Vec<LineEvidence>,
    /// What to change, most useful first.
    pub actions: Vec<Action>,
    /// Likely but wrong moves.
    pub avoid: Vec<Avoid>,
    /// Official documentation.
    pub links: Vec<String>,
    /// How often it was seen.
    pub count: u64,
}

/// The exception or line that is the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootCause {
    /// Class of the exception; empty where a line without one shows the problem.
    pub exception: String,
    /// Redacted message.
    pub message: String,
    /// Template code.
    pub template: String,
    /// Line of the file, from 1.
    pub line: u64,
    /// Topmost frame of the user's own code, or of whoever threw.
    pub frame: Option<String>,
}

/// A line that shows the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineEvidence {
    /// Line of the file, from 1.
    pub line: u64,
    /// RFC 3339, UTC; empty where the log has no times.
    pub at: String,
    /// Template code.
    pub template: String,
    /// Redacted text.
    pub text: String,
}

/// Why a log could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Reading failed.
    #[error("the log cannot be read")]
    Read(#[source] std::io::Error),
}

/// Reads a log to its end and names its causes, the verdict first; never empty.
///
/// # Errors
/// [`ExplainError::Read`] if `reader` fails.
pub fn explain(
    experience: &Experience,
    mut reader: impl Read,
) -> Result<Vec<Answer>, ExplainError> {
    let options = ParserOptions {
        code_all: false,
        ..ParserOptions::default()
    };
    let mut parser = LogParser::new(std::sync::Arc::clone(experience.templates()), options)
        .skimming(experience.rules().needles().clone());
    let mut ranking = LogRanking::new(experience);
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut events = Vec::new();
    loop {
        let length = reader.read(&mut buffer).map_err(ExplainError::Read)?;
        if length == 0 {
            break;
        }
        parser.push(&buffer[..length], &mut events);
        take(&mut events, &mut ranking);
    }
    parser.finish(&mut events);
    take(&mut events, &mut ranking);
    let lines = parser.line_number();
    Ok(answers(experience, &ranking.ranked(lines), lines))
}

fn take(events: &mut Vec<LogEvent>, ranking: &mut LogRanking<'_>) {
    for event in events.drain(..) {
        ranking.push(&event);
    }
}

fn answers(experience: &Experience, incidents: &[Incident<'_>], lines: u64) -> Vec<Answer> {
    let Some(best) = incidents.first().map(|incident| incident.score) else {
        return vec![answer::healthy(lines)];
    };
    let kept = incidents
        .iter()
        .filter(|incident| incident.score >= best * LEAST_SHARE);
    kept.take(MAX_ANSWERS)
        .map(|incident| of_incident(experience, incident))
        .collect()
}

fn of_incident(experience: &Experience, incident: &Incident<'_>) -> Answer {
    let Some(matched) = &incident.matched else {
        return answer::unknown(experience, incident);
    };
    if answer::is_overruled(experience, incident) {
        return answer::unknown(experience, incident);
    }
    let problem = matched.problem;
    let mut context = matched.context.clone();
    context.set_default("subject", answer::subject(&incident.first, problem.scope));
    let measured = answer::measured(&context);
    Answer {
        code: problem.code.clone(),
        slug: problem.slug.clone(),
        class: problem.class,
        confidence: round(calibrated(matched.confidence)),
        severity: problem.severity,
        title: answer::sentence(problem.title(&context)),
        effect: problem.effect(&context),
        explanation: problem.explanation(),
        root_cause: Some(cause(incident, matched.link, &context)),
        evidence: answer::evidence(incident),
        actions: problem.actions(&measured, &context),
        avoid: problem.avoid(),
        links: problem.links.clone(),
        count: incident.count,
    }
}

fn cause(incident: &Incident<'_>, link: Option<usize>, context: &Context) -> RootCause {
    let event = with_exception(incident);
    let throwable = event.throwable.as_ref();
    let link = link.or_else(|| throwable.map(root_cause));
    let found: Option<&ThrowableLink> = throwable
        .zip(link)
        .and_then(|(throwable, link)| throwable.chain.get(link));
    RootCause {
        exception: found.map(|link| link.exception.clone()).unwrap_or_default(),
        message: found.map_or_else(|| event.text.clone(), |link| link.message.clone()),
        template: found.map_or_else(|| event.code.clone(), |link| link.code.clone()),
        line: incident.first.line,
        frame: context.get("frame").map(str::to_owned),
    }
}

/// The first event, or a later one of the same problem where only that has the exception.
fn with_exception<'i>(incident: &'i Incident<'_>) -> &'i LogEvent {
    let events = std::iter::once(&incident.first).chain(&incident.evidence);
    events
        .into_iter()
        .find(|event| event.throwable.is_some())
        .unwrap_or(&incident.first)
}

/// Experts are too modest: of verdicts that their rules called 60 to 90 % sure, more were right on failures that nobody
/// had looked at. The line was drawn through the looked-at half of them; `docs/explain.md` has the figures.
fn calibrated(confidence: f64) -> f64 {
    if (CALIBRATED_FROM..SURE).contains(&confidence) {
        confidence + (SURE - confidence) / 2.0
    } else {
        confidence
    }
}

fn round(confidence: f64) -> f64 {
    ((confidence * 100.0).round() / 100.0).min(0.99)
}

/// Figures that a log tells: what rules captured from messages.
#[must_use]
pub fn measured_from(context: &Context) -> Measured {
    answer::measured(context)
}
