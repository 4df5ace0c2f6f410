//! The places of an event that a rule is checked against.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::Regex;
use streamwarden_proto::Class;
use streamwarden_proto::v1::{LogEvent, LogLevel, ThrowableLink};

use crate::problem::{Rule, RuleTarget};
use crate::template::simple_name;
use crate::words::Context;

/// Per step down the chain: deeper is likelier the cause, where two rules are equally sure.
const DEPTH_BONUS: f64 = 0.004;
const DEPTH_LIMIT: f64 = 0.04;
/// What happened while something else was being cleaned up is rarely the cause.
const SUPPRESSED_MALUS: f64 = 0.4;
/// A task that only reads does not fail at writing.
const OTHER_SIDE_MALUS: f64 = 0.15;
/// The exception is only named in a text.
const NAMED_ONLY_FACTOR: f64 = 0.97;

/// An event as the rules see it.
pub(super) struct Event<'e> {
    pub(super) text: &'e str,
    pub(super) logger: &'e str,
    pub(super) level: LogLevel,
    pub(super) chain: &'e [ThrowableLink],
}

/// What the task does that an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Reads,
    Writes,
}

/// Names of reading tasks, and of Flink's own classes around a source.
const READS: &[&str] = &[
    "Source: ",
    "SplitFetcher",
    "SourceCoordinator",
    "SourceReaderBase",
    "LookupFunction",
    "LookupJoin",
];
/// Names of writing tasks, and of Flink's own classes around a sink.
const WRITES: &[&str] = &[
    "Sink: ",
    ": Writer",
    ": Committer",
    "SinkWriterOperator",
    "CommitterOperator",
    "AsyncSinkWriter",
];

/// Classes that only read or only write, whatever the task around them is called: a chain may have any name.
const SURELY_READS: &[&str] = &[
    "io.debezium.",
    "mysql.binlog.",
    ".cdc.",
    "SplitFetcher",
    "SplitReader",
    "SplitEnumerator",
    "SourceEnumerator",
    "SourceCoordinator",
    "SourceReaderBase",
    "RMQSource",
    "FlinkKafkaConsumer",
    "PulsarSource",
    "SourceFunction.run",
    "clients.consumer.KafkaConsumer",
];
/// The same for writing.
const SURELY_WRITES: &[&str] = &[
    "SinkWriterOperator",
    "CommitterOperator",
    "AsyncSinkWriter",
    "JdbcOutputFormat",
    "RMQSink",
    "FlinkKafkaProducer",
    "SinkFunction.invoke",
    "sink.KafkaWriter",
    "clients.producer.KafkaProducer",
];

impl Side {
    /// What a problem of a class is about.
    pub(super) fn of_class(class: Class) -> Option<Self> {
        match class {
            Class::SourceUnreachable | Class::SourceAuthFailure | Class::SourceOffsetProblem => {
                Some(Self::Reads)
            }
            Class::SinkUnreachableOrRejected
            | Class::SinkTransactionFailure
            | Class::DuplicateKeyOrConstraint => Some(Self::Writes),
            _ => None,
        }
    }
}

/// A rule that fired.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) problem: usize,
    pub(super) confidence: f64,
    pub(super) link: Option<usize>,
    pub(super) context: Context,
    suppressed: bool,
    /// The task that failed does the other thing: it only reads, and the rule is about writing, or the reverse.
    pub(super) other_side: bool,
}

impl Hit {
    pub(super) fn score(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a chain has few links")]
        let depth = self.link.map_or(0.0, |link| (link + 1) as f64);
        let malus = if self.suppressed {
            SUPPRESSED_MALUS
        } else {
            0.0
        };
        let side = if self.other_side {
            OTHER_SIDE_MALUS
        } else {
            0.0
        };
        self.confidence + (depth * DEPTH_BONUS).min(DEPTH_LIMIT) - malus - side
    }
}

