//! Lines that report no failure, for a log in which nothing failed: a few lines of a monitor, a table, a thread dump. What
//! somebody pasted is about something; a long log is not searched for it.

use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel};

use super::ranking::says_failure;
use super::{Match, is_noise};
use crate::log::{READ_WHOLE_LINES, append_line};
use crate::pack::Experience;

/// Lines kept.
const MOST_LINES: usize = 60;
/// Longest text of all of them.
const LONGEST_TEXT_BYTES: usize = 8 * 1024;
/// Lines about something are called so from this probability on.
const TELLING_PROBABILITY: f64 = 0.5;
/// Messages of Flink itself and its libraries are known to be calm: only words that leave no doubt count against that.
const TELLING_OF_MINED: f64 = 0.9;

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

    /// What the lines are about, if that is not fine: a rule that knows one of them, else the words of all of them together,
    /// else of a mined one alone. The event is all lines that are not mined; `None` for the match where only words tell.
    pub(super) fn telling<'e>(
        &self,
        experience: &'e Experience,
    ) -> Option<(LogEvent, Option<Match<'e>>)> {
        let (mined, own): (Vec<&LogEvent>, Vec<&LogEvent>) =
            self.events.iter().partition(|event| is_mined(experience, event));
        let passage = joined(&own);
        if let Some(passage) = &passage
            && let Some(matched) = matched(experience, &own)
        {
            return Some((passage.clone(), Some(matched)));
        }
        let model = experience.text_model()?;
        let telling = |event: &LogEvent, least: f64| {
            let judged = model.judge_event(event)?;
            let telling =
                judged.sure && judged.class != Class::Healthy && judged.probability >= least;
            telling.then_some(judged.probability)
        };
        if let Some(passage) = passage
            && telling(&passage, TELLING_PROBABILITY).is_some()
        {
            return Some((passage, None));
        }
        let of_mined = mined.into_iter().filter_map(|event| {
            telling(event, TELLING_OF_MINED).map(|probability| (probability, event))
        });
        let best = of_mined.max_by(|one, other| one.0.total_cmp(&other.0));
        best.map(|(_, event)| (event.clone(), None))
    }

    /// All lines that are not mined, else all lines.
    pub(super) fn passage(&self, experience: &Experience) -> Option<LogEvent> {
        let own = |event: &&LogEvent| !is_mined(experience, event);
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

fn is_mined(experience: &Experience, event: &LogEvent) -> bool {
    !event.logger.is_empty() && experience.templates().is_mined(&event.logger, &event.text)
}

fn joined(events: &[&LogEvent]) -> Option<LogEvent> {
    let (first, rest) = events.split_first()?;
    let mut passage = (*first).clone();
    for event in rest {
        append_line(&mut passage.text, &event.text, LONGEST_TEXT_BYTES);
    }
    Some(passage)
}
