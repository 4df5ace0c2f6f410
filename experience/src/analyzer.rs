//! From an exception or a log line to the problem that an expert would name.
//!
//! A search for the rules' key texts in the whole event finds the few rules that may fire; each is then checked
//! against every exception of the chain and the line itself. Wrappers never become the cause; where two problems
//! fire, the one that explains the other wins, else the surer one, else the deeper one.

use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel, Throwable, ThrowableLink};

use crate::pack::Experience;
use crate::problem::Problem;
use crate::words::Context;

mod calm;
mod index;
mod noise;
mod origin;
pub mod ranking;
mod spot;

pub(crate) use index::RuleIndex;
pub use noise::is_noise;
pub use origin::{root_cause, user_frame};
use spot::{Event, Hit, Side};

/// Confidence where no rule fires but the user's own code threw.
const USER_CODE_CONFIDENCE: f64 = 0.75;
/// The same, where the user's code is further down the stack.
const USER_CODE_BELOW_CONFIDENCE: f64 = 0.4;
/// A rule that is less sure goes by words that the user's own code may use, too.
const GUESS_CONFIDENCE: f64 = 0.7;
/// Confidence where no rule fires, but the client library of a sink threw.
const SINK_LIBRARY_CONFIDENCE: f64 = 0.5;
/// Slug of the problem for exceptions of a sink's client library.
const SINK_SLUG: &str = "sink-write-fails";
/// Slug of the problem for exceptions of the user's own code.
const USER_CODE_SLUG: &str = "user-exception-loop";

/// A problem that an event shows.
#[derive(Debug, Clone)]
pub struct Match<'e> {
    /// The problem.
    pub problem: &'e Problem,
    /// Of the rule.
    pub confidence: f64,
    /// Which exception of the chain shows it; absent where the line's own message does.
    pub link: Option<usize>,
    /// Topmost frame of the user's own code, or of whoever threw.
    pub frame: Option<String>,
    /// What the rule's pattern captured, and class, message and frame of the cause.
    pub context: Context,
    /// The problem follows from others more often than it is a cause.
    pub consequence: bool,
}

