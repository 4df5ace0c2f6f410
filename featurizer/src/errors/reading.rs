//! What the experience pack says of a failure.

use streamwarden_experience::template::template_code;
use streamwarden_experience::{Experience, Match, root_cause};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{LogEvent, LogLevel, Throwable, ThrowableLink};

use crate::state::troubles::Group;

/// Longest message that travels with a failure.
const MESSAGE_LIMIT_CHARS: usize = 1_000;

/// A failure as the expert reads it.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) code: String,
    /// Empty where no rule fits.
    pub(super) slug: String,
    /// Kind of thing at fault; absent where no rule fits.
    pub(super) scope: Option<Scope>,
    pub(super) confidence: f64,
    pub(super) exception: String,
    pub(super) message: String,
    pub(super) frame: String,
    /// The problem follows from others more often than it is a cause.
    pub(super) symptom: bool,
    pub(super) group: Group,
}

impl Reading {
    /// `None` for an exception without anything in it.
    pub(super) fn of_throwable(experience: &Experience, throwable: &Throwable) -> Option<Self> {
        let matched = experience.analyze(throwable);
        let link = cause(throwable, matched.as_ref())?;
        Some(Self::new(
            &code_of(link),
            &link.exception,
            &link.message,
            matched.as_ref(),
            link.frames.first(),
        ))
    }

    /// `None` for a line that means nothing: no problem, no exception, no error.
    pub(super) fn of_event(experience: &Experience, event: &LogEvent) -> Option<Self> {
        let matched = experience.analyze_event(event);
        let serious = event.level >= i32::from(LogLevel::Error)
            || (event.level >= i32::from(LogLevel::Warn) && event.throwable.is_some());
        if matched.is_none() && !serious {
            return None;
        }
        let told = event
            .throwable
            .as_ref()
            .and_then(|throwable| cause(throwable, matched.as_ref()));
        Some(match told {
            Some(link) => Self::new(
                &code_of(link),
                &link.exception,
                &link.message,
                matched.as_ref(),
                link.frames.first(),
            ),
            None => Self::new(&event.code, "", &event.text, matched.as_ref(), None),
        })
    }

    /// A failed checkpoint means something even where no rule knows the message.
    pub(super) fn of_failed_checkpoint(experience: &Experience, event: &LogEvent) -> Option<Self> {
        if event.text.is_empty() {
            return None;
        }
        let matched = experience.analyze_event(event);
        let (code, _) = template_code(&event.logger, &event.text);
        let mut reading = Self::new(&code, "", &event.text, matched.as_ref(), None);
        if reading.slug.is_empty() {
            reading.group = Group::Checkpoint;
        }
        Some(reading)
    }

    fn new(
        code: &str,
        exception: &str,
        message: &str,
        matched: Option<&Match<'_>>,
        thrower: Option<&String>,
    ) -> Self {
        let frame = matched.and_then(|matched| matched.frame.clone());
        let problem = matched.map(|matched| matched.problem);
        Self {
            code: code.to_owned(),
            slug: problem
                .map(|problem| problem.slug.clone())
                .unwrap_or_default(),
            scope: problem.map(|problem| problem.scope),
            confidence: matched.map_or(0.0, |matched| matched.confidence),
            exception: exception.to_owned(),
            message: message.chars().take(MESSAGE_LIMIT_CHARS).collect(),
            frame: frame.or_else(|| thrower.cloned()).unwrap_or_default(),
            symptom: matched.is_some_and(|matched| matched.consequence),
            group: problem.map_or(Group::Other, |problem| {
                Group::of_problem(&problem.slug, problem.class)
            }),
        }
    }
}

/// The exception that shows the problem, or the root cause.
fn cause<'t>(throwable: &'t Throwable, matched: Option<&Match<'_>>) -> Option<&'t ThrowableLink> {
    let shown = matched.and_then(|matched| matched.link);
    throwable
        .chain
        .get(shown.unwrap_or_else(|| root_cause(throwable)))
}

/// The collector has coded it; if not, it is coded here.
fn code_of(link: &ThrowableLink) -> String {
    if link.code.is_empty() {
        template_code(&link.exception, &link.message).0
    } else {
        link.code.clone()
    }
}
