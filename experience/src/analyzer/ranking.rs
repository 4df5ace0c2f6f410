//! What a whole log is about: first fault before what follows from it.
//!
//! Events are pushed in the order of the log; what is kept is one incident a problem (or unknown code), so memory does
//! not grow with the log.

use std::collections::HashMap;

use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel};

use super::calm::{Calm, Told, is_calm};
use super::{Match, explains, is_noise, root_cause};
use crate::log::READ_WHOLE_LINES;
use crate::pack::Experience;
use crate::problem::Problem;

/// Different incidents kept; a log has few.
const MAX_INCIDENTS: usize = 256;
/// Different warnings kept that no rule knows.
const MAX_WARNINGS: usize = 32;
/// A warning alone is called a failure only if its words are rather those of a failure than not.
const TELLING_PROBABILITY: f64 = 0.6;
/// Evidence lines kept of an incident.
const MAX_EVIDENCE: usize = 3;
/// Rules that are at least so sure of a calm line are not weighed against its words.
const PLAIN_CONFIDENCE: f64 = 0.7;
const SYMPTOM_FACTOR: f64 = 0.35;
const EXPLAINED_FACTOR: f64 = 0.3;
const ADVICE_FACTOR: f64 = 0.35;
const UNKNOWN_CONFIDENCE: f64 = 0.3;
/// Each earlier incident takes this much from those behind it.
const LATER_FACTOR: f64 = 0.97;
const EARLIEST_LATER_FACTOR: f64 = 0.75;

/// One problem of a log, with where it first showed.
#[derive(Debug, Clone)]
pub struct Incident<'e> {
    /// The match of its surest event; absent for a failure that no rule knows.
    pub matched: Option<Match<'e>>,
    /// Line of the event that the match is of.
    pub matched_line: u64,
    /// Its first event.
    pub first: LogEvent,
    /// Other events of it.
    pub evidence: Vec<LogEvent>,
    /// How often it was seen.
    pub count: u64,
    /// Rank, higher is likelier the cause.
    pub score: f64,
    weight: f64,
    order: usize,
}

impl<'e> Incident<'e> {
    /// The problem; absent for a failure that no rule knows.
    #[must_use]
    pub fn problem(&self) -> Option<&'e Problem> {
        self.matched.as_ref().map(|matched| matched.problem)
    }

    /// Whether an event shows more than the first one does.
    fn wants(&self, event: &LogEvent) -> bool {
        let richer = self.first.throwable.is_none() && event.throwable.is_some();
        self.evidence.len() < MAX_EVIDENCE && (richer || event.code != self.first.code)
    }

    /// How sure the analyzer is of the problem.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.matched
            .as_ref()
            .map_or(0.0, |matched| matched.confidence)
    }
}

/// Collects the incidents of a log.
#[derive(Debug)]
pub struct LogRanking<'e> {
    experience: &'e Experience,
    incidents: Vec<Incident<'e>>,
    by_key: HashMap<String, usize>,
    /// Warnings that no rule knows, one a message: what is left to look at where nothing failed.
    warnings: Vec<LogEvent>,
    calm: Calm,
}