impl Experience {
    /// The problem that an exception shows, as Flink's exception history has it.
    #[must_use]
    pub fn analyze(&self, throwable: &Throwable) -> Option<Match<'_>> {
        self.analyze_parts(None, Some(throwable))
    }

    /// The problem that a log event shows.
    #[must_use]
    pub fn analyze_event(&self, event: &LogEvent) -> Option<Match<'_>> {
        self.analyze_parts(Some(event), event.throwable.as_ref())
    }

    fn analyze_parts(
        &self,
        event: Option<&LogEvent>,
        throwable: Option<&Throwable>,
    ) -> Option<Match<'_>> {
        let chain = throwable.map_or(&[][..], |throwable| &throwable.chain);
        let parts = Event::new(event, chain);
        let hits = self.rules().hits(&parts);
        match self.best(&hits) {
            Some(hit) if is_users_own(hit, chain) => self
                .user_code(event, throwable)
                .or_else(|| Some(self.matched(hit, event, throwable))),
            Some(hit) => Some(self.matched(hit, event, throwable)),
            None => match self.user_code(event, throwable) {
                Some(found) if found.confidence >= USER_CODE_CONFIDENCE => Some(found),
                found => self.sinks_library(&parts, event, throwable).or(found),
            },
        }
    }

    /// The surest hit that no other hit explains.
    fn best<'h>(&self, hits: &'h [Hit]) -> Option<&'h Hit> {
        let explained = |hit: &Hit| {
            let problem = &self.problems()[hit.problem];
            hits.iter()
                .any(|other| explains(&self.problems()[other.problem], problem))
        };
        let rank = |hit: &&Hit| {
            let problem = &self.problems()[hit.problem];
            (!explained(hit), !problem.symptom, hit.score())
        };
        hits.iter().max_by(|one, other| {
            let (one, other) = (rank(one), rank(other));
            one.0
                .cmp(&other.0)
                .then(one.1.cmp(&other.1))
                .then(one.2.total_cmp(&other.2))
        })
    }

    fn matched(
        &self,
        hit: &Hit,
        event: Option<&LogEvent>,
        throwable: Option<&Throwable>,
    ) -> Match<'_> {
        let known = &self.problems()[hit.problem];
        let problem = self.on_the_tasks_side(hit, known).unwrap_or(known);
        let link = hit.link.or_else(|| throwable.map(root_cause));
        let mut context = hit.context.clone();
        describe(&mut context, event, throwable, link);
        Match {
            problem,
            confidence: hit.confidence,
            link: hit.link,
            frame: context.get("frame").map(str::to_owned),
            context,
            consequence: problem.symptom,
        }
    }

    /// A client library says the same words to a source and to a sink: where only a rule for the other side knows them,
    /// the problem is its twin on the side of the task that failed.
    fn on_the_tasks_side(&self, hit: &Hit, known: &Problem) -> Option<&Problem> {
        let twin = match known.class {
            _ if known.slug == "sink-login-refused" => "database-login-refused",
            Class::SourceUnreachable => "sink-connection-fails",
            Class::SourceAuthFailure => "sink-login-refused",
            Class::SinkUnreachableOrRejected => "source-connection-fails",
            _ => return None,
        };
        hit.other_side.then(|| self.problem(twin)).flatten()
    }

    /// A writing task failed by an exception of neither Java nor Flink's core: the client of the sink's system threw it.
    fn sinks_library(
        &self,
        parts: &Event<'_>,
        event: Option<&LogEvent>,
        throwable: Option<&Throwable>,
    ) -> Option<Match<'_>> {
        let throwable = throwable?;
        let root = root_cause(throwable);
        let link = throwable.chain.get(root)?;
        if parts.side() != Some(Side::Writes) || !origin::is_clients(&link.exception) {
            return None;
        }
        let problem = self.problem(SINK_SLUG)?;
        let mut context = Context::default();
        describe(&mut context, event, Some(throwable), Some(root));
        Some(Match {
            problem,
            confidence: SINK_LIBRARY_CONFIDENCE,
            link: Some(root),
            frame: context.get("frame").map(str::to_owned),
            context,
            consequence: false,
        })
    }

    fn user_code(
        &self,
        event: Option<&LogEvent>,
        throwable: Option<&Throwable>,
    ) -> Option<Match<'_>> {
        let throwable = throwable?;
        // The JobManager reports failed tasks as information.
        let serious = event.is_none_or(|event| {
            event.level >= i32::from(LogLevel::Warn) || ranking::says_failure(&event.text)
        });
        if !serious {
            return None;
        }
        let root = root_cause(throwable);
        let link = throwable.chain.get(root)?;
        if noise::is_cancellation(&link.exception) {
            return None;
        }
        // A cause that shares all its frames with the exception around it prints none of its own.
        let mut outward = throwable.chain.iter().take(root + 1).rev();
        let thrown = outward.find(|link| !link.frames.is_empty())?;
        let (_, depth) = origin::user_frame_of(thrown)?;
        let problem = self.problem(USER_CODE_SLUG)?;
        let mut context = Context::default();
        describe(&mut context, event, Some(throwable), Some(root));
        Some(Match {
            problem,
            confidence: if depth == 0 {
                USER_CODE_CONFIDENCE
            } else {
                USER_CODE_BELOW_CONFIDENCE
            },
            link: Some(root),
            frame: context.get("frame").map(str::to_owned),
            context,
            consequence: false,
        })
    }
}

/// Whether a rule only guesses by words that anyone may use, and the user's own code threw one of Java's own exceptions.
fn is_users_own(hit: &Hit, chain: &[ThrowableLink]) -> bool {
    let link = hit.link.and_then(|link| chain.get(link));
    hit.confidence < GUESS_CONFIDENCE
        && link.is_some_and(|link| {
            link.exception.starts_with("java.lang.")
                && origin::user_frame_of(link).is_some_and(|(_, above)| above == 0)
        })
}

/// Whether one problem makes another one its mere follower.
pub(crate) fn explains(cause: &Problem, follower: &Problem) -> bool {
    cause.slug != follower.slug
        && (cause.explains.contains(&follower.slug) || follower.explained_by.contains(&cause.slug))
}

/// Notes class, message and frame of the cause.
fn describe(
    context: &mut Context,
    event: Option<&LogEvent>,
    throwable: Option<&Throwable>,
    link: Option<usize>,
) {
    let cause = throwable
        .zip(link)
        .and_then(|(throwable, link)| throwable.chain.get(link));
    match (cause, event) {
        (Some(cause), _) => describe_link(context, cause),
        (None, Some(event)) => context.set_default("message", one_line(&event.text)),
        (None, None) => {}
    }
    if let Some(throwable) = throwable
        && let Some(frame) = user_frame(throwable).or_else(|| cause?.frames.first().cloned())
    {
        context.set_default("frame", frame);
    }
}

fn describe_link(context: &mut Context, link: &ThrowableLink) {
    context.set_default("exception", crate::template::simple_name(&link.exception));
    context.set_default("message", one_line(&link.message));
}

fn one_line(text: &str) -> &str {
    crate::log::cut(text.lines().next().unwrap_or_default(), 300)
}
