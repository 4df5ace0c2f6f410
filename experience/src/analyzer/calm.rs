//! Lines that report no failure, for a log in which nothing failed: a few lines of a monitor, a table, a thread dump. What
//! somebody pasted is about something; a long log is not searched for it.

use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel};

mod trouble;

use super::ranking::says_failure;
use super::{Match, is_noise, origin};
use crate::log::{READ_WHOLE_LINES, append_line};
use crate::pack::Experience;
use crate::text::Judged;

/// Lines kept.
const MOST_LINES: usize = 60;
/// Longest text of all of them.
const LONGEST_TEXT_BYTES: usize = 8 * 1024;
/// Lines about something are called so from this probability on.
const TELLING_PROBABILITY: f64 = 0.57;
/// What Flink and libraries call information is calm: only a word of trouble and little doubt count against that.
const TELLING_OF_LIBRARY: f64 = 0.8;
/// What calm lines tell.
#[derive(Debug)]
pub(super) enum Told<'e> {
    /// Something is wrong: the lines that tell it as one event, and the rule that knows it.
    Trouble(Box<(LogEvent, Option<Match<'e>>)>),
    /// All is well by the words, also where a rule fires.
    Fine,
    /// Neither.
    Nothing,
}

/// The calm lines at the beginning of a log.
#[derive(Debug, Default)]
pub(super) struct Calm {
    events: Vec<LogEvent>,
}

impl Calm {
    pub(super) fn note(&mut self, event: &LogEvent) {
        let wanted = self.events.len() < MOST_LINES
            && event.line <= READ_WHOLE_LINES
            && is_calm(event)
            && !is_noise(event);
        if wanted {
            self.events.push(event.clone());
        }
    }

    /// What the lines are about: what a rule knows of one of them or the words of all of them together say, where that is not
    /// fine; else what the words of a library's line alone say.
    pub(super) fn told<'e>(&self, experience: &'e Experience) -> Told<'e> {
        let (librarys, own): (Vec<&LogEvent>, Vec<&LogEvent>) = self
            .events
            .iter()
            .partition(|event| is_librarys(experience, event));
        let Some(model) = experience.text_model() else {
            return Told::Nothing;
        };
        let mut fine = false;
        if let Some(passage) = joined(&own) {
            let judged = model.judge_event(&passage);
            let healthy = judged.filter(|judged| judged.class == Class::Healthy);
            match matched(experience, &own) {
                Some(found) if healthy.is_some_and(|words| words.outweighs(found.confidence)) => {}
                Some(found) => return Told::Trouble(Box::new((passage, Some(found)))),
                None if judged.is_some_and(|words| is_trouble(words, TELLING_PROBABILITY))
                    && trouble::is_hinted_at(&passage.text) =>
                {
                    return Told::Trouble(Box::new((passage, None)));
                }
                None => {}
            }
            fine = healthy.is_some();
        }
        let troubled = librarys
            .into_iter()
            .filter(|event| trouble::is_named(&event.text));
        let of_librarys = troubled.filter_map(|event| {
            let judged = model.judge_event(event)?;
            is_trouble(judged, TELLING_OF_LIBRARY).then_some((judged.probability, event))
        });
        match of_librarys.max_by(|one, other| one.0.total_cmp(&other.0)) {
            Some((_, event)) => Told::Trouble(Box::new((event.clone(), None))),
            None if fine => Told::Fine,
            None => Told::Nothing,
        }
    }

    /// All lines that are no library's, else all lines.
    pub(super) fn passage(&self, experience: &Experience) -> Option<LogEvent> {
        let own = |event: &&LogEvent| !is_librarys(experience, event);
        joined(&self.events.iter().filter(own).collect::<Vec<_>>())
            .or_else(|| joined(&self.events.iter().collect::<Vec<_>>()))
    }
}

/// The surest rule that knows a line, those for warnings among them: what a monitor reports as information is one.
fn matched<'e>(experience: &'e Experience, lines: &[&LogEvent]) -> Option<Match<'e>> {
    let found = lines.iter().filter_map(|line| {
        let warning = LogEvent {
            level: LogLevel::Warn.into(),
            ..(*line).clone()
        };
        experience.analyze_event(&warning)
    });
    found.max_by(|one, other| one.confidence.total_cmp(&other.confidence))
}

/// Whether a line reports no failure.
pub(super) fn is_calm(event: &LogEvent) -> bool {
    event.level() < LogLevel::Warn && event.throwable.is_none() && !says_failure(&event.text)
}

fn is_trouble(judged: Judged, least: f64) -> bool {
    judged.sure && judged.class != Class::Healthy && judged.probability >= least
}

/// Whether Flink or a library says this, by the logger's name or, where a layout shortens it, by the message.
fn is_librarys(experience: &Experience, event: &LogEvent) -> bool {
    !event.logger.is_empty()
        && (origin::is_library(&event.logger)
            || event.logger.starts_with("o.a.")
            || experience.templates().is_mined(&event.logger, &event.text))
}

fn joined(events: &[&LogEvent]) -> Option<LogEvent> {
    let (first, rest) = events.split_first()?;
    let mut passage = (*first).clone();
    for event in rest {
        append_line(&mut passage.text, &event.text, LONGEST_TEXT_BYTES);
    }
    Some(passage)
}