impl<'e> LogRanking<'e> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(experience: &'e Experience) -> Self {
        Self {
            experience,
            incidents: Vec::new(),
            by_key: HashMap::new(),
            warnings: Vec::new(),
            calm: Calm::default(),
        }
    }

    /// Takes the next event of the log.
    pub fn push(&mut self, event: &LogEvent) {
        self.calm.note(event);
        let matched = self.experience.analyze_event(event);
        if matched.is_none() && (!is_failure(event) || is_noise(event)) {
            self.note_warning(event);
            return;
        }
        if matched
            .as_ref()
            .is_some_and(|matched| matched.confidence < 0.7)
            && is_noise(event)
        {
            return;
        }
        let key = matched
            .as_ref()
            .map_or_else(|| unknown_key(event), |found| found.problem.slug.clone());
        let weight = weight(event);
        match self.by_key.get(&key) {
            Some(index) => self.again(*index, matched, event, weight),
            None => self.first(key, matched, event, weight),
        }
    }

    fn note_warning(&mut self, event: &LogEvent) {
        let wanted = self.warnings.len() < MAX_WARNINGS
            && event.level() == LogLevel::Warn
            && self.warnings.iter().all(|one| one.code != event.code)
            && !is_noise(event);
        if wanted {
            self.warnings.push(event.clone());
        }
    }

    /// The warning whose words are most clearly those of a failure; for a log in which nothing else failed.
    fn telling_warning(&mut self) -> Option<LogEvent> {
        let model = self.experience.text_model()?;
        let judged = self.warnings.drain(..).filter_map(|event| {
            let judged = model.judge_event(&event)?;
            let telling = judged.sure
                && judged.class != Class::Healthy
                && judged.probability >= TELLING_PROBABILITY;
            telling.then_some((judged.probability, event))
        });
        let best = judged.max_by(|one, other| one.0.total_cmp(&other.0));
        best.map(|(_, event)| event)
    }

    /// What a text model learns of a log in which nothing failed: its warnings, else its calm lines, as one text.
    #[must_use]
    pub fn passage(&self) -> Option<LogEvent> {
        let warning = self.warnings.first().cloned();
        warning.or_else(|| self.calm.passage(self.experience))
    }

    /// Whether anything failed, or a rule is sure of what it saw.
    fn is_plain(&self) -> bool {
        self.incidents
            .iter()
            .any(|incident| !is_calm(&incident.first) || incident.confidence() >= PLAIN_CONFIDENCE)
    }

    fn first(&mut self, key: String, matched: Option<Match<'e>>, event: &LogEvent, weight: f64) {
        if self.incidents.len() >= MAX_INCIDENTS {
            return;
        }
        let order = self.incidents.len();
        self.by_key.insert(key, order);
        self.incidents.push(Incident {
            matched,
            matched_line: event.line,
            first: event.clone(),
            evidence: Vec::new(),
            count: 1,
            score: 0.0,
            weight,
            order,
        });
    }

    /// A stack trace that another thread's line interrupted may end after events behind it: the line counts.
    fn again(&mut self, index: usize, matched: Option<Match<'e>>, event: &LogEvent, weight: f64) {
        let incident = &mut self.incidents[index];
        incident.count += 1;
        incident.weight = incident.weight.max(weight);
        let earlier = event.line < incident.first.line;
        let confidence = matched.as_ref().map_or(0.0, |matched| matched.confidence);
        let known = incident.confidence();
        if confidence > known || confidence >= known && event.line < incident.matched_line {
            incident.matched = matched;
            incident.matched_line = event.line;
        }
        if earlier {
            let later = std::mem::replace(&mut incident.first, event.clone());
            if incident.wants(&later) {
                incident.evidence.push(later);
            }
        } else if incident.wants(event) {
            incident.evidence.push(event.clone());
        }
    }

    /// The incidents of a log of so many lines, likeliest cause first.
    #[must_use]
    pub fn ranked(mut self, lines: u64) -> Vec<Incident<'e>> {
        if self.incidents.is_empty()
            && let Some(warning) = self.telling_warning()
        {
            return vec![of_words(warning, None)];
        }
        // Only a short log is looked at for what calm lines tell.
        if lines <= READ_WHOLE_LINES && !self.is_plain() {
            match self.calm.told(self.experience) {
                Told::Trouble(told) => {
                    let (event, matched) = *told;
                    return vec![of_words(event, matched)];
                }
                Told::Fine => return Vec::new(),
                Told::Nothing => {}
            }
        }
        let problems: Vec<&Problem> = self
            .incidents
            .iter()
            .filter_map(Incident::problem)
            .collect();
        let any_known = self.incidents.iter().any(|incident| {
            incident
                .problem()
                .is_some_and(|problem| !problem.symptom && !is_advice(problem))
        });
        self.incidents.sort_by_key(|incident| incident.first.line);
        for (order, incident) in self.incidents.iter_mut().enumerate() {
            incident.order = order;
            incident.evidence.sort_by_key(|event| event.line);
            incident.score = score(incident, &problems, any_known);
        }
        self.incidents.sort_by(|one, other| {
            other
                .score
                .total_cmp(&one.score)
                .then(one.order.cmp(&other.order))
        });
        self.incidents
    }
}

fn of_words<'e>(event: LogEvent, matched: Option<Match<'e>>) -> Incident<'e> {
    Incident {
        matched,
        matched_line: event.line,
        weight: weight(&event),
        first: event,
        evidence: Vec::new(),
        count: 1,
        score: UNKNOWN_CONFIDENCE,
        order: 0,
    }
}

fn is_advice(problem: &Problem) -> bool {
    problem.severity == streamwarden_proto::finding::Severity::Advice
}

fn score(incident: &Incident<'_>, problems: &[&Problem], any_known: bool) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "at most MAX_INCIDENTS"
    )]
    let later = LATER_FACTOR
        .powi(incident.order as i32)
        .max(EARLIEST_LATER_FACTOR);
    let Some(problem) = incident.problem() else {
        let among_known = if any_known { 0.5 } else { 1.0 };
        return UNKNOWN_CONFIDENCE * incident.weight * later * among_known;
    };
    let explained = problems.iter().any(|other| explains(other, problem));
    let mut score = incident.confidence() * incident.weight * later;
    if problem.symptom {
        score *= SYMPTOM_FACTOR;
    }
    if explained {
        score *= EXPLAINED_FACTOR;
    }
    if is_advice(problem) {
        score *= ADVICE_FACTOR;
    }
    score
}

/// One key for a failure that no rule knows, whatever its numbers are.
fn unknown_key(event: &LogEvent) -> String {
    let root = event
        .throwable
        .as_ref()
        .and_then(|throwable| throwable.chain.get(root_cause(throwable)));
    root.map_or_else(|| event.code.clone(), |root| root.code.clone())
}

/// Texts that say that a job or a process ended by this.
const FATAL: &[&str] = &[
    "to FAILED",
    "to FAILING",
    "to RESTARTING",
    "Fatal error",
    "FATAL",
    "Could not start cluster entrypoint",
    "Terminating",
    "The program finished with the following exception",
    "Could not execute SQL statement",
    "Application failed unexpectedly",
    "Job execution failed",
    "Failed to submit",
];

/// Whether a line says that a task, a job or a process ended by a failure.
pub(super) fn says_failure(text: &str) -> bool {
    FATAL.iter().any(|part| text.contains(part))
}

fn is_failure(event: &LogEvent) -> bool {
    let level = event.level();
    // Most lines have no exception: their text is not searched.
    level >= LogLevel::Error
        || event.throwable.is_some() && level >= LogLevel::Info && says_failure(&event.text)
}

fn weight(event: &LogEvent) -> f64 {
    if says_failure(&event.text) {
        return 1.0;
    }
    match event.level() {
        LogLevel::Fatal => 1.0,
        LogLevel::Error => 0.95,
        LogLevel::Unspecified => 0.9,
        LogLevel::Warn => 0.85,
        _ => 0.7,
    }
}