/// A rule with its pattern compiled.
#[derive(Debug)]
pub(super) struct CompiledRule {
    pub(super) problem: usize,
    pub(super) rule: Rule,
    /// What the problem is about.
    pub(super) side: Option<Side>,
    pub(super) regex: OnceLock<Option<Regex>>,
}

impl CompiledRule {
    fn regex(&self) -> Option<&Regex> {
        let pattern = self.rule.regex.as_deref()?;
        self.regex.get_or_init(|| Regex::new(pattern).ok()).as_ref()
    }
}

impl<'e> Event<'e> {
    pub(super) fn new(event: Option<&'e LogEvent>, chain: &'e [ThrowableLink]) -> Self {
        Self {
            text: event.map_or("", |event| &event.text),
            logger: event.map_or("", |event| &event.logger),
            level: event.map_or(LogLevel::Unspecified, LogEvent::level),
            chain,
        }
    }

    /// A line of information without an exception: only rules that ask for such lines look at it.
    pub(super) fn is_quiet(&self) -> bool {
        self.chain.is_empty()
            && matches!(
                self.level,
                LogLevel::Info | LogLevel::Debug | LogLevel::Trace
            )
    }

    /// Every text of the event.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'e str> {
        let links = self
            .chain
            .iter()
            .flat_map(|link| [link.exception.as_str(), link.message.as_str()]);
        [self.text, self.logger].into_iter().chain(links)
    }

    fn contains(&self, needle: &str) -> bool {
        let frames = self.chain.iter().flat_map(|link| &link.frames);
        self.texts().any(|text| text.contains(needle))
            || frames.into_iter().any(|frame| frame.contains(needle))
    }

    /// Whether an exception or a frame is of one of these classes.
    fn threw(&self, classes: &[&str]) -> bool {
        let places = self
            .chain
            .iter()
            .flat_map(|link| std::iter::once(&link.exception).chain(&link.frames));
        places
            .into_iter()
            .any(|place| classes.iter().any(|class| place.contains(class)))
    }

    /// What the failed task does, by who threw, else by its name. A chain of a source and a sink is neither.
    pub(super) fn side(&self) -> Option<Side> {
        let (reads, writes) = (self.threw(SURELY_READS), self.threw(SURELY_WRITES));
        match (reads, writes) {
            (true, false) => return Some(Side::Reads),
            (false, true) => return Some(Side::Writes),
            _ => {}
        }
        let reads = READS.iter().any(|part| self.contains(part));
        let writes = WRITES.iter().any(|part| self.contains(part));
        match (reads, writes) {
            (true, false) => Some(Side::Reads),
            (false, true) => Some(Side::Writes),
            _ => None,
        }
    }

    fn allows(&self, rule: &Rule) -> bool {
        let level_fits = rule.level.is_none_or(|least| {
            self.level == LogLevel::Unspecified || self.level >= LogLevel::from(least)
        });
        let logger_fits = rule.logger.is_empty()
            || rule
                .logger
                .iter()
                .any(|part| self.logger.contains(part.as_str()));
        level_fits
            && logger_fits
            && (rule.with.is_empty() || rule.with.iter().any(|part| self.contains(part)))
            && !rule.without.iter().any(|part| self.contains(part))
    }

    /// All places where a rule fires; the surest one.
    pub(super) fn check(&self, compiled: &CompiledRule, side: Option<Side>) -> Option<Hit> {
        let rule = &compiled.rule;
        if !self.allows(rule) {
            return None;
        }
        let in_links = rule.target != RuleTarget::Line;
        let in_line = rule.target != RuleTarget::Exception && !self.text.is_empty();
        let links = self.chain.iter().enumerate().filter(|_| in_links);
        let link_hits = links.filter_map(|(index, link)| check_link(compiled, index, link));
        let line_hit = in_line.then(|| check_text(compiled, self.text)).flatten();
        let mut hit = link_hits
            .chain(line_hit)
            .max_by(|one, other| one.score().total_cmp(&other.score()))?;
        hit.other_side = side
            .zip(compiled.side)
            .is_some_and(|(task, problem)| task != problem);
        Some(hit)
    }
}

fn check_link(compiled: &CompiledRule, index: usize, link: &ThrowableLink) -> Option<Hit> {
    let rule = &compiled.rule;
    let frame_fits = rule.frame.is_empty()
        || link
            .frames
            .iter()
            .any(|frame| rule.frame.iter().any(|part| frame.contains(part.as_str())));
    if !frame_fits {
        return None;
    }
    let is_class = rule.exception.is_empty()
        || rule
            .exception
            .iter()
            .any(|class| is_class(&link.exception, class));
    let named = is_class
        || rule
            .exception
            .iter()
            .any(|class| names(&link.message, class));
    let context = named
        .then(|| check_message(compiled, &link.message))
        .flatten()?;
    let factor = if is_class { 1.0 } else { NAMED_ONLY_FACTOR };
    Some(Hit {
        problem: compiled.problem,
        confidence: rule.confidence * factor,
        link: Some(index),
        context,
        suppressed: link.suppressed,
        other_side: false,
    })
}

fn check_text(compiled: &CompiledRule, text: &str) -> Option<Hit> {
    let rule = &compiled.rule;
    let named = rule.exception.is_empty() || rule.exception.iter().any(|class| names(text, class));
    if !named || !rule.frame.is_empty() {
        return None;
    }
    let context = check_message(compiled, text)?;
    let factor = if rule.exception.is_empty() {
        1.0
    } else {
        NAMED_ONLY_FACTOR
    };
    Some(Hit {
        problem: compiled.problem,
        confidence: rule.confidence * factor,
        link: None,
        context,
        suppressed: false,
        other_side: false,
    })
}

fn check_message(compiled: &CompiledRule, message: &str) -> Option<Context> {
    let rule = &compiled.rule;
    let one = rule.message.is_empty()
        || rule
            .message
            .iter()
            .any(|part| message.contains(part.as_str()));
    let all = rule
        .message_all
        .iter()
        .all(|part| message.contains(part.as_str()));
    if !(one && all) {
        return None;
    }
    let mut context = Context::default();
    if let Some(regex) = compiled.regex() {
        let captures = regex.captures(message)?;
        for name in regex.capture_names().flatten() {
            if let Some(value) = captures.name(name) {
                context.set(name, value.as_str());
            }
        }
    }
    Some(context)
}

/// Whether a class is meant by a rule's simple or qualified name. An inner class is written with a dot.
fn is_class(class: &str, pattern: &str) -> bool {
    if !pattern.contains('.') {
        return simple_name(class) == pattern;
    }
    let dotted = if class.contains('$') {
        Cow::Owned(class.replace('$', "."))
    } else {
        Cow::Borrowed(class)
    };
    dotted
        .strip_suffix(pattern)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether a text names an exception by the name that a rule has for it.
fn names(text: &str, pattern: &str) -> bool {
    text.match_indices(pattern).any(|(at, _)| {
        let before = text[..at].bytes().next_back();
        let after = text[at + pattern.len()..].bytes().next();
        before.is_none_or(|byte| !byte.is_ascii_alphanumeric())
            && after.is_none_or(|byte| !byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_meant_by_simple_or_qualified_names() {
        assert!(is_class("java.net.ConnectException", "ConnectException"));
        assert!(is_class(
            "org.apache.kafka.common.errors.TimeoutException",
            "kafka.common.errors.TimeoutException"
        ));
        assert!(!is_class(
            "java.util.concurrent.TimeoutException",
            "kafka.common.errors.TimeoutException"
        ));
        assert!(names(
            "failed: java.net.ConnectException: refused",
            "ConnectException"
        ));
        assert!(!names(
            "failed: HttpHostConnectException",
            "ConnectException"
        ));
    }
}
